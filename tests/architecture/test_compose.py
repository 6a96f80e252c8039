"""The image and the Compose file say what the code says: commands, settings, ports, files."""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.telephony.account import TelephonyAccount
from channels.telephony.plan import Plans
from hub.cli import _parser
from hub.desk.pbx_files import write_files
from hub.settings import _ENVIRONMENT, Settings, read_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("mainstem:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
NGINX = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
START = (ROOT / "deploy" / "asterisk" / "start.sh").read_text(encoding="utf-8")
PBX_SECRETS = ("PBX_SECRET", "PBX_PHONES_SECRET")
PBX = SERVICES["asterisk"]
PBX_DOCKERFILE = (ROOT / "deploy" / "asterisk" / "Dockerfile").read_text(encoding="utf-8")
KNOWN = {*_ENVIRONMENT, "MAINSTEM_CONFIG"}


def docker_environment() -> dict[str, str]:
    return dict(re.findall(r"\b(MAINSTEM_\w+)=(\S+)", DOCKERFILE))


@pytest.mark.parametrize("name", OURS)
def test_every_service_of_ours_runs_a_command_that_exists(name: str) -> None:
    program, *arguments = OURS[name]["command"]
    assert program == "mainstem"
    _parser().parse_args(arguments)


def test_the_image_runs_a_command_that_exists() -> None:
    [command] = re.findall(r'^CMD \["mainstem", "(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    _parser().parse_args([command])


def test_every_variable_is_one_that_the_settings_know() -> None:
    used = {variable for s in OURS.values() for variable in s["environment"]} | docker_environment().keys()
    assert {variable for variable in used if variable.startswith("MAINSTEM_")} - KNOWN == set()


def test_the_image_the_proxy_and_the_health_check_agree_on_the_port() -> None:
    port = str(Settings().port)
    assert docker_environment()["MAINSTEM_PORT"] == port
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == [port]
    assert f"127.0.0.1:{port}/readyz" in DOCKERFILE
    proxied = dict(re.findall(r"server (\w+):(\d+) resolve", NGINX))
    assert proxied == {name: port for name, s in OURS.items() if s["command"] == ["mainstem", "serve"]}
    assert len(proxied) >= 2
    listens = re.findall(r"listen (\d+);", NGINX)
    assert [mapping.rsplit(":", 1)[1] for mapping in SERVICES["proxy"]["ports"]] == listens


def test_the_hubs_believe_the_proxys_network_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_CONFIG", str(ROOT / "deploy" / "mainstem.toml"))
    for name in PBX_SECRETS:
        monkeypatch.setenv(name, "a-secret")
    trusted = [ipaddress.ip_network(text) for text in read_settings().trusted_proxies]
    front = [ipaddress.ip_network(part["subnet"]) for part in COMPOSE["networks"]["front"]["ipam"]["config"]]
    assert trusted == front
    assert all("front" in s["networks"] for s in (*OURS.values(), SERVICES["proxy"]))


def test_the_store_is_reachable_from_inside_only() -> None:
    assert COMPOSE["networks"]["store"] == {"internal": True}
    mongos = {name: s for name, s in SERVICES.items() if name.startswith("mongo")}
    assert all(s["networks"] == ["store"] and "ports" not in s for s in mongos.values())
    hosts = set(re.findall(r"(mongo\d):27017", OURS["hub1"]["environment"]["MAINSTEM_MONGO_URL"]))
    assert hosts == mongos.keys() - {"mongo-init"}
    assert [name for name, s in SERVICES.items() if "ports" in s] == ["proxy", "asterisk", "coturn"]


def test_the_hubs_reach_the_pbx_by_what_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the service, the users that its start makes, the network that both are in and nobody else."""
    account = pbx_account(monkeypatch)
    assert (account.host, account.sip_ws_url) == ("asterisk", "ws://asterisk:8088/ws")
    assert account.secret.get_secret_value() == "the-PBX_SECRET"
    assert PBX["environment"].keys() == {*PBX_SECRETS, "PBX_EXTERNAL_ADDRESS", "PBX_LOCAL_NET"}
    assert all(s["environment"].keys() >= set(PBX_SECRETS) and "pbx" in s["networks"] for s in OURS.values())
    assert COMPOSE["networks"]["pbx"] == {"internal": True}
    assert {mapping.split(":")[1] for mapping in PBX["ports"]} == {"5060/udp", "10000-10199/udp"}


def test_the_pbx_starts_with_every_file_that_its_configuration_includes(tmp_path: Path) -> None:
    """The examples, what the site has of its own over them, and the AMI users with the secrets."""
    etc, site = tmp_path / "etc", tmp_path / "site"
    shutil.copytree(ROOT / "deploy" / "asterisk", etc)
    site.mkdir()
    (site / "queues.conf").write_text("[sales](mainstem-queue)\n")
    where = {
        "ASTERISK_ETC": str(etc), "ASTERISK_SITE": str(site),
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    start = ["sh", str(etc / "start.sh"), "true"]
    secrets = {"PBX_SECRET": "one-Secret", "PBX_PHONES_SECRET": "other"}
    assert subprocess.run(start, env=where, capture_output=True, check=False).returncode
    assert subprocess.run(
        start, env=where | secrets | {"PBX_SECRET": "a\nb"}, capture_output=True, check=False
    ).returncode
    subprocess.run(start, env=where | secrets, check=True)
    texts = [path.read_text(encoding="utf-8") for path in etc.glob("*.conf")]
    included = re.findall(r'^#include "(.+)"$', "\n".join(texts), re.MULTILINE)
    assert len(included) >= 4
    assert [name for name in included if not (etc / name).exists()] == []
    assert (etc / "local" / "queues.conf").read_text() == "[sales](mainstem-queue)\n"
    users = (etc / "local" / "manager-users.conf").read_text()
    assert re.findall(r"^\[(\S+)\]\((\S+)\)\nsecret = (\S+)$", users, re.MULTILINE) == [
        ("mainstem", "mainstem-hub", "one-Secret"), ("mainstem-phones", "mainstem-phone-keeper", "other"),
    ]  # fmt: skip


def test_each_image_of_ours_is_built_by_one_service_and_asked_of_no_registry() -> None:
    """Four that build the same name at the same time make four images, and each runs another."""
    ours = {s["image"] for s in SERVICES.values() if "build" in s}
    assert ours >= {"mainstem:latest", "mainstem-asterisk:latest"}
    for image in ours:
        users = [s for s in SERVICES.values() if s["image"] == image]
        assert sum("build" in s for s in users) == 1, image
        assert all("build" in s or s["pull_policy"] == "never" for s in users), image


def test_the_hubs_may_read_what_the_pbx_records() -> None:
    """The folder's group, which its files take over, is the group of the user that hubs and workers run as."""
    [group] = re.findall(r"groupadd .*--gid (\d+) mainstem", DOCKERFILE)
    assert re.search(r"useradd .*--gid mainstem .*mainstem\b", DOCKERFILE)
    assert re.findall(r"groupadd .*--gid (\d+) mainstem", PBX_DOCKERFILE) == [group]
    assert "install -d -o asterisk -g mainstem -m 2770 /var/spool/asterisk/monitor" in PBX_DOCKERFILE


def test_the_pbx_has_the_folder_of_its_socket_and_keeps_what_it_took() -> None:
    """Without the socket no health check can speak with it; what stands on no volume is gone with the container."""
    before_the_user = PBX_DOCKERFILE.split("USER asterisk")[0]
    assert "install -d -o asterisk -g asterisk /run/asterisk" in before_the_user
    kept = {volume.split(":")[1] for volume in PBX["volumes"] if not volume.startswith(".")}
    spool = "/var/spool/asterisk"
    assert kept >= {"/var/lib/asterisk", f"{spool}/monitor", f"{spool}/voicemail"}


def pbx_account(monkeypatch: pytest.MonkeyPatch) -> TelephonyAccount:
    """The account of deploy/mainstem.toml."""
    for name in PBX_SECRETS:
        monkeypatch.setenv(name, f"the-{name}")
    monkeypatch.setenv("MAINSTEM_CONFIG", str(ROOT / "deploy" / "mainstem.toml"))
    settings = read_settings().accounts["pbx"]
    return TelephonyAccount.model_validate({"id": "pbx", **settings.model_dump(exclude_none=True)})


def mounted(service: dict[str, Any], source: str) -> tuple[str, bool] | None:
    """Where a volume is in a service, and whether the service may write there."""
    for volume in service["volumes"]:
        name, place, *how = volume.split(":")
        if name == source:
            return place, how != ["ro"]
    return None


def test_recordings_go_from_the_pbx_to_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Asterisk writes them, as a volume; in hubs and workers it is the account's folder, which they only read."""
    account = pbx_account(monkeypatch)
    assert mounted(PBX, "recordings") == ("/var/spool/asterisk/monitor", True)
    readers = [service for service in OURS.values() if service["command"] != ["mainstem", "beat"]]
    assert [mounted(service, "recordings") for service in readers] == [(str(account.recordings), False)] * len(readers)
    assert not account.recordings_clear  # nothing can be removed there


def test_the_plan_goes_from_the_hubs_to_the_pbx(monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume that every hub that serves writes as its own user, and that the PBX only reads."""
    account = pbx_account(monkeypatch)
    hubs = [service for service in OURS.values() if service["command"] == ["mainstem", "serve"]]
    assert [mounted(hub, "plan") for hub in hubs] == [(str(account.plan_folder), True)] * len(hubs)
    assert mounted(PBX, "plan") == (re.findall(r"ASTERISK_PLAN:-(\S+)}", START)[0], False)
    [user] = re.findall(r"useradd .*--uid (\d+)", DOCKERFILE)
    assert re.search(rf"install -d -o mainstem .*{account.plan_folder}$", DOCKERFILE, re.MULTILINE)
    assert f"install -d -o {user} -g {user} -m 0755 {account.plan_folder}\n" in PBX_DOCKERFILE


def test_the_pbx_reads_the_plan_where_the_hubs_write_it(tmp_path: Path) -> None:
    """Also what is written after it started; a plan of the site's own goes before it."""
    etc, site, plan = (tmp_path / name for name in ("etc", "site", "plan"))
    shutil.copytree(ROOT / "deploy" / "asterisk", etc)
    for folder in (site, plan):
        folder.mkdir(mode=0o750)
    files = Plans().render({"queues": {"line": {}}, "numbers": {"4100": {"open": {"to": "queue", "name": "line"}}}})
    where = {
        "ASTERISK_ETC": str(etc), "ASTERISK_SITE": str(site), "ASTERISK_PLAN": str(plan), "PATH": os.environ["PATH"],
        "PBX_SECRET": "one", "PBX_PHONES_SECRET": "other",
    }  # fmt: skip
    writes = ["sh", str(etc / "start.sh"), "true"]
    subprocess.run(writes, env=where, check=True)
    included = "\n".join(path.read_text(encoding="utf-8") for path in etc.glob("*.conf"))
    assert all(f'#tryinclude "local/{name}"' in included and not (etc / "local" / name).exists() for name in files)
    write_files(plan, files)
    write_files(plan, {name: f"{text}; again\n" for name, text in files.items()})
    assert {name: (etc / "local" / name).read_text() for name in files} == {
        n: f"{t}; again\n" for n, t in files.items()
    }
    (site / "plan-queues.conf").write_text("[own](mainstem-queue)\n")
    subprocess.run(writes, env=where, check=True)
    assert (etc / "local" / "plan-queues.conf").read_text() == "[own](mainstem-queue)\n"


def test_behind_a_translation_the_pbx_tells_the_outside_address(tmp_path: Path) -> None:
    """To carriers in SIP and SDP, to browsers as one more candidate; without the variable nothing of it is written."""
    etc = tmp_path / "etc"
    shutil.copytree(ROOT / "deploy" / "asterisk", etc)
    where = {"ASTERISK_ETC": str(etc), "ASTERISK_SITE": str(tmp_path), "PATH": os.environ["PATH"]}
    where |= {"PBX_SECRET": "one", "PBX_PHONES_SECRET": "other", "PBX_LOCAL_NET": "172.16.0.0/12 10.0.0.0/8"}
    start = ["sh", str(etc / "start.sh"), "true"]
    subprocess.run(start, env=where | {"PBX_EXTERNAL_ADDRESS": ""}, check=True)
    assert not (etc / "local" / "nat.conf").exists()
    for wrong in ({"PBX_EXTERNAL_ADDRESS": "a b"}, {"PBX_EXTERNAL_ADDRESS": "a", "PBX_LOCAL_NET": "x;y"}):
        assert subprocess.run(start, env=where | wrong, capture_output=True, check=False).returncode
    subprocess.run(start, env=where | {"PBX_EXTERNAL_ADDRESS": "203.0.113.5"}, check=True)
    assert (etc / "local" / "nat.conf").read_text().splitlines() == [
        "external_media_address = 203.0.113.5", "external_signaling_address = 203.0.113.5",
        "local_net = 172.16.0.0/12", "local_net = 10.0.0.0/8",
    ]  # fmt: skip
    head, *mapped = (etc / "local" / "ice.conf").read_text().splitlines()
    assert head == "[ice_host_candidates]"
    assert all(line.endswith(" => 203.0.113.5,include_local_address") for line in mapped)


def test_the_relay_is_wanted_first_and_reaches_the_pbx_alone() -> None:
    """Compose starts it with its profile only; what it shares with the hubs is one variable; both are in one network."""
    relay = SERVICES["coturn"]
    assert relay["profiles"] == ["turn"]
    assert [name for name, s in SERVICES.items() if "sound" in s["networks"]] == ["asterisk", "coturn"]
    assert relay["networks"] == ["sound"]
    assert relay["environment"]["TURN_SECRET"] == OURS["hub1"]["environment"]["TURN_SECRET"]
    [subnet] = [ipaddress.ip_network(part["subnet"]) for part in COMPOSE["networks"]["sound"]["ipam"]["config"]]
    first, last = re.findall(r"[\d.]{7,}", relay["environment"]["TURN_PEERS"])
    assert all(ipaddress.ip_address(end) in subnet for end in (first, last))
    conf = (ROOT / "deploy" / "coturn" / "turnserver.conf").read_text()
    ports = dict(re.findall(r"^(min|max)-port=(\d+)$", conf, re.MULTILINE))
    assert f"{ports['min']}-{ports['max']}/udp" in {mapping.split(":")[1] for mapping in relay["ports"]}


def test_the_relay_does_not_start_without_a_secret(tmp_path: Path) -> None:
    start = ["sh", str(ROOT / "deploy" / "coturn" / "start.sh")]
    where = {
        "TURN_CONF": str(ROOT / "deploy" / "coturn" / "turnserver.conf"),
        "TURN_RUN": str(tmp_path),
        "PATH": os.environ["PATH"],
    }
    for secret in ("", "a b"):
        refused = subprocess.run(
            start, env=where | {"TURN_SECRET": secret}, capture_output=True, text=True, check=False
        )
        assert refused.returncode
        assert "secret" in refused.stderr


def test_no_secret_stands_in_the_file() -> None:
    for service in OURS.values():
        assert service["environment"]["MAINSTEM_SECRET_KEY"].startswith("${MAINSTEM_SECRET_KEY:?")


def test_everything_that_is_named_exists() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= SERVICES.keys()
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        for source in (volume.split(":")[0] for volume in service.get("volumes", ())):
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], source


def test_the_image_is_built_from_files_that_exist_and_are_sent_along() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignore, source


def test_the_hubs_containers_have_no_rights_they_do_not_need() -> None:
    assert re.search(r"^USER mainstem$", DOCKERFILE, re.MULTILINE)
    for service in OURS.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_itself_takes_the_file_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`config` validates against the Compose schema and needs no engine; without the plug-in the rules above remain."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        return
    for name in ("MAINSTEM_SECRET_KEY", *PBX_SECRETS):
        monkeypatch.setenv(name, "x" * 32)
    done = subprocess.run(
        [docker, "compose", "-f", "docker-compose.yml", "config", "-q"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
