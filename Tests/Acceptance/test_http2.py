"""HTTP/2 to providers: many streams on few connections, and providers that break its rules."""

import concurrent.futures
import json
import random
import socket
import struct
import threading
import time

import h2.errors
import h2.exceptions
import h2.settings
import pytest
from conftest import error_of
from support.gateway import KEY, PATIENCE, question, wait_until
from support.raw import Wire, post
from support.upstream import ANSWER
from support.upstream_h2 import H2Upstream

FRAMES = {"data": 0, "headers": 1, "rst": 3, "settings": 4, "push": 5, "ping": 6, "goaway": 7, "continuation": 9}


def frame(kind, payload=b"", stream=0, flags=0):
    return struct.pack(">I", len(payload))[1:] + bytes([FRAMES.get(kind, kind), flags]) + struct.pack(">I", stream) + payload


@pytest.fixture
def shared(gateway, tmp_path):
    """A gateway of one event loop in front of a provider that speaks HTTP/2. Returns (gateway, upstream)."""
    started = []

    def start(handle=None, provider=None, deployment=None, **options):
        up = H2Upstream(tmp_path, handle, **options)
        started.append(up)
        return gateway({
            "server": {"threads": 1, "trusted_certificates": str(up.certificate)},
            "router": {"num_retries": 0},
            "providers": {"up": up.provider(**(provider or {}))},
            "models": {"chat": {"deployments": [{"provider": "up", "model": "upstream-model", **(deployment or {})}]}}}), up

    yield start
    for up in started:
        up.close()


def metric(gateway, name):
    return next(float(line.rsplit(" ", 1)[1]) for line in gateway.metrics().splitlines() if line.startswith(name))


def test_the_sdk_over_http2(shared):
    one, up = shared(lambda stream: stream.stream(["a", "b"]) if stream.json.get("stream") else stream.answer())
    client = one.sdk()
    assert client.chat.completions.create(**question()).choices[0].message.content == "hello from upstream"
    parts = list(client.chat.completions.create(**question(stream=True)))
    assert [part.choices[0].delta.content for part in parts if part.choices] == ["a", "b"]
    assert len(up.peers) == 1
    headers = up.requests[0].headers
    assert headers[":method"] == "POST" and headers[":path"] == "/v1/chat/completions" and headers[":scheme"] == "https"
    assert headers[":authority"] == f"127.0.0.1:{up.port}" and headers["authorization"] == "Bearer sk-upstream-secret"
    assert metric(one, 'swiftlet_upstream_connections{protocol="h2"}') == 1
    assert metric(one, "swiftlet_upstream_streams") == 0


def test_never_means_http1(shared):
    one, up = shared(provider={"http2": "never"}, protocols=("h2", "http/1.1"))
    assert one.chat()[0] == 502
    assert up.peers == []


def test_many_streams_on_few_connections(shared):
    gate = threading.Event()

    def handle(stream):
        def later():
            stream.head(content_type="text/event-stream")
            gate.wait(60 * PATIENCE)
            stream.data(b'data: {"choices": [{"index": 0, "delta": {"content": "x"}}]}\n\ndata: [DONE]\n\n', end=True)
        threading.Thread(target=later, daemon=True).start()

    one, up = shared(handle)
    with concurrent.futures.ThreadPoolExecutor(250) as pool:
        calls = [pool.submit(one.chat, stream=True, user=str(at)) for at in range(250)]
        wait_until(lambda: len(up.requests) == 250, 60, what="250 streams")
        assert len(up.peers) == 3
        assert metric(one, "swiftlet_upstream_streams") == 250
        gate.set()
        for call in calls:
            status, _, body = call.result()
            assert status == 200 and body.endswith(b"data: [DONE]\n\n")
    assert len(up.peers) == 3


def test_a_client_that_leaves_cancels_its_stream(shared):
    held = []
    one, up = shared(lambda stream: held.append(stream) or stream.head(content_type="text/event-stream"))
    wire = Wire(one.port)
    wire.send(post("/v1/chat/completions", b'{"model": "chat", "messages": [], "stream": true}', KEY))
    wait_until(lambda: held, what="the request")
    wire.close()
    wait_until(lambda: held[0].reset == h2.errors.ErrorCodes.CANCEL, what="the reset")
    up.handle = lambda stream: stream.answer()
    assert one.chat()[0] == 200
    assert len(up.peers) == 1


def test_going_away_moves_requests(shared):
    def handle(stream):
        if len(up.requests) == 3:
            stream.peer.raw(frame("goaway", struct.pack(">II", stream.number - 2, 0)))
        else:
            stream.answer()

    one, up = shared(handle)
    for _ in range(6):
        status, headers, _ = one.chat()
        assert status == 200 and headers["x-swiftlet-attempts"] == "1"
    assert len(up.peers) == 2 and len(up.requests) == 7


