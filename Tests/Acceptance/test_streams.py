"""Streams: at once, whole, and never ended as if they were complete when they are not."""

import json
import threading
import time

import openai
import pytest
from support.dialects import PROVIDERS, SURFACES, sse
from support.gateway import KEY, question, wait_until
from support.raw import Wire, post
from support.upstream import USAGE_CHUNK, chunk, event

STREAM = json.dumps(question(stream=True)).encode()


def events(body):
    """The data of each event of a stream."""
    return [block.removeprefix(b"data: ") for block in body.replace(b"\r\n", b"\n").split(b"\n\n") if block.strip()]


def texts(chunks):
    return "".join(choice.delta.content or "" for one in chunks for choice in one.choices)


def sdk_stream(gateway, **more):
    return gateway.sdk().chat.completions.create(**question(stream=True, **more))


def test_each_chunk_leaves_at_once(behind):
    go_on = threading.Event()

    def handle(peer, request):
        peer.start_stream()
        for text in ("one", "two", "three"):
            peer.piece(event(chunk(text)))
            assert go_on.wait(30), "the chunk before was held back"
            go_on.clear()
        peer.piece(event(b"[DONE]"))
        peer.end_stream()

    gateway, up = behind(handle)
    seen = []
    for one in sdk_stream(gateway):
        seen.append(one.choices[0].delta.content)
        go_on.set()
    assert seen == ["one", "two", "three"]
    assert up.failures == []


def test_events_pass_unchanged(behind):
    parts = [event(chunk("a", system_fingerprint="x\u00e9\\n")), b": a comment\n\n", event(chunk("b")),
             b'data: {"id":"chatcmpl-1", "choices": [ {"index":0,"delta":{},"finish_reason":"stop"} ] }\n\n']

    def handle(peer, request):
        peer.start_stream()
        for part in parts:
            peer.piece(part)
        peer.piece(event(USAGE_CHUNK) + event(b"[DONE]"))
        peer.end_stream()

    gateway, _ = behind(handle)
    status, headers, body = gateway.chat(stream=True)
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["x-swiftlet-provider"] == "up"
    assert body == b"".join(parts) + event(b"[DONE]")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 17, 100])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_however_the_provider_cuts_it(behind, size, ending):
    whole = b"".join(event(chunk(text)) for text in ("häl", "lö", " \U0001f426")) + event(USAGE_CHUNK) + event(b"[DONE]")
    whole = whole.replace(b"\n", ending)

    def handle(peer, request):
        peer.start_stream()
        for at in range(0, len(whole), size):
            peer.piece(whole[at:at + size])
        peer.end_stream()

    gateway, _ = behind(handle)
    chunks = list(sdk_stream(gateway))
    assert texts(chunks) == "hällö \U0001f426"
    assert all(one.choices for one in chunks), "usage was not asked for"


def test_usage_is_asked_for_upstream_and_hidden_downstream(behind):
    gateway, up = behind(lambda peer, request: peer.stream(["a", "b"]))
    _, _, body = gateway.chat(stream=True)
    assert up.requests[0].json["stream_options"] == {"include_usage": True}
    assert b"prompt_tokens" not in body
    assert events(body)[-1] == b"[DONE]"


@pytest.mark.parametrize("options, hidden", [
    ({"include_usage": True}, False), ({"include_usage": False}, True), ({}, True), ({"include_obfuscation": False}, True), (None, True),
])
def test_stream_options_of_the_client(behind, options, hidden):
    gateway, up = behind(lambda peer, request: peer.stream(["a"]))
    _, _, body = gateway.chat(stream=True, stream_options=options)
    sent = up.requests[0].json["stream_options"]
    assert sent["include_usage"] is True
    assert {name: value for name, value in sent.items() if name != "include_usage"} == {
        name: value for name, value in (options or {}).items() if name != "include_usage"}
    assert (b"prompt_tokens" not in body) == hidden


def test_usage_inside_the_last_chunk_is_left_there(behind):
    """Some providers put usage into a chunk that has choices as well; that chunk must not be swallowed."""
    last = chunk("end", usage=USAGE_CHUNK["usage"])

    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("the ")) + event(last) + event(b"[DONE]"))
        peer.end_stream()

    gateway, _ = behind(handle)
    assert texts(sdk_stream(gateway)) == "the end"


def breaking(how):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("half an ")))
        peer.piece(event(chunk("answer")))
        time.sleep(0.1)
        if how == "reset":
            peer.reset()
        elif how == "close":
            peer.close()
        elif how == "end without [DONE]":
            peer.end_stream()
        elif how == "inside an event":
            peer.piece(b'data: {"id": "chatcm')
            peer.end_stream()
        elif how == "bad chunk size":
            peer.send(b"zz\r\nx")
        return "end"
    return handle


@pytest.mark.parametrize("how", ["reset", "close", "end without [DONE]", "inside an event", "bad chunk size"])
def test_a_stream_that_breaks_is_never_ended_as_complete(behind, how):
    gateway, up = behind(breaking(how))
    seen = []
    with pytest.raises(openai.APIError) as caught:
        for one in sdk_stream(gateway):
            seen.append(one)
    assert texts(seen) == "half an answer", "what came before the break is delivered"
    assert caught.value.message
    assert len(up.requests) == 1, "no second answer after the first has begun"
    _, _, body = gateway.chat(stream=True)
    last = json.loads(events(body)[-1])
    assert last["error"]["message"] and last["error"]["type"], last
    assert b"[DONE]" not in body


