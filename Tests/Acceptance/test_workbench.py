"""Where operators try things out, over the admin API: forms, playground, token calculator, simulator; and guessing of tokens slowed down."""

import http.client
import json
import time

import pytest

from support.gateway import KEY, PATIENCE, wait_until
from support.upstream import chunk, event
from test_admin import TOKEN, Admin, chat

SETTINGS = {
    "providers": {"good": {"type": "mock", "latency": "5ms", "tokens": 6, "token_interval": "5ms"},
                  "slow": {"type": "mock", "tokens": 2000, "token_interval": "20ms"}},
    "models": {
        "chat": {"deployments": [{"provider": "good", "model": "m", "input_price": 10, "output_price": 30}]},
        "slow": {"deployments": [{"provider": "slow", "model": "m", "input_price": 1, "output_price": 1}]},
    },
    "keys": {"acceptance": {"key": KEY}, "resting": {"key": "sk-resting-0123456789abc", "paused": True},
             "poor": {"key": "sk-poor-0123456789abcdef", "budget": {"day": 0.000001}}},
    "router": {"routing_strategy": "least-busy", "num_retries": 1},
}


@pytest.fixture
def served(gateway):
    started = gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    return started, Admin(started, TOKEN)


def ask(admin, **body):
    """The events of an answer as it came: the head's data, and the bytes behind it."""
    status, _, answer = admin("POST", "/api/v1/playground", body)
    assert status == 200, answer
    head, rest = answer.split(b"\n\n", 1)
    while head.startswith(b":"):
        head, rest = rest.split(b"\n\n", 1)
    assert head.startswith(b"event: answer\ndata: ")
    return json.loads(head.split(b"data: ")[1]), rest


def hello(model="chat", **more):
    return {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}


# Forms

def test_a_form_tells_what_is_declared_set_and_written_in_the_file(served):
    _, admin = served
    status, headers, form = admin("GET", "/api/v1/forms/router")
    assert status == 200 and headers["etag"]
    assert form["value"] == form["file"] == SETTINGS["router"] and form["changed"] == []
    assert form["schema"]["properties"]["num_retries"]["maximum"] == 100
    assert "rests" in form["schema"]["properties"]["cooldown_time"]["description"]
    # A section that nobody has written yet has a form, and a tag to change it by.
    status, headers, form = admin("GET", "/api/v1/forms/general")
    assert (status, form["value"]) == (200, {}) and headers["etag"]
    assert admin("PATCH", "/api/v1/settings/general", {"max_parallel_requests": 3}, if_match=headers["etag"])[0] == 200
    status, _, problem = admin("GET", "/api/v1/forms/routr")
    assert status == 404 and "`router`" in problem["error"]["message"]


def test_several_settings_change_at_once_or_none_of_them(served):
    _, admin = served
    etag = admin("GET", "/api/v1/forms/router")[1]["etag"]
    change = {"strategy": "latency", "routing_strategy": None, "num_retries": 4, "retry_policy": {"rate_limit": 3}}
    status, headers, body = admin("PATCH", "/api/v1/settings/router", change, if_match=etag)
    assert status == 200, body
    assert body["value"] == {"strategy": "latency", "num_retries": 4, "retry_policy": {"rate_limit": 3}}
    form = admin.get("/api/v1/forms/router")
    assert form["file"] == SETTINGS["router"] and form["changed"] == ["num_retries", "retry_policy", "routing_strategy", "strategy"]
    assert headers["etag"] == admin("GET", "/api/v1/forms/router")[1]["etag"] != etag
    # Whoever read it before is told.
    status, _, body = admin("PATCH", "/api/v1/settings/router", {"num_retries": 5}, if_match=etag)
    assert status == 412 and body["error"]["code"] == "changed_meanwhile"
    # Every field that is wrong has its message, in the words of the file's own check, and nothing has changed.
    status, _, body = admin("PATCH", "/api/v1/settings/router", {"num_retries": 1000, "cooldown_time": "soon", "timeout": "9s"})
    assert status == 422 and {p["path"] for p in body["error"]["problems"]} == {"router.num_retries", "router.cooldown_time"}
    assert "0 to 100" in body["error"]["problems"][0]["message"]
    assert "timeout" not in admin.get("/api/v1/forms/router")["value"]
    # Taken out: not set, whatever the file says. Deleted: as the file has it.
    assert admin("PATCH", "/api/v1/settings/router", {"num_retries": None, "retry_policy": None})[2]["value"] == {"strategy": "latency"}
    assert admin("DELETE", "/api/v1/settings/router/num_retries")[0] == 204
    assert admin.get("/api/v1/forms/router")["value"]["num_retries"] == 1
    actions = [line for line in admin.get("/api/v1/audit")["data"] if line["action"] == "settings.change"]
    assert [line["subject"] for line in actions] == ["router", "router"] and "num_retries" in json.dumps(actions[0])
    for body in ([], 7):
        assert admin("PATCH", "/api/v1/settings/router", body)[0] == 400