def flood(kind, count):
    """Frames of one kind beyond any use."""
    if kind == "continuation":
        return lambda peer, stream: peer.raw(
            frame("headers", b"\x88", stream) + b"".join(frame("continuation", b"", stream) for _ in range(count)))
    payload = {"ping": b"x" * 8, "settings": b"", "rst": struct.pack(">I", 2)}[kind]
    if kind == "rst":
        return lambda peer, stream: peer.raw(b"".join(frame("rst", payload, stream) for _ in range(count)))
    return lambda peer, stream: peer.raw(b"".join(frame(kind, payload) for _ in range(count)))


def headers_bomb(peer, stream):
    """One entry of 4,000 bytes in the table, then named thousands of times: small on the wire, large in memory."""
    entry = b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000
    peer.raw(frame("headers", b"\x88" + entry + b"\xbe" * 10_000, stream, flags=4))


BROKEN = {
    "ping flood": flood("ping", 20_000), "settings flood": flood("settings", 20_000), "continuation flood": flood("continuation", 20_000),
    "reset flood": flood("rst", 20_000), "header bomb": headers_bomb,
    "garbage": lambda peer, stream: peer.raw(b"HTTP/1.1 200 OK\r\n\r\n" * 100),
    "a frame too large": lambda peer, stream: peer.raw(b"\xff\xff\xff\x00\x00" + struct.pack(">I", stream)),
    "a push": lambda peer, stream: peer.raw(frame("push", struct.pack(">I", 2) + b"\x82\x84\x87", stream, flags=4)),
    "window overflow": lambda peer, stream: peer.raw(frame(8, struct.pack(">I", 0x7fffffff)) * 2),
    "data before a head": lambda peer, stream: peer.raw(frame("data", b"{}", stream, flags=1)),
    "an upper-case field": lambda peer, stream: peer.raw(frame("headers", b"\x88\x00\x01A\x01b", stream, flags=5)),
    "no table entry": lambda peer, stream: peer.raw(frame("headers", b"\xff\xff\x7f", stream, flags=5)),
    "cut off": lambda peer, stream: peer.socket.close(),
    "an unknown stream": lambda peer, stream: peer.raw(frame("data", b"{}", stream + 100, flags=1)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_provider_that_breaks_the_rules(shared, name):
    """The request ends with a typed error, the process lives, and the next request is served."""
    def handle(stream):
        if len(up.requests) == 1:
            BROKEN[name](stream.peer, stream.number)
        else:
            stream.answer()

    one, up = shared(handle, provider={"first_byte_timeout": "2s"})
    status, _, body = one.chat()
    assert status in (502, 503, 504), (status, body)
    error_of(body)
    for _ in range(3):
        assert one.chat()[0] == 200
    assert one.resident_kib() < 400_000


def test_frames_that_nobody_knows_are_ignored(shared):
    def handle(stream):
        stream.peer.raw(frame(0x77, b"whatever", stream.number) + frame(0x10, b"\0\0\0\0u=1") + frame(0xc, b""))
        stream.answer()

    one, up = shared(handle)
    for _ in range(3):
        assert one.chat()[0] == 200
    assert len(up.peers) == 1


def test_resets_without_end(shared):
    """A provider that resets every request: errors, each for its own request."""
    one, up = shared(lambda stream: stream.abort())
    for _ in range(30):
        assert one.chat()[0] in (502, 503)
    up.handle = lambda stream: stream.answer()
    wait_until(lambda: one.chat()[0] == 200, 30, every=0.5, what="service again")


def test_limits_that_change(shared):
    """The provider allows fewer streams, then more: what is open goes on, and what is new looks for room elsewhere."""
    held, gate = [], threading.Event()

    def handle(stream):
        held.append(stream)
        threading.Thread(target=lambda: gate.wait(60 * PATIENCE) and stream.answer(), daemon=True).start()

    one, up = shared(handle)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(one.chat, user=str(at)) for at in range(6)]
        wait_until(lambda: len(held) == 6, what="six streams")
        first = up.peers[0]
        first.act(lambda h: h.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 3}))
        wait_until(lambda: first.h2.local_settings.max_concurrent_streams == 3, what="the settings' acknowledgement")
        calls += [pool.submit(one.chat, user=str(at)) for at in range(6)]
        wait_until(lambda: len(held) == 12, what="six more")
        assert first.now_open() == 6 and sum(peer.now_open() for peer in up.peers[1:]) == 6, "what is new is elsewhere"
        gate.set()
        assert [call.result()[0] for call in calls] == [200] * 12
    gate.clear()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(one.chat, user=str(at)) for at in range(5)]
        wait_until(lambda: len(held) == 17, what="five streams")
        assert first.now_open() == 3 and sum(peer.now_open() for peer in up.peers[1:]) == 2, "the oldest takes its three"
        gate.set()
        assert [call.result()[0] for call in calls] == [200] * 5
    assert len(up.peers) <= 3


