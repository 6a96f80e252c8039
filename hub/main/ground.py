"""Wires what everything stands on: the store, the keys, the leases, and who people are."""

from __future__ import annotations

from typing import Any

from crm_core.load import load as load_record_types
from hub.errors import SetupError
from hub.identity.parts import build_identity
from hub.leases import Leases
from hub.main.indexes import all_indexes
from hub.main.parts import Parts
from hub.settings import Settings
from hub.store.announced import Announced
from hub.store.client import connect, database, reach
from hub.store.files import Files
from hub.store.migrate import migrate
from hub.store.records import Records
from hub.store.unit import Units
from hub.supervise import Supervisor
from hub.vault import Signer, Vault, installation_key


class Ground(Parts):
    """The store and the people in it."""

    def __init__(self, settings: Settings, hub_id: str) -> None:
        if settings.mongo_url is None:
            raise SetupError("no MongoDB: set MAINSTEM_MONGO_URL, or use `mainstem up`")
        self.settings = settings
        self.supervisor = Supervisor()
        self.client = connect(settings.mongo_url.get_secret_value())
        self.db = database(self.client, settings.database)
        self.announced = Announced()
        self.units = Units(self.client, self.db, self.announced)
        self.files = Files(self.db, settings.limits.file_bytes)
        self.registry = load_record_types()
        self.records = Records(self.units, self.registry)
        self._key = installation_key(settings)
        self.vault, self.signer = Vault(self._key), Signer(self._key)
        self.leases = Leases(self.db, hub_id)
        self.identity = build_identity(self.units, self.registry, self.vault, settings)

    @property
    def key(self) -> bytes:
        """Of this installation; what must not be guessed is derived from it."""
        return self._key

    def by_type(self) -> dict[type, Any]:
        """The parts of identity are asked for one by one."""
        return super().by_type() | self.identity.by_type()

    async def open(self) -> None:
        """Bring the database up to date."""
        await reach(self.client)
        await migrate(self.db, all_indexes(self.registry))
        await self.records.install_roles()

    async def close(self) -> None:
        """Let go of the store."""
        await self.units.forget()
        await self.client.close()
