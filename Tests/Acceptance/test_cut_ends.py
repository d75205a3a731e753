"""Streams whose connection breaks behind the last word of the answer: nothing is missing, so it is an answer, and it ends as one."""

import json

import anthropic
import openai
import pytest
from support import ledger
from support.dialects import PROVIDERS, SURFACES, TEXT, frame, sse
from support.gateway import KEY, question
from support.upstream import chunk, event

# What each dialect says behind the text and before the mark of the end: why the answer ends.
REASONS = {
    "chat": event({**chunk(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    "messages": sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
    + sse({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 2}}, "message_delta"),
    "gemini": sse({"candidates": [{"content": {"role": "model", "parts": []}, "finishReason": "STOP", "index": 0}]}),
    "converse": frame("contentBlockStop", {"contentBlockIndex": 0}) + frame("messageStop", {"stopReason": "end_turn"}),
    "cohere": sse({"type": "content-end", "index": 0}) + sse({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}),
}
ESTIMATED = 2  # of a row's flags
ENDS = {"chat": b"data: [DONE]\n\n", "responses": b"response.completed", "messages": b"event: message_stop\n", "gemini": b'"finishReason":"STOP"',
        "converse": b"messageStop"}


def cut(how, *pieces):
    """A stream of these pieces, of whose body the end does not come."""
    def handle(peer, request):
        peer.head(content_type=pieces[0], transfer_encoding="chunked")
        for piece in pieces[1:]:
            peer.piece(piece)
        if how == "a part of an event":
            peer.piece(pieces[-1][:9])
        if how == "silence":
            peer.wait_for_end(60)
        elif how == "reset":
            peer.reset()
        elif how != "orderly":
            peer.close()
        else:
            peer.end_stream()
        return "end"
    return handle


def one_provider(gateway, upstream, dialect, handle, **more):
    provider = {"api_key": "k", **PROVIDERS[dialect].settings, **more}
    if provider["type"] == "bedrock":
        provider.pop("api_key")
    provider["base_url"] = f"http://127.0.0.1:{upstream(handle).port}{provider.pop('path')}"
    return gateway({"providers": {"up": provider}, "models": {"m": {"deployments": [{"provider": "up", "model": "m"}]}}})


@pytest.mark.parametrize("how", ["close", "a part of an event"])
@pytest.mark.parametrize("dialect", REASONS)
def test_what_is_whole_ends_as_an_answer(gateway, upstream, dialect, how):
    one = one_provider(gateway, upstream, dialect, cut(how, PROVIDERS[dialect].type, PROVIDERS[dialect].begun, REASONS[dialect]))
    wrong = []
    for name, surface in SURFACES.items():
        path, body = surface.request("m", stream=True)
        status, headers, reply = one.post(path, body)
        good = status == 200 and TEXT.encode() in reply and surface.stream_error not in reply and headers["x-swiftlet-attempts"] == "1"
        if not good or reply.replace(b'": "', b'":"').count(ENDS[name]) != (2 if name == "responses" else 1):
            wrong.append(f"{name}: {status} {reply[-400:]}")
    assert not wrong, "\n".join(wrong)
    rows = ledger.read(one.folder)
    assert [(row["state"], row["fault"], row["attempts"]) for row in rows] == [("done", None, 1)] * len(SURFACES)
    # Messages say their counts with the reason; of the others they had not come.
    assert all(row["output"] > 0 and bool(row["flags"] & ESTIMATED) == (dialect != "messages") for row in rows), rows


@pytest.mark.parametrize("dialect", REASONS)
def test_what_is_not_whole_never_does(gateway, upstream, dialect):
    """The reason itself is cut in the middle."""
    reason = REASONS[dialect].rstrip(b"\n")[:-8]
    one = one_provider(gateway, upstream, dialect, cut("close", PROVIDERS[dialect].type, PROVIDERS[dialect].begun, reason))
    for name, surface in SURFACES.items():
        path, body = surface.request("m", stream=True)
        status, _, reply = one.post(path, body)
        assert status == 200 and surface.stream_error in reply and ENDS[name] not in reply.replace(b'": "', b'":"'), reply
    assert {row["state"] for row in ledger.read(one.folder)} == {"failed"}


@pytest.mark.parametrize("how", ["reset", "silence", "orderly"])
def test_the_sdk_of_a_message_reads_its_end(gateway, upstream, how):
    """In its own dialect the stream goes on as it came, but for the event that did not come."""
    handle = cut(how, "text/event-stream", PROVIDERS["messages"].begun, REASONS["messages"])
    one = one_provider(gateway, upstream, "messages", handle, timeout="1s")
    client = anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0)
    with client, client.messages.stream(model="m", max_tokens=99, messages=[{"role": "user", "content": "Hi."}]) as stream:
        kinds = [seen.type for seen in stream]
        message = stream.get_final_message()
    assert kinds[-1] == "message_stop" and kinds.count("message_stop") == 1
    assert message.content[0].text == TEXT and message.stop_reason == "end_turn"
    (row,) = ledger.read(one.folder)
    assert (row["state"], row["input"], row["output"]) == ("done", 3, 2), "its counts had come"


def test_a_part_of_an_event_does_not_spoil_the_error(gateway, upstream):
    """In its own dialect a message breaks off within an event, and the body ends in order."""
    handle = cut("orderly", "text/event-stream", PROVIDERS["messages"].begun, b'event: content_block_delta\ndata: {"type":"content_bl')
    one = one_provider(gateway, upstream, "messages", handle)
    client = anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0)
    with client, pytest.raises(anthropic.APIStatusError) as caught:
        with client.messages.stream(model="m", max_tokens=99, messages=[{"role": "user", "content": "Hi."}]) as stream:
            stream.get_final_message()
    assert "broke off" in caught.value.message


