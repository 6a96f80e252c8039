"""Emptying a queue that is to be removed, where a hub could not finish it at once."""

from __future__ import annotations

from hub.desk.queue_removal import TASK, move_some
from hub.store.collections import CONVERSATIONS
from workers.task import Work, task


@task(TASK)
async def remove_queue(work: Work, queue: str, to: str) -> str:
    """Move the conversations, some in each unit of work, and remove the queue."""
    total = await work.db[CONVERSATIONS].count_documents({"queue": queue})
    moved = 0
    while count := await move_some(work.units, queue, to):
        moved += count
        await work.tell(moved, max(total, moved), queue)
    return f"{queue} is gone; {moved} conversations went to {to}"
