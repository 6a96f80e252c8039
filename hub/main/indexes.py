"""All indexes of the product, for `migrate`."""

from __future__ import annotations

from crm_core.declare.registry import Registry
from hub.outbox.indexes import OUTBOX_INDEXES
from hub.store.call_collections import CALL_INDEXES
from hub.store.call_desk_collections import CALL_DESK_INDEXES
from hub.store.collections import HUB_INDEXES, Index
from hub.store.desk_indexes import DESK_INDEXES
from hub.store.floor_collections import FLOOR_INDEXES
from hub.store.inbox_collections import INBOX_INDEXES
from hub.store.jobs import JOB_INDEXES
from hub.store.mail_collections import MAIL_INDEXES
from hub.store.notice_collections import NOTICE_INDEXES
from hub.store.outbound_collections import OUTBOUND_INDEXES
from hub.store.push_collections import PUSH_INDEXES
from hub.store.record_indexes import record_indexes
from hub.store.recording_collections import RECORDING_INDEXES
from hub.writing.indexes import WRITING_INDEXES


def all_indexes(registry: Registry) -> tuple[Index, ...]:
    """Those of the stream, of the desk, of the outbox, and of every record type."""
    around = (*OUTBOX_INDEXES, *JOB_INDEXES, *MAIL_INDEXES, *NOTICE_INDEXES, *PUSH_INDEXES, *WRITING_INDEXES)
    calls = (*CALL_INDEXES, *CALL_DESK_INDEXES, *RECORDING_INDEXES, *FLOOR_INDEXES, *OUTBOUND_INDEXES)
    return (*HUB_INDEXES, *DESK_INDEXES, *INBOX_INDEXES, *around, *calls, *record_indexes(registry))