def test_a_single_value_has_a_form_and_no_secret_is_in_it(gateway):
    key = "a secrets key of more than 32 characters"
    started = gateway(SETTINGS | {"secrets_key": key, "prices_file": "prices.yaml"}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(started, TOKEN)
    form = admin.get("/api/v1/forms/prices_file")
    assert form["value"] == form["file"] == "prices.yaml" and form["changed"] == [] and "fixed" not in form
    assert form["schema"]["type"] == ["string", "null"] and "properties" not in form["schema"] and "running gateway" in form["schema"]["description"]
    status, headers, form = admin("GET", "/api/v1/forms/default_router")
    assert (form["value"], form["file"]) == (None, None)
    # Not set is something to change, too, and to have changed since.
    assert admin("PUT", "/api/v1/settings/default_router", "chat", if_match=headers["etag"])[0] == 200
    assert admin("PUT", "/api/v1/settings/default_router", "chat", if_match=headers["etag"])[0] == 412
    assert admin("PUT", "/api/v1/settings/default_router", "chatt")[2]["error"]["problems"][0]["path"] == "default_router"
    # Null: not set, whatever the file says; only a single value can be put so.
    assert admin("PUT", "/api/v1/settings/prices_file", b"null")[0] == 200
    form = admin.get("/api/v1/forms/prices_file")
    assert (form["value"], form["file"], form["changed"]) == (None, "prices.yaml", [""])
    assert admin("DELETE", "/api/v1/settings/prices_file")[0] == 204
    assert admin.get("/api/v1/forms/prices_file")["value"] == "prices.yaml"
    assert admin("PUT", "/api/v1/settings/router", b"null")[0] == 400
    # What opens the store cannot stand in it, so it is not taken as if it could.
    form = admin.get("/api/v1/forms/secrets_key")
    assert form["value"] == "****" and key not in str(form) and "SWIFTLET_SECRETS_KEY" in form["fixed"]
    assert admin.get("/api/v1/forms/store")["schema"]["pattern"].startswith("^(sqlite:")
    for path in ("store", "secrets_key"):
        assert admin("PUT", f"/api/v1/settings/{path}", "memory:")[2]["error"]["code"] == "set_elsewhere"


def test_an_operator_changes_general_settings_and_not_who_may(gateway):
    started = gateway(SETTINGS | {"admin": {"tokens": {"ola": {"token": "ola-token-0123456789", "role": "operator"},
                                                       "aud": {"token": "aud-token-0123456789", "role": "auditor"}}}},
                      environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    ola, aud = Admin(started, "ola-token-0123456789"), Admin(started, "aud-token-0123456789")
    assert ola("PATCH", "/api/v1/settings/general", {"max_request_size_mb": 2})[0] == 200
    assert ola("PATCH", "/api/v1/settings/admin", {"tokens": {}})[0] == 403
    assert aud("PATCH", "/api/v1/settings/general", {"max_request_size_mb": 3})[0] == 403
    assert aud("GET", "/api/v1/forms/general")[0] == 200
    assert aud("POST", "/api/v1/playground", {"key": "acceptance", "body": hello()})[0] == 403


# Playground

def test_a_request_as_a_key_is_served_billed_and_written_down(served):
    gateway, admin = served
    head, rest = ask(admin, key="acceptance", body=hello())
    assert head["status"] == 200 and head["stream"] is False
    answer = json.loads(rest)
    assert answer["choices"][0]["message"]["content"] and answer["usage"]["completion_tokens"] == 6
    head, rest = ask(admin, key="acceptance", body=hello(stream=True))
    assert head["status"] == 200 and head["stream"] is True
    lines = [line[6:] for line in rest.decode().split("\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]" and len(lines) >= 7
    row = wait_until(lambda: next((r for r in admin.get("/api/v1/requests")["data"] if r["id"] == head["request_id"]), None), what="its row")
    assert (row["key"], row["deployment"], row["state"]) == ("acceptance", "good/m", "done") and row["cost_usd"] > 0
    audit = [line for line in admin.get("/api/v1/audit")["data"] if line["action"] == "playground.ask"]
    assert len(audit) == 2 and audit[0]["subject"] == "acceptance, chat"
    assert KEY not in json.dumps(audit)
    # Other dialects have their own answers.
    body = {"model": "chat", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}
    assert json.loads(ask(admin, key="acceptance", api="messages", body=body)[1])["type"] == "message"


def test_a_provider_that_pauses_within_an_event_has_nothing_put_into_it(gateway, upstream):
    """While nothing comes the console is told so, but only where an event has ended."""
    def handle(peer, request):
        whole = event(chunk("one swallow"))
        peer.start_stream()
        peer.piece(event(chunk("first ")))
        time.sleep(2.5)
        peer.piece(whole[:40])
        time.sleep(2.5)
        peer.piece(whole[40:] + event(b"[DONE]"))
        peer.end_stream()

    started = gateway({
        "providers": {"up": upstream(handle).provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
        "keys": {"acceptance": {"key": KEY}}}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    head, rest = ask(Admin(started, TOKEN), key="acceptance", body=hello(stream=True))
    assert head["stream"] and b"\n\n:\n\n" in rest
    told = [line for line in rest.split(b"\n\n") if line and not line.startswith(b":")]
    assert all(line.startswith(b"data: ") for line in told), rest
    assert "".join(json.loads(line[6:])["choices"][0]["delta"].get("content", "") for line in told if b"choices" in line and b"content" in line
                   ) == "first one swallow"


def test_limits_and_states_of_the_key_hold_in_the_playground(served):
    _, admin = served
    head, rest = ask(admin, key="resting", body=hello())
    assert head["status"] == 403 and json.loads(rest)["error"]["code"] == "key_paused"
    head, rest = ask(admin, key="poor", body=hello())
    assert head["status"] == 402 and json.loads(rest)["error"]["code"] == "key_budget_exceeded"
    head, rest = ask(admin, key="acceptance", body=hello("no-such-model"))
    assert head["status"] == 404 and json.loads(rest)["error"]["code"] == "model_not_found"
    status, _, body = admin("POST", "/api/v1/playground", {"key": "acceptence", "body": hello()})
    assert status == 404 and "`acceptance`" in body["error"]["message"]
    for wrong in ({}, {"key": "acceptance"}, {"key": "acceptance", "body": []}, {"key": "acceptance", "body": {}, "headers": {"a": "b\r\nc: d"}},
                  {"key": "acceptance", "body": {}, "api": "telepathy"}, {"key": 7, "body": {}, "more": 1}):
        assert admin("POST", "/api/v1/playground", wrong)[0] in (400, 404), wrong
    # A key in a header is not taken for the one that was chosen.
    head, _ = ask(admin, key="resting", body=hello(), headers={"Authorization": f"Bearer {KEY}", "x-api-key": KEY})
    assert head["status"] == 403


def test_who_stops_listening_ends_the_request(served):
    gateway, admin = served
    connection = http.client.HTTPConnection("127.0.0.1", gateway.admin_port, timeout=10 * PATIENCE)
    connection.request("POST", "/api/v1/playground", json.dumps({"key": "acceptance", "body": hello("slow", stream=True)}),
                       {"authorization": f"Bearer {TOKEN}"})
    reply = connection.getresponse()
    head = reply.readline() + reply.readline()
    assert b"event: answer" in head
    identity = json.loads(head.split(b"data: ")[1])["request_id"]
    assert reply.readline() == b"\n" and b"data: " in reply.readline()
    assert admin.get("/api/v1/live")["in_flight"] == 1
    connection.close()
    wait_until(lambda: admin.get("/api/v1/live")["in_flight"] == 0, 10, what="the request to end with its listener")
    row = wait_until(lambda: next((r for r in admin.get("/api/v1/requests")["data"] if r["id"] == identity and r["state"] != "open"), None),
                     what="its row")
    assert row["state"] == "cancelled"


# Token calculator

def test_tokens_of_a_text_and_what_they_cost(served):
    gateway, admin = served
    text = "word " * 2000
    status, _, found = admin("POST", "/api/v1/tokens", {"text": text, "output_tokens": 1000, "models": ["openai/gpt-4o-mini"]})
    assert status == 200, found
    rows = {row["name"]: row for row in found["data"]}
    assert list(rows) == ["good/m", "slow/m", "openai/gpt-4o-mini"] and rows["openai/gpt-4o-mini"]["kind"] == "catalogue"
    row = rows["good/m"]
    assert 2000 <= row["tokens"] <= 3000 < row["at_most"]
    assert row["input_usd"] == pytest.approx(row["tokens"] * 10e-6) and row["output_usd"] == pytest.approx(0.03)
    assert row["cost_usd"] == pytest.approx(row["input_usd"] + row["output_usd"])
    assert rows["openai/gpt-4o-mini"]["context_window"] == 128000 and rows["openai/gpt-4o-mini"]["fits"] is True
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": "https://x/y"}}]}]}
    found = admin("POST", "/api/v1/tokens", {"body": body})[2]
    assert found["images"] == 1 and found["data"][0]["tokens"] > row["tokens"] + 1000
    assert admin("POST", "/api/v1/tokens", {"text": ""})[2]["data"][0]["tokens"] < 20
    for wrong in ({}, {"text": "a", "body": {}}, {"text": "a", "output_tokens": -1}, {"text": 1.5, "models": ["nobody/nothing"]}, {"body": 7}):
        assert admin("POST", "/api/v1/tokens", wrong)[0] in (400, 404), wrong


# Simulator

def test_a_scenario_of_the_library_runs_alike_each_time(served):
    _, admin = served
    names = [row["name"] for row in admin.get("/api/v1/simulate")["data"]]
    assert {"calm", "outage", "rate-limits"} <= set(names) and any(name.startswith("budgets-") for name in names)
    one = admin("POST", "/api/v1/simulate", {"scenario": "outage", "seed": 7})[2]
    assert one == admin("POST", "/api/v1/simulate", {"scenario": "outage", "seed": 7})[2]
    assert one["trace"] != admin("POST", "/api/v1/simulate", {"scenario": "outage", "seed": 8})[2]["trace"]
    assert one["success"] == 1 and one["violations"] == []
    line = one["timeline"]
    assert sum(line["answered"]) == one["answered"]
    assert {name: sum(counts) for name, counts in line["attempts"].items()} == {row["name"]: row["attempts"] for row in one["deployments"]}
    # While the first of the chain is down, the second serves.
    down = [at for at in range(len(line["answered"])) if 40 <= at * line["step_seconds"] < 80]
    assert sum(line["attempts"]["b"][at] for at in down) > 10 * sum(line["attempts"]["a"][at] for at in down)
    assert admin("POST", "/api/v1/simulate", {"scenario": next(name for name in names if name.startswith("budgets-"))})[2]["breach"] is None
    learnt = admin("POST", "/api/v1/simulate", {"scenario": "learning-cheap-is-enough", "seed": 3})[2]
    assert learnt["breach"] is None and learnt["held"] and 0 < learnt["highest_trials_share"] <= 0.05 and 0 < learnt["corrected"]
    assert len(learnt["timeline"]["capable"]) == 10 and (learnt["scenario"], learnt["seed"]) == ("learning-cheap-is-enough", "3")
    own = admin("POST", "/api/v1/simulate", {"scenario": "calm", "on_settings": True, "model": "chat"})[2]
    assert [row["name"] for row in own["deployments"]] == ["good/m", "slow/m"]


def test_a_scenario_of_ones_own_has_its_problems_told(served):
    _, admin = served
    document = ("settings:\n  providers: {p: {type: mock}}\n  models: {chat: {deployments: [{provider: p, model: m}]}}\n"
                "traffic:\n  - {model: chat, rate: 5, for: 20s}\nexpect: {success: 0.99}\n")
    report = admin("POST", "/api/v1/simulate", {"document": document})[2]
    assert report["violations"] == [] and report["requests"] > 50
    broken = document.replace("expect: {success: 0.99}", "deployments: {p/m: {mishaps: [{kind: fails, share: 1}]}}\nexpect: {success: 0.99}")
    assert admin("POST", "/api/v1/simulate", {"document": broken})[2]["violations"]
    for wrong, word in [(document.replace("chat, rate", "chatt, rate"), "chatt"), ("traffic: [", ""), ("traffik: []", "traffik"),
                        ("deployments: {x/y: {}}\n" + document, "x/y")]:
        status, _, body = admin("POST", "/api/v1/simulate", {"document": wrong})
        assert status == 422 and word in json.dumps(body), body
    for wrong in ({}, {"scenario": "outage", "document": "x"}, {"scenario": "outage", "seed": -1}, {"scenario": "outtage"}):
        assert admin("POST", "/api/v1/simulate", wrong)[0] in (400, 404), wrong
    assert admin("POST", "/api/v1/simulate", {"document": "a" * 300_000})[0] == 413
    # No file is read of those that settings may name.
    status, _, body = admin("POST", "/api/v1/simulate", {"document": document.replace("settings:\n", "settings:\n  prices_file: /etc/passwd\n")})
    assert status == 200 and "root:" not in json.dumps(body)


def test_a_long_run_tells_how_far_it_is_and_can_be_cancelled(served):
    gateway, admin = served
    document = ("settings:\n  providers: {p: {type: mock}}\n  models: {chat: {deployments: [{provider: p, model: m}]}}\n"
                "traffic:\n  - {model: chat, rate: 2000, for: 24h}\n")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.admin_port, timeout=20 * PATIENCE)
    connection.request("POST", "/api/v1/simulate", json.dumps({"document": document}),
                       {"authorization": f"Bearer {TOKEN}", "accept": "text/event-stream"})
    reply = connection.getresponse()
    lines = [reply.readline() for _ in range(6)]
    told = [json.loads(line[6:]) for line in lines if line.startswith(b"data: ")]
    assert lines[0] == b"event: progress\n" and 0 <= told[0]["share"] < told[1]["share"] < 1 and told[0]["requests"] > 0
    # What others ask is answered meanwhile.
    before = time.monotonic()
    assert admin("GET", "/healthz")[0] == 200 and time.monotonic() - before < 2 * PATIENCE
    chat(gateway)
    connection.close()
    # Its place is free again soon: as many as may run at once begin.
    wait_until(lambda: admin("POST", "/api/v1/simulate", {"scenario": "calm"})[0] == 200, what="the next run")


# Guessing

def test_guessing_tokens_is_slowed_down_and_locks_nobody_out(served):
    gateway, admin = served
    assert admin("GET", "/api/v1/me")[0] == 200
    guess = Admin(gateway, "wrong-token")
    assert [guess("GET", "/api/v1/me")[0] for _ in range(6)] == [401] * 6
    status, headers, body = guess("GET", "/api/v1/me")
    assert status == 429 and body["error"]["code"] == "too_many_attempts" and 1 <= int(headers["retry-after"]) <= 2
    status, headers, _ = guess("POST", "/console/session", {"token": "another"})
    assert status == 429 and int(headers["retry-after"]) >= 1
    # Somebody else, by what the proxy on this machine says, has not guessed.
    assert guess("GET", "/api/v1/me", x_forwarded_for="192.0.2.7")[0] == 401
    # Who was in before from here is not kept out, and the figures tell.
    assert admin("GET", "/api/v1/me")[0] == 200
    metrics = admin("GET", "/metrics")[2].decode()
    assert "swiftlet_admin_token_failures_total 7" in metrics and "swiftlet_admin_token_refused_total 2" in metrics
    wait_until(lambda: guess("GET", "/api/v1/me")[0] == 401, 10, what="the wait to be over")
