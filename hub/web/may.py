"""Who may call a route: every route names one of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crm_core.ground.errors import Forbidden, SignInNeeded
from hub.identity.caller import Caller


@dataclass(frozen=True, slots=True)
class May:
    """A named test of the caller. What a caller may do *to one thing* is tested where the thing is read."""

    name: str
    test: Callable[[Caller], bool] | None

    def check(self, caller: Caller | None) -> None:
        """Raise `SignInNeeded` or `Forbidden` where the caller may not."""
        if self.test is None:
            return
        if caller is None:
            raise SignInNeeded("sign in first")
        if not self.test(caller):
            raise Forbidden(f"this needs the right: {self.name}")


PUBLIC = May("public", None)
"""Anybody, signed in or not."""
SIGNED_IN = May("signed in", lambda who: who.may_use("read"))
"""Any colleague; tokens need the scope `read`."""
WRITE = May("write", lambda who: who.may_use("write"))
"""Any colleague; tokens need the scope `write`."""
SUPERVISE = May("supervise", lambda who: (who.supervisor or who.admin) and who.may_use("read"))
"""Supervisors and administrators."""
WRITE_TO_MANY = May(
    "write to many",
    lambda who: who.may_use("write") and (who.admin or who.supervisor or bool(who.roles & {"MK", "SM"})),
)
"""Marketing, sales managers, supervisors and administrators; tokens need the scope `write`."""
ADMINISTER = May("administer", lambda who: who.admin and who.may_use("admin"))
"""Administrators; tokens need the scope `admin`."""
ARRANGE = May("arrange", lambda who: (who.supervisor or who.admin) and who.may_use("write"))
"""Supervisors and administrators; tokens need the scope `write`."""
