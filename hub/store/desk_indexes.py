"""Collections and indexes of what stands around the stream: files, the inbox's views, the words of search."""

from __future__ import annotations

from hub.store.collections import CONVERSATIONS, Index

FILES = "file_entries"
"""One document per file as somebody named it; the content lies in the GridFS bucket `files`."""
CONTENTS = "files.files"
SEARCH_WORDS = "search_words"
"""Every word of the search index (`_id`), so that the beginning of a word can be looked up."""
PICTURES = "pictures"
"""Remote pictures of mails that a reader asked for, by the digest of message and address; kept for a week."""

DESK_INDEXES = (
    Index(CONTENTS, {"metadata.sha256": 1}, unique=True),
    Index(FILES, {"content": 1}),
    Index(FILES, {"at": 1}, where={"kept": False}),
    Index(PICTURES, {"at": 1}, expire_s=7 * 86_400),
    # the inbox: one channel; and what only few conversations have, so that the others cost nothing
    Index(CONVERSATIONS, {"channels": 1, "state": 1, "last_seq": -1}),
    Index(CONVERSATIONS, {"tags": 1, "state": 1, "last_seq": -1}, where={"tags.0": {"$exists": True}}),
)
"""Beside `HUB_INDEXES`; made by the same `migrate`."""
