"""Errors of providers in the words of each client's dialect: recorded bodies, limits in headers, and errors behind a 200."""

import base64
import json
import struct
import zlib

import pytest
from replay import compare, corpus, matrix, surfaces
from replay.server import Replay, name_of
from replay.settings import settings
from support.dialects import PROVIDERS
from support.gateway import KEY, Gateway
from support.upstream import Upstream
from test_bad_input import error_shape

# -- recorded bodies

RECORDED = [one for one in corpus.load(corpus.SAMPLE) if one.status >= 400]
PATHS = {"openai-chat": "/v1/chat/completions", "openai-responses": "/v1/responses", "anthropic-messages": "/v1/messages",
         "gemini-content": "/v1beta/models/{}:generateContent", "bedrock-converse": "/model/{}/converse"}
BODIES = {
    "openai-chat": {"messages": [{"role": "user", "content": "Hi."}]}, "openai-responses": {"input": "Hi."},
    "anthropic-messages": {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi."}]},
    "gemini-content": {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
    "bedrock-converse": {"messages": [{"role": "user", "content": [{"text": "Hi."}]}]},
}


def ask(gateway, surface, model):
    path = PATHS[surface].format(model.replace(":", "%3A").replace("/", "%2F"))
    return gateway.post(path, BODIES[surface] if "{}" in PATHS[surface] else {"model": model, **BODIES[surface]})


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    replay = Replay(RECORDED)
    gateway = Gateway(tmp_path_factory.mktemp("errors"), settings(RECORDED, replay.origin))
    yield gateway
    gateway.end()
    replay.close()


@pytest.mark.parametrize("surface", PATHS)
@pytest.mark.parametrize("exchange", RECORDED, ids=lambda one: one.id)
def test_recorded_errors(stage, exchange, surface):
    failure = exchange.said.failure
    status, headers, reply = ask(stage, surface, name_of(exchange))
    want = compare.status_for_client(exchange.status, failure)
    assert status == want, reply
    same = compare.family(exchange.api) == surfaces.ALL[surface].api
    if not same or want != exchange.status:
        assert not error_shape(surface, status, headers, reply)
    text = json.loads(reply)
    if want == exchange.status and failure.message:
        assert failure.message[:80] in json.dumps(text, ensure_ascii=False).replace('\\"', '"').replace("\\n", "\n") \
            or failure.message[:80] in str(text)
    for name, value in exchange.response["headers"].items():
        if name.lower() in ("retry-after", "retry-after-ms") and want == exchange.status:
            assert headers.get(name.lower()) == value


# -- limits

LIMITS = [
    ({"retry-after": "7"}, {}),
    ({"retry-after-ms": "7000"}, {"retry-after": "7"}),
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "7s", "x-ratelimit-limit-requests": "60"}, {"retry-after": "7"}),
    ({"anthropic-ratelimit-tokens-remaining": "5", "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:00Z", "retry-after": "7"}, {}),
]
NATIVE = {"openai-chat": "x-ratelimit-remaining-", "openai-responses": "x-ratelimit-remaining-", "anthropic-messages": "anthropic-ratelimit-"}


@pytest.mark.parametrize("surface", PATHS)
@pytest.mark.parametrize("sent, more", LIMITS, ids=lambda value: "-".join(value))
def test_limits_reach_the_client(tmp_path, surface, sent, more):
    upstream = Upstream(lambda peer, request: peer.answer({"error": {"message": "Slow down.", "type": "rate_limit"}}, 429, **sent))
    gateway = Gateway(tmp_path, {
        "providers": {"one": {"type": "openai", "base_url": f"http://127.0.0.1:{upstream.port}/v1", "api_key": "k", "api": "chat"}},
        "models": {"m": {"deployments": [{"provider": "one", "model": "gpt"}]}}, "router": {"num_retries": 0, "cooldowns": False}})
    try:
        status, headers, reply = ask(gateway, surface, "m")
    finally:
        gateway.end()
        upstream.close()
    assert status == 429 and b"Slow down." in reply
    assert {name: headers.get(name) for name in {**sent, **more}} == {**sent, **more}
    if any("remaining" in name for name in sent) and surface in NATIVE:
        assert any(name.startswith(NATIVE[surface]) for name in headers), headers
    if surface == "gemini-content":
        details = json.loads(reply)["error"]["details"]
        assert any(one.get("retryDelay") == "7s" for one in details), details


