"""A provider that fails before its first content byte is not the client's problem."""

import json
import socket
import time

import openai
import pytest
from conftest import error_of
from support.gateway import free_port, question
from support.upstream import ANSWER, chunk, event


def chain(*providers, **settings):
    """Settings in which `chat` asks the given providers in order."""
    names = [f"p{n}" for n in range(len(providers))]
    return {
        "providers": dict(zip(names, providers)),
        "models": {"chat": {"strategy": "fallback", "deployments": [{"provider": name, "model": "smollm2"} for name in names]}},
        **settings,
    }


def closed():
    return {"type": "openai_compatible", "base_url": f"http://127.0.0.1:{free_port()}/v1"}


def mock(**fault):
    return {"type": "mock", "text": "made up", "faults": [fault]} if fault else {"type": "mock", "text": "made up"}


@pytest.mark.model
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("first", [
    closed(), mock(kind="status", status=500), mock(kind="status", status=429, retry_after="2s"), mock(kind="garbage"), mock(kind="reset"),
    mock(kind="html"), mock(kind="truncated_json"),
], ids=["closed port", "500", "429", "garbage", "reset", "html", "truncated JSON"])
def test_to_the_real_model(gateway, model, first, stream):
    if stream and first.get("faults", [{}])[0].get("kind") == "truncated_json":
        pytest.skip("a stream has no JSON body to truncate")
    one = gateway(chain(first, model.provider()))
    raw = one.sdk().chat.completions.with_raw_response.create(**question(max_tokens=8, temperature=0, stream=stream))
    assert raw.headers["x-swiftlet-provider"] == "p1"
    assert raw.headers["x-swiftlet-attempts"] == "2"
    reply = raw.parse()
    texts = [c.delta.content for part in reply for c in part.choices] if stream else [reply.choices[0].message.content]
    assert any(texts)


@pytest.mark.model
def test_past_three_sick_providers(gateway, model):
    one = gateway(chain(closed(), mock(kind="status", status=503), mock(kind="reset"), model.provider()))
    raw = one.sdk().chat.completions.with_raw_response.create(**question(max_tokens=8, temperature=0))
    assert raw.headers["x-swiftlet-attempts"] == "4"
    assert raw.headers["x-swiftlet-provider"] == "p3"


def replying(head, body=b"", then="end"):
    def handle(peer, request):
        peer.send(head + b"\r\n\r\n" + body)
        return then
    return handle


def failing_stream(*parts, end=None):
    def handle(peer, request):
        peer.start_stream()
        for part in parts:
            peer.piece(part)
        time.sleep(0.05)
        if end:
            getattr(peer, end)()
        return "end"
    return handle


