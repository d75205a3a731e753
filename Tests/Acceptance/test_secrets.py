"""Keys, credentials, prompts and answers stay out of logs, metrics and the ledger."""

import json

import openai
import pytest
from support.gateway import get, question
from support.upstream import ANSWER

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


@pytest.mark.parametrize("how", ["served", "refused"])
def test_each_request_is_one_json_line(behind, how):
    gateway, _ = behind()
    for _ in range(5):
        status, headers, _ = gateway.chat("chat" if how == "served" else "unknown-model")
    gateway.stop()
    about = [line for line in gateway.log() if headers["x-swiftlet-request-id"] in json.dumps(line)]
    assert len(about) == 1, "one line a request, at its end, with its id"
    assert all(isinstance(line, dict) for line in gateway.log())
