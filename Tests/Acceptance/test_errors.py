"""What a caller's mistake is answered with: the OpenAI error shape, a message that says what to do."""

import json

import pytest
from conftest import error_of
from support.gateway import KEY, get, question
from support.raw import Wire, chunked, post
from support.upstream import ANSWER


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """A gateway whose provider must not be asked by any of these."""
    from support.gateway import Gateway
    from support.upstream import Upstream
    up = Upstream()
    one = Gateway(tmp_path_factory.mktemp("refusing"), {
        "providers": {"up": up.provider()},
        "models": {name: {"deployments": [{"provider": "up", "model": "m"}]} for name in ("chat", "smart-large", "embedder")},
        "general": {"max_request_size_mb": 1},
    })
    yield one
    one.end()
    up.close()
    assert up.requests == [], "a refused request was forwarded"


@pytest.mark.parametrize("key", [None, "sk-unknown", "", "sk-acceptance", KEY + "x"])
def test_keys(refusing, key):
    status, headers, body = refusing.post("/v1/chat/completions", question(), key=key)
    assert status == 401
    assert error_of(body)["code"] == "invalid_api_key"
    assert headers["x-swiftlet-request-id"]
    assert not key or key not in body.decode()


def test_paused_and_expired_keys(behind):
    gateway, up = behind(keys={
        "acceptance": {"key": KEY}, "resting": {"key": "sk-resting", "paused": True}, "old": {"key": "sk-old", "expires": "2020-01-01"},
        "young": {"key": "sk-young", "expires": "2999-01-01T00:00:00Z"}})
    for key, code in (("sk-resting", "key_paused"), ("sk-old", "key_expired")):
        status, _, body = gateway.post("/v1/chat/completions", question(), key=key)
        assert (status, error_of(body)["code"]) == (403, code)
        assert get(gateway.port, "/v1/models", {"x-api-key": key})[0] == 403
    assert up.requests == []
    assert gateway.post("/v1/chat/completions", question(), key="sk-young")[0] == 200


@pytest.mark.parametrize("field", ["authorization", "x-api-key", "x-goog-api-key"])
def test_every_way_to_send_a_key(refusing, field):
    value = f"Bearer {KEY}" if field == "authorization" else KEY
    assert get(refusing.port, "/v1/models", {field: value})[0] == 200
    assert get(refusing.port, "/v1/models", {field: value + "x"})[0] == 401
    assert get(refusing.port, "/v1/models", {})[0] == 401


def test_key_in_the_query(refusing):
    assert get(refusing.port, f"/v1/models?key={KEY}")[0] == 200
    assert get(refusing.port, "/v1/models?key=sk-unknown")[0] == 401


@pytest.mark.parametrize("asked, nearest", [("chta", "chat"), ("smart-lrge", "smart-large"), ("Embedder", "embedder")])
def test_unknown_model(refusing, asked, nearest):
    status, _, body = refusing.post("/v1/chat/completions", question(asked))
    assert status == 404
    error = error_of(body)
    assert error["code"] == "model_not_found"
    assert asked in error["message"] and nearest in error["message"]


MALFORMED = [
    pytest.param(b'{"model": "chat", "messages": [}', 31, id="unexpected bracket"),
    pytest.param(b'{"model": "chat", "messages": [', 31, id="ends in a list"),
    pytest.param(b'{"model": "chat", "messages": [] ', 33, id="ends in an object"),
    pytest.param(b'{"model": "chat"} x', 18, id="something after the end"),
    pytest.param(b'{"model": "chat",}', 17, id="comma before the end"),
    pytest.param(b'{"model" "chat"}', 9, id="no colon"),
    pytest.param(b'{"model": "chat", "n": 01}', None, id="leading zero"),
    pytest.param(b'{"model": "chat", "n": nul}', None, id="half a word"),
    pytest.param(b'{"model": "chat", "s": "a\nb"}', 25, id="line feed in a string"),
    pytest.param(b'{"model": "chat", "s": "\\x"}', None, id="unknown escape"),
    pytest.param(b'{"model": "chat", "s": "\xff"}', 24, id="not UTF-8"),
    pytest.param(b'{"model": "chat", "s": "\xc0\xaf"}', 24, id="overlong UTF-8"),
    pytest.param(b'{"model": "chat", "s": "\xed\xa0\x80"}', 24, id="surrogate in UTF-8"),
    pytest.param(b"[]", None, id="a list"),
    pytest.param(b"", None, id="nothing"),
    pytest.param(b"model=chat", 0, id="a form"),
]


