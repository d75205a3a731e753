"""Virtual keys as their owners and their operators have them: made, shown once, rotated, paused, taken away."""

import csv
import io
import json
import sqlite3
import subprocess

import pytest

from support.gateway import BINARY, KEY, wait_until
from test_admin import MOCKS, TOKEN, Admin, chat

LIMITED = MOCKS | {
    "projects": {"acme": {"tags": ["team:acme"], "budget": {"month": 100}}, "closed": {"active": False}},
    "customers": {"shop": {"budget": {"amount": 5, "period": "day"}}, "gone": {"active": False}},
    "organisation": {"budget": {"year": 5000}},
}


@pytest.fixture
def served(gateway):
    started = gateway(LIMITED)
    return started, Admin(started)


def made(admin, **settings):
    status, _, body = admin("POST", "/api/v1/keys", settings)
    assert status == 201, body
    return body


def refusal(gateway, key, status, **more):
    found, _, body = gateway.post("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "hi"}], **more}, key=key)[:3]
    assert found == status, body
    return json.loads(body)["error"]["code"]


def stored(gateway):
    """All that is at rest, as whoever steals the disk has it."""
    return b"".join(file.read_bytes() for file in gateway.folder.iterdir() if file.is_file() and not file.name.endswith((".key", ".yaml")))


def test_a_key_is_a_digest_at_rest_and_known_by_its_beginning(served):
    gateway, admin = served
    body = made(admin, name="app", owner="anna", project="acme", models=["chat"], budget={"month": 5}, rpm=100)
    chat(gateway, key=body["key"])
    shown = admin.get("/api/v1/keys/app")
    assert shown["prefix"] == body["key"][:16] and shown["key"] == "****" and shown["owner"] == "anna"
    assert shown["budget"] == {"month": 5} and shown["rpm"] == 100
    assert body["key"].encode() not in stored(gateway)
    assert refusal(gateway, body["key"], 403, model="shaky") == "model_not_allowed"
    # Also one that somebody brought along.
    own = "sk-brought-along-0123456789-abcdefghij"
    made(admin, name="own", key=own)
    chat(gateway, key=own)
    assert own.encode() not in stored(gateway)


def test_rotation_ends_the_old_key_at_once_or_after_its_grace(served):
    gateway, admin = served
    first = made(admin, name="app")["key"]
    second = admin("POST", "/api/v1/keys/app/rotate")[2]["key"]
    assert refusal(gateway, first, 401) == "invalid_api_key"
    third = admin("POST", "/api/v1/keys/app/rotate", {"grace": "1h"})[2]["key"]
    for key in (second, third):
        chat(gateway, key=key)
    fourth = admin("POST", "/api/v1/keys/app/rotate", {"grace": "1s"})[2]["key"]
    for key in (second, fourth):
        chat(gateway, key=key)
    wait_until(lambda: gateway.post("/v1/chat/completions", {"model": "chat", "messages": []}, key=third)[0] == 401, what="the end of grace")
    chat(gateway, key=second)
    # Without grace all former ones end.
    admin("POST", "/api/v1/keys/app/rotate")
    for key in (second, third, fourth):
        assert refusal(gateway, key, 401) == "invalid_api_key"
    assert admin("POST", "/api/v1/keys/app/rotate", {"grace": "1000d"})[0] == 400
    assert admin("POST", "/api/v1/keys/app/rotate", {"gracee": "1h"})[2]["error"]["code"] == "unknown_field"
    assert admin("POST", "/api/v1/keys/nobody/rotate")[0] == 404


def test_pause_expiry_and_deletion_hold_from_the_next_request_on(served):
    gateway, admin = served
    key = made(admin, name="app")["key"]
    assert admin("PATCH", "/api/v1/keys/app", {"paused": True})[0] == 200
    assert refusal(gateway, key, 403) == "key_paused"
    assert admin("PATCH", "/api/v1/keys/app", {"paused": None, "expires": "2020-01-01"})[0] == 200
    assert refusal(gateway, key, 403) == "key_expired"
    assert admin("PATCH", "/api/v1/keys/app", {"expires": None})[0] == 200
    chat(gateway, key=key)
    assert admin("DELETE", "/api/v1/keys/app")[0] == 204
    assert refusal(gateway, key, 401) == "invalid_api_key"


def test_projects_and_customers_are_switched_off(served):
    gateway, admin = served
    key = made(admin, name="app")["key"]
    closed = made(admin, name="closed-app", project="closed")["key"]
    assert refusal(gateway, closed, 403) == "project_inactive"
    ask = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]}
    for headers, status, code in [
        ({"x-project-id": "closed"}, 403, "project_inactive"), ({"x-customer-id": "gone"}, 403, "customer_inactive"),
        ({"x-customer-id": "shpo"}, 400, "invalid_value"), ({"x-customer-id": "shop"}, 200, None),
    ]:
        found, _, body = gateway.post("/v1/chat/completions", ask, key=key, headers=headers)[:3]
        assert found == status, body
        assert code is None or json.loads(body)["error"]["code"] == code
    # `user` is a customer where it is the name of one, and else what it always was.
    assert refusal(gateway, key, 403, user="gone") == "customer_inactive"
    for user in ("shop", "somebody"):
        chat(gateway, key=key, user=user)
    bound = made(admin, name="shop-app", customer="shop")["key"]
    found, _, body = gateway.post("/v1/chat/completions", ask, key=bound, headers={"x-customer-id": "gone"})[:3]
    assert found == 403 and json.loads(body)["error"]["code"] == "override_not_allowed"
    assert admin("PATCH", "/api/v1/projects/closed", {"active": True})[0] == 200
    chat(gateway, key=closed)