def test_a_broken_stream_without_usage_is_marked_estimated(behind):
    """Seen through the metrics only that it failed; the row itself is looked at in test_ledger."""
    gateway, _ = behind(breaking("reset"))
    with pytest.raises(openai.APIError):
        list(sdk_stream(gateway))
    wait_until(lambda: any('stream' in line or 'fault' in line for line in gateway.lines), what="a log line about it")


def test_an_error_event_of_the_provider_reaches_the_client(behind):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("some")))
        time.sleep(0.1)
        peer.piece(event({"error": {"message": "the provider ran out of birds", "type": "server_error", "code": None, "param": None}}))
        peer.end_stream()

    gateway, _ = behind(handle)
    with pytest.raises(openai.APIError):
        list(sdk_stream(gateway))


def test_a_silent_provider_meets_the_idle_deadline(behind):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("then nothing")))
        peer.wait_for_end(60)
        return "end"

    gateway, _ = behind(handle, provider={"timeout": "1s"})
    with pytest.raises(openai.APIError):
        list(sdk_stream(gateway))


def test_a_slow_reader_slows_the_provider_and_not_our_memory(behind):
    sent = []
    block = event(chunk("x" * 16_000))

    def handle(peer, request):
        peer.start_stream()
        for _ in range(8000):  # 128 MB, if nobody stopped it
            peer.piece(block)
            sent.append(len(block))
        peer.end_stream()

    gateway, up = behind(handle)
    before = gateway.resident_kib()
    with Wire(gateway.port, receive_buffer=4096) as wire:
        wire.send(post("/v1/chat/completions", STREAM, KEY))
        wait_until(lambda: sent, what="the stream's beginning")
        counts = [0]

        def stalled():
            counts.append(len(sent))
            return counts[-1] == counts[-2] and counts[-1] > 0
        wait_until(stalled, 60, every=0.5, what="the provider being held back")
        assert sum(sent) < 40 << 20, "the gateway swallowed the whole stream"
        assert gateway.resident_kib() - before < 24 << 10
        # Read on: it flows again.
        count = len(sent)
        wait_until(lambda: wire.exactly(1 << 18) and len(sent) > count, 30, what="the stream going on")
    wait_until(lambda: up.failures, what="the provider's connection being closed after the client left")


PICTURE = "iVBORw0KGgo" * 500_000
DRAWN = {
    "chat": event({**chunk(""), "choices": [{"index": 0, "delta": {"images": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PICTURE}}]}, "finish_reason": "stop"}]}) + event(b"[DONE]"),
    "gemini": sse({"candidates": [{"content": {"role": "model", "parts": [{"inlineData": {"mimeType": "image/png", "data": PICTURE}}]},
                                   "index": 0, "finishReason": "STOP"}]}),
    "responses": sse({"type": "response.completed", "sequence_number": 9, "response": {**PROVIDERS["responses"].whole, "output": [
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PICTURE}]}}, "response.completed"),
}


@pytest.mark.parametrize("client, dialect", [("chat", "chat"), ("gemini", "gemini"), ("responses", "responses"), ("chat", "gemini")])
def test_a_picture_in_one_event(gateway, upstream, client, dialect):
    """Models that draw send each picture in one event of megabytes."""
    def draw(peer, request):
        whole = PROVIDERS[dialect].begun + DRAWN[dialect]
        peer.start_stream()
        for at in range(0, len(whole), 50_000):
            peer.piece(whole[at:at + 50_000])
        peer.end_stream()

    provider = dict(PROVIDERS[dialect].settings)
    provider["base_url"] = f"http://127.0.0.1:{upstream(draw).port}{provider.pop('path')}"
    one = gateway({"providers": {"up": {"api_key": "k", **provider}}, "models": {"m": {"deployments": [{"provider": "up", "model": "m"}]}}})
    path, body = SURFACES[client].request("m", stream=True)
    status, _, reply = one.post(path, body)
    assert status == 200 and SURFACES[client].stream_error not in reply
    assert reply.count(PICTURE.encode()) == 1


@pytest.mark.parametrize("client", ["chat", "gemini"])
def test_a_mark_of_another_dialect_behind_the_end(gateway, upstream, client):
    """Proxies end streams of any dialect as OpenAI does: no SDK of Google's reads that, and it is no fault either."""
    last = sse({"candidates": [{"content": {"role": "model", "parts": [{"text": "."}]}, "index": 0, "finishReason": "STOP"}]})

    def handle(peer, request):
        peer.start_stream()
        peer.piece(PROVIDERS["gemini"].begun + last)
        peer.piece(event(b"[DONE]"))
        peer.end_stream()

    one = gateway({"providers": {"up": {"type": "gemini", "base_url": f"http://127.0.0.1:{upstream(handle).port}", "api_key": "k"}},
                   "models": {"m": {"deployments": [{"provider": "up", "model": "m"}]}}})
    path, body = SURFACES[client].request("m", stream=True)
    status, _, reply = one.post(path, body)
    assert status == 200 and SURFACES[client].stream_error not in reply
    assert reply.count(b"[DONE]") == (1 if client == "chat" else 0)