def test_a_narrow_window(shared):
    """Each request waits for its window, however small, and the connection's is shared by all."""
    one, up = shared(settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1000})
    assert one.chat()[0] == 200, "from here on the setting is known"
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        calls = [pool.submit(one.chat, user=str(at) * 200_000) for at in range(10)]
        assert [call.result()[0] for call in calls] == [200] * 10
    users = [stream.json["user"] for stream in up.requests[1:]]
    assert sorted(user[:1] for user in users) == list("0123456789") and {len(user) for user in users} == {200_000}
    assert len(up.peers) == 1 and up.failures == []


def test_an_answer_before_the_request_is_whole(shared):
    """A provider need not read what it refuses: it answers, and asks for no more of the body."""
    def answer(stream):
        stream.answer({"error": {"message": "too large", "type": "invalid_request_error"}}, status=413)
        stream.abort(h2.errors.ErrorCodes.NO_ERROR)

    one, up = shared(settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1000})
    up.early = answer
    status, _, body = one.chat(user="x" * 500_000)
    assert status == 413 and b"too large" in body
    up.early = None
    assert one.chat()[0] == 200
    assert len(up.peers) == 1 and up.failures == []


def test_a_head_larger_than_a_frame(shared):
    """It ends its own request, and none of those that share the connection."""
    gate = threading.Event()
    claude = {"model": "chat", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}

    def ask(beta):
        return one.post("/v1/messages", claude, headers={"anthropic-beta": beta})

    def answer(stream):
        def later():
            gate.wait(30 * PATIENCE)
            stream.answer({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn",
                           "model": "claude", "usage": {"input_tokens": 1, "output_tokens": 1}})
        threading.Thread(target=later, daemon=True).start()

    one, up = shared(answer, provider={"type": "anthropic"})
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(ask, "a"), pool.submit(ask, "b" * 9_000)
        wait_until(lambda: len(up.requests) == 2, what="two requests")
        status, _, body = ask("~" * 12_000)
        assert status == 400, (status, body)
        assert b"invalid_request_error" in body
        gate.set()
        assert first.result()[0] == 200 and second.result()[0] == 200
    assert ask("c")[0] == 200
    assert len(up.peers) == 1 and len(up.requests) == 3


def never_settled(peer):
    peer.socket.recv(1)
    threading.Event().wait(3)
    return "end"


