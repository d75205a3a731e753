"""`/v1/firewall-rules`, as TokenRouter has it: rules by number, kept above the file, in its shapes."""

import pytest
from test_admin import MOCKS, Admin

FILED = [
    {"name": "filed", "pattern": "old", "action": "mask", "scope": "both", "priority": 7},
    {"name": "ours alone", "type": "keywords", "words": ["x"], "action": "block"},
    {"name": "only some", "pattern": "y", "when": {"request.model": {"eq": "chat"}}},
]
BODY = {"name": "no cards", "is_enabled": True, "priority": 50, "scope": "prompt", "type": "regex", "pattern": r"\b\d{4}-\d{4}\b", "action": "mask",
        "replacement": "[card]"}


@pytest.fixture
def served(gateway):
    started = gateway(MOCKS | {"firewall": FILED})
    return started, Admin(started)


def test_rules_are_made_changed_and_taken_away(served):
    gateway, admin = served
    status, _, made = admin("POST", "/v1/firewall-rules", BODY)
    assert status == 201, made
    rule = made["data"]
    assert {name: rule[name] for name in BODY} == BODY and rule["id"] == 1 and rule["created_at"] and rule["user_id"] is None
    status, _, second = admin("POST", "/v1/firewall-rules", {"name": "404", "pattern": "404"})
    assert status == 201 and second["data"]["id"] == 2 and second["data"]["pattern"] == "404"
    assert [second["data"][name] for name in ("type", "scope", "action", "is_enabled", "replacement")] == [
        "substring", "prompt", "block", True, "[redacted]"]
    rows = admin.get("/v1/firewall-rules")["data"]
    assert [row["name"] for row in rows] == ["no cards", "filed", "404"]
    assert (rows[1]["type"], rows[1]["scope"], rows[1]["action"], rows[1]["priority"]) == ("regex", "both", "mask", 7)
    # It works at once, and the tester shows it.
    tried = admin("POST", "/api/v1/firewall/test", {"text": "card 1234-5678 old"})[2]
    assert tried["text"] == "card [card] [redacted]", tried
    status, _, changed = admin("PATCH", "/v1/firewall-rules/1", {"action": "block", "name": "cards", "is_enabled": False})
    assert status == 200 and changed["data"]["id"] == 1 and changed["data"]["name"] == "cards" and changed["data"]["is_enabled"] is False
    assert changed["data"]["pattern"] == BODY["pattern"] and changed["data"]["created_at"] == rule["created_at"]
    assert admin("POST", "/api/v1/firewall/test", {"text": "card 1234-5678"})[2]["action"] == "pass"
    assert admin("POST", "/api/v1/firewall/test", {"text": "error 404"})[2]["blocked_by"] == "404"
    assert admin("DELETE", "/v1/firewall-rules/2")[2] == {"success": True}
    assert admin("GET", "/v1/firewall-rules/2")[0] == 404
    assert admin.get("/v1/firewall-rules/1")["data"]["name"] == "cards"
    # Both APIs see the same rules; every change is a version and stands in the audit log.
    assert [row["name"] for row in admin.get("/api/v1/firewall-rules")["data"]] == ["filed", "ours alone", "only some", "cards"]
    assert [row["action"] for row in admin.get("/api/v1/audit")["data"]] == [
        "firewall.delete", "firewall.change", "firewall.create", "firewall.create"]
    assert len(admin.get("/api/v1/settings/versions")["data"]) == 4


def test_rules_of_the_file_have_numbers_too(served):
    _, admin = served
    filed = admin.get("/v1/firewall-rules")["data"][0]
    assert filed["name"] == "filed" and filed["id"] > 1 << 50
    status, _, changed = admin("PATCH", f"/v1/firewall-rules/{filed['id']}", {"name": "renamed", "pattern": "new"})
    assert status == 200 and changed["data"]["id"] == filed["id"], changed
    assert [row["name"] for row in admin.get("/v1/firewall-rules")["data"]] == ["renamed"]
    assert admin("POST", "/v1/firewall-rules", BODY)[2]["data"]["id"] == 1
    assert admin("DELETE", f"/v1/firewall-rules/{filed['id']}")[0] == 200
    assert [row["name"] for row in admin.get("/v1/firewall-rules")["data"]] == ["no cards"]


@pytest.mark.parametrize("change, status, said", [
    ({"pattern": "(a"}, 422, "pattern"), ({"pattern": ""}, 422, "pattern"), ({"pattern": None}, 422, "pattern"),
    ({"pattern": "x" * 10_001}, 422, "10000"),
    ({"pattern": r"(a)\1"}, 422, "pattern"), ({"replacement": "$7"}, 422, "replacement"), ({"name": ""}, 422, "name"),
    ({"name": "x" * 129}, 422, "name"),
    ({"scope": "promt"}, 422, "prompt"), ({"type": "glob"}, 422, "type"), ({"action": "allow"}, 422, "action"), ({"priority": 1001}, 422, "priority"),
    ({"priority": "high"}, 422, "priority"), ({"is_enabled": "maybe"}, 422, "is_enabled"), ({"patern": "x"}, 400, "pattern"),
    ({"name": "filed"}, 409, "filed"),
])
def test_bad_rules_change_nothing_and_say_why(served, change, status, said):
    _, admin = served
    found, _, answer = admin("POST", "/v1/firewall-rules", BODY | change)
    assert found == status and said in str(answer["error"]), answer
    assert len(admin.get("/v1/firewall-rules")["data"]) == 1


def test_what_is_missing_and_what_is_nowhere(served):
    _, admin = served
    for missing in ("name", "pattern"):
        assert admin("POST", "/v1/firewall-rules", {key: value for key, value in BODY.items() if key != missing})[0] == 422
    for path in ("/7", "/x", "/-1", "/999999999999999999999999"):
        assert admin("GET", f"/v1/firewall-rules{path}")[0] == 404
        assert admin("PATCH", f"/v1/firewall-rules{path}", {"priority": 1})[0] == 404
        assert admin("DELETE", f"/v1/firewall-rules{path}")[0] == 404
    assert admin("PUT", "/v1/firewall-rules/1", BODY)[0] == 405


def test_a_pattern_made_to_explode_costs_nothing_more(served):
    _, admin = served
    assert admin("POST", "/v1/firewall-rules", BODY | {"pattern": "(a+)+$"})[0] == 201
    assert admin("POST", "/api/v1/firewall/test", {"text": "a" * 200_000 + "b"})[2]["action"] == "pass"
