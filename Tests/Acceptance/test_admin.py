"""The admin API as operators use it: over HTTP, against a running gateway."""

import json
import http.client
import os
import subprocess

import pytest

from support.gateway import BINARY, KEY, PATIENCE, wait_until

TOKEN = "admin-token-of-the-test"
MOCKS = {
    "providers": {"good": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {
        "chat": {"deployments": [{"provider": "good", "model": "m"}]},
        "shaky": {"route": {"fallback": ["bad/m", "good/m"]}},
    },
}


class Admin:
    def __init__(self, gateway, token=None):
        self.port, self.token = gateway.admin_port, token

    def __call__(self, method, path, body=None, **headers):
        """Status, headers (lower-case names) and the body, read as JSON where it is some."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            headers.setdefault("authorization", f"Bearer {self.token}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, path, data, headers)
            reply = connection.getresponse()
            text = reply.read()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return reply.status, names, json.loads(text) if names.get("content-type") == "application/json" and text else text
        finally:
            connection.close()

    def get(self, path, status=200):
        found, _, body = self("GET", path)
        assert found == status, body
        return body


@pytest.fixture
def served(gateway):
    started = gateway(MOCKS)
    return started, Admin(started)


def chat(gateway, model="chat", status=200, key=KEY, **more):
    found, headers, body = gateway.post(
        "/v1/chat/completions", ({"model": model} if model else {}) | {"messages": [{"role": "user", "content": "hello"}], **more}, key=key)[:3]
    assert found == status, body
    return headers


def test_health_metrics_and_unknown_paths(served):
    gateway, admin = served
    assert admin("GET", "/healthz")[0] == 200
    assert admin("GET", "/readyz")[0] == 200
    assert b"swiftlet_requests_total" in admin("GET", "/metrics")[2]
    status, headers, body = admin("GET", "/api/v1/nothing")
    assert status == 404 and body["error"]["code"] == "unknown_url" and body["error"]["request_id"] == headers["x-request-id"]
    status, headers, _ = admin("PUT", "/api/v1/deployments")
    assert status == 405 and headers["allow"] == "GET"


def test_the_token_is_asked_for(gateway):
    started = gateway(MOCKS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    for token in (None, "", TOKEN[:-1], TOKEN + "x"):
        status, headers, body = Admin(started, token)("GET", "/api/v1/deployments")
        assert status == 401 and body["error"]["code"] == "invalid_api_key" and headers["www-authenticate"] == "Bearer"
    assert Admin(started)("GET", "/metrics")[0] == 401
    assert Admin(started)("GET", "/healthz")[0] == 200
    assert Admin(started, TOKEN)("GET", "/api/v1/deployments")[0] == 200


def test_web_pages_of_others_are_not_answered_without_a_token(served):
    _, admin = served
    assert admin("GET", "/api/v1/settings", origin="http://evil.example")[0] == 403
    assert admin("GET", "/api/v1/settings", host="evil.example")[0] == 403
    assert admin("GET", "/api/v1/settings", origin=f"http://127.0.0.1:{admin.port}")[0] == 200


def test_deployments_and_reset(served):
    gateway, admin = served
    chat(gateway)
    rows = {row["name"]: row for row in admin.get("/api/v1/deployments")["data"]}
    assert rows["good/m"]["state"] == "closed" and rows["good/m"]["successes"] == 1 and rows["good/m"]["in_flight"] == 0
    for _ in range(12):
        chat(gateway, "shaky")
    assert admin.get("/api/v1/deployments/bad/m")["state"] == "open"
    status, _, row = admin("POST", "/api/v1/deployments/bad%2Fm/reset")
    assert status == 200 and row["state"] == "closed"
    assert admin("POST", "/api/v1/deployments/good/m/reset")[0] == 200
    status, _, body = admin("POST", "/api/v1/deployments/goood/m/reset")
    assert status == 404 and "good/m" in body["error"]["message"]


def test_explain_says_what_then_happens(served):
    gateway, admin = served
    status, _, record = admin("POST", "/api/v1/explain", {
        "api": "chat_completions", "body": {"model": "shaky", "messages": [{"role": "user", "content": "hello"}]}, "key": "acceptance"})
    assert status == 200
    assert record["chosen"] == "bad/m" and {row["deployment"] for row in record["candidates"]} == {"bad/m", "good/m"}
    assert record["reason"] and record["seed"] and record["table_version"]
    for body, status in [({"body": {"model": "chatt", "messages": []}}, 404), ({"bodi": {}}, 400), ({"body": {"model": "chat"}, "key": "no"}, 400)]:
        found, _, answer = admin("POST", "/api/v1/explain", body)
        assert found == status and answer["error"]["message"]


def test_requests_are_found_with_their_decision(served):
    gateway, admin = served
    ids = [chat(gateway)["x-swiftlet-request-id"] for _ in range(5)]
    ids.append(chat(gateway, "shaky")["x-swiftlet-request-id"])
    wait_until(lambda: len(admin.get("/api/v1/requests")["data"]) == 6, 5, what="the rows")
    page = admin.get("/api/v1/requests?limit=4")
    rest = admin.get(f"/api/v1/requests?limit=4&cursor={page['next_cursor']}")
    # Those of one millisecond stand by the loop that served them.
    assert [row["id"] for row in page["data"] + rest["data"]] == sorted(ids, reverse=True) and rest["next_cursor"] is None
    assert [row["id"] for row in admin.get("/api/v1/requests?model=shaky&status=200&state=done&key=acceptance")["data"]] == ids[5:]
    assert admin.get("/api/v1/requests?key=nobody")["data"] == []
    row = admin.get(f"/api/v1/requests/{ids[5]}")
    decision = row["decision"]
    assert row["deployment"] == "good/m" and row["attempts"] == 2 and row["usage"]["output"] > 0
    assert decision["chosen"] == "bad/m" and decision["route"] == "shaky"
    assert [attempt["deployment"] for attempt in decision["attempts"]] == ["bad/m", "good/m"]
    assert decision["attempts"][0]["fault"] == "server_error" and decision["attempts"][0]["status"] == 500
    assert admin("GET", "/api/v1/requests?stat=200")[0] == 400
    assert admin("GET", "/api/v1/requests/req_nothing")[0] == 404


def test_events_last(served):
    gateway, admin = served
    for _ in range(12):
        chat(gateway, "shaky")
    wait_until(lambda: admin.get("/api/v1/events?kind=breaker_opened")["data"], 10, what="the event")
    events = admin.get("/api/v1/events?limit=1000")
    assert events["dropped"] == 0
    failover = [event for event in events["data"] if event["kind"] == "failover"][-1]
    assert failover["detail"]["from"] == "bad/m" and failover["detail"]["to"] == "good/m" and failover["request"].startswith("req_")
    page = admin.get("/api/v1/events?limit=1")
    assert admin.get(f"/api/v1/events?limit=1&cursor={page['next_cursor']}")["data"][0]["id"] == page["data"][0]["id"] - 1


def test_signals(served):
    _, admin = served
    for value in (3.5, True, "on fire"):
        assert admin("POST", "/api/v1/signals", {"name": "mood", "value": value})[0] == 201
        assert admin.get("/api/v1/signals/mood")["value"] == value
    assert admin("POST", "/api/v1/signals", {"name": "brief", "value": 1, "expires_in": 0.2})[0] == 201
    wait_until(lambda: [row["name"] for row in admin.get("/api/v1/signals")["data"]] == ["mood"], 5, what="the end of a signal")
    status, _, body = admin("POST", "/api/v1/signals", {"name": "mood", "valeu": 1})
    assert status == 400 and "value" in body["error"]["message"]
    assert admin("POST", "/api/v1/signals", {"name": "mood", "value": [1]})[0] == 400
    assert admin("DELETE", "/api/v1/signals/mood")[0] == 204
    assert admin("DELETE", "/api/v1/signals/mood")[0] == 404


def test_a_signal_is_changed_where_it_is_what_was_read(served):
    _, admin = served
    path = "/api/v1/signals/load"
    assert admin("PATCH", path, {"value": 1})[0] == 404
    assert admin("POST", "/api/v1/signals", {"name": "load", "value": 3, "expires_in": "1h"})[0] == 201
    _, headers, read = admin("GET", path)
    assert read["value"] == 3 and isinstance(read["value"], int)
    assert admin("PATCH", path, {"value": 4}, if_match='"older"')[0] == 412
    status, _, changed = admin("PATCH", path, {"value": 4}, if_match=headers["etag"])
    assert status == 200 and changed == read | {"value": 4}
    assert admin("DELETE", path, if_match=headers["etag"])[0] == 412
    assert admin("PATCH", path, {"expires_in": None})[2] == {"name": "load", "value": 4, "expires": None}
    assert admin("PATCH", path, {"name": "other"})[0] == 400 and admin("PATCH", path, {"value": [1]})[0] == 400
    assert admin("PATCH", path, {"valeu": 5})[0] == 400
    assert [(row["action"], row["subject"]) for row in admin.get("/api/v1/audit?limit=3")["data"]] == [
        ("signals.change", "load"), ("signals.change", "load"), ("signals.set", "load")]
    assert admin("DELETE", path, if_match=admin("GET", path)[1]["etag"])[0] == 204


def test_settings_change_at_once_and_whole(served):
    gateway, admin = served
    status, headers, model = admin("POST", "/api/v1/models", {"name": "fresh", "deployments": [{"provider": "good", "model": "m2"}]})
    assert status == 201 and model["name"] == "fresh"
    chat(gateway, "fresh")
    status, _, body = admin("PATCH", "/api/v1/models/fresh", {"strateggy": "latency"})
    assert status == 422 and body["error"]["problems"][0]["path"].startswith("models.fresh") and "strategy" in body["error"]["message"]
    status, _, body = admin("PATCH", "/api/v1/models/fresh", {"deployments": [{"provider": "nobody", "model": "m"}]})
    assert status == 422
    chat(gateway, "fresh")
    assert admin("PATCH", "/api/v1/models/fresh", {"aliases": ["f"]}, if_match='"other"')[0] == 412
    assert admin("PATCH", "/api/v1/models/fresh", {"aliases": ["f"]}, if_match=headers["etag"])[0] == 200
    chat(gateway, "f")
    assert admin("POST", "/api/v1/models", {"name": "fresh", "deployments": []})[0] == 409
    assert "fresh" in [row["name"] for row in admin.get("/api/v1/models")["data"]]
    assert admin("DELETE", "/api/v1/models/fresh")[0] == 204
    chat(gateway, "fresh", 404)
    assert admin("DELETE", "/api/v1/models/chat")[0] == 204
    chat(gateway, "chat", 404)
    assert admin("DELETE", "/api/v1/settings/models/chat")[0] == 204
    chat(gateway, "chat")


def test_settings_by_path(served):
    gateway, admin = served
    assert admin("PUT", "/api/v1/settings/router.num_retries", 7)[0] == 200
    assert admin.get("/api/v1/settings")["settings"]["router"]["num_retries"] == 7
    assert admin.get("/api/v1/settings")["changed"] == ["router.num_retries"]
    status, _, body = admin("PUT", "/api/v1/settings/router.num_retries", "many")
    assert status == 422 and body["error"]["problems"][0]["path"] == "router.num_retries"
    assert admin.get("/api/v1/settings/router/num_retries")["value"] == 7
    assert admin("DELETE", "/api/v1/settings/router.num_retries")[0] == 204
    assert admin("DELETE", "/api/v1/settings/router.num_retries")[0] == 404


def test_a_key_is_shown_once(served):
    gateway, admin = served
    status, _, made = admin("POST", "/api/v1/keys", {"name": "team", "models": ["chat"]})
    assert status == 201 and made["key"].startswith("sk-swiftlet-")
    chat(gateway, key=made["key"])
    chat(gateway, "shaky", 403, key=made["key"])
    shown = json.dumps([admin.get("/api/v1/keys"), admin.get("/api/v1/keys/team"), admin.get("/api/v1/settings")])
    assert made["key"] not in shown and KEY not in shown
    assert all(made["key"].encode() not in file.read_bytes() for file in gateway.folder.glob("swiftlet.db*"))
    assert admin("PATCH", "/api/v1/keys/team", {"key": "****", "paused": True})[0] == 200
    chat(gateway, status=403, key=made["key"])
    assert admin("PATCH", "/api/v1/keys/team", {"paused": False})[0] == 200
    chat(gateway, key=made["key"])
    status, _, again = admin("POST", "/api/v1/keys/team/rotate")
    assert status == 200
    chat(gateway, status=401, key=made["key"])
    chat(gateway, key=again["key"])


def test_what_was_changed_outlives_the_process(gateway):
    first = gateway(MOCKS)
    admin = Admin(first)
    admin("POST", "/api/v1/models", {"name": "kept", "deployments": [{"provider": "good", "model": "m2"}]})
    admin("POST", "/api/v1/signals", {"name": "mood", "value": "calm"})
    first.process.terminate()
    first.process.wait(20)
    first.process = first.launch(["serve", "--config", str(first.file)], None)
    first.wait_ready()
    chat(first, "kept")
    wait_until(lambda: Admin(first).get("/api/v1/signals/mood")["value"] == "calm", 5, what="the signal")


def test_routing_rules_in_tokenrouters_shapes(served):
    gateway, admin = served
    body = {"name": "docs", "priority": 5, "is_enabled": True, "match_json": {"contains": "hello"}, "action_json": {"set_model": "good/m"}}
    status, _, made = admin("POST", "/v1/routing-rules", body)
    assert status == 201, made
    rule = made["data"]
    assert rule["id"] == 1 and rule["match_json"] == body["match_json"] and rule["created_at"]
    assert admin("POST", "/v1/routing-rules", body | {"name": "first", "priority": 50})[0] == 201
    assert [row["name"] for row in admin.get("/v1/routing-rules")["data"]] == ["first", "docs"]
    status, _, changed = admin("PATCH", "/v1/routing-rules/1", {"priority": 99})
    assert status == 200 and changed["data"]["priority"] == 99
    assert [row["id"] for row in admin.get("/v1/routing-rules")["data"]] == [1, 2]
    assert admin("PATCH", "/v1/routing-rules/1", {"priority": 9999})[0] == 422
    assert admin("DELETE", "/v1/routing-rules/2")[2] == {"success": True}
    assert admin("GET", "/v1/routing-rules/2")[0] == 404


def test_a_draft_serves_those_who_name_it(served):
    gateway, admin = served
    status, _, draft = admin("POST", "/api/v1/policies/draft", {"policy": {"route": "good/m"}})
    assert status == 201, draft
    headers = chat(gateway, None, routing_policy_id=draft["id"])
    assert headers["x-swiftlet-deployment"] == "good/m"
    assert [row["id"] for row in admin.get("/api/v1/policies/draft")["data"]] == [draft["id"]]
    assert admin("POST", "/api/v1/policies/draft", {"policy": {"rout": {}}})[0] == 422
    assert admin("POST", f"/api/v1/policies/draft/{draft['id']}/commit", {"name": "default"})[0] == 200
    assert admin.get("/api/v1/policies/default")["route"] == "good/m"
    assert admin("GET", f"/api/v1/policies/draft/{draft['id']}")[0] == 404


def test_the_command_line_explains(served):
    gateway, admin = served
    arguments = ["--model", "shaky", "--message", "hello"]
    for where in (["--url", f"http://127.0.0.1:{admin.port}"], ["--config", str(gateway.file)]):
        done = subprocess.run([str(BINARY), "explain", *where, *arguments], capture_output=True, text=True, timeout=60, env=dict(os.environ))
        assert done.returncode == 0, done.stderr
        assert "chosen: bad/m" in done.stdout and "good/m" in done.stdout and "eligible" in done.stdout
    record = json.loads(subprocess.run(
        [str(BINARY), "explain", *where, *arguments, "--json"], capture_output=True, text=True, timeout=60).stdout)
    assert record["chosen"] == "bad/m"
    done = subprocess.run(
        [str(BINARY), "explain", *where, "--model", "none", "--message", "x"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "none" in done.stderr


def test_bodies_are_bounded(served):
    _, admin = served
    assert admin("POST", "/api/v1/signals", b"{" + b" " * (5 << 20) + b"}")[0] == 413
    assert admin("POST", "/api/v1/signals", b"{")[0] == 400
    assert admin("POST", "/api/v1/signals", b'{"name":"a","name":"b","value":1}')[0] == 400


def test_what_is_odd_about_new_settings_is_logged_once(served):
    gateway, admin = served

    def odd(text):
        rule = {"when": {"tags.a": {"eq": "b"}}, "then": {"deny": text}}
        return {"rules": [{"name": "first", **rule}, {"name": "never asked", **rule}]}

    def warnings():
        return [line["message"] for line in gateway.log() if line["level"] == "warning" and "policies.odd" in line["message"]]

    assert admin("POST", "/api/v1/policies", {"name": "odd", **odd("no")})[0] == 201
    wait_until(warnings, what="the warning")
    assert len(warnings()) == 1 and "rules[1]" in warnings()[0]
    assert admin("PATCH", "/api/v1/policies/odd", odd("never"))[0] == 200
    gateway.stop()
    assert len(warnings()) == 1, "what has been said is not said again"
