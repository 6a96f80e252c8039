"""What the channel offers the hub for plans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from channels.telephony.account import TelephonyAccount
from channels.telephony.phones import keeper
from channels.telephony.plan.model import Plan
from channels.telephony.plan.references import unknown
from channels.telephony.plan.render import render
from crm_core.ground.errors import Invalid
from hub.errors import SetupError
from hub.problems import from_validation

_MODULES = ("app_queue.so", "pbx_config.so")


class Plans:
    """See `hub.calling.PbxPlan`."""

    def schema(self) -> dict[str, Any]:
        """What a plan may say."""
        return Plan.model_json_schema()

    def checked(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The plan with what it leaves to the defaults."""
        return _read(plan).model_dump(mode="json")

    def render(self, plan: Mapping[str, Any]) -> dict[str, str]:
        """The files."""
        return render(_read(plan))

    def folder(self, account: TelephonyAccount) -> Path | None:
        """Where the PBX reads them."""
        return account.plan_folder

    async def reload(self, account: TelephonyAccount) -> dict[str, str]:
        """The AMI user for phones may do it: `Reload` asks for the right `system` and runs no program."""
        if not account.phones_username:
            raise SetupError(
                f"account {account.id} has no AMI user for phones (phones_username), who may reload: on the PBX, run "
                "asterisk -rx 'module reload app_queue.so' and asterisk -rx 'dialplan reload'"
            )
        async with await keeper(account) as ami:
            said = [await ami.ask({"Action": "Reload", "Module": module}) for module in _MODULES]
        return {module: answer.get("Message", "") for module, answer in zip(_MODULES, said, strict=True)}


def _read(plan: Mapping[str, Any]) -> Plan:
    try:
        read = Plan.model_validate(plan)
    except ValidationError as error:
        raise from_validation(error) from None
    if wrong := unknown(read):
        raise Invalid("; ".join(f"{each.path}: {each.detail}" for each in wrong[:3]), fields=tuple(wrong))
    return read