GREETINGS = {
    "nothing": never_settled,
    "the end": lambda peer: "end",
    "a farewell": lambda peer: peer.raw(frame("settings") + frame("goaway", struct.pack(">II", 0, 0))) or "end",
    "HTTP/1.1": lambda peer: peer.raw(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n") or "end",
}


@pytest.mark.parametrize("name", GREETINGS)
def test_a_connection_that_begins_badly(shared, name):
    """Every request that waits for it ends with a typed error in its time; afterwards all is well."""
    one, up = shared(greet=GREETINGS[name], provider={"connect_timeout": "1s", "first_byte_timeout": "1s"})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for status, _, body in pool.map(lambda at: one.chat(user=str(at)), range(8)):
            assert status in (502, 503, 504), (status, body)
            error_of(body)
    up.greet = None
    wait_until(lambda: one.chat()[0] == 200, 30, every=0.5, what="service again")
    assert metric(one, "swiftlet_upstream_streams") == 0


@pytest.mark.parametrize("how", ["silent", "closed", "no TLS"])
def test_a_connection_that_never_stands(gateway, how):
    """Whoever waits for the same handshake learns of its end in the time that a connection has."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        port = listener.getsockname()[1]
        if how == "no TLS":
            def refuse():
                while True:
                    try:
                        peer = listener.accept()[0]
                    except OSError:
                        return
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    peer.close()
            threading.Thread(target=refuse, daemon=True).start()
        if how == "closed":
            listener.close()
        one = gateway({
            "server": {"threads": 1}, "router": {"num_retries": 0},
            "providers": {"up": {
                "type": "openai_compatible", "base_url": f"https://127.0.0.1:{port}/v1", "api_key": "x", "connect_timeout": "500ms"}},
            "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for status, _, body in pool.map(lambda at: one.chat(user=str(at)), range(8)):
                assert status in (502, 503), (status, body)
                error_of(body)
        assert metric(one, 'swiftlet_upstream_connections{protocol="h2"}') == 0


class Whims:
    """A provider that does whatever its numbers say; `x-request` in its answers is the `user` of the request they belong to."""

    def __init__(self, seed):
        self.random, self.lock = random.Random(seed), threading.Lock()

    def __call__(self, stream):
        with self.lock:
            whim = self.random.randrange(14)
            pause = self.random.random() * 0.05
        user = stream.json["user"]
        body = json.dumps({**ANSWER, "choices": [{"index": 0, "finish_reason": "stop", "message": {
            "role": "assistant", "content": user * 3000 if whim == 1 else user}}]}).encode()

        def whole():
            stream.head(content_type="application/json", content_length=len(body), x_request_id=user)
            for start in range(0, len(body), 16_000):
                stream.send(body[start:start + 16_000])
            stream.data(b"", end=True)

        def act():
            try:
                time.sleep(pause)
                if whim <= 4:
                    whole()
                elif whim == 5:
                    stream.abort()
                elif whim == 6:
                    stream.abort(h2.errors.ErrorCodes.REFUSED_STREAM)
                elif whim == 7:
                    stream.head(content_type="application/json", content_length=len(body))
                    stream.data(body[:10])
                    stream.abort(h2.errors.ErrorCodes.CANCEL)
                elif whim == 8:
                    stream.peer.raw(frame("goaway", struct.pack(">II", stream.number, 0)))
                    whole()
                elif whim == 9:
                    stream.head(content_type="application/json", content_length=len(body) + 1)
                    stream.data(body, end=True)
                elif whim == 10 and pause < 0.01:
                    stream.peer.socket.shutdown(socket.SHUT_RDWR)
                elif whim == 11:
                    stream.peer.act(lambda h: h.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2 + int(pause * 200)}))
                    whole()
                elif whim == 12:
                    stream.peer.act(lambda h: h.ping(b"whimsies"))
                    whole()
                else:
                    whole()
            except (h2.exceptions.ProtocolError, OSError, KeyError):
                pass  # its connection or stream was ended meanwhile
        threading.Thread(target=act, daemon=True).start()


@pytest.mark.parametrize("seed", ["sparrow", "heron", "wren"])
def test_whims(shared, seed):
    """Whatever streams and connections do, each request ends, with its own answer or a typed error, and nothing is left behind."""
    one, up = shared(Whims(seed), provider={"first_byte_timeout": "10s"}, deployment={"cooldown_time": "0s"})
    leaving = random.Random(seed + " leaves")

    def leave(at):
        wire = Wire(one.port)
        wire.send(post("/v1/chat/completions", json.dumps(question(user=f"leaver-{at}")).encode(), KEY))
        time.sleep(0.01 * (at % 5))
        wire.close()

    def ask(at):
        if leaves[at]:
            return leave(at)
        status, headers, body = one.chat(user=f"user-{at}-")
        if status == 200:
            content = json.loads(body)["choices"][0]["message"]["content"]
            assert content in (f"user-{at}-", f"user-{at}-" * 3000)
        else:
            assert status in (502, 503), (status, body)
            error_of(body)
        return status

    leaves = [leaving.random() < 0.1 for _ in range(600)]
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = [answer for answer in pool.map(ask, range(600)) if answer]
    assert answers.count(200) > 50, "how many end well is a matter of chance, and of the machine"
    assert len(up.requests) > 300
    wait_until(lambda: metric(one, "swiftlet_upstream_streams") == 0, what="no stream left")
    wait_until(lambda: metric(one, "swiftlet_requests_in_flight") == 0, what="no request left")
    up.handle = lambda stream: stream.answer()
    assert [one.chat()[0] for _ in range(5)] == [200] * 5


def test_shutting_down_ends_shared_connections(shared):
    one, up = shared()
    assert one.chat()[0] == 200
    one.stop()
    wait_until(lambda: up.peers[0].socket.fileno() == -1, what="the end of the connection")


def test_a_window_of_nothing(shared):
    """A provider that takes no byte more of any body: no reply in time, and the next request has a new connection."""
    def handle(stream):
        if len(up.requests) == 1:
            stream.peer.act(lambda h: h.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}))
        stream.answer()

    one, up = shared(handle, provider={"first_byte_timeout": "1s"})
    assert one.chat()[0] == 200
    status, _, body = one.chat(user="x" * 100_000)
    assert status == 504
    assert error_of(body)["type"]
    assert len(up.requests) == 1
    assert one.chat(user="x" * 100_000)[0] == 200
    assert len(up.peers) == 2
