"""WebSockets through pass-through endpoints."""

import random
import signal
import socket
import ssl
import threading
import time

import pytest
from conftest import error_of
from support import ledger
from support.gateway import KEY, get, wait_until
from support.raw import Wire
from support.websocket import BINARY, CLOSE, PING, TEXT, Client, accept_of, echo, frame, read_frame, serve_upgrade
from test_pass_through import SECRET, ask, settings
from test_tls import server_context

BEARER = {"authorization": f"Bearer {KEY}"}


def serve_echo(peer, request):
    serve_upgrade(peer, request)
    return echo(peer)


def realtime(up, **more):
    made = settings(up, {"path": "/v1/realtime", "target": "/v1/realtime", "headers": {"Authorization": f"Bearer {SECRET}"}, **more})
    return made


def test_messages_go_both_ways(gateway, upstream):
    up = upstream(serve_echo)
    one = gateway(realtime(up, cost_per_request=0.5))
    random_bytes = random.Random(7).randbytes
    with Client(one.port, "/v1/realtime?model=gpt-realtime", BEARER) as client:
        assert client.status == 101 and client.headers["sec-websocket-accept"] == accept_of(client.key)
        assert client.headers["upgrade"] == "websocket" and client.headers["connection"] == "Upgrade"
        assert client.headers["x-swiftlet-route"] == "/v1/realtime"
        for opcode, payload in [(TEXT, b"hello"), (BINARY, b""), (BINARY, random_bytes(125)), (BINARY, random_bytes(70_000)), (PING, b"p")]:
            client.send(payload, opcode)
            assert client.receive() == (opcode, payload)
        assert 'swiftlet_pass_through_websockets{endpoint="/v1/realtime"} 1' in one.metrics()
        client.send(b"\x03\xe8bye", CLOSE)
        assert client.receive() == (CLOSE, b"\x03\xe8bye")
        with pytest.raises(ConnectionError):
            client.more()
    request, = up.requests
    assert request.path == "/v1/realtime?model=gpt-realtime" and request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.headers["sec-websocket-version"] == "13" and request.headers["connection"] == "Upgrade"
    assert KEY.encode() not in request.raw
    row, = wait_until(lambda: ledger.read(one.folder))
    assert (row["status"], row["state"], row["cost"], row["route"]) == (101, "done", 500_000_000, "/v1/realtime")
    line = wait_until(lambda: [line for line in one.log() if line.get("api") == "pass_through"])[0]
    assert line["received_bytes"] > 70_000 and line["sent_bytes"] > 70_000 and line["stream"]
    assert 'swiftlet_pass_through_websockets{endpoint="/v1/realtime"} 0' in one.metrics()


def test_a_browser_shows_its_key_as_a_protocol(gateway, upstream):
    def handle(peer, request):
        serve_upgrade(peer, request, sec_websocket_protocol="realtime")
        return echo(peer)
    up = upstream(handle)
    one = gateway(realtime(up))
    with Client(one.port, "/v1/realtime", {"sec-websocket-protocol": f"realtime, openai-insecure-api-key.{KEY},openai-beta.realtime-v1"}) as client:
        assert client.status == 101 and client.headers["sec-websocket-protocol"] == "realtime"
        client.send(b"x")
        assert client.receive() == (BINARY, b"x")
    assert up.requests[0].headers["sec-websocket-protocol"] == "realtime, openai-beta.realtime-v1"
    assert KEY.encode() not in up.requests[0].raw


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nobody"}, {"sec-websocket-protocol": "openai-insecure-api-key.nobody"}])
def test_nothing_is_opened_without_a_key(gateway, upstream, headers):
    up = upstream(serve_echo)
    one = gateway(realtime(up))
    with Client(one.port, "/v1/realtime", headers) as client:
        assert client.status == 401
        assert error_of(client.exactly(int(client.headers["content-length"])))["code"] == "invalid_api_key"
    assert up.connections == 0


def test_a_no_is_an_ordinary_answer(gateway, upstream):
    up = upstream(lambda peer, request: peer.answer(b'{"error":"no model"}', status=404))
    one = gateway(realtime(up))
    with Client(one.port, "/v1/realtime", BEARER) as client:
        assert client.status == 404 and client.exactly(20) == b'{"error":"no model"}'
        client.socket.sendall(f"GET /v1/realtime HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
        while b"no model" not in client.buffer:
            client.more()
    assert "upgrade" not in up.requests[1].headers


def test_other_protocols_are_not_asked_for(gateway, upstream):
    up = upstream(lambda peer, request: peer.answer(b"plain"))
    one = gateway(realtime(up, forward_headers=True))
    upgrade = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "x"}
    status, _, body = ask(one, "GET", "/v1/realtime", headers={**BEARER, **upgrade})
    assert (status, body) == (200, b"plain")
    assert not {"upgrade", "connection", "http2-settings"} & set(up.requests[0].headers)


def test_an_upgrade_that_nobody_asked_for_is_no_answer(gateway, upstream):
    def handle(peer, request):
        peer.head(101, "Switching Protocols", upgrade="websocket", connection="Upgrade")
        return "end"
    one = gateway(realtime(upstream(handle)))
    status, _, body = ask(one, "GET", "/v1/realtime")
    assert status == 502 and error_of(body)["code"] == "malformed_reply"