# -- errors that are no JSON

PLACES_OF = {"openai-chat": "chat", "openai-responses": "responses", "anthropic-messages": "messages", "gemini-content": "gemini"}


@pytest.mark.parametrize("surface", PLACES_OF)
@pytest.mark.parametrize("status", [400, 413, 429])
@pytest.mark.parametrize("said", [
    "", "<html><h1>Too Large</h1></html>", "{\"error\"", "Failed to read the body\n",
], ids=["nothing", "a page", "cut", "text"])
def test_the_client_gets_json_of_an_error_that_is_none(tmp_path, surface, status, said):
    """Whoever stands before the provider refuses with a page, a line or nothing: the client's SDK reads JSON all the same."""
    def refuse(peer, request):
        peer.head(status, "No", content_type="text/plain", content_length=len(said), retry_after="7")
        peer.send(said.encode())

    upstream = Upstream(refuse)
    provider = dict(PROVIDERS[PLACES_OF[surface]].settings)
    provider["base_url"] = f"http://127.0.0.1:{upstream.port}{provider.pop('path')}"
    gateway = Gateway(tmp_path, {
        "providers": {"one": {"api_key": "k", **provider}}, "models": {"m": {"deployments": [{"provider": "one", "model": "m"}]}},
        "router": {"num_retries": 0, "cooldowns": False}})
    try:
        got, headers, reply = ask(gateway, surface, "m")
    finally:
        gateway.end()
        upstream.close()
    assert got == status and headers["content-type"] == "application/json"
    assert not error_shape(surface, got, headers, reply)
    assert (b"Failed to read the body" in reply) == said.startswith("Failed") and b"<h1>" not in reply


# -- errors behind a 200


def sse(*events):
    return [("" if name is None else f"event: {name}\n") + f"data: {json.dumps(value)}\n\n" for name, value in events]


def chunk(delta, **more):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None, **more}]}


def frame(kind, payload, message="event"):
    head = b""
    for name, value in ((f":{message}-type", kind), (":content-type", "application/json"), (":message-type", message)):
        head += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload).encode()
    start = struct.pack(">II", len(head) + len(body) + 16, len(head))
    whole = start + struct.pack(">I", zlib.crc32(start)) + head + body
    return base64.b64encode(whole + struct.pack(">I", zlib.crc32(whole))).decode()


START = {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                             "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1}}}
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": "m", "output": []}
ITEM = {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0,
        "item": {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}}
DELTA = {"type": "response.output_text.delta", "sequence_number": 2, "item_id": "msg_1", "output_index": 0, "content_index": 0,
         "delta": "Half an", "logprobs": []}
FAILED = {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "It broke."}}
TEXT = sse((None, chunk({"role": "assistant", "content": "Half an"})))
MESSAGE = sse(("message_start", START), ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": {
    "type": "text", "text": ""}}), ("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": {
        "type": "text_delta", "text": "Half an"}}))
