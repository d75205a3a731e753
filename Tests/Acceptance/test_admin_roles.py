"""Who may do what at the admin API, and what of it is written down."""

import json

import pytest

from test_admin import MOCKS, TOKEN, Admin, chat

TOKENS = {"olga": "operator-token", "audrey": "auditor-token", "kim": "key-manager-token"}
SETTINGS = MOCKS | {
    "projects": {"acme": {}, "other": {}},
    "admin": {"tokens": {
        "olga": {"token": TOKENS["olga"], "role": "operator"},
        "audrey": {"token": "env:AUDITOR", "role": "auditor"},
        "kim": {"token": TOKENS["kim"], "role": "key_manager", "projects": ["acme"], "models": ["chat"], "budget": {"month": 10}},
        "past": {"token": "past-token", "role": "admin", "expires": "2020-01-01"},
    }},
}
GOOD = {"project": "acme", "models": ["chat"], "budget": {"month": 5}}


@pytest.fixture
def staff(gateway):
    started = gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN, "AUDITOR": TOKENS["audrey"]})
    return {name: Admin(started, token) for name, token in (TOKENS | {"root": TOKEN}).items()} | {"gateway": started}


def test_every_route_asks_for_a_token_and_a_role(staff):
    """The table of routes, read from its own description: whoever has not one of the roles gets 403, whoever has none 401."""
    document = staff["root"].get("/api/v1/openapi.json")
    roles = {"olga": "operator", "audrey": "auditor", "kim": "key_manager"}
    asked = 0
    for path, operations in document["paths"].items():
        target = path.replace("{", "").replace("}", "")
        for method, operation in operations.items():
            if method == "parameters" or not operation["security"]:
                continue
            assert Admin(staff["gateway"])(method.upper(), target)[0] == 401, (method, path)
            # Who tries on is made to wait.
            assert Admin(staff["gateway"], "wrong")(method.upper(), target)[0] in ((401,) if asked == 0 else (401, 429)), (method, path)
            for name, role in roles.items():
                status, _, body = staff[name](method.upper(), target)
                if role in operation["x-roles"]:
                    assert not (status == 403 and body["error"]["code"] == "role_not_sufficient" and "needs the role" in body["error"]["message"])
                else:
                    assert status == 403 and body["error"]["code"] == "role_not_sufficient", (method, path, name, body)
                asked += 1
    assert asked > 100


def test_a_token_that_is_past_is_none(staff):
    assert Admin(staff["gateway"], "past-token")("GET", "/api/v1/settings")[0] == 401


def test_an_auditor_sees_everything_but_secrets(staff):
    text = json.dumps([staff["audrey"].get(path) for path in (
        "/api/v1/settings", "/api/v1/keys", "/api/v1/audit", "/api/v1/usage", "/api/v1/budgets", "/api/v1/settings/diff", "/api/v1/gateways")])
    for secret in (*TOKENS.values(), TOKEN, "sk-acceptance"):
        assert secret not in text
    assert staff["audrey"]("GET", "/api/v1/settings/export")[0] == 403
    assert staff["audrey"].get("/api/v1/me") == {"name": "audrey", "role": "auditor", "projects": None}


def test_an_operator_does_not_widen_himself(staff):
    olga = staff["olga"]
    for path in ("admin/tokens/olga/role", "admin", "server.listen", "secrets_key"):
        status, _, body = olga("PUT", f"/api/v1/settings/{path}", "admin")
        assert status == 403 and body["error"]["code"] == "role_not_sufficient", body
    assert olga("DELETE", "/api/v1/settings/admin.tokens.audrey")[0] == 403
    assert olga("POST", "/api/v1/settings/rollback", {"version": 0})[0] == 403
    # Nor does he send what the process knows to a place of his own.
    evil = {"name": "evil", "type": "openai_compatible", "base_url": "http://127.0.0.1:1/v1", "api_key": "env:SWIFTLET_ADMIN_TOKEN"}
    assert olga("POST", "/api/v1/providers", evil)[2]["error"]["code"] == "reference_not_allowed"
    assert olga("PATCH", "/api/v1/models/chat", {"strategy": "latency"})[0] == 200


@pytest.mark.parametrize("wish, status, code", [
    ({}, 201, None),
    ({"budget": {"month": 11}}, 403, "wider_than_yours"), ({"budget": None}, 403, "wider_than_yours"),
    ({"models": ["chat", "shaky"]}, 403, "wider_than_yours"), ({"models": None}, 403, "wider_than_yours"),
    ({"project": "other"}, 403, "wider_than_yours"), ({"project": None}, 403, "wider_than_yours"),
    ({"key": "env:SWIFTLET_ADMIN_TOKEN"}, 403, "field_not_allowed"), ({"policy": "default"}, 403, "field_not_allowed"),
    ({"overrides": "all"}, 403, "field_not_allowed"), ({"previous_keys": []}, 403, "field_not_allowed"),
])
def test_a_key_manager_gives_what_he_has(staff, wish, status, code):
    body = {"name": "k"} | {key: value for key, value in (GOOD | wish).items() if value is not None}
    found, _, answer = staff["kim"]("POST", "/api/v1/keys", body)
    assert found == status, answer
    assert code is None or answer["error"]["code"] == code


