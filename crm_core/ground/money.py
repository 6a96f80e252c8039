"""Money: an amount with its currency, never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""


class Money(BaseModel):
    """An amount in one currency. Stored as `{amount: Decimal128, currency}`, on the wire `{"amount": "12.50", "currency"}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[Decimal, Field(max_digits=24, decimal_places=8)]
    currency: Currency

    def rounded(self, decimals: int) -> Money:
        """Half up to the currency's smallest unit; `decimals` is the currency's number of places."""
        return Money(amount=self.amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), currency=self.currency)
