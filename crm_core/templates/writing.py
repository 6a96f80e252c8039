"""How values are written in each language: dates, money, numbers, choices, yes and no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from crm_core.templates.values import EMPTY, Shown

Language = Literal["zh", "en"]

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥"}
_DATES = {
    "zh": {
        "long": "{0.year}年{0.month}月{0.day}日",
        "short": "{0.year:04}-{0.month:02}-{0.day:02}",
        "iso": "{0.year:04}-{0.month:02}-{0.day:02}",
    },
    "en": {
        "long": "{0.day} {month} {0.year}",
        "short": "{0.day:02}/{0.month:02}/{0.year:04}",
        "iso": "{0.year:04}-{0.month:02}-{0.day:02}",
    },
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DATE_STYLES = tuple(_DATES["zh"])
_WIDEST = 30
"""Digits before or after the point."""


@dataclass(frozen=True, slots=True)
class Hand:
    """In which language and time zone is written."""

    language: Language
    zone: tzinfo

    @property
    def separator(self) -> str:
        """Between the members of a list."""
        return "、" if self.language == "zh" else ", "

    def day(self, value: Any, style: str = "long") -> str:
        """A day, or the day of a moment; empty where it is none. Styles: long, short, iso."""
        day = self._read(value)
        if day is None:
            return ""
        form = _DATES[self.language].get(style, _DATES[self.language]["long"])
        return form.format(day, month=_MONTHS[day.month - 1])

    def moment(self, value: Any, style: str = "long") -> str:
        """A moment to the minute, in the hand's time zone."""
        at = self._read(value)
        return f"{self.day(at, style)} {at:%H:%M}" if isinstance(at, datetime) else self.day(at, style)

    def money(self, value: Any, places: int = 2) -> str:
        """An amount with its sign: ¥1,234.50."""
        amount, currency = (value.get("amount"), value.get("currency")) if isinstance(value, Mapping) else (value, "")
        number = self.number(amount, places)
        sign = _SIGNS.get(str(currency), f"{currency} " if currency else "")
        return f"-{sign}{number[1:]}" if number.startswith("-") else f"{sign}{number}" if number else ""

    def number(self, value: Any, places: int | None = None) -> str:
        """A number with thousands marked off; `places` after the point, as many as there are when not given."""
        try:
            number = Decimal(str(value))
            if not number.is_finite() or abs(number.adjusted()) > _WIDEST:
                return str(value)  # a number like 1e999999999 would be written with so many digits
            return f"{number:,f}" if places is None else f"{number:,.{max(0, min(places, 8))}f}"
        except (InvalidOperation, ValueError):
            return ""

    def truth(self, value: bool) -> str:
        """Yes or no."""
        return {"zh": "是否", "en": ("Yes", "No")}[self.language][0 if value else 1]

    def _read(self, value: Any) -> date | None:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, datetime):
            return value.astimezone(self.zone)
        return value if isinstance(value, date) else None


def shown(kind: str, value: Any, hand: Hand, choices: Mapping[str, str] | None = None) -> Shown:
    """One value of a kind, as it is written when no filter says otherwise."""
    if value is None or value == "":
        return EMPTY
    match kind:
        case "date":
            return Shown(value, hand.day(value))
        case "datetime":
            return Shown(value, hand.moment(value))
        case "money":
            amount = value.get("amount") if isinstance(value, Mapping) else value
            return Shown(Amount(amount, value), hand.money(value))
        case "int" | "decimal":
            return Shown(value, hand.number(value))
        case "bool":
            return Shown(value, hand.truth(value))
        case "choice":
            return Shown(value, (choices or {}).get(value, str(value)))
        case _:
            return Shown(value, str(value))


class Amount(Decimal):
    """The amount of some money, which still knows its currency."""

    money: Any

    def __new__(cls, amount: Any, money: Any) -> Amount:
        made = super().__new__(cls, str(amount))
        made.money = money
        return made
