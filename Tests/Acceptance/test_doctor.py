"""`swiftlet doctor`: what would keep a gateway from serving, and how to mend it."""

import json
import socket

import pytest
from support.gateway import Gateway, free_port, swiftlet
from support.postgres import Postgres

MODELS = {"models": {"chat": {"deployments": [{"provider": "m", "model": "mock"}]}}}


def doctor(folder, **settings):
    """Exit code, findings by state, and all of the text."""
    file = folder / "settings.yaml"
    base = {"server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}"}, "store": f"sqlite:{folder}/s.db",
            "providers": {"m": {"type": "mock"}}, **MODELS, "keys": {"app": {"key": "sk-doctor-0123456789"}}}
    file.write_text(json.dumps({**base, **settings}, indent=1))
    result = swiftlet("doctor", "--config", str(file), "--json")
    said = json.loads(result.stdout)
    assert said["ok"] == (result.returncode == 0)
    plain = swiftlet("doctor", "--config", str(file))
    assert plain.returncode == result.returncode
    for finding in said["findings"]:
        assert finding["state"] in plain.stdout and finding["about"] in plain.stdout and finding.get("remedy", "") in plain.stdout
    return result.returncode, said["findings"]


def of(findings, about):
    return [one for one in findings if one["about"] == about]


def test_a_sound_machine(tmp_path):
    code, findings = doctor(tmp_path)
    assert code == 0 and not [one for one in findings if one["state"] == "problem"]
    assert {"settings", "store", "ledger", "disk", "listen", "admin", "limits"} <= {one["about"] for one in findings}
    assert not list(tmp_path.glob("*.db*")), "it made something"


def test_nothing_configured(tmp_path):
    result = swiftlet("doctor", folder=tmp_path)
    assert "(no file)" in result.stdout and not list(tmp_path.iterdir())


def taken():
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    return holder


PROBLEMS = {
    "a misspelt setting": ({"modles": {}}, "settings", "models"),
    "no folder": ({"store": "sqlite:/nowhere/at/all/s.db"}, "store", "/nowhere/at/all cannot be reached"),
    "no server": ({"store": "postgres://swiftlet@127.0.0.1:9/swiftlet"}, "store", "127.0.0.1"),
    "an open door": ({"server": {"listen": "127.0.0.1:0", "admin": "0.0.0.0:0"}}, "admin", "no token"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(tmp_path, name):
    settings, about, words = PROBLEMS[name]
    code, findings = doctor(tmp_path, **settings)
    assert code == 1
    assert any(one["state"] == "problem" and words in one["text"] + one.get("remedy", "") for one in of(findings, about)), findings


def test_an_address_that_is_taken(tmp_path):
    with taken() as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        code, findings = doctor(tmp_path, server={"listen": address, "admin": f"127.0.0.1:{free_port()}"})
        assert code == 1 and address in of(findings, "listen")[0]["text"]


def test_providers_are_only_knocked_at(tmp_path):
    with taken() as holder:
        holder.settimeout(10)
        providers = {"m": {"type": "mock"}, "here": {"type": "openai_compatible", "base_url": f"http://127.0.0.1:{holder.getsockname()[1]}/v1"},
                     "gone": {"type": "openai_compatible", "base_url": f"http://127.0.0.1:{free_port()}/v1"}}
        code, findings = doctor(tmp_path, providers=providers)
        assert code == 0 and of(findings, "provider here")[0]["state"] == "ok" and of(findings, "provider gone")[0]["state"] == "warning"
        peer, _ = holder.accept()
        peer.settimeout(10)
        assert peer.recv(100) == b"", "a request was sent"
        peer.close()


def test_beside_a_running_gateway(tmp_path):
    gateway = Gateway(tmp_path, {"providers": {"m": {"type": "mock"}}, **MODELS})
    try:
        assert gateway.chat()[0] == 200
        result = swiftlet("doctor", "--config", str(gateway.file), folder=tmp_path)
        assert result.returncode == 0, result.stdout
        assert "one is running" in result.stdout and "sound" in result.stdout
        assert gateway.chat()[0] == 200
    finally:
        gateway.end()


def test_damage_is_found(tmp_path):
    gateway = Gateway(tmp_path, {"providers": {"m": {"type": "mock"}}, **MODELS})
    gateway.end()
    (tmp_path / "swiftlet-ledger.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 20_000)
    result = swiftlet("doctor", "--config", str(gateway.file), folder=tmp_path)
    assert result.returncode == 1 and "problem  ledger" in result.stdout


def test_a_server(tmp_path):
    postgres = Postgres()
    try:
        code, findings = doctor(tmp_path, store=postgres.url)
        assert code == 0 and "no tables yet" in of(findings, "store")[0]["text"]
        assert postgres.query("SELECT count(*) FROM pg_class WHERE relname = 'requests'") == "0", "it made tables"
    finally:
        postgres.end()
