"""Calls of tools in streams, as the SDK of another dialect puts them together."""

import json

import anthropic
import pytest
from support.dialects import PROVIDERS, sse
from support.gateway import KEY
from support.upstream import chunk, event

TURN = [{"role": "user", "content": "What is the weather, and the time?"}]


def streaming(*pieces):
    def handle(peer, request):
        peer.start_stream()
        for piece in pieces:
            peer.piece(piece)
        peer.end_stream()
    return handle


def calls(*elements, **more):
    """A chunk of calls: index, name or None, piece of its arguments."""
    deltas = [{"index": index, **({"id": f"call_{index}", "type": "function"} if name else {}),
               "function": {**({"name": name} if name else {}), "arguments": arguments}} for index, name, arguments in elements]
    return event({**chunk(""), "choices": [{"index": 0, "delta": {"tool_calls": deltas} if deltas else {}, "finish_reason": None, **more}]})


# Every call twice, its arguments in pieces: one after the other, in turns, and names first.
ORDERS = {
    "in order": [calls((0, "weather", "")), calls((0, None, '{"at":')), calls((0, None, '"Oslo"}')), calls((1, "time", '{"at":')),
                 calls((1, None, "1}"))],
    "in turns": [calls((0, "weather", "")), calls((1, "time", '{"at":')), calls((0, None, '{"at":')), calls((1, None, "1}")),
                 calls((0, None, '"Oslo"}'))],
    "names first": [calls((0, "weather", ""), (1, "time", "")), calls((1, None, '{"at":1}'), (0, None, '{"at":"Oslo"}'))],
}


def one_provider(gateway, upstream, dialect, *pieces):
    provider = dict(PROVIDERS[dialect].settings)
    provider["base_url"] = f"http://127.0.0.1:{upstream(streaming(*pieces)).port}{provider.pop('path')}"
    return gateway({"providers": {"up": {"api_key": "k", **provider}}, "models": {"m": {"deployments": [{"provider": "up", "model": "m"}]}}})


@pytest.mark.parametrize("order", ORDERS)
def test_calls_in_any_order(gateway, upstream, order):
    one = one_provider(gateway, upstream, "chat", *ORDERS[order], calls(finish_reason="tool_calls"), event(b"[DONE]"))
    client = anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0)
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("weather", "time")]
    with client, client.messages.stream(model="m", max_tokens=99, messages=TURN, tools=tools) as stream:
        message = stream.get_final_message()
    assert [(block.name, block.input) for block in message.content] == [("weather", {"at": "Oslo"}), ("time", {"at": 1})]
    assert message.stop_reason == "tool_use"


def blocks(*events):
    """A stream of messages: its blocks' events, as (kind, index, what it says)."""
    def whole(kind, index, said):
        members = {"start": {"content_block": {"type": "tool_use", "id": f"toolu_{index}", "name": said, "input": {}}},
                   "delta": {"delta": {"type": "input_json_delta", "partial_json": said}}, "stop": {}}
        return {"type": f"content_block_{kind}", "index": index, **members[kind]}
    return [sse(one, one["type"]) for one in (
        {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                              "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1}}},
        *(whole(*one) for one in events),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"})]


# The same two calls as blocks: in turns, with both ends at the end, and with the second one's pieces before the first one's.
TURNS = {
    "in turns": [("start", 0, "weather"), ("start", 1, "time"), ("delta", 1, '{"at":'), ("delta", 0, '{"at":'), ("delta", 1, "1}"),
                 ("delta", 0, '"Oslo"}'), ("stop", 0, ""), ("stop", 1, "")],
    "late ends": [("start", 0, "weather"), ("delta", 0, '{"at":'), ("delta", 0, '"Oslo"}'), ("start", 1, "time"), ("delta", 1, '{"at":1}'),
                  ("stop", 0, ""), ("stop", 1, "")],
    "second first": [("start", 0, "weather"), ("start", 1, "time"), ("delta", 1, '{"at":1}'), ("stop", 1, ""), ("delta", 0, '{"at":'),
                     ("delta", 0, '"Oslo"}'), ("stop", 0, "")],
}


@pytest.mark.parametrize("turns", TURNS)
def test_blocks_in_any_order(gateway, upstream, turns):
    one = one_provider(gateway, upstream, "messages", *blocks(*TURNS[turns]))
    tools = [{"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}} for name in ("weather", "time")]
    with one.sdk() as client, client.chat.completions.stream(model="m", messages=TURN, tools=tools) as stream:
        answer = stream.get_final_completion()
    called = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in answer.choices[0].message.tool_calls]
    assert called == [("toolu_0", "weather", {"at": "Oslo"}), ("toolu_1", "time", {"at": 1})]


@pytest.mark.parametrize("dialect, pieces", [
    ("gemini", [sse({"candidates": [{"content": {"role": "model", "parts": [{"functionCall": {"name": "time"}}]}, "finishReason": "STOP"}]})]),
    ("messages", blocks(("start", 0, "time"), ("stop", 0, ""))),
])
def test_a_call_without_arguments_has_an_empty_object(gateway, upstream, dialect, pieces):
    one = one_provider(gateway, upstream, dialect, *pieces)
    tools = [{"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}]
    with one.sdk() as client, client.chat.completions.stream(model="m", messages=TURN, tools=tools) as stream:
        answer = stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "time" and json.loads(call.function.arguments) == {}


@pytest.mark.parametrize("arguments", ["", " \n", "null", "[]", "{}", {}])
@pytest.mark.parametrize("dialect, inputs", [
    ("messages", lambda body: [part["input"] for turn in body["messages"] for part in turn["content"] if "input" in part]),
    ("gemini", lambda body: [part["functionCall"].get("args", {}) for turn in body["contents"] for part in turn["parts"] if "functionCall" in part]),
    ("converse", lambda body: [part["toolUse"]["input"] for turn in body["messages"] for part in turn["content"] if "toolUse" in part]),
    ("responses", lambda body: [json.loads(item["arguments"]) for item in body["input"] if item.get("type") == "function_call"]),
], ids=["messages", "gemini", "converse", "responses"])
def test_a_history_with_a_call_without_arguments(gateway, upstream, dialect, inputs, arguments):
    """Clients say so in many ways; a provider that wants an object gets one."""
    settings = {"api_key": "k", **PROVIDERS[dialect].settings}
    if dialect == "converse":
        settings.pop("api_key")
    up = upstream(lambda peer, request: peer.answer(PROVIDERS[dialect].whole))
    settings["base_url"] = f"http://127.0.0.1:{up.port}{settings.pop('path')}"
    one = gateway({"providers": {"up": settings}, "models": {"m": {"deployments": [{"provider": "up", "model": "m"}]}}})
    history = [{"role": "user", "content": "What time is it?"},
               {"role": "assistant", "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "time", "arguments": arguments}}]},
               {"role": "tool", "tool_call_id": "call_1", "content": "noon"}]
    tools = [{"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}]
    status, _, reply = one.post("/v1/chat/completions", {"model": "m", "messages": history, "tools": tools})
    assert status == 200, reply
    assert inputs(up.requests[0].json) == [{}]