def choice(index, text, reason=None):
    return event({**chunk(""), "choices": [{"index": index, "delta": {"content": text} if text else {}, "finish_reason": reason}]})


@pytest.mark.parametrize("kind", ["openai_compatible", "mistral"])
def test_two_ends_of_one_choice_are_not_the_end_of_two(gateway, upstream, kind):
    handle = cut("orderly", "text/event-stream", choice(0, "one"), choice(1, "tw"), choice(0, "", "stop"), choice(0, "", "stop"))
    one = one_provider(gateway, upstream, "chat", handle, type=kind)
    with one.sdk() as client, pytest.raises(openai.APIError):
        list(client.chat.completions.create(**question(model="m", stream=True, n=2)))
    (row,) = ledger.read(one.folder)
    assert row["state"] == "failed"


def test_all_ends_of_all_choices_are_the_end(gateway, upstream):
    handle = cut("close", "text/event-stream", choice(0, "one"), choice(1, "two"), choice(1, "", "stop"), choice(0, "", "stop"))
    one = one_provider(gateway, upstream, "chat", handle)
    with one.sdk() as client:
        seen = list(client.chat.completions.create(**question(model="m", stream=True, n=2)))
    assert sum(bool(one.finish_reason) for each in seen for one in each.choices) == 2
    (row,) = ledger.read(one.folder)
    assert row["state"] == "done" and row["flags"] & ESTIMATED


def test_a_provider_that_cuts_so_is_not_avoided(gateway, upstream):
    """Breakers count what failed: an answer is none of that."""
    bad = upstream(cut("close", "text/event-stream", PROVIDERS["chat"].begun, REASONS["chat"]))
    one = gateway({"providers": {"up": bad.provider()}, "models": {"m": {"deployments": [{"provider": "up", "model": "m"}]}}})
    for _ in range(12):
        status, headers, reply = one.post("/v1/chat/completions", {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi."}]})
        assert (status, headers["x-swiftlet-attempts"]) == (200, "1") and reply.endswith(b"data: [DONE]\n\n")
    assert len(bad.requests) == 12
    assert json.loads(reply.split(b"\n\n")[0].removeprefix(b"data: "))["choices"][0]["delta"]["content"] == TEXT
