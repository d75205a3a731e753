"""Pass-through endpoints: every byte as it came, in both directions, and no key of ours on the other side."""

import http.client
import json
import os
import random
import signal
import threading
import time

import pytest
from conftest import error_of
from support import ledger
from support.gateway import KEY, PATIENCE, get, wait_until
from support.raw import Wire, chunked, post

SECRET = "provider-secret-0123456789"
OTHER = "sk-other-9876543210abcdef"
BEARER = {"authorization": f"Bearer {KEY}"}


def settings(up, *endpoints, **more):
    """Gateway settings with the endpoints, whose targets are paths of `up`."""
    made = [{**endpoint, "target": f"{up.url.removesuffix('/v1')}{endpoint.get('target', '')}"} for endpoint in endpoints]
    general = {"pass_through_endpoints": made, **more.pop("general", {})}
    return {"providers": {"mock": {"type": "mock"}}, "models": {"chat": {"deployments": [{"provider": "mock", "model": "m"}]}},
            "keys": {"acceptance": {"key": KEY}, "other": {"key": OTHER}}, "general": general, **more}


def ask(one, method, path, body=None, headers=None, timeout=20):
    """Status, headers (a list of pairs) and body."""
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=timeout * PATIENCE)
    try:
        connection.request(method, path, body=body, headers=BEARER if headers is None else headers)
        reply = connection.getresponse()
        return reply.status, reply.getheaders(), reply.read()
    finally:
        connection.close()


def fields(headers):
    return {name.lower(): value for name, value in headers}


def reply_with(status=200, body=b"", reason="OK", **more):
    def handle(peer, request):
        peer.head(status, reason, content_length=len(body), **more)
        if request.method != "HEAD":
            peer.send(body)
    return handle


def test_request_and_answer_are_carried_as_they_are(gateway, upstream):
    body = random.Random(1).randbytes(70_000)
    answer = random.Random(2).randbytes(80_000)
    up = upstream(reply_with(418, answer, "Short and stout", content_type="application/x-odd; q=1", x_custom="One", set_cookie="a=b"))
    one = gateway(settings(up, {"path": "/odd", "target": "/deep/target", "headers": {"Authorization": f"Bearer {SECRET}"}}))
    status, headers, got = ask(one, "PUT", "/odd?a=%2f&a=b+c&&d", body, {
        **BEARER, "content-type": "application/octet-stream", "x-private": "stays", "x-pass-x-wanted": "goes", "accept": "x/y"})
    assert (status, got) == (418, answer)
    said = fields(headers)
    assert said["content-type"] == "application/x-odd; q=1" and said["x-custom"] == "One" and said["set-cookie"] == "a=b"
    assert said["x-swiftlet-route"] == "/odd" and said["x-swiftlet-attempts"] == "1" and said["x-swiftlet-request-id"]
    request, = up.requests
    assert (request.method, request.path, request.body) == ("PUT", "/deep/target?a=%2f&a=b+c&&d", body)
    assert request.headers["host"] == f"127.0.0.1:{up.port}"
    assert request.headers["authorization"] == f"Bearer {SECRET}" and request.headers["x-wanted"] == "goes" and request.headers["accept"] == "x/y"
    assert request.headers["content-type"] == "application/octet-stream" and "x-private" not in request.headers
    assert KEY.encode() not in request.raw


def test_the_reason_of_the_status_comes_as_it_was(gateway, upstream):
    up = upstream(reply_with(299, b"", "Quite Odd"))
    one = gateway(settings(up, {"path": "/x"}))
    with Wire(one.port) as wire:
        wire.send(b"GET /x HTTP/1.1\r\nhost: h\r\nx-api-key: " + KEY.encode() + b"\r\n\r\n")
        assert wire.head()[0] == "HTTP/1.1 299 Quite Odd"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("status", [200, 204, 304, 404, 500])