MISBEHAVING = {
    "closes at once": lambda peer, request: "end",
    "resets at once": lambda peer, request: peer.reset() or "end",
    "no HTTP": replying(b"SSH-2.0-OpenSSH_9.2"),
    "half a head": lambda peer, request: peer.send(b"HTTP/1.1 200 OK\r\ncontent-le") or "end",
    "half a body": replying(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500", b'{"id": '),
    "JSON that ends too soon": replying(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7", b'{"id": '),
    "a page": replying(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13", b"<html></html>"),
    "a page and 502": replying(b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 13", b"<html></html>"),
    "nothing and 204": replying(b"HTTP/1.1 204 No Content"),
    "an empty 200": replying(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 0"),
    "a redirect": replying(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0"),
    "two lengths": replying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3", b"{} "),
    "length and chunked": replying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
    "an endless head": replying(b"HTTP/1.1 200 OK\r\nx-a: " + b"b" * 500_000),
    "401": lambda peer, request: peer.answer({"error": {"message": "bad key", "type": "invalid_request_error"}}, 401),
    "403": lambda peer, request: peer.answer({"error": {"message": "not yours", "type": "invalid_request_error"}}, 403),
    "404": lambda peer, request: peer.answer({"error": {"message": "no such model", "code": "model_not_found"}}, 404),
    "429": lambda peer, request: peer.answer(
        {"error": {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}}, 429, retry_after="1"),
    "500": lambda peer, request: peer.answer({"error": {"message": "oops"}}, 500),
    "529": lambda peer, request: peer.answer({"error": {"message": "overloaded"}}, 529),
}

MISBEHAVING_STREAMS = {
    "reset before content": failing_stream(end="reset"),
    "reset after an empty role chunk": failing_stream(event({"id": "c", "choices": [{"index": 0, "delta": {"role": "assistant"}}]}), end="reset"),
    "only a comment, then the end": failing_stream(b": hello\n\n", end="close"),
    "an error event first": failing_stream(event({"error": {"message": "overloaded", "type": "server_error"}}), end="end_stream"),
    "an ended empty stream": failing_stream(end="end_stream"),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_from_a_misbehaving_provider(gateway, upstream, name):
    bad, good = upstream(MISBEHAVING[name]), upstream()
    one = gateway(chain(bad.provider(), good.provider()))
    status, headers, body = one.chat()
    assert (status, json.loads(body)) == (200, ANSWER)
    assert (headers["x-swiftlet-provider"], headers["x-swiftlet-attempts"]) == ("p1", "2")
    assert (len(bad.requests), len(good.requests)) == (1, 1)


@pytest.mark.parametrize("name", MISBEHAVING_STREAMS)
def test_from_a_misbehaving_stream(gateway, upstream, name):
    bad, good = upstream(MISBEHAVING_STREAMS[name]), upstream(lambda peer, request: peer.stream(["good"]))
    one = gateway(chain(bad.provider(), good.provider()))
    chunks = list(one.sdk().chat.completions.create(**question(stream=True)))
    assert "".join(c.delta.content or "" for part in chunks for c in part.choices) == "good", "nothing of the first answer is left in it"


@pytest.mark.parametrize("where", ["accepting nobody", "silent before the head", "silent inside the head"])
def test_from_a_silent_provider(gateway, upstream, where):
    good = upstream()
    if where == "accepting nobody":
        # A full backlog: the kernel drops further greetings, as a black hole does.
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        bad = {"type": "openai_compatible", "base_url": f"http://127.0.0.1:{listener.getsockname()[1]}/v1"}
    else:
        start = b"HTTP/1.1 200 OK\r\n" if where == "silent inside the head" else b""
        bad = upstream(lambda peer, request: (peer.send(start), peer.wait_for_end(60)) and "end").provider()
    one = gateway(chain({**bad, "timeout": "1s", "connect_timeout": "1s"}, good.provider()))
    status, headers, _ = one.chat()
    assert (status, headers["x-swiftlet-provider"]) == (200, "p1")


def test_a_provider_that_only_accepts_reads_slowly_is_still_served(behind):
    def handle(peer, request):
        time.sleep(0.3)
        peer.answer()

    gateway, _ = behind(handle)
    assert gateway.chat()[0] == 200


def test_the_callers_own_mistake_is_not_tried_elsewhere(gateway, upstream):
    mistake = {"error": {"message": "temperature is too high", "type": "invalid_request_error", "param": "temperature", "code": None}}
    bad, good = upstream(lambda peer, request: peer.answer(mistake, 400)), upstream()
    one = gateway(chain(bad.provider(), good.provider()))
    with pytest.raises(openai.BadRequestError) as caught:
        one.sdk().chat.completions.create(**question())
    assert "temperature is too high" in caught.value.message
    assert good.requests == []


@pytest.mark.parametrize("reply, status, code", [
    (MISBEHAVING["401"], 502, "provider_auth_failed"),
    (MISBEHAVING["403"], 502, "provider_auth_failed"),
    (MISBEHAVING["404"], 502, "provider_not_found"),
    (MISBEHAVING["500"], 502, None),
    (MISBEHAVING["resets at once"], 502, None),
    (MISBEHAVING["a page and 502"], 502, None),
    (MISBEHAVING["429"], 429, None),
], ids=["401", "403", "404", "500", "reset", "page", "429"])
def test_when_nobody_is_left(gateway, upstream, reply, status, code):
    up = upstream(reply)
    one = gateway(chain(up.provider(), router={"num_retries": 0}))
    got, headers, body = one.chat()
    assert got == status, body
    error = error_of(body)
    assert code is None or error["code"] == code
    assert "<html>" not in body.decode() and "bad key" not in body.decode()
    assert headers["x-swiftlet-request-id"]
    if status == 429:
        assert int(headers["retry-after"]) >= 1


def test_when_nobody_answers_in_time(gateway, upstream):
    up = upstream(lambda peer, request: peer.wait_for_end(60) and "end")
    one = gateway(chain(up.provider(timeout="1s"), router={"num_retries": 0}))
    status, _, body = one.chat()
    assert status == 504
    error_of(body)


def test_when_nobody_can_be_reached(gateway):
    status, _, body = gateway(chain(closed(), router={"num_retries": 0})).chat()
    assert status in (502, 503)
    error_of(body)


def test_a_dead_provider_rests_after_a_while(gateway, upstream):
    bad, good = upstream(MISBEHAVING["500"]), upstream()
    one = gateway(chain(bad.provider(), good.provider(), router={"allowed_fails": 2, "cooldown_time": "60s"}))
    assert {one.chat()[0] for _ in range(12)} == {200}
    assert 1 <= len(bad.requests) <= 6, "a provider that keeps failing is left alone"
    assert len(good.requests) == 12


def test_a_deadline_of_the_client_is_kept(gateway, upstream):
    up = upstream(lambda peer, request: peer.wait_for_end(60) and "end")
    one = gateway(chain(up.provider(), up.provider(), up.provider()))
    began = time.monotonic()
    status, _, _ = one.post("/v1/chat/completions", question(), headers={"x-swiftlet-deadline-ms": "500"})
    assert status == 504
    assert time.monotonic() - began < 20


def test_shares_follow_the_weights(gateway):
    one = gateway({
        "providers": {"light": {"type": "mock", "text": "light"}, "heavy": {"type": "mock", "text": "heavy"}},
        "models": {"chat": {"strategy": "shuffle", "deployments": [
            {"provider": "light", "model": "m", "weight": 1}, {"provider": "heavy", "model": "m", "weight": 9}]}},
    })
    answers = [one.chat()[1]["x-swiftlet-provider"] for _ in range(200)]
    # Nine in ten, five standard deviations either side.
    assert 158 <= answers.count("heavy") <= 199


def test_round_robin_takes_turns(gateway):
    one = gateway({
        "providers": {name: {"type": "mock"} for name in "abc"},
        "models": {"chat": {"strategy": "round_robin", "deployments": [{"provider": name, "model": "m"} for name in "abc"]}},
    })
    answers = [one.chat()[1]["x-swiftlet-provider"] for _ in range(9)]
    assert sorted(answers[:3]) == list("abc")
    assert answers[:3] == answers[3:6] == answers[6:]


def test_a_mocks_stream_through_the_sdk(gateway):
    one = gateway(chain({"type": "mock", "tokens": 20, "first_token": "5ms", "token_interval": "1ms"}))
    chunks = list(one.sdk().chat.completions.create(**question(stream=True, stream_options={"include_usage": True})))
    assert "".join(c.delta.content or "" for part in chunks for c in part.choices)
    assert chunks[-1].usage.completion_tokens == 20


def test_a_mock_that_resets_midstream(gateway):
    one = gateway(chain({"type": "mock", "tokens": 30, "faults": [{"kind": "reset_midstream", "after_tokens": 10}]}, mock()))
    with pytest.raises(openai.APIError):
        seen = 0
        for part in one.sdk().chat.completions.create(**question(stream=True)):
            seen += bool(part.choices)
    assert seen >= 1
