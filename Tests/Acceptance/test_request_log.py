"""The log of requests: found by whom they were for, who served them, and what they were tagged with."""

import contextlib
import http.client
import sqlite3
import threading

import pytest

from support.gateway import KEY, swiftlet, wait_until
from support.routing import hung
from test_admin import MOCKS, Admin, chat

PARTIES = {
    "providers": {"good": {"type": "mock"}, "other": {"type": "mock"}},
    "models": {"chat": {"deployments": [{"provider": "good", "model": "m"}]}, "small": {"deployments": [{"provider": "other", "model": "s"}]}},
    "projects": {"acme": {"tags": ["team:acme"]}, "zeta": {}},
    "customers": {"shop": {}},
    "keys": {
        "a": {"key": "key-a", "project": "acme"}, "z": {"key": "key-z", "project": "zeta", "customer": "shop", "tags": ["nightly"]},
        "any": {"key": KEY},
    },
}


@pytest.fixture
def served(gateway):
    started = gateway(PARTIES)
    return started, Admin(started)


def ids(admin, query, count):
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=500")["data"]) >= count, 5, what="the rows")
    found, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"/api/v1/requests?limit=2&{query}{cursor and '&cursor=' + cursor}")
        found += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    return found


def test_requests_are_found_by_project_customer_provider_and_tag(served):
    gateway, admin = served
    of = {}
    for turn in range(3):
        for name, key, model in [("a", "key-a", "chat"), ("z", "key-z", "small"), ("any", KEY, "chat")]:
            of.setdefault(name, []).insert(0, chat(gateway, model, key=key)["x-swiftlet-request-id"])
    both = sorted(of["a"] + of["any"], reverse=True)
    for query, expected in [
        ("project=acme", of["a"]), ("project=zeta", of["z"]), ("customer=shop", of["z"]), ("provider=other", of["z"]), ("provider=good", both),
        ("tag=nightly", of["z"]), ("tag=team:acme", of["a"]), ("project=acme&provider=other", []), ("project=zeta&tag=nightly&state=done", of["z"]),
        ("tag=nobody", []), ("customer=nobody", []),
    ]:
        assert sorted(ids(admin, query, 9), reverse=True) == sorted(expected, reverse=True), query
    assert admin("GET", "/api/v1/requests?projekt=acme")[0] == 400
    url = ["--url", f"http://127.0.0.1:{gateway.admin_port}"]
    printed = swiftlet("requests", "--only", "project=acme", "--only", "tag=team:acme", *url)
    assert [line.split()[0] for line in printed.stdout.splitlines()] == of["a"], printed
    assert swiftlet("requests", "--only", "project", *url).returncode != 0


def test_tags_of_a_request_stand_beside_those_of_its_key(served):
    gateway, admin = served
    headers = {"x-swiftlet-tags": "header, job:7", "x-litellm-tags": "lite"}
    asked = [
        ({"tags": ["body", {"key": "tier", "value": "gold"}, "!not-this", "&must"]}, {}, ["nightly", "body", "tier:gold", "must"]),
        ({}, headers, ["nightly", "header", "job:7", "lite"]),
        ({"metadata": {"tags": ["meta"], "user_id": "u"}}, {}, ["nightly", "meta"]),
        ({"metadata": {"user_id": "u"}}, {}, ["nightly"]),
        # What is the key's stays, however it is said.
        ({"tags": ["nightly", "!nightly"]}, {}, ["nightly"]),
        ({"tags": []}, {"x-tags": ""}, ["nightly"]),
    ]
    for body, more, tags in asked:
        status, answer, _ = gateway.post("/v1/chat/completions", {"model": "small", "messages": [{"role": "user", "content": "hi"}], **body},
                                         key="key-z", headers=more)[:3]
        assert status == 200
        path = f"/api/v1/requests/{answer['x-swiftlet-request-id']}"
        wait_until(lambda: admin("GET", path)[0] == 200, 5, what="the row")
        assert admin.get(path)["tags"] == tags, body
    sums = {row["tag"]: row["requests"] for row in admin.get("/api/v1/usage?group_by=tag")["data"]}
    assert sums == {"nightly": 6, "body": 1, "tier:gold": 1, "must": 1, "header": 1, "job:7": 1, "lite": 1, "meta": 1}
    assert len(ids(admin, "tag=tier:gold", 6)) == 1


