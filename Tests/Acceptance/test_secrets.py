"""Keys, credentials, prompts and answers stay out of logs, metrics and the ledger."""

import json

import openai
import pytest
from support.gateway import get, question, swiftlet, wait_until
from support.upstream import ANSWER
from test_admin import Admin

CANARIES = {
    "client key": "sk-canary-client-5a1e",
    "another client's key": "sk-canary-other-77c0",
    "unknown key": "sk-canary-unknown-91bd",
    "credential": "sk-canary-credential-c3f2",
    "prompt": "canary prompt 2b6d",
    "answer": "canary answer e88a",
    "header": "canary-header-04c9",
}


def answering(peer, request):
    text = request.json["messages"][0]["content"]
    if "fail" in text:
        peer.answer({"error": {"message": f"{CANARIES['answer']} {CANARIES['credential']} was refused"}}, 500)
    elif "bad" in text:
        peer.answer({"error": {"message": f"invalid key {CANARIES['credential']}"}}, 401)
    elif request.json.get("stream"):
        peer.stream([CANARIES["answer"]])
    else:
        peer.answer({**ANSWER, "choices": [{"index": 0, "message": {"role": "assistant", "content": CANARIES["answer"]}, "finish_reason": "stop"}]})


def test_nothing_secret_is_written_anywhere(behind, monkeypatch):
    monkeypatch.setenv("CANARY_CREDENTIAL", CANARIES["credential"])
    gateway, up = behind(
        answering, provider={"api_key": "env:CANARY_CREDENTIAL", "headers": {"x-canary": CANARIES["header"]}},
        keys={"one": {"key": CANARIES["client key"]}, "two": {"key": CANARIES["another client's key"]}})
    client = gateway.sdk(key=CANARIES["client key"])
    for text in (CANARIES["prompt"], CANARIES["prompt"] + " fail", CANARIES["prompt"] + " bad"):
        for stream in (False, True):
            try:
                list(client.chat.completions.create(model="chat", stream=stream, messages=[{"role": "user", "content": text}]))
            except openai.APIError as error:
                assert CANARIES["credential"] not in str(error) and CANARIES["answer"] not in str(error)
    gateway.post("/v1/chat/completions", question(), key=CANARIES["unknown key"])
    gateway.post("/v1/chat/completions", b'{"model": "' + CANARIES["prompt"].encode(), key=CANARIES["client key"])
    get(gateway.port, f"/v1/models?key={CANARIES['client key']}")
    get(gateway.port, f"/v1/models?key={CANARIES['unknown key']}")
    assert up.requests[0].headers["authorization"] == f"Bearer {CANARIES['credential']}", "the canary has been used"
    written = gateway.metrics()
    gateway.stop()
    written += "\n".join(gateway.lines + gateway.output)
    stored = b"".join(file.read_bytes() for file in gateway.folder.iterdir() if file.suffix != ".yaml")
    for name, canary in CANARIES.items():
        assert canary not in written, f"the {name} is in a log or in the metrics"
        assert canary.encode() not in stored, f"the {name} is in the ledger"
    assert len(gateway.log()) > 0


EVERYWHERE = {
    "client key": "sk-canary-client-5a1e77aa", "credential": "sk-canary-credential-c3f2bb", "admin token": "canary-admin-token-0f3d2c",
    "second admin token": "canary-auditor-token-9912fe", "webhook secret": "canary-webhook-secret-77bd", "webhook path": "canary-webhook-path-1c9e",
    "telemetry header": "canary-telemetry-header-5d0a", "secrets key": "canary-secrets-key-0123456789abcdef0123456789abcdef",
    "prompt": "canary prompt 2b6d41", "answer": "canary answer e88a90", "tool argument": "canary tool argument 4410",
    "new credential": "sk-canary-new-credential-81aa", "new key": "sk-canary-new-key-5521c0de",
}


def screens(admin_port, token):
    """All that operators can look at by GET, as text, with the files of console and documentation."""
    paths = ["/metrics", "/healthz", "/readyz", "/llms.txt", "/console/", "/console/app.js", "/docs/", "/api/v1/openapi.json"]
    described = json.loads(get(admin_port, "/api/v1/openapi.json", {"authorization": f"Bearer {token}"})[1])
    paths += [path for path, verbs in described["paths"].items() if "get" in verbs and "{" not in path]
    bodies = {path: get(admin_port, path, {"authorization": f"Bearer {token}"}, timeout=20)[1] for path in paths}
    for row in json.loads(bodies["/api/v1/requests"])["data"]:
        bodies[row["id"]] = get(admin_port, f"/api/v1/requests/{row['id']}", {"authorization": f"Bearer {token}"})[1]
    return bodies


