"""Faults of fields carry a code and what their sentence speaks of, whichever rule found them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from crm_core.declare.custom import CustomField, read_custom
from crm_core.ground.errors import FieldError
from crm_core.ground.faults import field_errors, unfit


class Colour(Enum):
    """Of a pump."""

    RED = "red"
    BLUE = "blue"


class Pump(BaseModel):
    """Something with a field of each kind of rule."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")] = "abc"
    litres: Annotated[float, Field(gt=0.5, lt=99.5)] = 1
    valves: Annotated[int, Field(ge=1, le=9, multiple_of=3)] = 3
    made: Annotated[date, Field(ge=date(2020, 1, 1))] = date(2026, 1, 1)
    price: Annotated[Decimal, Field(max_digits=4, decimal_places=2)] = Decimal(1)
    kind: Literal["gear", "vane"] = "gear"
    colour: Colour = Colour.RED
    parts: Annotated[list[str], Field(max_length=1)] = []
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != "UTC":
            raise unfit("time-zone", "there is no zone {what}", what=value)
        return value

    @field_validator("kind")
    @classmethod
    def _made(cls, value: str) -> str:
        if value == "vane":
            raise ValueError("not made any more")
        return value


def found(**given: Any) -> FieldError:
    with pytest.raises(ValidationError) as caught:
        Pump.model_validate(given)
    [fault] = field_errors(caught.value)
    return fault


@pytest.mark.parametrize(
    ("given", "code", "args"),
    [
        ({"name": "a"}, "string_too_short", {"min_length": 2}),
        ({"name": "abcde"}, "string_too_long", {"max_length": 4}),
        ({"name": "AB"}, "string_pattern_mismatch", {"pattern": "^[a-z]+$"}),
        ({"name": 1}, "string_type", {}),
        ({"litres": 0.5}, "greater_than", {"gt": "0.5"}),
        ({"litres": 100}, "less_than", {"lt": "99.5"}),
        ({"valves": 0}, "greater_than_equal", {"ge": 1}),
        ({"valves": 12}, "less_than_equal", {"le": 9}),
        ({"valves": 4}, "multiple_of", {"multiple_of": 3}),
        ({"valves": "x"}, "int_parsing", {}),
        ({"made": "2019-12-31"}, "greater_than_equal", {"ge": "2020-01-01"}),
        ({"made": "soon"}, "date_from_datetime_parsing", {}),
        ({"price": "1.005"}, "decimal_max_places", {"decimal_places": 2}),
        ({"kind": "screw"}, "literal_error", {"expected": "gear, vane"}),
        ({"colour": "green"}, "enum", {"expected": "red, blue"}),
        ({"parts": ["a", "b"]}, "too_long", {"field_type": "List", "max_length": 1, "actual_length": 2}),
        ({"nane": "x"}, "extra_forbidden", {}),
        ({"zone": "Mars"}, "value_error", {"rule": "time-zone", "what": "Mars"}),
        ({"kind": "vane"}, "value_error", {}),
    ],
)
def test_each_kind_of_rule_has_its_code_and_facts(given: dict[str, Any], code: str, args: dict[str, Any]) -> None:
    fault = found(**given)
    assert (fault.path, fault.code, dict(fault.args)) == (next(iter(given)), code, args)


def test_a_rule_of_ours_says_its_sentence_with_what_it_speaks_of() -> None:
    assert found(zone="{what} {x}").detail == "there is no zone {what} {x}"
    assert found(kind="vane").detail == "not made any more"


def test_a_missing_field_and_the_way_to_it_are_named() -> None:
    class House(BaseModel):
        """With pumps."""

        owner: str
        pumps: list[Pump]

    with pytest.raises(ValidationError) as caught:
        House.model_validate({"pumps": [{"name": "a"}]})
    faults = list(field_errors(caught.value, "house."))
    assert [(each.path, each.code) for each in faults] == [
        ("house.owner", "missing"),
        ("house.pumps.0.name", "string_too_short"),
    ]


def test_a_fact_that_is_a_long_text_is_cut() -> None:
    assert len(str(found(zone="M" * 5000).args["what"])) == 200


def test_a_custom_field_says_the_same() -> None:
    declared = [CustomField("x_size", "choice", "尺寸", options=("S", "L")), CustomField("x_count", "int", "数量")]
    _, faults = read_custom({"x_size": "M", "x_count": "x"}, declared)
    assert [(each.path, each.code, dict(each.args)) for each in faults] == [
        ("custom.x_size", "choice", {"expected": "S, L"}),
        ("custom.x_count", "int_parsing", {}),
    ]
