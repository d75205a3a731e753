"""Breaches: what guardrails and bounds stopped, grouped by key and trigger, told by webhook, marked by operators."""

import pytest
from support.gateway import KEY, Gateway, wait_until
from support.postgres import Postgres
from support.routing import ask
from test_admin import Admin
from test_webhooks import Receiver

PAUSED, BOUND = "sk-paused-0123456789abcdef", "sk-bound-0123456789abcdef"
SETTINGS = {
    "providers": {"good": {"type": "mock"}},
    "models": {"chat": {"deployments": [{"provider": "good", "model": "m", "input_price": 1000, "output_price": 1000}]},
               "other": {"deployments": [{"provider": "good", "model": "o"}]}},
    "projects": {"support": {}},
    "keys": {"acceptance": {"key": KEY}, "paused": {"key": PAUSED, "paused": True, "owner": "ann", "project": "support"},
             "bound": {"key": BOUND, "models": ["chat"], "budget": {"amount": 0.000001, "period": "day"}}},
}


def breaches(admin, count, query=""):
    found = []

    def come():
        found[:] = admin.get(f"/api/v1/breaches{query}")["data"]
        return len(found) >= count

    wait_until(come, 15, what=f"{count} breaches, found {found}")
    assert len(found) == count, found
    return found


def test_refusals_of_a_key_are_breaches_and_an_operator_marks_them(gateway, upstream):
    receiver = Receiver(upstream)
    one = gateway({**SETTINGS, **receiver.settings("breach")})
    admin = Admin(one)
    assert admin.get("/api/v1/breaches") == {"data": [], "next_cursor": None, "dropped": 0, "summary": {
        "total": 0, "active": 0, "investigating": 0, "resolved": 0, "critical": 0, "high": 0, "medium": 0, "critical_open": 0}}
    for _ in range(3):
        assert ask(one, key=PAUSED).error["code"] == "key_paused"
    assert ask(one, "other", key=BOUND).error["code"] == "model_not_allowed"
    assert ask(one, key=BOUND).status == 402
    assert ask(one).status == 200
    rows = breaches(admin, 3)
    by = {row["category"]: row for row in rows}
    paused = by["key_status"]
    assert (paused["key"], paused["rule"], paused["owner"], paused["project"]) == ("paused", "key_paused", "ann", "support")
    wait_until(lambda: admin.get(f"/api/v1/breaches/{paused['id']}")["incidents"] == 3, 10, what="three incidents")
    assert (by["gateway_enforcement"]["rule"], by["gateway_enforcement"]["endpoint"]) == ("model_not_allowed", "chat_completions")
    assert by["budget_cap"]["key"] == "bound" and by["budget_cap"]["blocked"] == 1
    whole = admin.get(f"/api/v1/breaches/{paused['id']}")
    assert whole["status"] == "active" and whole["severity"] == "high" and 50 <= whole["risk_score"] < 80
    assert whole["timeline"][0]["kind"] == "detected" and whole["recommended_actions"] and whole["evidence"] == []
    assert PAUSED not in str(whole)
    # Each was told once, however often it came.
    told = receiver.wait(3)
    assert {body["trigger"] for body in told} == {row["trigger"] for row in rows} and {body["state"] for body in told} == {"begun"}
    assert all(body["event"] == "breach" for body in told)

    path = f"/api/v1/breaches/{paused['id']}"
    status, _, marked = admin("PATCH", path, {"status": "resolved", "note": "told them"})
    assert status == 200 and marked["status"] == "resolved" and marked["note"] == "told them" and marked["timeline"][-1]["kind"] == "resolved"
    entry = admin.get("/api/v1/audit?limit=1")["data"][0]
    assert (entry["action"], entry["subject"]) == ("breaches.change", f"breaches.{paused['id']}")
    assert entry["before"] == {"status": "active"} and entry["after"] == {"status": "resolved", "note": "told them"}
    assert breaches(admin, 1, "?status=resolved")[0]["id"] == paused["id"]
    ask(one, key=PAUSED)
    assert receiver.wait(4)[-1]["state"] == "reopened"
    assert admin.get(path)["status"] == "active" and admin.get("/api/v1/breaches")["summary"]["active"] == 3
    page = admin.get("/api/v1/breaches?limit=2")
    rest = admin.get(f"/api/v1/breaches?limit=2&cursor={page['next_cursor']}")
    assert len(page["data"]) == 2 and len(rest["data"]) == 1 and rest["next_cursor"] is None
    assert [row["key"] for row in breaches(admin, 2, "?key=bound")] == ["bound", "bound"]
    assert breaches(admin, 1, "?trigger=key_status:key_paused&severity=high&from=2026-01-01")
    assert admin.get("/api/v1/breaches?to=2026-01-01")["data"] == []
    assert "swiftlet_breach_incidents_total 6" in one.metrics()


@pytest.mark.parametrize("method, path, body, status", [
    ("GET", "?status=actve", None, 400), ("GET", "?severity=low", None, 400), ("GET", "?trigger=nothing", None, 400), ("GET", "?cursor=x", None, 400),
    ("GET", "?limit=0", None, 400), ("GET", "?stats=active", None, 400), ("GET", "?from=yesterday", None, 400), ("GET", "/x", None, 404),
    ("GET", "/7", None, 404), ("GET", "/-1", None, 404), ("PATCH", "/7", {"status": "resolved"}, 404), ("PATCH", "/7", {}, 422),
    ("PATCH", "/7", {"status": "open"}, 422), ("PATCH", "/7", {"status": "resolved", "note": "x" * 1001}, 422),
    ("PATCH", "/7", {"status": "resolved", "note": ["x"]}, 422), ("PATCH", "/7", {"state": "resolved"}, 400), ("POST", "", {}, 405),
])
def test_bad_calls_are_told_what_is_wrong(bad_calls, method, path, body, status):
    found, _, answer = bad_calls(method, f"/api/v1/breaches{path}", body)
    assert found == status and answer["error"]["message"], answer


@pytest.fixture(scope="module")
def bad_calls(tmp_path_factory):
    one = Gateway(tmp_path_factory.mktemp("breaches"), SETTINGS)
    yield Admin(one)
    one.end()


def test_breaches_outlast_the_gateway(gateway, tmp_path):
    settings = {**SETTINGS, "store": f"sqlite:{tmp_path}/one.db"}
    first = gateway(settings)
    ask(first, key=PAUSED)
    first.end()
    second = gateway(settings)
    row, = breaches(Admin(second), 1)
    assert row["key"] == "paused" and row["incidents"] == 1
    ask(second, key=PAUSED)
    wait_until(lambda: breaches(Admin(second), 1)[0]["incidents"] == 2, 10, what="the second incident")


def test_gateways_on_one_store_make_one_breach(gateway, upstream):
    receiver = Receiver(upstream)
    server = Postgres()
    try:
        both = [gateway({**SETTINGS, **receiver.settings("breach"), "store": server.url, "server": {"gateway": name}}) for name in ("east", "west")]
        for number in range(6):
            ask(both[number % 2], key=PAUSED)
        for one in both:
            wait_until(lambda: [row["incidents"] for row in Admin(one).get("/api/v1/breaches")["data"]] == [6], 15, what="six incidents")
        told = receiver.wait(1)
        assert [body["state"] for body in told if body["state"] == "begun"] == ["begun"]
        Admin(both[0])("PATCH", f"/api/v1/breaches/{told[0]['breach']}", {"status": "investigating"})
        assert Admin(both[1]).get(f"/api/v1/breaches/{told[0]['breach']}")["status"] == "investigating"
    finally:
        for one in both:
            one.end()
        server.end()
