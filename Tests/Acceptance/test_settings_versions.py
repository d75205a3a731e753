"""Changes of settings: versions, their differences, the way back, credentials at rest; one store and who follows it."""

import json
import os
import stat
import threading

import pytest

from support.gateway import wait_until
from support.postgres import Postgres
from test_admin import MOCKS, TOKEN, Admin, chat
from test_keys import run, stored


@pytest.fixture
def served(gateway):
    started = gateway(MOCKS)
    return started, Admin(started)


def test_versions_differences_and_the_way_back(served):
    gateway, admin = served
    assert admin("PATCH", "/api/v1/models/chat", {"strategy": "latency"})[0] == 200
    assert admin("POST", "/api/v1/models", {"name": "more", "route": "chat"})[0] == 201
    key = admin("POST", "/api/v1/keys", {"name": "late"})[2]["key"]
    assert admin("DELETE", "/api/v1/models/more")[0] == 204
    listed = admin.get("/api/v1/settings/versions")
    assert [row["version"] for row in listed["data"]] == [4, 3, 2, 1] and listed["running"] == 4
    assert admin.get("/api/v1/settings/versions/2")["settings"]["models.more"] == {"route": "chat"}
    between = admin.get("/api/v1/settings/diff?from=1&to=2")["data"]
    assert between == [{"path": "models.more", "before": None, "after": {"route": "chat"}}]
    assert {row["path"] for row in admin.get("/api/v1/settings/diff")["data"]} == {"models.chat.strategy", "keys.late"}
    assert admin("POST", "/api/v1/settings/rollback", {"version": 2})[2] == {"version": 5, "as": 2}
    chat(gateway, "more")
    # A key that was made since is nobody's to take back by the way; one that was deleted does not come back.
    chat(gateway, key=key)
    assert admin("DELETE", "/api/v1/keys/late")[0] == 204
    assert admin("POST", "/api/v1/settings/rollback", {"version": 3})[0] == 200
    assert gateway.post("/v1/chat/completions", {"model": "chat", "messages": []}, key=key)[0] == 401
    assert admin("POST", "/api/v1/settings/rollback", {"version": 3, "include": ["keys"]})[0] == 200
    chat(gateway, key=key)
    assert admin("POST", "/api/v1/settings/rollback", {"version": 0, "include": ["keys", "admin"]})[0] == 200
    assert admin.get("/api/v1/settings/diff")["data"] == []
    for body in ({"version": 99}, {"version": -1}, {}, {"version": 1, "include": ["everything"]}):
        assert admin("POST", "/api/v1/settings/rollback", body)[0] in (400, 404), body
    actions = {entry["action"] for entry in admin.get("/api/v1/audit")["data"]}
    assert {"settings.rollback", "models.create", "models.delete", "keys.create"} <= actions


def test_two_at_once_lose_nothing(served):
    _, admin = served
    failures = []

    def add(number):
        status, _, body = admin("POST", "/api/v1/models", {"name": f"m{number}", "route": "chat"})
        if status != 201:
            failures.append(body)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert admin.get("/api/v1/settings/versions")["running"] == 12
    assert {f"m{number}" for number in range(12)} <= {model["name"] for model in admin.get("/api/v1/models")["data"]}
    etag = admin("GET", "/api/v1/models/m1")[1]["etag"]
    assert admin("PATCH", "/api/v1/models/m1", {"hidden": True}, If_Match=etag)[0] == 200
    assert admin("PATCH", "/api/v1/models/m1", {"hidden": False}, If_Match=etag)[0] == 412


def test_credentials_are_sealed_and_stay_with_their_host(gateway, upstream):
    up = upstream()
    started = gateway(MOCKS)
    admin = Admin(started)
    canary = "sk-canary-credential-0123456789"
    provider = {"name": "saved", **up.provider(), "api_key": canary}
    status, _, body = admin("POST", "/api/v1/providers", provider)
    assert status == 201 and body["api_key"] == "****", body
    assert admin("POST", "/api/v1/models", {"name": "far", "deployments": [{"provider": "saved", "model": "m"}]})[0] == 201
    chat(started, "far")
    assert up.requests[-1].headers["authorization"] == f"Bearer {canary}"
    assert canary.encode() not in stored(started)
    mode = stat.S_IMODE(os.stat(started.folder / "swiftlet.db.key").st_mode)
    assert mode == 0o600
    for path in ("/api/v1/providers/saved", "/api/v1/settings", "/api/v1/audit", "/api/v1/settings/export", "/api/v1/settings/versions/1",
                 "/api/v1/settings/diff"):
        assert canary not in json.dumps(admin.get(path)), path
    assert canary not in "\n".join(started.lines)
    other = upstream()
    moved = {"base_url": other.provider()["base_url"]}
    status, _, body = admin("PATCH", "/api/v1/providers/saved", moved)
    assert status == 422 and body["error"]["code"] == "credential_bound", body
    assert admin("PATCH", "/api/v1/providers/saved", {"timeout": "9s"})[0] == 200
    # It is there after a restart, and can go to another host only when it is given anew.
    started.end()
    started.start()
    chat(started, "far")
    assert up.requests[-1].headers["authorization"] == f"Bearer {canary}"
    assert admin("PATCH", "/api/v1/providers/saved", moved | {"api_key": "sk-other"})[0] == 200
    chat(started, "far")
    assert other.requests[-1].headers["authorization"] == "Bearer sk-other"


