"""Requests that two parsers could read differently are refused and the connection closed; nothing of them is forwarded."""

import json

import pytest
from support.gateway import KEY, Gateway, question
from support.raw import Wire, chunked, post
from support.upstream import Upstream

BODY = json.dumps(question()).encode()
START = b"POST /v1/chat/completions HTTP/1.1\r\n"
FIELDS = f"authorization: Bearer {KEY}\r\ncontent-type: application/json\r\n".encode()
HOST = b"host: gateway\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)
CHUNKED = b"transfer-encoding: chunked\r\n"


def request(*fields, start=START, host=HOST, body=BODY):
    return start + host + FIELDS + b"".join(fields) + b"\r\n" + body


REFUSED = {
    "length and chunked": request(LENGTH, CHUNKED, body=chunked(BODY)),
    "chunked and length": request(CHUNKED, LENGTH, body=chunked(BODY)),
    "two lengths": request(LENGTH, b"content-length: 3\r\n"),
    "the same length twice": request(LENGTH, LENGTH),
    "lengths in a list": request(b"content-length: %d, %d\r\n" % (len(BODY), len(BODY))),
    "signed length": request(b"content-length: +%d\r\n" % len(BODY)),
    "negative length": request(b"content-length: -1\r\n"),
    "hexadecimal length": request(b"content-length: 0x10\r\n"),
    "length past 64 bits": request(b"content-length: 18446744073709551617\r\n"),
    "empty length": request(b"content-length: \r\n"),
    "gzip, chunked": request(b"transfer-encoding: gzip, chunked\r\n", body=chunked(BODY)),
    "chunked twice": request(b"transfer-encoding: chunked, chunked\r\n", body=chunked(BODY)),
    "chunked in two lines": request(CHUNKED, CHUNKED, body=chunked(BODY)),
    "identity": request(b"transfer-encoding: identity\r\n"),
    "xchunked": request(b"transfer-encoding: xchunked\r\n", body=chunked(BODY)),
    "chunked with a vertical tab": request(b"transfer-encoding: \x0bchunked\r\n", body=chunked(BODY)),
    "no host": request(LENGTH, host=b""),
    "two hosts": request(LENGTH, HOST),
    "bare line feeds": request(LENGTH).replace(b"\r\n", b"\n"),
    "one bare line feed": START + b"host: gateway\n" + FIELDS + LENGTH + b"\r\n" + BODY,
    "bare carriage return in a value": request(LENGTH, b"x-a: b\rc: d\r\n"),
    "null in a value": request(LENGTH, b"x-a: b\x00c\r\n"),
    "folded line": request(LENGTH, b"x-a: b\r\n  c\r\n"),
    "space before the colon": request(b"content-length : %d\r\n" % len(BODY)),
    "space before the first field": START + b" " + HOST + FIELDS + LENGTH + b"\r\n" + BODY,
    "no colon": request(LENGTH, b"nonsense\r\n"),
    "empty name": request(LENGTH, b": b\r\n"),
    "bracket in a name": request(LENGTH, b"x[a]: b\r\n"),
    "byte over 127 in a name": request(LENGTH, b"x-\xe4: b\r\n"),
    "chunk size no number": request(CHUNKED, body=b"g\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk size empty": request(CHUNKED, body=b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk size signed": request(CHUNKED, body=b"+5\r\nhello\r\n0\r\n\r\n"),
    "chunk size with 0x": request(CHUNKED, body=b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size past 64 bits": request(CHUNKED, body=b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk with a bare line feed": request(CHUNKED, body=b"5\nhello\r\n0\r\n\r\n"),
    "chunk longer than its size": request(CHUNKED, body=b"4\r\nhello\r\n0\r\n\r\n"),
    "chunked in HTTP/1.0": request(CHUNKED, start=START.replace(b"1.1", b"1.0"), body=chunked(BODY)),
    "HTTP/0.9": b"GET /v1/models\r\n\r\n",
    "HTTP/2.0": request(LENGTH, start=START.replace(b"1.1", b"2.0")),
    "HTTP/1.2x": request(LENGTH, start=START.replace(b"1.1", b"1.1x")),
    "lower-case version": request(LENGTH, start=START.replace(b"HTTP", b"http")),
    "two spaces in the first line": request(LENGTH, start=START.replace(b"POST ", b"POST  ")),
    "tab in the first line": request(LENGTH, start=START.replace(b" HTTP", b"\tHTTP")),
    "null in the path": request(LENGTH, start=START.replace(b"chat", b"ch\x00t")),
    "a method of brackets": request(LENGTH, start=START.replace(b"POST", b"P(ST")),
    "a TLS greeting": bytes.fromhex("16030100c0010000bc0303") + bytes(190),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

TOO_LARGE = {
    "one long field": request(LENGTH, b"x-a: " + b"b" * 200_000 + b"\r\n"),
    "many fields": request(LENGTH, *(b"x-%d: b\r\n" % n for n in range(5000))),
    "long path": request(LENGTH, start=b"POST /v1/" + b"a" * 200_000 + b" HTTP/1.1\r\n"),
    "a first line that never ends": b"GET /" + b"a" * 300_000,
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    up = Upstream()
    one = Gateway(tmp_path_factory.mktemp("strict"), {
        "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
    yield one, up
    one.end()
    up.close()


def refused(gateway, up, data, statuses):
    before = len(up.requests)
    with Wire(gateway.port) as wire:
        try:
            wire.send(data)
        except OSError:
            pass  # refused while still being sent
        reply = wire.reply()
        assert reply.status in statuses, reply.body
        assert wire.at_end(), "the connection stays open after a refusal"
        assert wire.buffer == b"", "something came after the refusal"
    assert len(up.requests) == before, "a malformed request was forwarded"


@pytest.mark.parametrize("name", REFUSED)
def test_malformed(strict, name):
    refused(*strict, REFUSED[name], (400, 505) if "HTTP/" in name or "version" in name else (400, 413) if "past 64 bits" in name else (400,))


@pytest.mark.parametrize("name", TOO_LARGE)
def test_oversized_heads(strict, name):
    refused(*strict, TOO_LARGE[name], (431, 414))


def test_nothing_smuggled_behind_a_refusal(strict):
    gateway, up = strict
    refused(gateway, up, REFUSED["length and chunked"] + request(LENGTH), (400,))


@pytest.mark.parametrize("fields", [
    (b"X-MiXeD: \t value \t\r\n",), (b"x-empty:\r\n",), (b"x-obs: \xe4\r\n",), (b"Transfer-Encoding: Chunked\r\n",),
], ids=["white space around a value", "empty value", "a byte over 127 in a value", "Chunked with a capital"])
def test_unusual_but_allowed(strict, fields):
    gateway, _ = strict
    is_chunked = any(b"chunked" in field.lower() for field in fields)
    with Wire(gateway.port) as wire:
        wire.send(request(*fields, *(() if is_chunked else (LENGTH,)), body=chunked(BODY) if is_chunked else BODY))
        assert wire.reply().status == 200


def test_one_byte_at_a_time(strict):
    gateway, _ = strict
    for data in (request(LENGTH), request(CHUNKED, body=chunked(BODY))):
        with Wire(gateway.port) as wire:
            for byte in data:
                wire.send(bytes([byte]))
            assert wire.reply().status == 200


def test_chunk_extensions_and_trailers(strict):
    gateway, up = strict
    body = b"%x;name=value\r\n%s\r\n0\r\nx-trailer: a\r\n\r\n" % (len(BODY), BODY)
    with Wire(gateway.port) as wire:
        wire.send(request(CHUNKED, body=body), request(LENGTH))
        first = wire.reply()
        assert first.status in (200, 400), "either understood or refused"
        if first.status == 200:
            assert wire.reply().status == 200
    assert all("x-trailer" not in one.headers for one in up.requests)


def test_expect_continue(strict):
    gateway, _ = strict
    with Wire(gateway.port) as wire:
        wire.send(request(LENGTH, b"expect: 100-continue\r\n", body=b""))
        assert wire.head()[0].startswith("HTTP/1.1 100")
        wire.send(BODY)
        assert wire.reply().status == 200


def test_expect_continue_is_not_answered_for_what_will_be_refused(gateway, upstream):
    up = upstream()
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
                   "general": {"max_request_size_mb": 1}})
    with Wire(one.port) as wire:
        wire.send(request(b"content-length: 9000000\r\nexpect: 100-continue\r\n", body=b""))
        assert wire.reply().status == 413


def test_pipelined_requests_are_answered_in_order(gateway, upstream):
    def handle(peer, received):
        peer.answer({"echo": received.json["messages"][0]["content"], "choices": []})

    up = upstream(handle)
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
    def asking(text, key=KEY):
        return post("/v1/chat/completions", json.dumps({"model": "chat", "messages": [{"role": "user", "content": text}]}).encode(), key)

    with Wire(one.port) as wire:
        wire.send(asking("one") + asking("two", key="sk-unknown") + asking("three") + b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" + asking("four"))
        replies = [wire.reply() for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 401, 200, 200, 200]
    assert [json.loads(replies[n].body)["echo"] for n in (0, 2, 4)] == ["one", "three", "four"]


def test_a_pipelined_stream_ends_before_the_next_answer(gateway, upstream):
    up = upstream(lambda peer, received: peer.stream(["a", "b"]) if received.json.get("stream") else peer.answer())
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
    with Wire(one.port) as wire:
        wire.send(request(b"content-length: %d\r\n" % len(json.dumps(question(stream=True))), body=json.dumps(question(stream=True)).encode())
                  + request(LENGTH))
        first, second = wire.reply(), wire.reply()
    assert first.body.rstrip().endswith(b"data: [DONE]")
    assert json.loads(second.body)["object"] == "chat.completion"


def test_connection_close_is_honoured(strict):
    gateway, _ = strict
    with Wire(gateway.port) as wire:
        wire.send(request(LENGTH, b"connection: close\r\n"))
        reply = wire.reply()
        assert reply.status == 200
        assert reply.headers.get("connection") == "close"
        assert wire.at_end()


def test_http_1_0_is_answered_and_closed(strict):
    gateway, _ = strict
    with Wire(gateway.port) as wire:
        wire.send(b"GET /healthz HTTP/1.0\r\nhost: a\r\n\r\n")
        assert wire.reply().status == 200
        assert wire.at_end()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_on_both_listeners(strict, path):
    gateway, _ = strict
    for port in (gateway.port, gateway.admin_port):
        with Wire(port) as wire:
            wire.send(f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            assert wire.reply().status == 200