def test_a_key_that_may_not_add_tags_adds_none(gateway):
    started = gateway(PARTIES | {"keys": {"tight": {"key": "key-tight", "tags": ["own"], "overrides": ["fallbacks"]}}})
    admin = Admin(started)
    chat(started, key="key-tight", tags=["mine"])
    row, = wait_until(lambda: admin.get("/api/v1/requests")["data"], 5, what="the row")
    assert row["tags"] == ["own"]


def test_what_is_rare_is_found_in_a_large_table(served):
    gateway, admin = served
    mine = chat(gateway, "small", key="key-z")["x-swiftlet-request-id"]
    wait_until(lambda: len(admin.get("/api/v1/requests")["data"]) == 1, 5, what="the row")
    gateway.stop()
    # Many more of another project before and after it, as a ledger has them whose sums are still to be made.
    with sqlite3.connect(gateway.folder / "swiftlet-ledger.db") as ledger:
        columns = [row[1] for row in ledger.execute("PRAGMA table_info(requests)")]
        own, = ledger.execute("SELECT id FROM requests").fetchone()
        hour = 3_600_000 << 22
        for project, count, step in [(9_001, 200_000, -hour // 2_000), (9_002, 100_000, hour // 1_000_000)]:
            copy = ", ".join({"id": f"id + ({step}) * n", "project": str(project), "customer": "0", "tags": "NULL"}.get(c, c) for c in columns)
            ledger.execute(f"""
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
                INSERT INTO requests SELECT {copy} FROM requests, numbers WHERE id = {own}""")
        ledger.execute("DELETE FROM usage")
        ledger.execute("UPDATE usage_state SET folded = 0, hours_kept = 0, next = (SELECT min(id) FROM requests), "
                       "behind_end = (SELECT max(id) + 1 FROM requests)")
    gateway.start()
    gateway.wait_ready()
    wait_until(lambda: admin.get("/api/v1/usage")["data"][0]["requests"] == 300_001, 240, every=0.5, what="the sums")
    for query in ("customer=shop", "project=zeta", "tag=nightly", "provider=other&project=zeta", "key=z&customer=shop"):
        page = admin.get(f"/api/v1/requests?{query}")
        assert [found["id"] for found in page["data"]] == [mine], query
    # Where nothing says where to look, a page ends with its bound and says where it goes on.
    page = admin.get("/api/v1/requests?status=418")
    assert page["data"] == [] and page["next_cursor"]
    page = admin.get(f"/api/v1/requests?status=418&cursor={page['next_cursor']}")
    assert page["data"] == [] and page["next_cursor"] is None


def test_a_passed_through_request_has_the_tags_and_the_customer_of_its_key(gateway, upstream):
    up = upstream(lambda peer, request: peer.answer({}))
    started = gateway(PARTIES | {"general": {"pass_through_endpoints": [{"path": "/odd", "target": up.url}]}})
    admin = Admin(started)
    assert started.post("/odd", {}, key="key-z")[0] == 200
    row, = wait_until(lambda: admin.get("/api/v1/requests?tag=nightly&customer=shop")["data"], 5, what="the row")
    assert (row["api"], row["tags"], row["customer"], row["project"]) == ("pass_through", ["nightly"], "shop", "zeta")


def test_what_was_in_flight_at_a_kill_has_the_tags_of_its_key(gateway, upstream):
    up = upstream(hung)
    started = gateway(PARTIES | {"providers": {"good": up.provider(), "other": up.provider()}})
    asking = threading.Thread(target=chat_until_killed, args=(started,))
    asking.start()
    wait_until(lambda: up.requests, 10, what="the request at the provider")
    started.kill()
    asking.join(10)
    started.start()
    started.wait_ready()
    row, = Admin(started).get("/api/v1/requests?tag=nightly")["data"]
    assert (row["state"], row["key"], row["tags"]) == ("unknown", "z", ["nightly"])


def chat_until_killed(gateway):
    with contextlib.suppress(OSError, http.client.HTTPException):
        gateway.post("/v1/chat/completions", {"model": "small", "messages": [{"role": "user", "content": "hi"}], "tags": ["own"]}, key="key-z")