CANDIDATE = sse((None, {"candidates": [{"content": {"role": "model", "parts": [{"text": "Half an"}]}, "index": 0}], "modelVersion": "m"}))
FRAMES = [frame("messageStart", {"role": "assistant"}), frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Half an"}})]
RESPONSES = sse(("response.created", {"type": "response.created", "sequence_number": 0, "response": RESPONSE}),
                ("response.output_item.added", ITEM), ("response.output_text.delta", DELTA))

# What came before it broke, and how: each kind of wire.md, section 5, trap 7.
KINDS = {
    "groq event error": ("groq", "chat", TEXT, sse(("error", {"error": {"message": "It broke.", "type": "invalid_request_error",
                                                                       "code": "tool_use_failed", "failed_generation": "<x>"}}))),
    "openrouter finish error": ("openrouter", "chat", TEXT, sse((None, {**chunk({"content": ""}, finish_reason="error"), "error": {
        "code": 502, "message": "It broke."}}))),
    "openai chunk error": ("openai", "chat", TEXT, sse((None, {"error": {"message": "It broke.", "type": "server_error", "code": None}}))),
    "openai error event": ("openai", "responses", RESPONSES, sse(("error", {
        "type": "error", "sequence_number": 3, "code": "server_error", "message": "It broke.", "param": None}))),
    "openai response.failed": ("openai", "responses", RESPONSES, sse(("response.failed", {
        "type": "response.failed", "sequence_number": 3, "response": FAILED}))),
    "anthropic error event": ("anthropic", "messages", MESSAGE, sse(("error", {"type": "error", "error": {
        "type": "overloaded_error", "message": "It broke."}}))),
    "gemini error": ("gemini", "streamGenerateContent", CANDIDATE, sse((None, {"error": {
        "code": 503, "message": "It broke.", "status": "UNAVAILABLE"}}))),
    "bedrock exception": ("bedrock", "converse-stream", FRAMES, [frame("modelStreamErrorException", {"message": "It broke."}, "exception")]),
    "bedrock throttled": ("bedrock", "converse-stream", FRAMES, [frame("throttlingException", {"message": "It broke."}, "exception")]),
    "cut off": ("openai", "chat", TEXT, []),
    "garbage": ("openai", "chat", TEXT, ["data: {\"choices\":[{\"delta\"\n\n"]),
}
PLACES = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages",
          "streamGenerateContent": "/v1beta/models/m:streamGenerateContent?alt=sse", "converse-stream": "/model/m/converse-stream"}
ASKED = {"chat": {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi."}]},
         "responses": {"model": "m", "stream": True, "input": "Hi."},
         "messages": {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "Hi."}]},
         "streamGenerateContent": {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
         "converse-stream": {"messages": [{"role": "user", "content": [{"text": "Hi."}]}]}}


def made(folder, name, provider, api, parts):
    """An exchange as the replay plays it."""
    frames = api == "converse-stream"
    id = f"{provider}.{api}.{name.replace(' ', '-')}.0.{zlib.crc32(name.encode()):08x}"
    file = folder / f"{id}.json"
    file.write_text(json.dumps({
        "id": id, "provider": provider, "api": api, "features": ["stream"], "fidelity": "made", "licence": "", "source": {},
        "request": {"method": "POST", "path": PLACES[api], "headers": {}, "body": ASKED[api]},
        "response": {"status": 200, "headers": {}, "stream": {
            "framing": "eventstream" if frames else "sse", "encoding": "base64" if frames else "utf-8", "parts": parts}}}))
    return corpus.Exchange(file)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    every = {}
    for name, (provider, api, before, error) in KINDS.items():
        every[name, True] = made(folder, name, provider, api, before + error)
        if error and name != "garbage":
            every[name, False] = made(folder, f"{name} at once", provider, api, error)
    replay = Replay(list(every.values()))
    gateway = Gateway(folder, settings(list(every.values()), replay.origin))
    yield every, {name: kind(gateway.url, KEY) for name, kind in surfaces.ALL.items()}
    gateway.end()
    replay.close()


@pytest.mark.parametrize("surface", surfaces.ALL)
@pytest.mark.parametrize("has_begun", [True, False], ids=["behind text", "at once"])
@pytest.mark.parametrize("kind", KINDS)
def test_errors_behind_a_200(broken, kind, has_begun, surface):
    """The SDK raises what it raises for an error, and never takes the answer for a whole one."""
    every, clients = broken
    if (kind, has_begun) not in every:
        pytest.skip("there is nothing to say at once")
    exchange = every[kind, has_begun]
    same = compare.family(exchange.api) == clients[surface].api
    if kind == "garbage" and same:
        pytest.skip("later events of the same dialect are the client's to read")
    answer = clients[surface].ask(name_of(exchange), matrix.question(exchange), True)
    assert answer.reply is not None and (answer.reply.failure or not answer.reply.complete), answer.raw
    if has_begun:
        assert answer.reply.text == "Half an" or same
        if kind not in ("cut off", "garbage") and not same:
            assert answer.reply.failure and "It broke." in answer.reply.failure.message, answer.reply
    elif not same:
        assert answer.status >= 400, "nothing had gone out: it is an answer with a status"
        if "throttled" in kind:
            assert answer.status == 429 and "It broke." in answer.reply.failure.message
