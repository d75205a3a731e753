"""What reaches the provider and what comes back: the caller's bytes, but for what Swiftlet has to change."""

import json
import time

import pytest
from support.gateway import KEY, question
from support.raw import Wire, chunked, post
from support.upstream import ANSWER


def test_only_the_model_changes(behind):
    gateway, up = behind()
    body = (b'{ "messages" : [{"role":"user","content":"\\u0068\\n \xc3\xa4 \\"model\\": \\"x\\""}],\t"unknown_field":{"model":"inner",'
            b'"n":1.50e+3},\r\n"model" : "chat" , "temperature":0.10 }')
    status, _, reply = gateway.post("/v1/chat/completions", body)
    assert status == 200
    assert up.requests[0].body == body.replace(b'"model" : "chat"', b'"model" : "upstream-model"')
    assert reply == json.dumps(ANSWER).encode(), "the answer's bytes come back as they came"


def test_the_request_upstream(behind):
    gateway, up = behind(provider={"headers": {"x-team": "birds"}})
    gateway.post("/v1/chat/completions", question(), headers={"x-private": "client", "cookie": "a=b", "connection": "keep-alive, x-private"})
    request = up.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-upstream-secret"
    assert request.headers["host"] == f"127.0.0.1:{up.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-team"] == "birds"
    assert KEY.encode() not in request.raw
    assert "cookie" not in request.headers


EXTRAS = {"tags": ["a"], "fallbacks": ["chat"], "num_retries": 1, "disable_fallbacks": True, "timeout": 30, "include_routing_metadata": False}


@pytest.mark.parametrize("position", ["first", "last"])
def test_fields_for_swiftlet_stay_here(behind, position):
    gateway, up = behind()
    body = {**EXTRAS, **question(temperature=0)} if position == "first" else {**question(temperature=0), **EXTRAS}
    status, _, reply = gateway.post("/v1/chat/completions", body)
    assert status == 200, reply
    assert up.requests[0].json == {**question("upstream-model"), "temperature": 0}


@pytest.mark.parametrize("path, body", [
    ("/v1/completions", {"model": "chat", "prompt": "one"}),
    ("/v1/embeddings", {"model": "chat", "input": "one"}),
])
def test_other_endpoints_keep_their_paths(behind, path, body):
    gateway, up = behind()
    assert gateway.post(path, body)[0] == 200
    assert up.requests[0].path == path
    assert up.requests[0].json == {**body, "model": "upstream-model"}


@pytest.mark.parametrize("size", [3, 8 << 10, 64 << 10, 1 << 20, 6 << 20])
def test_bodies_of_every_size(behind, size):
    gateway, up = behind()
    text = ("A line with \"quotes\", a \\ and ünïcödé.\n" * (size // 40 + 1))[:size]
    sent = {"model": "chat", "messages": [{"role": "user", "content": text}]}
    status, _, reply = gateway.post("/v1/chat/completions", sent)
    assert status == 200, reply
    assert up.requests[0].json == {**sent, "model": "upstream-model"}
    assert int(up.requests[0].headers["content-length"]) == len(up.requests[0].body)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunked_request_body(behind, size):
    gateway, up = behind()
    body = json.dumps(question()).encode()
    with Wire(gateway.port) as wire:
        wire.send(post("/v1/chat/completions", chunked(body, size), KEY, extra=["transfer-encoding: chunked"], framing=False))
        assert wire.reply().status == 200
    assert up.requests[0].json == question("upstream-model")


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("size", [0, 100, 300_000])
def test_replies_however_framed(behind, framing, size):
    body = json.dumps({**ANSWER, "padding": "p" * size}).encode()

    def handle(peer, request):
        if framing == "length":
            peer.answer(body)
        elif framing == "chunked":
            peer.head(content_type="application/json", transfer_encoding="chunked")
            for at in range(0, len(body), 997):
                peer.piece(body[at:at + 997])
            peer.end_stream()
        else:
            peer.head(content_type="application/json", connection="close")
            peer.send(body)
            return "end"

    gateway, _ = behind(handle)
    for _ in range(2):
        status, headers, reply = gateway.chat()
        assert (status, reply) == (200, body)
        assert headers["content-type"].startswith("application/json")


def test_an_answer_of_one_byte_at_a_time(behind):
    def handle(peer, request):
        body = json.dumps(ANSWER).encode()
        for byte in b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body:
            peer.send(bytes([byte]))

    gateway, _ = behind(handle)
    assert json.loads(gateway.chat()[2]) == ANSWER


def test_an_informational_reply_is_not_the_answer(behind):
    def handle(peer, request):
        peer.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        peer.answer()

    gateway, _ = behind(handle)
    assert gateway.chat()[0] == 200


def test_connections_are_reused(behind):
    gateway, up = behind()
    with Wire(gateway.port) as wire:
        for _ in range(20):
            wire.send(post("/v1/chat/completions", json.dumps(question()).encode(), KEY))
            assert wire.reply().status == 200
    assert len(up.requests) == 20
    assert up.connections == 1, "one client connection lives on one loop, which keeps its provider's connection"


def test_a_provider_that_closes_without_saying_so(behind):
    def handle(peer, request):
        peer.answer()
        return "end"

    gateway, up = behind(handle)
    with Wire(gateway.port) as wire:
        for _ in range(30):
            wire.send(post("/v1/chat/completions", json.dumps(question()).encode(), KEY))
            assert wire.reply().status == 200
    assert len(up.requests) == 30, "no request reached the provider twice"


def test_a_provider_that_gives_up_late_is_not_asked_again(gateway, upstream):
    """A connection from the pool that stood for seconds was not dead: the provider may have worked on the request, and died of it."""
    def handle(peer, request):
        if len(up.requests) == 1:
            return peer.answer()
        time.sleep(3)
        return "end"

    up = upstream(handle)
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
                   "router": {"num_retries": 0, "cooldowns": False}})
    with Wire(one.port) as wire:
        for status in (200, 502):
            wire.send(post("/v1/chat/completions", json.dumps(question()).encode(), KEY))
            assert wire.reply().status == status
    assert len(up.requests) == 2
