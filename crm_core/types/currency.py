"""Currencies and what they were worth, day by day."""

from __future__ import annotations

import re

from typing_extensions import override

from crm_core.declare import (
    Bool,
    Date,
    Decimal,
    DuplicateRule,
    Int,
    Meta,
    Reference,
    Row,
    Text,
    maybe,
    needed,
    rows,
)
from crm_core.ground.errors import FieldError


class RateRow(Row):
    """Units of the base currency for one unit, from a day on."""

    since: Date = needed("从", en="From")
    rate: Decimal = needed("汇率")
    source: Text | None = maybe("来源")


class Currency(Reference):
    """A currency; exactly one is the base."""

    meta = Meta(
        "currency", zh="币别", module="reference", kind="reference", list=("code", "name", "decimals", "base"),
        orders=("code",),
    )  # fmt: skip

    code: Text = needed("代码")
    name: Text = needed("名称")
    symbol: Text | None = maybe("符号")
    decimals: Int = needed("小数位")
    base: Bool = maybe("本位币", default=False)
    rates: list[RateRow] = rows("汇率", most=5000)

    duplicates = (DuplicateRule("code"), DuplicateRule("base", when="base"))

    @override
    def check(self) -> list[FieldError]:
        found = []
        if not re.fullmatch(r"[A-Z]{3}", self.code):
            found.append(FieldError("code", "code", "give the three capital letters of ISO 4217"))
        if not 0 <= self.decimals <= 4:
            found.append(FieldError("decimals", "range", "0 to 4", {"least": 0, "most": 4}))
        for at, row in enumerate(self.rates):
            if row.rate <= 0 or (self.base and row.rate != 1):
                found.append(
                    FieldError(
                        f"rates.{at}.rate",
                        "range",
                        "a rate is above 0; that of the base currency is 1",
                        {"rule": "rate"},
                    )
                )
        return found