def test_canaries_are_nowhere_to_be_found(gateway, upstream, monkeypatch):
    """Logs, metrics, traces, webhooks, database, errors, every GET of the admin API, the command line's output."""
    told = []

    def listening(peer, request):
        told.append(request.raw + request.body)
        peer.answer({})

    monkeypatch.setenv("CANARY_CREDENTIAL", EVERYWHERE["credential"])
    up, collector, hook = upstream(canary_provider), upstream(listening), upstream(listening)
    one = gateway({
        "providers": {"up": up.provider(api_key="env:CANARY_CREDENTIAL"), "ill": up.provider(api_key="env:CANARY_CREDENTIAL")},
        "models": {"chat": {"route": {"fallback": ["ill/fail", "up/m"]}}, "refused": {"route": "ill/bad"}},
        "policies": {"default": {"breaker": {"failure_threshold": 2, "window": "60s", "cooldown": "60s"}, "retry": {"max_retries": 0}}},
        "keys": {"one": {"key": EVERYWHERE["client key"], "budget": {"month": 0.001, "alerts": [1]}}},
        "admin": {"tokens": {"ops": {"token": EVERYWHERE["second admin token"], "role": "auditor"}}}, "secrets_key": EVERYWHERE["secrets key"],
        "alerts": {"webhooks": [{"url": f"http://127.0.0.1:{hook.port}/{EVERYWHERE['webhook path']}", "secret": EVERYWHERE["webhook secret"]}]},
        "telemetry": {"endpoint": f"http://127.0.0.1:{collector.port}", "metrics_interval": "1s",
                      "headers": {"authorization": EVERYWHERE["telemetry header"]}},
        "guardrails": {"keywords": {"words": ["argument"], "action": "mask"}},
    }, environment={"SWIFTLET_ADMIN_TOKEN": EVERYWHERE["admin token"]})
    tool = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"x": EVERYWHERE["tool argument"]})}}
    messages = [{"role": "user", "content": EVERYWHERE["prompt"]}, {"role": "assistant", "content": None, "tool_calls": [tool]},
                {"role": "tool", "tool_call_id": "call_1", "content": EVERYWHERE["tool argument"]}]
    errors = b""
    for model in ("chat", "chat", "chat", "refused", "nonsuch"):
        for stream in (False, True):
            status, _, body = one.post("/v1/chat/completions", {"model": model, "messages": messages, "stream": stream},
                                       key=EVERYWHERE["client key"])
            errors += body if status != 200 else b""
    errors += one.post("/v1/chat/completions", b'{"model": "' + EVERYWHERE["prompt"].encode(), key=EVERYWHERE["client key"])[2]
    admin = Admin(one, EVERYWHERE["admin token"])
    assert admin("POST", "/api/v1/providers", {"name": "new", "type": "openai", "api_key": EVERYWHERE["new credential"]})[0] == 201
    assert admin("PATCH", "/api/v1/keys/one", {"key": EVERYWHERE["new key"]})[0] in (200, 400, 422)
    errors += json.dumps(admin("POST", "/api/v1/providers/ill/test", {})[2], default=str).encode()
    assert admin("POST", "/api/v1/webhooks/test", {})[0] == 200
    wait_until(lambda: any(b"resourceSpans" in raw for raw in told), 20, what="spans are sent")
    seen = screens(one.admin_port, EVERYWHERE["admin token"])
    environment = {"SWIFTLET_ADMIN_TOKEN": EVERYWHERE["admin token"]}
    url = ["--url", f"http://127.0.0.1:{one.admin_port}"]
    for words in (["keys", "list"], ["requests", "--json"], ["export", "settings"], ["export", "requests"], ["webhooks"], ["providers", "list"],
                  ["top", "--once"]):
        done = swiftlet(*words, *url, environment=environment)
        assert done.returncode == 0, (words, done.stderr)
        seen[" ".join(words)] = (done.stdout + done.stderr).encode()
    one.stop()
    seen |= {"the log": "\n".join(one.lines + one.output).encode(), "errors": errors}
    seen |= {file.name: file.read_bytes() for file in one.folder.iterdir() if file.suffix != ".yaml"}
    # What was sent to collector and webhook: bodies whole, heads but for the one header that is theirs.
    seen["what others were told"] = b"".join(told).replace(b"authorization: " + EVERYWHERE["telemetry header"].encode(), b"").replace(
        b"/" + EVERYWHERE["webhook path"].encode(), b"")
    assert told and any(b"resourceSpans" in raw for raw in told) and any(b'"event":"test"' in raw for raw in told)
    assert up.requests[0].headers["authorization"] == f"Bearer {EVERYWHERE['credential']}", "the canary has been used"
    found = [f"the {name} is in {place}" for place, text in seen.items() for name, canary in EVERYWHERE.items() if canary.encode() in text]
    assert found == []


def canary_provider(peer, request):
    body = request.json
    if body["model"] != "m":
        status = 500 if body["model"] == "fail" else 401
        return peer.answer({"error": {"message": f"{EVERYWHERE['answer']}: {EVERYWHERE['credential']} was refused"}}, status)
    if body.get("stream"):
        return peer.stream([EVERYWHERE["answer"]])
    message = {"role": "assistant", "content": EVERYWHERE["answer"]}
    return peer.answer({**ANSWER, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


@pytest.mark.parametrize("how", ["served", "refused"])
def test_each_request_is_one_json_line(behind, how):
    gateway, _ = behind()
    for _ in range(5):
        status, headers, _ = gateway.chat("chat" if how == "served" else "unknown-model")
    gateway.stop()
    about = [line for line in gateway.log() if headers["x-swiftlet-request-id"] in json.dumps(line)]
    assert len(about) == 1, "one line a request, at its end, with its id"
    assert all(isinstance(line, dict) for line in gateway.log())
