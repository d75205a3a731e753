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


@pytest.mark.parametrize("dialect, pieces", [
    ("gemini", [sse({"candidates": [{"content": {"role": "model", "parts": [{"functionCall": {"name": "time"}}]}, "finishReason": "STOP"}]})]),
    ("messages", [sse(one, one["type"]) for one in (
        {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                              "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "toolu_1", "name": "time", "input": {}}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"})]),
])
def test_a_call_without_arguments_has_an_empty_object(gateway, upstream, dialect, pieces):
    one = one_provider(gateway, upstream, dialect, *pieces)
    tools = [{"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}]
    with one.sdk() as client, client.chat.completions.stream(model="m", messages=TURN, tools=tools) as stream:
        answer = stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "time" and json.loads(call.function.arguments) == {}
