"""Our four import names are common words; nobody else may own them in this environment."""

from __future__ import annotations

import pytest

from hub.desk.doctor_house import OUR_NAMES, examine_house, foreign_owners
from hub.settings import Settings


@pytest.mark.parametrize("name", OUR_NAMES)
def test_no_other_distribution_installs_a_package_of_our_name(name: str) -> None:
    assert foreign_owners(name) == []


def test_our_packages_are_the_ones_that_are_imported() -> None:
    names = [f for f in examine_house(Settings()) if f.what.startswith("package name")]
    assert [f.advice for f in names] == [""] * len(OUR_NAMES)
