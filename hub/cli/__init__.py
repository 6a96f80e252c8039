"""The command line: parse, call, print; no logic of its own. Errors say what to do next."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from crm_core.ground.errors import Invalid, MainstemError
from hub.log import start_logging
from hub.settings import Settings, read_settings

Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = _parser().parse_args(arguments)
    try:
        settings = read_settings(**_overrides(given))
        start_logging(settings.log_level)
        command: Command = given.command
        return command(given, settings)
    except Invalid as error:
        fields = "".join(f"\n  {f.path}: {f.detail}" for f in error.fields)
        print(f"mainstem: {error.detail or error.title}{fields}", file=sys.stderr)
        return 2
    except MainstemError as error:
        print(f"mainstem: {error.detail or error.title}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _overrides(given: argparse.Namespace) -> dict[str, object]:
    named = {"host": "host", "port": "port", "demo": "demo"}
    return {key: getattr(given, name) for name, key in named.items() if getattr(given, name, None)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mainstem", description="A realtime communication hub.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="run everything here: private MongoDB, hub, worker with beat")
    up.add_argument("--demo", action="store_true", help="with a demo company, demo logins and a demo mail door")
    _address(up)
    up.set_defaults(command=_up)

    serve = commands.add_parser("serve", help="run a hub (production: one of N)")
    _address(serve)
    serve.set_defaults(command=_serve)

    worker = commands.add_parser("worker", help="run a Celery worker")
    worker.add_argument("--beat", action="store_true", help="with the schedule (only one process may have it)")
    worker.add_argument("--tied", action="store_true", help="end when standard input ends (as `up` has it)")
    worker.set_defaults(command=_worker)
    commands.add_parser("beat", help="run the schedule alone").set_defaults(command=_beat)

    commands.add_parser("init", help="make the first administrator (asks for the password)").set_defaults(command=_init)
    _people(commands)

    doctor = commands.add_parser("doctor", help="check settings, MongoDB and every account; say what to mend")
    doctor.set_defaults(command=_doctor)
    reconcile = commands.add_parser("reconcile", help="what each far side has and the store lacks or doubles")
    reconcile.add_argument("account", nargs="?", metavar="ACCOUNT")
    reconcile.set_defaults(command=_reconcile)
    calls = commands.add_parser("calls", help="calls").add_subparsers(required=True, metavar="ACTION")
    rebuild = calls.add_parser("rebuild-facts", help="count all calls anew, by the service levels of today")
    rebuild.set_defaults(command=_rebuild_facts)
    pbx = commands.add_parser("pbx", help="what a PBX shall be like").add_subparsers(required=True, metavar="ACTION")
    render = pbx.add_parser("render", help="write the account's plan as configuration of its PBX")
    render.add_argument("account", metavar="ACCOUNT")
    render.add_argument("--into", required=True, metavar="DIR", help="the PBX's folder local/, or the one copied there")
    render.add_argument("--reload", action="store_true", help="then have the PBX read it anew")
    render.set_defaults(command=_pbx_render)
    commands.add_parser("openapi", help="print the OpenAPI 3.1 document").set_defaults(command=_openapi)
    return parser


def _address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)


def _people(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    user = commands.add_parser("user", help="users").add_subparsers(required=True, metavar="ACTION")
    add = user.add_parser("add", help="make a user (asks for the password)")
    add.add_argument("login")
    add.add_argument("--name")
    add.add_argument("--role", action="append", default=[], metavar="CODE", help="SA, SP, SU ... or admin; repeatable")
    add.set_defaults(command=_user_add)
    token = commands.add_parser("token", help="API tokens").add_subparsers(required=True, metavar="ACTION")
    add = token.add_parser("add", help="make a token for a login and print it once")
    add.add_argument("login")
    add.add_argument("--name", default="made on the command line")
    add.add_argument(
        "--scope", action="append", choices=["read", "write", "admin"], help="repeatable; default: read, write"
    )
    add.set_defaults(command=_token_add)


def _up(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.up import up

    return up(settings)


def _serve(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.up import serve

    return serve(settings)


def _worker(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.workers import run_worker

    return run_worker(settings, beat=given.beat, tied=given.tied)


def _beat(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.workers import run_beat

    return run_beat(settings)


def _init(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.people import init

    return init(settings)


def _user_add(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.people import add_user

    return add_user(settings, given.login, given.name or given.login, given.role or ["SA"])


def _token_add(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.people import add_token

    return add_token(settings, given.login, given.name, given.scope or ["read", "write"])


def _doctor(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.checks import doctor

    return doctor(settings)


def _reconcile(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.checks import reconcile

    return reconcile(settings, given.account)


def _rebuild_facts(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.floor import rebuild_facts

    return rebuild_facts(settings)


def _pbx_render(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.pbx import render

    return render(settings, given.account, given.into, then_reload=given.reload)


def _openapi(given: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.checks import openapi

    return openapi(settings)