def test_over_tls(gateway, upstream, tmp_path):
    up = upstream(serve_echo, tls=server_context(tmp_path))
    made = realtime(up)
    made["general"]["pass_through_endpoints"][0]["target"] = f"wss://127.0.0.1:{up.port}/v1/realtime"
    certificate, key = str(tmp_path / "localhost.crt"), str(tmp_path / "localhost.key")
    made["server"] = {"trusted_certificates": certificate, "tls": {"certificate": certificate, "private_key": key}}
    one = gateway(made, wait=False)
    wait_until(lambda: get(one.admin_port, "/readyz")[0] == 200, what="/readyz")
    with Client(one.port, "/v1/realtime", BEARER, tls=ssl.create_default_context(cafile=certificate)) as client:
        payload = random.Random(8).randbytes(300_000)
        client.send(payload)
        assert client.status == 101 and client.receive() == (BINARY, payload)
    made["server"] = {}
    with Client(gateway(made).port, "/v1/realtime", BEARER) as client:
        assert client.status == 502
    assert len(up.requests) == 1


def test_what_is_not_read_is_not_gathered(gateway, upstream):
    sent = []

    def handle(peer, request):
        serve_upgrade(peer, request)
        for _ in range(300):
            peer.send(frame(b"z" * 100_000))
            sent.append(1)
        peer.send(frame(b"", CLOSE))
        return "end"
    one = gateway(realtime(upstream(handle)))
    before = one.resident_kib()
    with Client(one.port, "/v1/realtime", BEARER) as client:
        time.sleep(1.5)
        assert len(sent) < 200 and one.resident_kib() - before < 30_000
        for _ in range(300):
            assert client.receive() == (BINARY, b"z" * 100_000)
        assert client.receive()[0] == CLOSE


def test_what_a_provider_does_not_read_is_not_gathered(gateway, upstream):
    go = threading.Event()

    def handle(peer, request):
        serve_upgrade(peer, request)
        go.wait(30)
        return echo(peer)
    one = gateway(realtime(upstream(handle)))
    with Client(one.port, "/v1/realtime", BEARER) as client:
        message = frame(b"y" * 100_000, mask=True)
        client.socket.setblocking(False)
        sent, idle = 0, 0
        while idle < 25 and sent < 60_000_000:
            try:
                sent += client.socket.send(message[sent % len(message):])
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.02)
        assert sent < 40_000_000
        go.set()
        client.socket.settimeout(30)
        rest = -sent % len(message)
        threading.Thread(target=lambda: client.socket.sendall(message[len(message) - rest:] if rest else b""), daemon=True).start()
        for _ in range((sent + rest) // len(message)):
            assert client.receive() == (BINARY, b"y" * 100_000)


def test_silence_ends_it(gateway, upstream):
    ends = []

    def handle(peer, request):
        serve_upgrade(peer, request)
        assert read_frame(peer.exactly) == (BINARY, b"once")
        ends.append(peer.wait_for_end(10))
        return "end"
    one = gateway(realtime(upstream(handle), timeout="500ms"))
    with Client(one.port, "/v1/realtime", BEARER) as client:
        for _ in range(3):
            time.sleep(0.3)
            client.send(b"once") if not ends else None
        with pytest.raises(ConnectionError):
            client.more()
    assert wait_until(lambda: ends)[0]
    assert wait_until(lambda: ledger.read(one.folder))[0]["fault"] == "timeout"


def test_either_side_may_go(gateway, upstream):
    ends = []

    def handle(peer, request):
        serve_upgrade(peer, request)
        if request.path.endswith("?provider"):
            peer.send(frame(b"last words"))
            return "end"
        ends.append(peer.wait_for_end(10))
        return "end"
    one = gateway(realtime(upstream(handle)))
    with Client(one.port, "/v1/realtime?provider", BEARER) as client:
        assert client.receive() == (BINARY, b"last words")
        with pytest.raises(ConnectionError):
            client.more()
    with Client(one.port, "/v1/realtime", BEARER) as client:
        assert client.status == 101
    assert wait_until(lambda: ends)[0]
    rows = wait_until(lambda: (rows := ledger.read(one.folder)) and len(rows) == 2 and rows)
    assert [row["state"] for row in rows] == ["done", "done"]


def test_the_gateways_end_is_its_end(gateway, upstream):
    up = upstream(serve_echo)
    one = gateway(realtime(up), arguments=["--set", "server.drain_timeout=1s"])
    with Client(one.port, "/v1/realtime", BEARER) as client:
        one.signal(signal.SIGTERM)
        time.sleep(0.3)
        client.send(b"still here")
        assert client.receive() == (BINARY, b"still here")
        with pytest.raises(ConnectionError):
            client.more()
    assert one.wait_exit() == 0
    assert ledger.read(one.folder)[0]["status"] == 101


def test_early_messages_wait_for_the_answer(gateway, upstream):
    def handle(peer, request):
        time.sleep(0.3)
        serve_upgrade(peer, request)
        return echo(peer)
    one = gateway(realtime(upstream(handle)))
    with Wire(one.port) as wire:
        wire.send((f"GET /v1/realtime HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n"
                   "sec-websocket-key: eHh4\r\nsec-websocket-version: 13\r\n\r\n").encode() + frame(b"early", mask=True))
        assert wire.head()[0].startswith("HTTP/1.1 101 ")
        assert read_frame(wire.exactly) == (BINARY, b"early")
        wire.socket.shutdown(socket.SHUT_WR)