def test_what_is_exported_is_the_same_gateway(gateway):
    started = gateway(MOCKS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(started, TOKEN)
    assert admin("PATCH", "/api/v1/models/chat", {"strategy": "latency"})[0] == 200
    key = admin("POST", "/api/v1/keys", {"name": "app"})[2]["key"]
    assert run(started, "settings", "diff").returncode == 1
    history = run(started, "settings", "history")
    assert history.returncode == 0 and "admin" in history.stdout and "runs" in history.stdout
    text = run(started, "settings", "export").stdout
    assert key not in text and "strategy: latency" in text
    for port, name in ((started.port, "{listen}"), (started.admin_port, "{admin}")):
        text = text.replace(f'"127.0.0.1:{port}"', name)
    # The acceptance key is a literal of the file and covered, as any would be.
    again = gateway(text.replace('"****"', "sk-new"))
    chat(again, key=key)
    assert run(started, "settings", "rollback", "0").returncode == 0
    assert "strategy" not in json.dumps(admin.get("/api/v1/models/chat"))
    assert run(started, "audit", "verify").returncode == 0
    assert "settings.rollback" in run(started, "audit", "list").stdout


def test_an_audit_log_that_was_tampered_with_is_found_out(gateway):
    import sqlite3
    started = gateway(MOCKS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(started, TOKEN)
    for strategy in ("latency", "shuffle", "cost"):
        assert admin("PATCH", "/api/v1/models/chat", {"strategy": strategy})[0] == 200
    started.end()
    with sqlite3.connect(started.folder / "swiftlet.db") as base:
        base.execute("UPDATE audit SET actor = 'somebody' WHERE number = 2")
    base.close()
    started.start({"SWIFTLET_ADMIN_TOKEN": TOKEN})
    verdict = run(started, "audit", "verify")
    assert verdict.returncode == 1 and "entry 2" in verdict.stdout


def test_the_gateway_says_which_version_it_runs(served):
    _, admin = served
    assert admin("PATCH", "/api/v1/models/chat", {"strategy": "latency"})[0] == 200

    def noted():
        rows = admin.get("/api/v1/gateways")["data"]
        return rows and rows[0]["alive"] and rows[0]["settings_version"] == 1
    wait_until(noted, what="the gateway's version")
    assert admin.get("/api/v1/gateways")["settings_version"] == 1


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.end()


def test_every_gateway_on_a_store_follows_without_losing_a_request(gateway, upstream, postgres):
    up = upstream()
    secrets = {"SWIFTLET_SECRETS_KEY": "0123456789abcdef0123456789abcdef"}
    settings = MOCKS | {"store": postgres.url}
    pair = [gateway(settings, environment=secrets) for _ in range(2)]
    one, other = (Admin(started) for started in pair)
    failures, ended = [], threading.Event()

    def ask():
        while not ended.is_set():
            status, _, body = pair[1].post("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "x"}]})[:3]
            if status != 200:
                failures.append(body)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        key = one("POST", "/api/v1/keys", {"name": "app"})[2]["key"]
        provider = {"name": "saved", **up.provider(), "api_key": "sk-canary-saved"}
        assert one("POST", "/api/v1/providers", provider)[0] == 201
        assert one("POST", "/api/v1/models", {"name": "far", "deployments": [{"provider": "saved", "model": "m"}]})[0] == 201
        # Two seconds, by the clock of whoever waits for a change to hold.
        wait_until(lambda: "far" in {model["name"] for model in other.get("/api/v1/models")["data"]}, 2, what="the other gateway's settings")

        def served():
            return pair[1].post("/v1/chat/completions", {"model": "far", "messages": [{"role": "user", "content": "x"}]}, key=key)[0] == 200
        wait_until(served, 2, what="the other gateway's loops")
        assert up.requests[-1].headers["authorization"] == "Bearer sk-canary-saved"
        # Both change at once: nothing is lost.
        assert other("PATCH", "/api/v1/models/chat", {"strategy": "latency"})[0] == 200
        assert one("PATCH", "/api/v1/models/shaky", {"hidden": True})[0] == 200
        assert one("DELETE", "/api/v1/keys/app")[0] == 204

        def gone():
            return pair[1].post("/v1/chat/completions", {"model": "chat", "messages": []}, key=key)[0] == 401
        wait_until(gone, 2, what="the key's end at the other gateway")
        document = other.get("/api/v1/settings")["settings"]
        assert document["models"]["chat"]["strategy"] == "latency" and document["models"]["shaky"]["hidden"] is True

        def running():
            return [row["settings_version"] for row in one.get("/api/v1/gateways")["data"] if row["alive"]] == [6, 6]
        wait_until(running, 5, what="both gateways' versions")
        assert one.get("/api/v1/audit/verify") == other.get("/api/v1/audit/verify")
    finally:
        ended.set()
        asking.join()
    assert not failures, failures[0]


def test_postgresql_needs_a_key_for_credentials(gateway, postgres):
    started = gateway(MOCKS | {"store": postgres.url})
    status, _, body = Admin(started)("POST", "/api/v1/providers", {"name": "p", "type": "openai", "api_key": "sk-canary"})
    assert status == 422 and body["error"]["code"] == "no_secrets_key" and "SWIFTLET_SECRETS_KEY" in body["error"]["message"]
