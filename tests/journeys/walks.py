"""What there is to do on each page of the console, for `test_walks`: a page that is missing here fails there."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.conftest import PASSWORD

PRIMARY = ".page-head .el-button--primary"
DIALOG = ".el-dialog form"


@dataclass(frozen=True)
class Walk:
    """The main act of a page: `types` into fields, then Enter on `act`, which opens `dialog` or shows `shows`."""

    act: str
    dialog: str = ""
    shows: str = ""
    types: dict[str, str] = field(default_factory=dict)
    at: str = ""
    """Where it differs from the route's pattern; `{name}` stands for what the house has."""
    waits: str = ""
    """What the page shows once it has everything."""
    keys: tuple[str, ...] = ("Enter",)
    """What brings the dialog, where it is in a menu."""
    signed_out: bool = False


WALKS = {
    "/": Walk(".page-head .el-button:last-child", shows="[data-act=hide]"),
    "/sign-in": Walk(
        ".sign-in__go",
        types={"input[name=login]": "{login}", "input[name=password]": PASSWORD},
        shows=".app-shell",
        signed_out=True,
    ),
    "/me": Walk(".security-page button[type=submit]", types={"input[name=present]": PASSWORD}, shows="[data-secret]"),
    "/inbox": Walk("[data-write]", dialog=".start-dialog__form", waits="[data-conversation]"),
    "/inbox/:conversation": Walk(
        ".composer__foot .el-button--primary",
        types={".composer textarea": "We come on Friday."}, shows="[data-message]:nth-of-type(2), .undo-bar", waits="[data-message]",
    ),
    "/notices": Walk(PRIMARY, dialog=DIALOG),
    "/search": Walk(".search-page__ask .el-button", types={".search-page__ask input": "pump"}, shows="[data-hit]"),
    "/records": Walk(PRIMARY, at="/records", shows=".record-page"),
    "/records/:type": Walk(PRIMARY, at="/records/contact", shows=".record-page", waits="[data-record]"),
    "/records/:type/new": Walk(
        ".record-page__foot button", at="/records/contact/new",
        types={"[data-field=name] input": "Wang Wei"}, shows=".history-list",
    ),
    "/records/:type/:id": Walk(
        ".record-page__foot button", at="/records/contact/{contact}",
        types={"[data-field=name] input": " Lin"}, shows=".el-message--success", waits=".history-list",
    ),
    "/templates": Walk(PRIMARY, shows="#template-name"),
    "/templates/new": Walk(PRIMARY, types={"#template-name": "Thanks {login}", "#template-text": "Thank you."}, shows=".el-message--success"),
    "/templates/signature": Walk(PRIMARY, types={"#signature-en": "Best wishes"}, shows=".el-message--success"),
    "/templates/:id": Walk(PRIMARY, at="/templates/{template}", types={"#template-name": " 2"}, shows=".el-message--success"),
    "/mailings": Walk(PRIMARY, shows="#mailing-name", waits="[data-mailing]"),
    "/mailings/new": Walk(PRIMARY, types={"#mailing-name": "Autumn"}, shows="[role=alert], .el-dialog"),
    "/mailings/:id": Walk(PRIMARY, at="/mailings/{mailing}", dialog=".el-dialog"),
    "/canned": Walk(PRIMARY, dialog=DIALOG, waits="[data-canned]"),
    "/callers": Walk("[data-plan]", dialog=DIALOG, waits="[data-callback]"),
    "/call-lists": Walk("[data-new-list]", dialog=".new-list", waits="[data-list]"),
    "/call-lists/:id": Walk("[data-next]", at="/call-lists/{list}", shows="[data-why], [data-entry]"),
    "/recordings": Walk("[data-hold]", dialog=DIALOG, waits="[data-listed]"),
    "/scores": Walk("[data-new-sheet]", dialog=DIALOG),
    "/wallboard": Walk(".queue-card .el-button", dialog=DIALOG),
    "/reports/calls": Walk("[data-tab=outcome]", shows="[data-tab=outcome][aria-pressed=true]"),
    "/admin/users": Walk(PRIMARY, dialog=DIALOG, waits="[data-user]"),
    "/admin/users/:id": Walk(".user-page button[type=submit]", at="/admin/users/{user}", shows=".el-message--success"),
    "/admin/departments": Walk(PRIMARY, dialog=DIALOG, waits="[data-department]"),
    "/admin/roles": Walk(PRIMARY, dialog=DIALOG, waits="[data-role]"),
    "/admin/roles/:id": Walk(".admin-card input", at="/admin/roles/{role}", shows=".el-message--success"),
    "/admin/queues": Walk(PRIMARY, dialog=DIALOG, waits="[data-queue]"),
    "/admin/phones": Walk(".admin-frame a.is-here", shows=".phones-page", waits=".phones-page"),
    "/admin/plans": Walk("[data-account] a", shows=".plan-page", waits="[data-account]"),
    "/admin/plans/:account": Walk(
        "[data-add-name]", at="/admin/plans/{pbx}",
        types={"[data-new-name]": "4100"}, shows="[data-path='numbers.4100']",
    ),
    "/admin/jobs": Walk("[data-job] .el-button", shows="[data-state=queued]", waits="[data-job]"),
    "/admin/audit": Walk(
        ".audit-page__filter button[type=submit]", types={"input[name=what]": "account.added"},
        shows="tbody:not(:has([data-act='user.created'])) [data-act='account.added']"
    ),
    "/admin/apps": Walk(PRIMARY, dialog=DIALOG),
    "/admin/schemes": Walk(PRIMARY, dialog=DIALOG),
    "/admin/parameters": Walk("[data-parameter=assistant] input", waits="[data-parameter=assistant]", shows="[data-parameter=assistant] .el-switch:not(.is-disabled)"),
    "/admin/accounts": Walk(".page-head .el-button", shows=".account-page", waits="[data-account]"),
    "/admin/accounts/new/:channel": Walk(
        ".account-page__foot button", at="/admin/accounts/new/email",
        types={"[data-field=id] input": "sales-mail"}, shows=".el-form-item__error",
    ),
    "/admin/accounts/:account": Walk("[data-remove]", at="/admin/accounts/{account}", dialog=".el-dialog"),
}  # fmt: skip
MENUS = [
    (
        "/inbox/:conversation",
        Walk("[data-more]", keys=("Enter", "Enter"), dialog=".el-dialog:visible", waits="[data-message]"),
    ),
    (
        "/inbox/:conversation",
        Walk("[data-acts]", keys=("Enter", "ArrowDown", "Enter"), dialog=".el-dialog:visible", waits="[data-message]"),
    ),
]
"""Dialogs that are reached through a menu of a page: what joins conversations, and the source of a mail."""
