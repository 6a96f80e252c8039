"""How a record type is declared. One class says everything; storage, checks, screens and documentation follow from it.

`record.py` holds what every record has; `facts.py` the words that declare a field (`needed`, `maybe`, `rows`, `computed`);
`fields.py` the kinds of values; `links.py` links to other records; `lifecycle.py` states and moves; `registry.py` all types.
"""

from __future__ import annotations

from crm_core.declare.child_rows import ImRow, MailRow, PhoneRow, Row
from crm_core.declare.conversion import Conversion
from crm_core.declare.derived import Copied, Count, First
from crm_core.declare.duplicates import DuplicateRule
from crm_core.declare.facts import computed, maybe, needed, rows
from crm_core.declare.fields import (
    Address,
    Bool,
    Date,
    DateTime,
    Decimal,
    Email,
    FileRef,
    GeoPoint,
    Int,
    Json,
    LongText,
    Phone,
    Text,
)
from crm_core.declare.lifecycle import Lifecycle
from crm_core.declare.links import DepartmentLink, Entry, Link, UserLink
from crm_core.declare.meta import Meta
from crm_core.declare.numbering import Numbering
from crm_core.declare.record import Record, Reference
from crm_core.declare.tree import Tree
from crm_core.ground.money import Money

__all__ = [
    "Address", "Bool", "Conversion", "Copied", "Count", "Date", "DateTime", "Decimal", "DepartmentLink", "DuplicateRule",
    "Email", "Entry", "FileRef", "First", "GeoPoint", "ImRow", "Int", "Json", "Lifecycle", "Link", "LongText", "MailRow",
    "Meta", "Money", "Numbering", "Phone", "PhoneRow", "Record", "Reference", "Row", "Text", "Tree", "UserLink",
    "computed", "maybe", "needed", "rows",
]  # fmt: skip