@pytest.mark.parametrize("body, offset", MALFORMED)
def test_malformed_json_names_the_byte(refusing, body, offset):
    status, _, reply = refusing.post("/v1/chat/completions", body)
    assert status == 400
    message = error_of(reply)["message"]
    assert "byte" in message
    if offset is not None:
        assert f"{offset}" in "".join(c if c.isdigit() else " " for c in message).split(), message


@pytest.mark.parametrize("body", [
    b'{"model": "chat", "model": "smart-large", "messages": []}',
    b'{"model": "chat", "messages": [], "mod\\u0065l": "smart-large"}',
    b'{"mod\\u0065l": "chat", "messages": [], "model": "chat"}',
], ids=["plain", "escaped second", "escaped first"])
def test_two_models_in_one_request(refusing, body):
    status, _, reply = refusing.post("/v1/chat/completions", body)
    assert status == 400
    assert "model" in error_of(reply)["message"]


@pytest.mark.parametrize("body", [
    b'{"model": "chat", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"model": "chat", "x": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    b'{"model": "chat", "x": ' + b"[" * 100_000,
], ids=["lists", "objects", "never closed"])
def test_too_deep(refusing, body):
    status, _, reply = refusing.post("/v1/chat/completions", body)
    assert status == 400
    assert error_of(reply)["message"]


@pytest.mark.parametrize("body", [b'{"model": 7, "messages": []}', b'{"model": ["chat"], "messages": []}'])
def test_model_of_another_type(refusing, body):
    status, _, reply = refusing.post("/v1/chat/completions", body)
    assert status == 400
    assert "model" in error_of(reply)["message"]


def test_too_large_by_its_length(refusing):
    with Wire(refusing.port) as wire:
        wire.send(post("/v1/chat/completions", b"", KEY, extra=["content-length: 1048577"], framing=False))
        reply = wire.reply()
        assert reply.status == 413
        error_of(reply.body)
        assert wire.at_end()


def test_too_large_in_chunks(refusing):
    with Wire(refusing.port) as wire:
        wire.send(post("/v1/chat/completions", b"", KEY, extra=["transfer-encoding: chunked"], framing=False))
        try:
            for _ in range(40):
                wire.send(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
        except OSError:
            pass
        reply = wire.reply()
        assert reply.status == 413
        error_of(reply.body)


def test_exactly_as_large_as_allowed(refusing):
    body = json.dumps(question("nobody-has-this")).encode()
    status, _, _ = refusing.post("/v1/chat/completions", body + b" " * ((1 << 20) - len(body)))
    assert status == 404, "it was read to its end"
    assert refusing.post("/v1/chat/completions", body + b" " * ((1 << 20) - len(body) + 1))[0] == 413


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/chat", "/v1/chat/completions/", "/v2/chat/completions", "/v1/chat/completions/../models"])
def test_unknown_path(refusing, path):
    status, _, body = refusing.post(path, question())
    assert status == 404
    error_of(body)


@pytest.mark.parametrize("path, allowed", [("/v1/chat/completions", "POST"), ("/v1/embeddings", "POST")])
def test_wrong_method(refusing, path, allowed):
    with Wire(refusing.port) as wire:
        wire.send(f"GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
        reply = wire.reply()
        assert reply.status == 405
        assert allowed in reply.headers["allow"]
        error_of(reply.body)


def test_the_connection_survives_a_callers_mistake(refusing):
    with Wire(refusing.port) as wire:
        for body in (b"{", json.dumps(question("chta")).encode(), chunked(b"{")):
            framing = not body.endswith(b"0\r\n\r\n")
            extra = [] if framing else ["transfer-encoding: chunked"]
            wire.send(post("/v1/chat/completions", body, KEY, extra=extra, framing=framing))
            assert wire.reply().status in (400, 404)


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("size, status", [(4096, 200), (4097, 502)], ids=["as large as allowed", "a byte larger"])
def test_answers_have_a_size_too(behind, framing, size, status):
    body = json.dumps(ANSWER).encode()
    body = body[:-1] + b" " * (size - len(body)) + b"}"

    def handle(peer, request):
        if framing == "length":
            peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        else:
            peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n" + chunked(body, 999))

    gateway, _ = behind(handle, server={"max_response": "4KiB"})
    found, _, answer = gateway.chat()
    assert found == status, answer
    assert answer == body if status == 200 else "4096 bytes" in error_of(answer)["message"]
