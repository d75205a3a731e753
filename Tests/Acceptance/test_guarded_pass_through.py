"""Guardrails on what comes back through pass-through endpoints, whose dialect is nobody's: whole, as streams of every kind, and not at all."""

import gzip
import http.client
import json
import threading

import openai
import pytest
from support.dialects import PROVIDERS, frame, sse
from support.gateway import KEY
from support.scripts import STREAMS, answering, frames
from support.websocket import TEXT, Client, echo, serve_upgrade
from test_admin import Admin
from test_breaches import breaches
from test_guarded_replies import MASKED, MASKING, PIECES, scanned
from test_pass_through import ask, fields, settings

MAIL = "canary.bird@example.com"
DIALECTS = [name for name in PROVIDERS if name in STREAMS]
BLOCKING = {"keywords": {"action": "block", "words": ["blue heron"], "scope": "reply"}}


def start(gateway, upstream, handle, guardrails, **more):
    up = upstream(handle)
    return gateway(settings(up, {"path": "/up", "include_subpath": True}, guardrails=guardrails, **more)), up


def fetch(one, path="/up/x", body=None, **headers):
    """Status, header fields in lower case and body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"authorization": f"Bearer {KEY}", "content-type": "application/json", **named}
    status, got, answer = ask(one, "POST", path, json.dumps(body or {}).encode(), sent)
    return status, fields(got), answer


def replying(body, content_type="application/json", status=200, **more):
    def handle(peer, request):
        peer.head(status, content_type=content_type, content_length=len(body), **more)
        peer.send(body)
    return handle


def streaming(pieces, content_type="text/event-stream"):
    def handle(peer, request):
        peer.start_stream() if content_type == "text/event-stream" else peer.head(content_type=content_type, transfer_encoding="chunked")
        for piece in pieces:
            peer.piece(piece)
        peer.end_stream()
    return handle


def said(dialect, answer):
    """What the events of a stream say."""
    if dialect == "converse":
        return "".join(payload["delta"]["text"] for payload in frames(answer) if "text" in payload.get("delta", {}))
    events = [json.loads(line[6:]) for line in answer.decode().splitlines() if line.startswith("data: {")]
    reads = {
        "chat": lambda e: "".join(c["delta"].get("content") or "" for c in e["choices"]),
        "responses": lambda e: e["delta"] if e["type"] == "response.output_text.delta" else "",
        "messages": lambda e: e["delta"].get("text", "") if e["type"] == "content_block_delta" else "",
        "gemini": lambda e: "".join(part["text"] for part in e["candidates"][0]["content"]["parts"])}
    return "".join(reads[dialect](event) for event in events)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_streams_of_every_dialect_are_masked(gateway, upstream, dialect):
    events = b"".join(STREAMS[dialect](PIECES))
    kind = PROVIDERS[dialect].type
    cuts = {"as they come": list(STREAMS[dialect](PIECES)), "in bits": [events[at:at + 7] for at in range(0, len(events), 7)]}
    for name, pieces in cuts.items():
        one, _ = start(gateway, upstream, streaming(pieces, kind), MASKING)
        before = scanned(one)["pass_through", "reply"]
        status, _, answer = fetch(one, body={"stream": True})
        assert status == 200 and said(dialect, answer) == MASKED, name
        assert b"canary" not in answer and b"bird@exam" not in answer
        assert scanned(one)["pass_through", "reply"] >= before + len("".join(PIECES))
        assert 'swiftlet_pass_through_scanned_bytes_total{endpoint="/up",direction="reply"} 0\n' not in one.metrics()
        one.stop()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_replies_of_every_dialect_are_masked(gateway, upstream, dialect):
    one, _ = start(gateway, upstream, answering(dialect, PIECES), MASKING)
    status, got, answer = fetch(one)
    assert status == 200 and int(got["content-length"]) == len(answer) and got["x-swiftlet-guardrails"] == "pii=mask, keywords=mask"
    assert json.dumps(MASKED)[1:-1] in json.dumps(json.loads(answer))


def test_every_string_of_json_is_a_text(gateway, upstream):
    value = {"id": "x-1", "a": [MAIL, {"deep": {"name": MAIL, "n": 1.50, "list": [[MAIL]]}}], MAIL.upper(): None, "note": f"Mail {MAIL}\n\"now\""}
    raw = json.dumps(value, indent=3).encode()
    one, _ = start(gateway, upstream, replying(raw), {"pii": {"action": "mask", "scope": "reply"}})
    status, _, answer = fetch(one)
    assert status == 200 and MAIL not in answer.decode()
    assert answer == raw.replace(MAIL.encode(), b"[EMAIL_1]"), "nothing but the texts changes"


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", "application/xml", "application/problem+json"])
def test_text_is_text(gateway, upstream, content_type):
    one, _ = start(gateway, upstream, replying(f"Mail {MAIL} today".encode(), content_type, 404), {"pii": "mask"})
    status, got, answer = fetch(one)
    assert (status, answer) == (404, b"Mail [EMAIL_1] today") and got["content-type"] == content_type


def test_what_nothing_is_found_in_is_as_it_came(gateway, upstream):
    raw = b'{ "b": [1.50, "q\\u00e4", ""],\n "a": null}'
    events = b': hello\nevent: odd\nid: 7\ndata: { "x" : "quiet" }\n\ndata: [DONE]\n\ndata: tail'
    one, _ = start(gateway, upstream, replying(raw, etag='"1"'), MASKING)
    status, got, answer = fetch(one)
    assert (status, answer, got["etag"]) == (200, raw, '"1"') and "x-swiftlet-guardrails" not in got
    two, _ = start(gateway, upstream, streaming([events[:5], events[5:]]), MASKING)
    assert fetch(two)[2] == events


def test_events_of_nobodys_dialect_do_not_wait_for_one_another(gateway, upstream):
    """A protocol of requests and answers over a stream stands still until its client has heard."""
    heard = threading.Event()

    def handle(peer, request):
        peer.start_stream()
        peer.piece(sse({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": f"Ask {MAIL}"}]}}))
        assert heard.wait(20)
        peer.piece(sse({"jsonrpc": "2.0", "method": "done"}))
        peer.end_stream()

    one, _ = start(gateway, upstream, handle, MASKING)
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=20)
    connection.request("POST", "/up/mcp", b"{}", {"authorization": f"Bearer {KEY}"})
    reply = connection.getresponse()
    assert json.loads(reply.readline()[6:])["result"]["content"][0]["text"] == "Ask [EMAIL_1]"
    heard.set()
    assert b'"done"' in reply.read()
    connection.close()


def test_lines_of_json(gateway, upstream):
    lines = [json.dumps({"message": {"role": "assistant", "content": piece}, "done": False}).encode() + b"\n" for piece in PIECES]
    lines.append(b'{"message":{"role":"assistant","content":""},"done":true}')
    one, _ = start(gateway, upstream, streaming(lines, "application/x-ndjson"), MASKING)
    answer = fetch(one)[2].decode().splitlines()
    assert len(answer) == len(lines)
    assert "".join(json.loads(line)["message"]["content"] for line in answer) == MASKED


# -- blocks


@pytest.mark.parametrize("guard", ["keywords", "firewall"])
def test_a_whole_reply_is_blocked(gateway, upstream, guard):
    rule = [{"name": "birds", "pattern": "blue heron", "scope": "response", "action": "block"}]
    rules = {"firewall": rule, "guardrails": {"firewall_status": 451}}
    more, status, code = ({}, 403, "guardrail_blocked") if guard == "keywords" else (rules, 451, "firewall_blocked")
    guardrails = more.pop("guardrails", BLOCKING)
    one, _ = start(gateway, upstream, answering("chat", PIECES), guardrails, **more)
    with openai.OpenAI(base_url=f"{one.url}/up", api_key=KEY, max_retries=0) as sdk, pytest.raises(openai.APIStatusError) as refusal:
        sdk.chat.completions.create(model="m", messages=[])
    assert (refusal.value.status_code, refusal.value.code) == (status, code)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_is_blocked_under_way(gateway, upstream, dialect):
    pieces = ["Quiet words, ", "and more of them. ", "The blue", " heron", " flies on"]
    events = list(STREAMS[dialect](pieces))
    one, _ = start(gateway, upstream, streaming(events, PROVIDERS[dialect].type), BLOCKING)
    status, _, answer = fetch(one)
    assert status == 200 and b"Quiet words" in answer and b"flies" not in answer and b" heron" not in answer
    if dialect == "converse":
        assert b"validationException" in answer and list(frames(answer))[-1]["message"].startswith("the guardrail `keywords`")
    else:
        last = answer.decode().strip().splitlines()[-2:]
        assert last[0] == "event: error" and json.loads(last[1][6:])["error"]["code"] == "guardrail_blocked"
    assert b"[DONE]" not in answer and b"message_stop" not in answer and b"response.completed" not in answer


def test_a_stream_that_begins_badly_is_an_error(gateway, upstream):
    events = [sse({"choices": [{"index": 0, "delta": {"content": "blue heron."}}]})]
    one, _ = start(gateway, upstream, streaming(events), BLOCKING)
    status, got, answer = fetch(one)
    assert status == 403 and got["content-type"] == "application/json" and json.loads(answer)["error"]["param"] == "keywords"


@pytest.mark.parametrize("rail", [{"action": "warn"}, {"action": "block", "shadow": True}, {"action": "route", "route": "chat"}])
def test_warnings_and_shadows_change_nothing(gateway, upstream, rail):
    one, _ = start(gateway, upstream, answering("chat", PIECES), {"pii": {**rail, "scope": "reply"}})
    status, got, answer = fetch(one)
    assert status == 200 and "canary.bird@example.com" in answer.decode()
    assert got.get("x-swiftlet-guardrails") == (None if "shadow" in rail else "pii=warn")
    action = "warn" if rail["action"] == "route" else rail["action"]
    shadow = str("shadow" in rail).lower()
    assert f'swiftlet_guardrail_findings_total{{guardrail="pii",action="{action}",shadow="{shadow}"}} 2' in one.metrics()


@pytest.mark.parametrize("stream", [False, True])
def test_the_client_gets_its_own_values_back(gateway, upstream, stream):
    def handle(peer, request):
        text = request.json["q"]
        assert text == "Write to [EMAIL_1]"
        if not stream:
            return peer.answer({"answer": f"{text}, done"})
        streaming([sse({"choices": [{"index": 0, "delta": {"content": part}}]}) for part in ("Write to [EM", "AIL_1]", " and mail@elsewhere.org.")])(
            peer, request)

    one, up = start(gateway, upstream, handle, {"pii": {"action": "mask", "restore": True}})
    answer = fetch(one, body={"q": f"Write to {MAIL}"})[2]
    assert len(up.requests) == 1
    if stream:
        assert said("chat", answer) == f"Write to {MAIL} and [EMAIL_2]."
    else:
        assert json.loads(answer) == {"answer": f"Write to {MAIL}, done"}


# -- what cannot be read


def test_replies_are_asked_for_as_they_can_be_read(gateway, upstream):
    one, up = start(gateway, upstream, answering("chat", ["Hello."]), MASKING)
    fetch(one, accept_encoding="gzip", range="bytes=0-5", accept="application/json")
    assert not {"accept-encoding", "range"} & set(up.requests[0].headers) and up.requests[0].headers["accept"] == "application/json"


@pytest.mark.parametrize("settled", ["pass", "block"])
def test_what_nobody_can_read(gateway, upstream, settled):
    packed = gzip.compress(json.dumps({"text": MAIL}).encode())
    one, up = start(gateway, upstream, replying(packed, content_encoding="gzip"), {**MASKING, "unread_bodies": settled})
    status, _, answer = fetch(one)
    assert (status, answer == packed) == ((200, True) if settled == "pass" else (403, False))
    assert "swiftlet_guardrail_unread_bodies_total 1" in one.metrics()
    if settled == "block":
        assert json.loads(answer)["error"]["param"] == "unread_bodies"
    # Nor what a client sends.
    two, up = start(gateway, upstream, answering("chat", ["Hello."]), {"pii": "mask", "unread_bodies": settled})
    status, _, answer = fetch(two, content_type="application/octet-stream", content_encoding="gzip")
    assert status == (200 if settled == "pass" else 403) and len(up.requests) == (settled == "pass")


@pytest.mark.parametrize("guardrails", [{"pii": "mask"}, {"pii": "mask", "websockets": "pass"}, {}])
def test_websockets(gateway, upstream, guardrails):
    def handle(peer, request):
        serve_upgrade(peer, request)
        return echo(peer)

    one, up = start(gateway, upstream, handle, guardrails)
    with Client(one.port, "/up/live", {"authorization": f"Bearer {KEY}"}) as client:
        if guardrails == {"pii": "mask"}:
            assert client.status == 403 and not up.requests
            return
        assert client.status == 101
        client.send(MAIL.encode(), TEXT)
        assert client.receive() == (TEXT, MAIL.encode())
    if guardrails:
        assert "swiftlet_guardrail_unread_bodies_total 1" in one.metrics()


def test_what_is_no_stream_ends(gateway, upstream):
    broken = bytearray(b"".join(STREAMS["converse"](["Quiet words, ", "and more. "])))
    broken[40] ^= 1
    one, _ = start(gateway, upstream, streaming([bytes(broken)], PROVIDERS["converse"].type), MASKING)
    assert fetch(one)[0] == 502
    two, _ = start(gateway, upstream, streaming([frame("contentBlockDelta", {"delta": {"text": "quiet"}})[:-3]], PROVIDERS["converse"].type), MASKING)
    assert fetch(two)[2] == b"", "half a message goes nowhere"


def test_a_reply_that_is_too_large_goes_nowhere(gateway, upstream):
    one, _ = start(gateway, upstream, replying(json.dumps({"a": "x " * 40_000}).encode()), MASKING, server={"max_response": "64 KiB"})
    assert fetch(one)[0] == 502


@pytest.mark.parametrize("way", ["pass", "chat", "blocked"])
def test_breaches_say_where(gateway, upstream, way):
    rail = {"pii": {"action": "block" if way == "blocked" else "mask", "scope": "both"}}
    one, up = start(gateway, upstream, answering("chat", PIECES), rail, keys={"acceptance": {"key": KEY, "owner": "ann"}})
    if way == "pass":
        fetch(one)
        expected = ("/up", "pass_through", f"127.0.0.1:{up.port}")
    else:
        expected = ("chat", "chat_completions", None if way == "blocked" else "mock", 403 if way == "blocked" else 200)
        assert one.chat(messages=[{"role": "user", "content": MAIL}])[0] == expected[3]
    row = breaches(Admin(one), 1)[0]
    assert (row["owner"], row["model"], row["endpoint"], row["provider"]) == ("ann", *expected[:3])
