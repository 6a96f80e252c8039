"""All indexes of the product, for `migrate`."""

from __future__ import annotations

from crm_core.declare.registry import Registry
from hub.outbox.indexes import OUTBOX_INDEXES
from hub.store.collections import HUB_INDEXES, Index
from hub.store.desk_indexes import DESK_INDEXES
from hub.store.jobs import JOB_INDEXES
from hub.store.record_indexes import record_indexes


def all_indexes(registry: Registry) -> tuple[Index, ...]:
    """Those of the stream, of the desk, of the outbox, and of every record type."""
    return (*HUB_INDEXES, *DESK_INDEXES, *OUTBOX_INDEXES, *JOB_INDEXES, *record_indexes(registry))