def test_a_key_manager_has_nothing_to_do_with_other_keys(staff):
    kim, root = staff["kim"], staff["root"]
    for name, project in (("theirs", "other"), ("nobodys", None), ("wide", "acme")):
        assert root("POST", "/api/v1/keys", {"name": name} | ({"project": project} if project else {}))[0] == 201
    assert kim("POST", "/api/v1/keys", {"name": "mine", **GOOD})[0] == 201
    assert {key["name"] for key in kim.get("/api/v1/keys")["data"]} == {"wide", "mine"}
    for name in ("theirs", "nobodys", "acceptance"):
        assert kim("GET", f"/api/v1/keys/{name}")[0] == 404
        assert kim("PATCH", f"/api/v1/keys/{name}", {"paused": True})[0] == 404
        assert kim("DELETE", f"/api/v1/keys/{name}")[0] == 404
        assert kim("POST", f"/api/v1/keys/{name}/rotate")[0] == 404
    # He would have a key that is wider than he is.
    assert kim("POST", "/api/v1/keys/wide/rotate")[2]["error"]["code"] == "wider_than_yours"
    assert kim("PATCH", "/api/v1/keys/wide", {"paused": True})[0] == 200
    assert kim("PATCH", "/api/v1/keys/mine", {"project": "other"})[2]["error"]["code"] == "wider_than_yours"
    assert kim("PATCH", "/api/v1/keys/mine", {"budget": {"month": 100}})[2]["error"]["code"] == "wider_than_yours"
    key = kim("POST", "/api/v1/keys/mine/rotate")[2]["key"]
    chat(staff["gateway"], key=key)
    assert kim("DELETE", "/api/v1/keys/mine")[0] == 204
    assert {row["scope"] for row in kim.get("/api/v1/budgets")["data"]} <= {"key", "project"}
    assert kim("GET", "/api/v1/usage?project=other")[0] == 403
    assert kim.get("/api/v1/usage?group_by=project")["data"][0]["project"] == "acme"


def test_everything_that_is_changed_is_written_down(staff):
    root, olga = staff["root"], staff["olga"]
    olga("PATCH", "/api/v1/models/chat", {"strategy": "latency"})
    root("POST", "/api/v1/keys", {"name": "k", "budget": {"month": 5}})
    olga("POST", "/api/v1/signals", {"name": "s", "value": 1})
    olga("POST", "/api/v1/deployments/good/m/reset")
    root("POST", "/api/v1/providers/good/test")
    olga("PUT", "/api/v1/settings/admin", {})
    entries = staff["audrey"].get("/api/v1/audit")["data"]
    assert [(entry["actor"], entry["role"], entry["action"], entry["subject"]) for entry in entries] == [
        ("admin", "admin", "providers.test", "providers.good"), ("olga", "operator", "breaker.reset", "good/m"),
        ("olga", "operator", "signals.set", "s"), ("admin", "admin", "keys.create", "keys.k"), ("olga", "operator", "models.change", "models.chat"),
    ]
    assert entries[4]["before"] != entries[4]["after"] and "latency" in json.dumps(entries[4]["after"])
    assert entries[3]["after"]["keys.k"]["key"] == "****" and entries[3]["request_id"]
    page = staff["audrey"].get("/api/v1/audit?limit=2")
    assert [entry["number"] for entry in page["data"]] == [5, 4] and page["next_cursor"] == "4"
    verdict = staff["audrey"].get("/api/v1/audit/verify")
    assert verdict == {"ok": True, "entries": 5, "first_broken": None, "last_hash": entries[0]["hash"]}


def test_the_description_is_what_a_client_can_be_made_of(staff):
    document = staff["root"].get("/api/v1/openapi.json")
    ids = [operation["operationId"] for operations in document["paths"].values() for name, operation in operations.items() if name != "parameters"]
    assert len(ids) == len(set(ids))
    assert document["components"]["schemas"]["keys"]["properties"]["budget"]


def test_an_admin_listener_for_all_needs_a_token(gateway):
    tokens = {"tokens": {"a": {"token": "t0", "role": "admin"}}}
    started = gateway({**MOCKS, "admin": tokens})
    assert Admin(started)("GET", "/api/v1/settings")[0] == 401
    assert Admin(started, "t0")("GET", "/api/v1/settings")[0] == 200
