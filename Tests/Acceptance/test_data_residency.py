"""Data residency: what keys and projects demand of the deployments that get their data, through every dialect and way."""

import json
import subprocess

import pytest
from support.gateway import BINARY, KEY, Gateway, wait_until
from support.routing import ask, ask_often, on
from test_admin import Admin

ZERO, OWN, GERMAN, STRICT, FREE = (f"sk-{name}-0123456789abcdef" for name in ("zero", "own", "german", "strict", "free"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = Gateway(tmp_path_factory.mktemp("residency"), {
        "providers": {
            "cloud": {"type": "mock", "kind": "paid", "region": "us-east-1"},
            "promised": {"type": "mock", "kind": "paid", "region": "eu-central-1", "zero_data_retention": True},
            "house": {"type": "mock", "kind": "self_hosted", "region": "de"},
        },
        "models": {
            "chat": {"strategy": "fallback", "deployments": [on("cloud", "m"), on("promised", "m"), on("house", "m")]},
            "exempt": {"deployments": [{**on("cloud", "z"), "zero_data_retention": True}, {**on("promised", "z"), "zero_data_retention": False}]},
            "cloudy": {"deployments": [on("cloud", "c")], "fallbacks": ["alsocloudy"]},
            "alsocloudy": {"deployments": [on("cloud", "d")]},
        },
        "projects": {"germany": {"regions": ["de"]}, "house": {"kinds": ["self_hosted"]}, "european": {"regions": ["eu"]}},
        "keys": {
            "acceptance": {"key": KEY}, "zero": {"key": ZERO, "zero_data_retention": True}, "own": {"key": OWN, "kinds": ["self_hosted"]},
            "german": {"key": GERMAN, "project": "germany"}, "free": {"key": FREE},
            "strict": {"key": STRICT, "project": "european", "zero_data_retention": True, "kinds": ["paid", "free"]},
        },
    })
    yield one
    one.end()


@pytest.mark.parametrize("key, model, served", [
    (KEY, "chat", "cloud"), (ZERO, "chat", "promised"), (OWN, "chat", "house"), (GERMAN, "chat", "promised"), (STRICT, "chat", "promised"),
    (ZERO, "exempt", "cloud"),
])
def test_data_goes_where_it_may(world, key, model, served):
    assert {answer.provider for answer in ask_often(world, 3, model, key=key)} == {served}


def test_a_project_that_a_request_names_demands_too(world):
    assert ask(world, key=FREE).provider == "cloud"
    assert ask(world, key=FREE, headers={"x-project-id": "house"}).provider == "house"
    assert ask(world, key=ZERO, headers={"x-project-id": "germany"}).provider == "promised"
    refused = ask(world, key=ZERO, headers={"x-project-id": "house"})
    assert (refused.status, refused.error["code"]) == (403, "residency_not_met")


@pytest.mark.parametrize("key, reason", [(ZERO, "zero data retention"), (OWN, "kind"), (GERMAN, "region")])
def test_where_none_may_the_answer_says_why(world, key, reason):
    answer = ask(world, "cloudy", key=key)
    assert answer.status == 403 and answer.error["code"] == "residency_not_met" and reason in answer.error["message"], answer.error


BODIES = {
    "/v1/chat/completions": {"model": "cloudy", "messages": [{"role": "user", "content": "hi"}]},
    "/v1/responses": {"model": "cloudy", "input": "hi"},
    "/v1/messages": {"model": "cloudy", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]},
    "/v1beta/models/cloudy:generateContent": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    "/v1beta/models/cloudy:streamGenerateContent": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    "/model/cloudy/converse": {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    "/v1/embeddings": {"model": "cloudy", "input": "hi"},
    "/v1/completions": {"model": "cloudy", "prompt": "hi"},
}


@pytest.mark.parametrize("path", BODIES)
def test_every_dialect_refuses_in_its_own_shape(world, path):
    status, headers, body = world.post(path, BODIES[path], key=ZERO)[:3]
    assert status == 403, body
    body = json.loads(body)
    if path.startswith("/v1beta"):
        error = body[0]["error"] if isinstance(body, list) else body["error"]
        assert error["status"] == "PERMISSION_DENIED" and "retention" in error["message"]
    elif path == "/v1/messages":
        assert body["type"] == "error" and body["error"]["type"] == "permission_error" and "retention" in body["error"]["message"]
    elif path.startswith("/model/"):
        assert headers["x-amzn-errortype"] and "retention" in body["message"]
    else:
        assert body["error"]["code"] == "residency_not_met" and "retention" in body["error"]["message"]


def test_explain_says_what_each_deployment_lacks(world):
    status, _, record = Admin(world)("POST", "/api/v1/explain", {"body": BODIES["/v1/chat/completions"] | {"model": "chat"}, "key": "strict"})
    assert status == 200, record
    why = {row["deployment"]: row.get("excluded_because") for row in record["candidates"]}
    assert why == {"cloud/m": "retains_data", "promised/m": None, "house/m": "wrong_kind"}


def test_refusals_are_breaches_of_the_key(world):
    ask(world, "cloudy", key=OWN)
    place = "/api/v1/breaches?key=own&trigger=gateway_enforcement:residency_not_met"
    wait_until(lambda: [row["model"] for row in Admin(world).get(place)["data"]] == ["cloudy"], 15, what="the breach")


def test_pass_through_endpoints_say_what_they_are(gateway, upstream):
    up = upstream(lambda peer, request: peer.answer({"ok": True}))
    there = {"target": f"http://127.0.0.1:{up.port}/x"}
    one = gateway({
        "providers": {"m": {"type": "mock"}},
        "general": {"pass_through_endpoints": [{"path": "/silent", **there}, {"path": "/house", "kind": "self_hosted", "region": "de", **there},
                                   {"path": "/promised", "region": "us", "zero_data_retention": True, **there}]},
        "projects": {"germany": {"regions": ["de"]}},
        "keys": {"acceptance": {"key": KEY}, "zero": {"key": ZERO, "zero_data_retention": True}, "own": {"key": OWN, "kinds": ["self_hosted"]},
                 "german": {"key": GERMAN, "project": "germany"}, "strict": {"key": STRICT, "denied_regions": ["us"]}},
    })
    may = {(key, path): one.post(path, {}, key=key)[0] == 200
           for key in (KEY, ZERO, OWN, GERMAN, STRICT) for path in ("/silent", "/house", "/promised")}
    assert {path for path, yes in may.items() if yes} == {
        (KEY, "/silent"), (KEY, "/house"), (KEY, "/promised"), (ZERO, "/promised"), (OWN, "/house"), (GERMAN, "/house"), (STRICT, "/silent"),
        (STRICT, "/house")}
    assert len(up.requests) == 8
    status, _, body = one.post("/silent", {}, key=ZERO)[:3]
    assert status == 403 and json.loads(body)["error"]["code"] == "residency_not_met"


BAD = {
    "both": ("projects: {p: {regions: [eu], denied_regions: [eu]}}", "both allowed and denied"),
    "no kind": ("keys: {k: {key: sk-0123456789abcdef0, kinds: [cloud]}}", "self_hosted"),
    "no flag": ("providers: {m: {type: mock, zero_data_retention: maybe}}", "zero_data_retention"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_settings_are_told(tmp_path, name):
    text, message = BAD[name]
    file = tmp_path / "bad.yaml"
    file.write_text(text + "\n")
    done = subprocess.run([str(BINARY), "check", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and message in done.stdout + done.stderr