def test_the_answer_says_whose_policy_decided(served):
    gateway, admin = served
    for name in ("default", "of-key", "of-project"):
        assert admin("POST", "/api/v1/policies", {"name": name, "route": "chat"})[0] == 201
    assert admin("PATCH", "/api/v1/projects/acme", {"policy": "of-project"})[0] == 200
    keys = {"key": made(admin, name="a", policy="of-key", project="acme")["key"], "project": made(admin, name="b", project="acme")["key"],
            "organisation": made(admin, name="c")["key"]}
    ask = {"messages": [{"role": "user", "content": "hi"}], "include_routing_metadata": True}
    for source, key in keys.items():
        body = json.loads(gateway.post("/v1/chat/completions", ask, key=key)[2])
        assert body["routing"]["policy_source"] == source, body["routing"]
    asked = json.loads(gateway.post("/v1/chat/completions", ask | {"routing_policy_id": "of-key"}, key=keys["organisation"])[2])
    assert asked["routing"]["policy_source"] == "request" and asked["routing"]["policy"] == "of-key"


def test_only_allowed_providers_serve_a_key(served):
    gateway, admin = served
    key = made(admin, name="app", providers=["bad"])["key"]
    found, _, body = gateway.post("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "x"}]}, key=key)[:3]
    assert found == 503, body
    assert chat(gateway, "shaky", 502, key=key) is not None


@pytest.mark.parametrize("settings, place", [
    ({"budget": {"month": -1}}, "keys.k.budget.month"), ({"budget": {"amount": 5, "period": "fortnight"}}, "keys.k.budget.period"),
    ({"budget": {"amount": 5, "unit": "eur"}}, "keys.k.budget.unit"), ({"budget": {"month": 1e30}}, "keys.k.budget.month"),
    ({"rpm": 0}, "keys.k.rpm"), ({"project": "acmee"}, "keys.k.project"), ({"customer": "nobody"}, "keys.k.customer"),
    ({"budgett": {"month": 1}}, "keys.k.budgett"), ({"alerts": [0]}, "keys.k.alerts[0]"), ({"budget_mode": "gratis"}, "keys.k.budget_mode"),
])
def test_what_is_wrong_with_a_key_is_said_with_its_place(served, settings, place):
    status, _, body = served[1]("POST", "/api/v1/keys", {"name": "k", **settings})
    assert status == 422, body
    assert [problem["path"] for problem in body["error"]["problems"]] == [place]


def test_a_budget_of_a_key_that_is_not_there(served):
    status, _, body = served[1]("PATCH", "/api/v1/keys/aceptance", {"budget": {"month": 5}})
    assert status == 404 and "did you mean `acceptance`" in body["error"]["message"]


def test_budgets_are_read_back_as_they_stand(served):
    _, admin = served
    made(admin, name="app", project="acme", budget={"month": 5, "alerts": [50]}, rpm=10)
    rows = {row["account"]: row for row in admin.get("/api/v1/budgets")["data"]}
    mine = rows["key/app/nanodollars/month"]
    assert (mine["limit"], mine["unit"], mine["kind"], mine["enforcement"], mine["alerts"]) == (5, "usd", "budget", "hard", [50])
    assert mine["used"] == 0 and mine["remaining"] == 5 and mine["resets"] > mine["since"]
    assert rows["key/app/requests/minute"]["kind"] == "limit"
    assert {"project/acme/nanodollars/month", "customer/shop/nanodollars/day", "organisation//nanodollars/year"} <= set(rows)
    assert {row["name"] for row in admin.get("/api/v1/budgets?scope=key&name=app")["data"]} == {"app"}
    first = admin.get("/api/v1/budgets?limit=2")
    assert len(first["data"]) == 2
    assert admin.get(f"/api/v1/budgets?limit=2&cursor={first['next_cursor']}")["data"][0]["account"] not in {r["account"] for r in first["data"]}
    assert admin("GET", "/api/v1/budgets?scope=keys")[0] == 400


def test_usage_is_summed_and_exported(served):
    gateway, admin = served
    key = made(admin, name="=app,1", project="acme")["key"]
    for _ in range(3):
        chat(gateway, key=key)
    rows = admin.get("/api/v1/usage?group_by=key")["data"]
    assert {row["key"]: row["requests"] for row in rows} == {"=app,1": 3}
    assert admin.get("/api/v1/usage?group_by=project,day")["data"][0]["project"] == "acme"
    assert admin.get("/api/v1/usage?group_by=key&project=acme")["data"][0]["requests"] == 3
    assert admin.get("/api/v1/usage?project=nobody")["data"] == []
    _, headers, text = admin("GET", "/api/v1/usage?group_by=key", accept="text/csv")
    lines = text.decode().splitlines()
    assert headers["content-type"].startswith("text/csv") and lines[0].startswith("key,requests,")
    assert lines[1].startswith("\"'=app,1\",3,")
    assert admin("GET", "/api/v1/usage?group_by=key&format=csv")[2] == text
    _, headers, both = admin("GET", "/api/v1/usage?group_by=key&format=json", accept="text/csv")
    assert headers["content-type"] == "application/json" and both["data"][0]["key"] == "=app,1"
    # As a spreadsheet reads it: as many fields in each line, and the name as text.
    table = list(csv.reader(io.StringIO(text.decode(), newline="")))
    assert len({len(line) for line in table}) == 1 and table[1][0] == "'=app,1" and dict(zip(*table))["requests"] == "3"
    assert admin("GET", "/api/v1/usage?format=xml")[0] == 400
    for query in ("group_by=keys", "group_by=day,hour", "group_by=key,model,day", "from=yesterday", "from=2030-01-02&to=2030-01-01", "keey=x"):
        assert admin("GET", f"/api/v1/usage?{query}")[0] == 400, query


def run(gateway, *arguments, token=TOKEN):
    return subprocess.run(
        [str(BINARY), *arguments, "--url", f"http://127.0.0.1:{gateway.admin_port}"], capture_output=True, text=True, timeout=60,
        env={"SWIFTLET_ADMIN_TOKEN": token, "PATH": "/usr/bin"})


def test_the_command_line_makes_and_ends_keys(gateway):
    started = gateway(LIMITED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    made = run(started, "keys", "create", "a b/c", "--project", "acme", "--budget", "month=5", "--budget", "day=1000000:tokens", "--rpm", "9")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    chat(started, key=key)
    listed = run(started, "keys", "list").stdout
    assert "a b/c" in listed and key[:16] in listed and key not in listed
    assert Admin(started, TOKEN).get("/api/v1/keys/a%20b%2Fc")["budget"][1] == {"amount": 1000000, "period": "day", "unit": "tokens"}
    fresh = run(started, "keys", "rotate", "a b/c", "--grace", "1h").stdout.strip()
    for one in (key, fresh):
        chat(started, key=one)
    assert run(started, "keys", "pause", "a b/c").returncode == 0
    assert refusal(started, fresh, 403) == "key_paused"
    assert run(started, "keys", "resume", "a b/c").returncode == 0
    chat(started, key=fresh)
    assert run(started, "keys", "delete", "a b/c").returncode == 0
    assert refusal(started, fresh, 401) == "invalid_api_key"
    wrong = run(started, "keys", "delete", "a b/c")
    assert wrong.returncode == 1 and "there is no key" in wrong.stderr
    assert run(started, "keys", "list", token="wrong").returncode == 1


def test_a_store_has_no_key_in_any_of_its_rows(served):
    gateway, admin = served
    key = made(admin, name="app")["key"]
    admin("POST", "/api/v1/keys/app/rotate", {"grace": "1h"})
    rows = []
    for file in gateway.folder.glob("*.db*"):
        if file.suffix == ".db":
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as base:
                rows += list(base.iterdump())
    text = "\n".join(rows)
    assert key not in text and KEY not in text and "sha256:" in text


# -- what a key has used, and what is left to it

SPENDING = {
    "providers": {"lab": {"type": "mock"}},
    "models": {"chat": {"deployments": [{"provider": "lab", "model": "m", "input_price": 1000, "output_price": 2000}]}},
    "projects": {"acme": {}, "zeta": {}},
    "keys": {
        "rich": {"key": "key-rich", "project": "acme", "budget": [{"amount": 50, "period": "month"}, {"amount": 40, "period": "day"}], "rpm": 60},
        "free": {"key": "key-free", "project": "zeta"}, "any": {"key": KEY},
    },
}


def test_a_key_says_what_it_used_and_what_is_left_to_it(gateway):
    started = gateway(SPENDING)
    admin = Admin(started)
    cost = sum(float(chat(started, key="key-rich")["x-swiftlet-cost-usd"]) for _ in range(3))
    assert cost > 0
    wait_until(lambda: admin.get("/api/v1/keys/rich")["usage"]["total"]["requests"] == 3, 5, what="the rows")
    rich = admin.get("/api/v1/keys/rich")
    for span in ("today", "month", "total"):
        assert rich["usage"][span]["cost_usd"] == pytest.approx(cost) and rich["usage"][span]["output_tokens"] > 0, span
    balances = {(line["unit"], line["period"]): line for line in rich["balances"]}
    assert set(balances) == {("usd", "month"), ("usd", "day"), ("requests", "minute")}
    for period, limit in [("month", 50), ("day", 40)]:
        line = balances["usd", period]
        assert (line["limit"], line["kind"]) == (limit, "budget") and line["used"] == pytest.approx(cost)
        assert line["remaining"] == pytest.approx(limit - cost) and line["resets"] > line["since"]
    assert balances["requests", "minute"]["limit"] == 60
    # A key without budgets has used as well; one that nobody used has nothing.
    chat(started, key="key-free")
    wait_until(lambda: admin.get("/api/v1/keys/free")["usage"]["today"]["requests"] == 1, 5, what="the row")
    assert admin.get("/api/v1/keys/free")["balances"] == []
    assert admin.get("/api/v1/keys/any")["usage"]["total"] == {"requests": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0}
    # The list says it where it is asked to.
    assert all("usage" not in key for key in admin.get("/api/v1/keys")["data"])
    listed = admin.get("/api/v1/keys?usage=true")["data"]
    assert {key["name"]: key["usage"]["month"]["requests"] for key in listed} == {"rich": 3, "free": 1, "any": 0}
    assert admin("GET", "/api/v1/keys?use=true")[0] == 400


def test_what_is_only_shown_is_not_set_by_who_sends_it_back(gateway):
    started = gateway(SPENDING)
    admin = Admin(started)
    shown = admin.get("/api/v1/keys/rich")
    status, _, body = admin("PATCH", "/api/v1/keys/rich", shown | {"owner": "anna"})
    assert status == 200 and body["owner"] == "anna" and "usage" not in body, body
    assert admin.get("/api/v1/keys/rich")["owner"] == "anna"
    chat(started, key="key-rich")


def test_the_command_line_says_what_is_left(gateway):
    started = gateway(SPENDING, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    cost = float(chat(started, key="key-rich")["x-swiftlet-cost-usd"])
    admin = Admin(started, TOKEN)
    wait_until(lambda: admin.get("/api/v1/keys/rich")["usage"]["total"]["requests"] == 1, 5, what="the row")
    listed = run(started, "keys", "list")
    assert listed.returncode == 0, listed.stderr
    head, *lines = listed.stdout.splitlines()
    assert head.split()[-3:] == ["MONTH", "LEFT", "RESETS"]
    rich, = [line.split() for line in lines if line.startswith("rich")]
    # The tightest of its two budgets, which is that of the day.
    assert float(rich[-3][1:]) == pytest.approx(cost) and float(rich[-2][1:]) == pytest.approx(40 - cost)
    one = run(started, "keys", "show", "rich")
    assert one.returncode == 0 and "project: acme" in one.stdout and "key-rich" not in one.stdout
    assert [line.split()[:4] for line in one.stdout.splitlines() if line.startswith("budget,")] == [
        ["budget,", "usd", "per", "month"], ["budget,", "usd", "per", "day"]]
    assert json.loads(run(started, "keys", "show", "rich", "--json").stdout)["usage"]["today"]["requests"] == 1
    assert run(started, "keys", "show", "nobody").returncode == 1
