"""A house with a PBX that lets itself be dialled through: for tests of who is dialled when. Import both fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.settings import AccountSettings, Settings
from tests.lab.ami_far_side import AmiFarSide


@pytest.fixture
async def far_pbx() -> AsyncIterator[AmiFarSide]:
    """The PBX."""
    async with AmiFarSide() as far:
        yield far


@pytest.fixture
def settings(settings: Settings, far_pbx: AmiFarSide) -> Settings:
    """The settings of the place, with that PBX."""
    fields = {"channel": "telephony", "queue": "support", "host": "127.0.0.1", "port": far_pbx.port}
    pbx = AccountSettings.model_validate(fields | {"username": "m", "secret": "s"})
    return settings.model_copy(update={"accounts": {**settings.accounts, "pbx": pbx}})