def test_methods_and_bodiless_statuses(gateway, upstream, method, status):
    def handle(peer, request):
        bodiless = status in (204, 304) or request.method == "HEAD"
        more = {} if status == 204 else {"content_length": 3}
        peer.head(status, "Fine", etag='"x"', **more)
        if not bodiless:
            peer.send(b"abc")
    one = gateway(settings(upstream(handle), {"path": "/x"}))
    with Wire(one.port) as wire:
        for _ in range(2):  # the connection goes on to be of use
            wire.send(f"{method} /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
            line, headers = wire.head()
            assert line == f"HTTP/1.1 {status} Fine" and headers["etag"] == '"x"'
            if status == 204:
                assert "content-length" not in headers and "transfer-encoding" not in headers
            else:
                assert headers["content-length"] == "3"
                if status != 304 and method != "HEAD":
                    assert wire.exactly(3) == b"abc"


def test_interim_answers_and_chunks_and_until_close(gateway, upstream):
    def handle(peer, request):
        peer.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        if request.path == "/chunks":
            peer.head(transfer_encoding="chunked")
            for piece in (b"one", b"two" * 1000, b"\0\r\n\xff"):
                peer.piece(piece)
                time.sleep(0.02)
            return peer.end_stream()
        peer.head()
        peer.send(b"until the end")
        return "end"
    one = gateway(settings(upstream(handle), {"path": "/p", "include_subpath": True}))
    assert ask(one, "GET", "/p/chunks")[2] == b"one" + b"two" * 1000 + b"\0\r\n\xff"
    assert ask(one, "GET", "/p/close")[2] == b"until the end"
    for path, body in [("/p/chunks", b"one" + b"two" * 1000 + b"\0\r\n\xff"), ("/p/close", b"until the end")]:
        with Wire(one.port) as wire:
            wire.send(f"GET {path} HTTP/1.0\r\nx-api-key: {KEY}\r\n\r\n".encode())
            line, headers = wire.head()
            assert "transfer-encoding" not in headers
            assert wire.exactly(len(body)) == body and wire.at_end() and wire.buffer == b""


def test_compressed_answers_stay_compressed(gateway, upstream):
    import gzip
    packed = gzip.compress(b"x" * 10_000)
    up = upstream(reply_with(body=packed, content_encoding="gzip", content_type="application/json"))
    one = gateway(settings(up, {"path": "/x"}))
    status, headers, body = ask(one, "GET", "/x", headers={**BEARER, "accept-encoding": "gzip, br"})
    assert body == packed and fields(headers)["content-encoding"] == "gzip"
    assert up.requests[0].headers["accept-encoding"] == "gzip, br"


# -- keys


@pytest.mark.parametrize("shown", [
    {"authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}, {"x-goog-api-key": KEY}, {"api-key": KEY}, "?key=" + KEY + "&a=1", "?a=1&key=" + KEY,
], ids=["bearer", "x-api-key", "x-goog-api-key", "api-key", "query first", "query last"])
def test_a_key_opens_and_never_leaves(gateway, upstream, shown):
    up = upstream(reply_with())
    one = gateway(settings(up, {"path": "/x", "forward_headers": True}))
    path, headers = ("/x" + shown, {}) if isinstance(shown, str) else ("/x?a=1", shown)
    others = {"x-other": "kept", "cookie": f"session={KEY}", "x-copy": f"a {KEY} b", "x-token": OTHER, "x-pass-authorization": f"Bearer {OTHER}",
              "proxy-authorization": "Basic x"}
    assert ask(one, "GET", path, headers={**headers, **others})[0] == 200
    request, = up.requests
    assert request.path == "/?a=1" and request.headers["x-other"] == "kept"
    assert KEY.encode() not in request.raw and OTHER.encode() not in request.raw and b"proxy-auth" not in request.raw


def test_without_a_key_or_with_an_unknown_one_nothing_is_sent(gateway, upstream):
    up = upstream(reply_with())
    one = gateway(settings(up, {"path": "/x"}, {"path": "/open", "auth": False, "forward_headers": True}))
    for headers in ({}, {"authorization": "Bearer nobody"}, {"authorization": f"Basic {KEY}"}):
        status, _, body = ask(one, "POST", "/x", b"secret body", headers)
        assert status == 401 and error_of(body)["code"] == "invalid_api_key"
    assert up.connections == 0
    assert ask(one, "GET", "/open", headers={"authorization": "Bearer of-the-client"})[0] == 200
    assert up.requests[0].headers["authorization"] == "Bearer of-the-client"
    assert ask(one, "GET", "/open", headers=BEARER)[0] == 200
    assert "authorization" not in up.requests[1].headers


def test_paused_keys_are_refused(gateway, upstream):
    up = upstream(reply_with())
    made = settings(up, {"path": "/x"})
    made["keys"]["acceptance"]["paused"] = True
    status, _, body = ask(gateway(made), "GET", "/x")
    assert status == 403 and error_of(body)["code"] == "key_paused" and up.connections == 0


def test_forwarded_headers(gateway, upstream):
    up = upstream(reply_with(connection="keep-alive, x-hop", x_hop="1", keep_alive="timeout=5", x_kept="2", x_swiftlet_route="theirs"))
    one = gateway(settings(up, {"path": "/x", "forward_headers": True, "headers": {"X-Set": "ours", "Content-Type": "text/ours"}}))
    _, headers, _ = ask(one, "POST", "/x", b"{}", {
        **BEARER, "connection": "x-private, close", "x-private": "1", "x-one": "1", "x-set": "theirs", "content-type": "application/json",
        "te": "trailers", "x-pass-x-one": "2", "x-pass-host": "evil", "x-pass-content-length": "7", "x-pass-transfer-encoding": "chunked",
        "x-pass-connection": "close", "x-pass-x-set": "theirs", "x-swiftlet-tags": "a", "user-agent": "mine"})
    request, = up.requests
    sent = [line.decode().split(": ", 1) for line in request.raw.split(b"\r\n")[1:]]
    assert sorted(name.lower() for name, _ in sent) == sorted({name.lower() for name, _ in sent}), "no header twice"
    assert request.headers["x-one"] == "2" and request.headers["x-set"] == "ours" and request.headers["content-type"] == "text/ours"
    assert request.headers["host"] == f"127.0.0.1:{up.port}" and request.headers["content-length"] == "2" and request.headers["user-agent"] == "mine"
    assert not {"x-private", "te", "connection", "transfer-encoding", "x-swiftlet-tags"} & set(request.headers)
    said = fields(headers)
    assert said["x-kept"] == "2" and said["x-swiftlet-route"] == "/x" and "x-hop" not in said and "keep-alive" not in said


# -- paths, methods, queries


def test_paths(gateway, upstream):
    up = upstream(reply_with())
    one = gateway(settings(
        up, {"path": "/exact", "target": "/t/"}, {"path": "/tree", "target": "/base", "include_subpath": True},
        {"path": "/tree/inner", "target": "/other", "include_subpath": True}, {"path": "/bare", "target": "", "include_subpath": True}))
    expected = {
        "/exact": "/t/", "/tree": "/base", "/tree/": "/base/", "/tree/a/b": "/base/a/b", "/tree/a%2Fb": "/base/a%2Fb", "/tree/a//b": "/base/a//b",
        "/tree/inner": "/other", "/tree/inner/x": "/other/x", "/tree/inners": "/base/inners", "/tree/...": "/base/...", "/tree/a..b": "/base/a..b",
        "/tree/%e4%bd%a0": "/base/%e4%bd%a0", "/bare/a": "/a", "/bare": "/",
    }
    for path, wanted in expected.items():
        assert ask(one, "GET", path)[0] == 200, path
        assert up.requests[-1].path == wanted, path
    count = len(up.requests)
    for path in ["/exact/", "/exact/x", "/exactly", "/treee", "/tree/..", "/tree/../exact", "/tree/a/../../x", "/tree/%2e%2e/x", "/tree/.%2E/x",
                 "/tree/%252e%252e/x", "/tree/%25252e%25252e%25252fx", "/tree/..%2fx", "/tree/a%2f..%2f..", "/tree/%5c..%5cx", "/tree/..;/x",
                 "/tree/..%3b/x", "/tree/%2e%2e%00/x", "/tree/%c0%ae%c0%ae/x", "/tree/inner/../x", "/tr%65e/x", "/bare//evil/x", "/TREE"]:
        status, _, body = ask(one, "GET", path)
        assert status == 404 and error_of(body)["code"] == "unknown_url", path
    assert len(up.requests) == count


def test_own_paths_come_first(gateway, upstream):
    up = upstream(reply_with(body=b"passed"))
    one = gateway(settings(up, {"path": "/", "include_subpath": True, "target": "/all"}))
    assert one.chat()[0] == 200 and get(one.port, "/healthz")[0] == 200 and up.connections == 0
    assert ask(one, "GET", "/v1/files")[2] == b"passed" and up.requests[-1].path == "/all/v1/files"
    assert ask(one, "GET", "/v1/chat/completions")[0] == 405


def test_other_methods_get_405(gateway, upstream):
    up = upstream(reply_with())
    one = gateway(settings(up, {"path": "/x", "methods": ["POST", "put"]}))
    status, headers, body = ask(one, "GET", "/x")
    assert status == 405 and fields(headers)["allow"] == "POST, PUT" and error_of(body)["code"] == "method_not_allowed"
    assert ask(one, "PUT", "/x", b"1")[0] == 200 and len(up.requests) == 1


def test_default_query_parameters(gateway, upstream):
    up = upstream(reply_with())
    one = gateway(settings(up, {"path": "/x", "target": "/t", "default_query_params": {"api-version": "2024-10-21", "k": "env:PARAMETER", "e": ""}}),
                  environment={"PARAMETER": "a&b=c d"})
    for query, wanted in [("", "?api-version=2024-10-21&k=a%26b%3Dc%20d&e="), ("?api-version=1&z", "?api-version=1&z&k=a%26b%3Dc%20d&e="),
                          ("?k=&%65=%45", "?k=&%65=%45&api-version=2024-10-21"), ("?", "?api-version=2024-10-21&k=a%26b%3Dc%20d&e=")]:
        assert ask(one, "GET", "/x" + query)[0] == 200
        assert up.requests[-1].path == "/t" + wanted


# -- bodies of any size, in any pieces


def test_chunked_requests_stay_chunked(gateway, upstream):
    up = upstream(reply_with(body=b"ok"))
    one = gateway(settings(up, {"path": "/x"}))
    body = random.Random(3).randbytes(200_000)
    for size, cut in [(7, 5_000), (50_000, 1), (200_000, 3)]:
        with Wire(one.port) as wire:
            head = f"POST /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
            data = head + chunked(body if size > 7 else body[:20_000], size)
            step = max(1, len(data) // 20)
            for at in range(0, len(data), step):
                wire.send(data[at:at + step])
            assert wire.reply().body == b"ok"
            wire.send(f"GET /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
            assert wire.reply().body == b"ok"
        assert up.requests[-2].body == (body if size > 7 else body[:20_000])


def test_expect_100_continue(gateway, upstream):
    up = upstream(reply_with(body=b"ok"))
    one = gateway(settings(up, {"path": "/x"}))
    with Wire(one.port) as wire:
        wire.send(post("/x", b"", KEY, extra=["expect: 100-continue", "content-length: 5"], framing=False))
        assert wire.head()[0] == "HTTP/1.1 100 Continue"
        wire.send(b"hello")
        assert wire.reply().body == b"ok"
    assert up.requests[0].body == b"hello" and "expect" not in up.requests[0].headers
    with Wire(one.port) as wire:
        wire.send(post("/x", b"", "nobody", extra=["expect: 100-continue", "content-length: 5"], framing=False))
        assert wire.reply().status == 401
        assert wire.at_end()


def streaming_echo(peer, request_line_seen):
    """Reads a head, then sends every byte of the body back as it comes."""
    peer.line()
    headers = {}
    while line := peer.line():
        name, value = line.decode().split(":", 1)
        headers[name.lower()] = value.strip()
    left = int(headers["content-length"])
    peer.head(content_length=left)
    while left:
        if not peer.buffer:
            peer.more()
        request_line_seen.set()
        data, peer.buffer = peer.buffer, b""
        left -= len(data)
        peer.send(data)


@pytest.mark.release
def test_large_bodies_both_ways_at_once_within_little_memory(gateway, upstream):
    seen = threading.Event()
    up = upstream(greet=lambda peer: streaming_echo(peer, seen))
    one = gateway(settings(up, {"path": "/x"}, server={"max_request": "1GiB", "max_response": "1GiB"}))
    before = one.resident_kib()
    size, block = 200 << 20, random.Random(4).randbytes(1 << 20)
    peak = 0
    with Wire(one.port, timeout=60) as wire:
        wire.send(f"POST /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\ncontent-length: {size}\r\n\r\n".encode())
        sender = threading.Thread(target=lambda: [wire.socket.sendall(block) for _ in range(size >> 20)], daemon=True)
        wire.send(b"")
        sender.start()
        assert seen.wait(20 * PATIENCE)
        _, headers = wire.head()
        assert int(headers["content-length"]) == size
        for at in range(size >> 20):
            assert wire.exactly(1 << 20) == block, at
            if at % 20 == 0:
                peak = max(peak, one.resident_kib())
        sender.join(20 * PATIENCE)
    assert peak - before < 40_000, f"{(peak - before) >> 10} MiB more"


def test_a_slow_reader_holds_the_provider_back(gateway, upstream):
    sent = []

    def handle(peer, request):
        peer.head(transfer_encoding="chunked", content_type="text/event-stream")
        for _ in range(400):
            peer.piece(b"x" * 100_000)
            sent.append(100_000)
        peer.end_stream()
    one = gateway(settings(upstream(handle), {"path": "/x"}))
    with Wire(one.port, receive_buffer=65_536, timeout=60) as wire:
        wire.send(f"GET /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
        wire.head()
        wait_until(lambda: len(sent) > 0)
        last = -1
        while last != len(sent):
            last = len(sent)
            time.sleep(0.5)
        assert sum(sent) < 20_000_000, "the provider was not held back"
        body = 0
        while data := wire.chunk():
            body += len(data)
        assert body == 40_000_000


def test_a_slow_provider_holds_the_client_back(gateway, upstream):
    go = threading.Event()

    def greet(peer):
        while peer.line():
            pass
        go.wait(60)
        left = 40_000_000 - len(peer.buffer)
        while left > 0:
            left -= len(peer.socket.recv(1 << 20))
        peer.answer(b"ok")
    one = gateway(settings(upstream(greet=greet), {"path": "/x"}, server={"max_request": "1GiB"}))
    with Wire(one.port, timeout=60) as wire:
        wire.send(f"POST /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\ncontent-length: 40000000\r\n\r\n".encode())
        wire.socket.setblocking(False)
        sent, idle = 0, 0
        while idle < 25:
            try:
                sent += wire.socket.send(b"y" * min(100_000, 40_000_000 - sent))
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.02)
        assert sent < 30_000_000, "the client was not held back"
        go.set()
        wire.socket.settimeout(60)
        wire.send(b"y" * (40_000_000 - sent))
        assert wire.reply().body == b"ok"


def test_sizes_are_limited(gateway, upstream):
    def handle(peer, request):
        if request.path == "/long":
            return peer.answer(b"z" * 20_000)
        if request.path == "/events":
            peer.start_stream()
            for _ in range(20):
                peer.piece(b"z" * 1_000)
            return peer.end_stream()
        peer.head(transfer_encoding="chunked")
        for _ in range(20):
            peer.piece(b"z" * 1_000)
            time.sleep(0.01)
        peer.end_stream()
    up = upstream(handle)
    one = gateway(settings(up, {"path": "/x", "include_subpath": True}, server={"max_request": "10KB", "max_response": "10KB"}))
    assert ask(one, "POST", "/x/long", b"q" * 10_001)[0] == 413 and up.connections == 0
    with Wire(one.port) as wire:
        wire.send(post("/x/long", b"", KEY, extra=["transfer-encoding: chunked"], framing=False), chunked(b"q" * 10_001, 3_000))
        reply = wire.reply()
        assert reply.status == 413 and error_of(reply.body)["code"] == "request_too_large"
    status, _, body = ask(one, "GET", "/x/long")
    assert status == 502 and error_of(body)["code"] == "malformed_reply"
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(one, "GET", "/x/chunks")
    assert len(ask(one, "GET", "/x/events")[2]) == 20_000  # no whole answer: a stream


# -- what goes wrong


def test_a_provider_that_fails(gateway, upstream):
    def handle(peer, request):
        if request.path == "/silent":
            return time.sleep(1.5) or "end"
        if request.path == "/garbage":
            peer.send(b"what?\r\n\r\n")
        if request.path == "/cut":
            peer.head(content_length=100)
            peer.send(b"only this")
        return "end"
    up = upstream(handle)
    dead = up.url.replace(str(up.port), "1")
    made = settings(up, {"path": "/x", "include_subpath": True, "timeout": "300ms"})
    made["general"]["pass_through_endpoints"].append({"path": "/dead", "target": dead})
    one = gateway(made)
    for path, status, code in [("/x/silent", 504, "timeout"), ("/x/gone", 502, "provider_unavailable"), ("/x/garbage", 502, "malformed_reply"),
                               ("/dead", 502, "provider_unavailable")]:
        got, headers, body = ask(one, "POST", path, b"1")
        assert got == status and error_of(body)["code"] == code, (path, body)
        assert "x-swiftlet-cost-usd" not in fields(headers)
    with pytest.raises(http.client.IncompleteRead):
        ask(one, "GET", "/x/cut")


def test_an_early_answer_ends_the_upload(gateway, upstream):
    def greet(peer):
        while peer.line():
            pass
        peer.head(403, "No", content_length=2)
        peer.send(b"no")
        peer.wait_for_end(10)
    one = gateway(settings(upstream(greet=greet), {"path": "/x"}))
    with Wire(one.port) as wire:
        wire.send(f"POST /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\ncontent-length: 1000000\r\n\r\nabc".encode())
        reply = wire.reply()
        assert (reply.status, reply.body, reply.headers["connection"]) == (403, b"no", "close")


def test_a_client_that_leaves_cancels(gateway, upstream):
    gone = []

    def handle(peer, request):
        peer.head(transfer_encoding="chunked")
        peer.piece(b"first")
        gone.append(peer.wait_for_end(10 * PATIENCE))
        return "end"
    one = gateway(settings(upstream(handle), {"path": "/x"}))
    with Wire(one.port) as wire:
        wire.send(f"GET /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
        wire.head()
        assert wire.chunk() == b"first"
    assert wait_until(lambda: gone)[0]
    row = wait_until(lambda: ledger.read(one.folder))[0]
    assert (row["state"], row["status"], row["fault"]) == ("cancelled", 499, "cancelled")


def test_idle_connections_that_died_are_replaced_where_that_is_safe(gateway, upstream):
    served = []

    def greet(peer):
        request = peer.request()
        served.append(request.method)
        peer.answer(b"1")
        # The next request is read and never answered.
        peer.request()
        served.append("dropped")
        peer.reset()
    up = upstream(greet=greet)
    one = gateway(settings(up, {"path": "/x"}, server={"threads": 1}))
    assert ask(one, "GET", "/x")[0] == 200
    assert ask(one, "PUT", "/x", b"b")[0] == 200 and served == ["GET", "dropped", "PUT"]
    assert ask(one, "POST", "/x", b"b")[0] == 502
    assert ask(one, "GET", "/x")[0] == 200


# -- what is written down


def test_ledger_log_metrics_and_decision(gateway, upstream):
    def handle(peer, request):
        peer.answer(b"answer", status=500 if request.path == "/t/bad" else 200)
    one = gateway(settings(upstream(handle), {"path": "/paid", "target": "/t", "include_subpath": True, "cost_per_request": 0.002}))
    _, headers, _ = ask(one, "POST", "/paid/good", b"12345")
    assert fields(headers)["x-swiftlet-cost-usd"] == "0.002"
    assert fields(ask(one, "POST", "/paid/bad", b"1")[1])["x-swiftlet-cost-usd"] == "0"
    ask(one, "GET", "/paid", headers={})
    good, bad = wait_until(lambda: (rows := ledger.read(one.folder)) and len(rows) == 2 and rows)
    assert (good["model"], good["route"], good["key"], good["status"], good["state"]) == ("/paid", "/paid", "acceptance", 200, "done")
    assert (good["received_bytes"], good["sent_bytes"]) == (5, 6)
    assert good["cost"] == 2_000_000 and (bad["cost"], bad["status"]) == (0, 500)
    lines = wait_until(lambda: (found := [line for line in one.log() if line.get("api") == "pass_through"]) and len(found) == 2 and found)
    assert lines[0]["route"] == "/paid" and (lines[0]["received_bytes"], lines[0]["sent_bytes"]) == (5, 6) and lines[0]["status"] == 200
    metrics = one.metrics()
    for line in ['swiftlet_requests_total{api="pass_through",outcome="ok"} 1', 'swiftlet_requests_total{api="pass_through",outcome="client_error"} 1',
                 'swiftlet_pass_through_requests_total{endpoint="/paid",outcome="ok"} 1',
                 'swiftlet_pass_through_requests_total{endpoint="/paid",outcome="server_error"} 1',
                 'swiftlet_pass_through_bytes_total{endpoint="/paid",direction="request"} 6',
                 'swiftlet_pass_through_bytes_total{endpoint="/paid",direction="answer"} 12',
                 'swiftlet_pass_through_cost_usd_total{endpoint="/paid"} 0.002', "swiftlet_requests_in_flight 0"]:
        assert line in metrics, line
    status, body = get(one.admin_port, f"/api/v1/requests/{fields(headers)['x-swiftlet-request-id']}")
    record = json.loads(body)
    assert status == 200 and record["api"] == "pass_through" and record["cost_usd"] == 0.002 and record["sent_bytes"] == 6
    assert record["decision"]["strategy"] == "pass-through" and record["decision"]["candidates"] == [] and len(record["decision"]["attempts"]) == 1
    assert SECRET not in "\n".join(one.lines)


def test_reload_and_drain(gateway, upstream):
    up = upstream(reply_with(body=b"one"))
    one = gateway(settings(up, {"path": "/x"}))
    assert ask(one, "GET", "/x")[0] == 200 and ask(one, "GET", "/y")[0] == 404
    one.write(settings(up, {"path": "/y"}))
    one.signal(signal.SIGHUP)
    wait_until(lambda: ask(one, "GET", "/y")[0] == 200)
    assert ask(one, "GET", "/x")[0] == 404
    one.write(settings(up, {"path": "/y"}, {"path": "/y"}))
    one.signal(signal.SIGHUP)
    wait_until(lambda: any("another endpoint already" in line for line in one.lines))
    assert ask(one, "GET", "/y")[0] == 200


def test_a_stream_ends_before_the_gateway_does(gateway, upstream):
    go = threading.Event()

    def handle(peer, request):
        peer.start_stream()
        peer.piece(b"data: 1\n\n")
        go.wait(20)
        peer.piece(b"data: 2\n\n")
        peer.end_stream()
    one = gateway(settings(upstream(handle), {"path": "/x"}))
    with Wire(one.port) as wire:
        wire.send(f"GET /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
        wire.head()
        assert wire.chunk() == b"data: 1\n\n"
        one.signal(signal.SIGTERM)
        time.sleep(0.3)
        go.set()
        assert wire.chunk() == b"data: 2\n\n" and wire.chunk() == b""
    assert one.wait_exit() == 0


# -- settings


@pytest.mark.parametrize("endpoint, problem", [
    ({"path": "x"}, ".path: `x` is not valid; expected a path"),
    ({"path": "/a/../b"}, ".path: `/a/../b` is not valid"),
    ({"path": "/v1/chat/completions"}, ".path: `/v1/chat/completions` is one of the gateway's own paths"),
    ({"path": "/v1/responses/resp_1"}, "is one of the gateway's own paths"),
    ({"target": "ftp://x"}, ".target: expected an address"),
    ({"target": "https://u:hidden@x/y"}, ".target: expected an address"),
    ({"target": "https://x/y?a=1"}, ".target: expected an address"),
    ({"methods": ["GTE"]}, ".methods[0]: `GTE` is not valid; expected one of GET"),
    ({"headers": {"a b": "1"}}, ".headers.a b: is no header name"),
    ({"headers": {"x": "a\r\nevil: hidden"}}, ".headers.x: the value has characters"),
    ({"headers": {"Host": "x"}}, ".headers.Host: the header `host` is set by the gateway itself"),
    ({"headers": {"X": "1", "x": "2"}}, ".headers.x: the header `x` is written twice"),
    ({"headers": {"x": "Bearer env:NOBODY"}}, ".headers.x: the environment variable NOBODY is not set"),
    ({"timeout": "0s"}, ".timeout: `0s` is not valid"),
    ({"cost_per_request": -1}, ".cost_per_request: `-1` is not valid"),
    ({"forward_header": True}, ".forward_header: unknown setting `forward_header`; did you mean `forward_headers`?"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_problems_are_named(tmp_path, endpoint, problem):
    from support.gateway import swiftlet
    file = tmp_path / "s.yaml"
    file.write_text(json.dumps({"general": {"pass_through_endpoints": [{"path": "/x", "target": "https://x", **endpoint}]}}, indent=1))
    result = swiftlet("check", str(file))
    assert result.returncode == 1 and "general.pass_through_endpoints[0]" in result.stdout and problem in result.stdout, result.stdout
    assert "hidden" not in result.stdout + result.stderr
    line = next(line for line in result.stdout.splitlines() if problem in line)
    assert int(line.split(":")[1]) > 1


def test_secrets_of_headers(gateway, upstream, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    up = upstream(reply_with())
    one = gateway(settings(up, {"path": "/x", "headers": {
        "Authorization": "Bearer env:PASS_SECRET", "x-file": f"file:{tmp_path}/secret", "x-lite": "bearer os.environ/PASS_SECRET",
        "x-plain": "literal-value"}}),
        environment={"PASS_SECRET": SECRET})
    assert ask(one, "GET", "/x")[0] == 200
    headers = up.requests[0].headers
    assert headers["authorization"] == f"Bearer {SECRET}" and headers["x-file"] == SECRET and headers["x-lite"] == f"bearer {SECRET}"
    for path in ("/api/v1/settings", "/api/v1/settings/general", "/config/pass_through_endpoint"):
        status, body = get(one.admin_port, path)
        assert status == 200 and SECRET.encode() not in body and b"literal-value" not in body, body
    assert SECRET not in "\n".join(one.lines)


def admin(one, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", one.admin_port, timeout=20 * PATIENCE)
    connection.request(method, path, body=None if body is None else json.dumps(body))
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read() or b"null")


def test_endpoints_are_made_changed_and_deleted_while_it_runs(gateway, upstream):
    up = upstream(reply_with(body=b"here"))
    target = up.url.removesuffix("/v1")
    one = gateway(settings(up, {"path": "/file", "headers": {"authorization": "in-the-file"}}))
    status, made = admin(one, "POST", "/config/pass_through_endpoint", {
        "id": "made", "path": "/made", "target": f"{target}/t", "headers": {"Authorization": f"Bearer {SECRET}"}, "include_subpath": True})
    assert status == 201 and made["endpoints"][0]["id"] == "made" and SECRET not in json.dumps(made)
    assert ask(one, "GET", "/made/x")[2] == b"here" and up.requests[-1].headers["authorization"] == f"Bearer {SECRET}"
    assert {line["id"] for line in admin(one, "GET", "/config/pass_through_endpoint")[1]["endpoints"]} == {"/file", "made"}
    assert admin(one, "GET", "/config/pass_through_endpoint?endpoint_id=made")[1]["endpoints"][0]["path"] == "/made"
    assert admin(one, "POST", "/config/pass_through_endpoint", {"id": "made", "path": "/more", "target": target})[0] == 409
    status, refused = admin(one, "POST", "/config/pass_through_endpoint", {"path": "/made", "target": target})
    assert status == 422 and "the path of another endpoint already" in json.dumps(refused)
    # What was shown comes back: the secret stays.
    shown = admin(one, "GET", "/config/pass_through_endpoint/made")[1]["endpoints"][0]
    status, changed = admin(one, "PATCH", "/config/pass_through_endpoint/made", {**shown, "path": "/moved"})
    assert status == 200 and changed["endpoints"][0]["path"] == "/moved"
    assert ask(one, "GET", "/made")[0] == 404 and ask(one, "GET", "/moved")[0] == 200
    assert up.requests[-1].headers["authorization"] == f"Bearer {SECRET}"
    assert admin(one, "POST", "/config/pass_through_endpoint/file", {"methods": ["POST"]})[0] == 200
    assert ask(one, "GET", "/file")[0] == 405 and ask(one, "POST", "/file", b"")[0] == 200
    assert up.requests[-1].headers["authorization"] == "in-the-file"
    status, gone = admin(one, "DELETE", "/config/pass_through_endpoint?endpoint_id=made")
    assert status == 200 and gone["endpoints"][0]["id"] == "made" and ask(one, "GET", "/moved")[0] == 404
    assert admin(one, "DELETE", "/config/pass_through_endpoint/%2Ffile")[0] == 200 and ask(one, "POST", "/file", b"")[0] == 404
    assert admin(one, "DELETE", "/config/pass_through_endpoint/nobody")[0] == 404
    assert admin(one, "PUT", "/config/pass_through_endpoint", {})[0] == 405
