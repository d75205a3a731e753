"""What a dialect forbids is refused before a provider is asked: 400, in that dialect, and the message names the JSON path."""

import copy
import json

import pytest
from support.dialects import PROVIDERS, SURFACES
from support.gateway import Gateway
from support.upstream import Upstream
from test_bad_input import error_shape

SHAPES = {"chat": "openai-chat", "responses": "openai-responses", "messages": "anthropic-messages", "gemini": "gemini-content",
          "converse": "bedrock-converse"}
DEEP = json.loads("[" * 300 + "]" * 300)


def call(id="call_1"):
    return {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


FORBIDDEN = {
    "chat": [
        ({"messages": None}, "messages"), ({"messages": {}}, "messages"), ({"messages": "Hi."}, "messages"), ({"messages": [3]}, "messages[0]"),
        ({"messages": [{"content": "Hi."}]}, "messages[0]"), ({"messages": [{"role": "wizard", "content": "Hi."}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "Hi."}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]}]}, "messages[0].content[0].image_url.url"),
        ({"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "tool_calls": {}}]}, "messages[1].tool_calls"),
        ({"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "no json"}}]}]}, "messages[1].tool_calls[0].function.arguments"),
        ({"messages": [{"role": "user", "content": "Hi."}, {"role": "tool", "content": "9"}]}, "messages[1]"),
        ({"messages": [{"role": "user", "content": "Hi."}, {"role": "tool", "tool_call_id": "nobody", "content": "9"}]}, "messages[1].tool_call_id"),
        ({"temperature": "warm"}, "temperature"), ({"stop": 3}, "stop"), ({"stop": [3]}, "stop[0]"), ({"max_tokens": "many"}, "max_tokens"),
        ({"tools": {}}, "tools"), ({"tools": [{"type": "function"}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": 3}}]}, "tools[0].function.name"),
        ({"response_format": 3}, "response_format"), ({"tool_choice": 3}, "tool_choice"), ({"parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"stream": "yes"}, "stream"), ({"metadata": []}, "metadata"), ({"logit_bias": 3}, "logit_bias"),
    ],
    "responses": [
        ({"input": 3}, "input"), ({"input": [3]}, "input[0]"), ({"input": [{"role": "user"}]}, "input[0]"),
        ({"input": [{"role": "wizard", "content": "Hi."}]}, "input[0].role"), ({"input": [{"role": "user", "content": 3}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": 3}]}]}, "input[0].content[0].text"),
        ({"input": [{"type": "function_call", "name": "f", "call_id": 3, "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{"type": "function_call_output", "output": "9"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": "Hi."}, {"type": "function_call_output", "call_id": "nobody", "output": "9"}]}, "input[1].call_id"),
        ({"tools": {}}, "tools"), ({"tools": [{"type": "function", "name": 3}]}, "tools[0]"), ({"temperature": "warm"}, "temperature"),
        ({"max_output_tokens": "many"}, "max_output_tokens"), ({"reasoning": {"effort": 3}}, "reasoning.effort"), ({"text": 3}, "text"),
        ({"instructions": 3}, "instructions"), ({"tool_choice": 3}, "tool_choice"), ({"stream": "yes"}, "stream"), ({"include": [3]}, "include[0]"),
    ],
    "messages": [
        ({"messages": None}, "messages"), ({"max_tokens": None}, "max_tokens"), ({"max_tokens": "many"}, "max_tokens"),
        ({"messages": {}}, "messages"),
        ({"messages": [3]}, "messages[0]"), ({"messages": [{"role": "user"}]}, "messages[0]"), ({"messages": [{"content": "Hi."}]}, "messages[0]"),
        ({"messages": [{"role": "wizard", "content": "Hi."}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "Hi."}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 3}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "9"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "nobody", "content": "9"}]}]},
         "messages[0].content[0].tool_use_id"),
        ({"messages": [{"role": "user", "content": "Hi."},
                       {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": []}]}]},
         "messages[1].content[0]"),
        ({"system": 3}, "system"), ({"tools": {}}, "tools"), ({"tools": [{"input_schema": {}}]}, "tools[0]"),
        ({"temperature": "warm"}, "temperature"),
        ({"stop_sequences": [3]}, "stop_sequences[0]"), ({"tool_choice": {"type": "perhaps"}}, "tool_choice"), ({"thinking": 3}, "thinking"),
        ({"stream": "yes"}, "stream"), ({"metadata": 3}, "metadata"),
    ],
    "gemini": [
        ({"contents": None}, "contents"), ({"contents": 3}, "contents"), ({"contents": [3]}, "contents[0]"),
        ({"contents": [{"role": "wizard", "parts": [{"text": "Hi."}]}]}, "contents[0].role"),
        ({"contents": [{"role": "user", "parts": [3]}]}, "contents[0].parts[0]"),
        ({"contents": [{"role": "user", "parts": [{"text": 3}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"role": "user", "parts": [{"inlineData": 3}]}]}, "contents[0].parts[0].inlineData"),
        ({"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "nobody", "response": {}}}]}]},
         "contents[0].parts[0].functionResponse"),
        ({"generationConfig": 3}, "generationConfig"), ({"generationConfig": {"temperature": "warm"}}, "generationConfig.temperature"),
        ({"generationConfig": {"stopSequences": [3]}}, "generationConfig.stopSequences[0]"),
        ({"tools": 3}, "tools"), ({"tools": [{"functionDeclarations": [{"name": 3}]}]}, "tools[0].functionDeclarations[0].name"),
        ({"systemInstruction": 3}, "systemInstruction"), ({"toolConfig": 3}, "toolConfig"),
    ],
    "converse": [
        ({"messages": None}, "messages"), ({"messages": 3}, "messages"), ({"messages": [3]}, "messages[0]"),
        ({"messages": [{"role": "user"}]}, "messages[0]"), ({"messages": [{"content": [{"text": "Hi."}]}]}, "messages[0]"),
        ({"messages": [{"role": "wizard", "content": [{"text": "Hi."}]}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "Hi."}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": 3}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"toolResult": {"content": []}}]}]}, "messages[0].content[0].toolResult"),
        ({"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "nobody", "content": [{"text": "9"}]}}]}]},
         "messages[0].content[0].toolResult.toolUseId"),
        ({"system": 3}, "system"), ({"inferenceConfig": 3}, "inferenceConfig"),
        ({"inferenceConfig": {"temperature": "warm"}}, "inferenceConfig.temperature"),
        ({"toolConfig": 3}, "toolConfig"), ({"toolConfig": {"tools": [{"toolSpec": {"inputSchema": {"json": {}}}}]}}, "toolConfig.tools[0]"),
    ],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    upstream = Upstream(lambda peer, request: peer.answer(PROVIDERS["messages" if "messages" in request.path else "chat"].whole))
    providers = {"chat": upstream.provider(), "messages": {"type": "anthropic", "base_url": upstream.url.removesuffix("/v1"), "api_key": "k"}}
    models = {name: {"deployments": [{"provider": name, "model": "any-model"}]} for name in providers}
    gateway = Gateway(tmp_path_factory.mktemp("forbidden"), {"providers": providers, "models": models, "router": {"cooldowns": False}})
    gateway.upstream = upstream
    yield gateway
    gateway.end()
    upstream.close()


def changed(body, changes):
    body = copy.deepcopy(body)
    for name, value in changes.items():
        if value is None:
            body.pop(name, None)
        else:
            body[name] = value
    return body


def refusal(gateway, surface, data, path):
    """What is wrong with the refusal, or nothing."""
    before = len(gateway.upstream.requests)
    target = SURFACES[surface].request("messages" if surface == "chat" else "chat")[0]
    status, headers, reply = gateway.post(target, data)
    if status != 400 or len(gateway.upstream.requests) > before:
        return f"{status} {reply[:200]}, asked {[r.body[:300] for r in gateway.upstream.requests[before:]]}"
    if problem := error_shape(SHAPES[surface], status, headers, reply):
        return f"shape: {problem}"
    return None if path.encode() in reply else f"without `{path}`: {reply[:300]}"


@pytest.mark.parametrize("surface", FORBIDDEN)
def test_forbidden(stage, surface):
    wrong = []
    for changes, path in FORBIDDEN[surface]:
        _, body = SURFACES[surface].request("messages" if surface == "chat" else "chat")
        if problem := refusal(stage, surface, json.dumps(changed(body, changes)).encode(), path):
            wrong.append(f"{json.dumps(changes)[:160]}: {problem}")
    assert not wrong, f"{len(wrong)} of {len(FORBIDDEN[surface])}\n" + "\n".join(wrong)


@pytest.mark.parametrize("surface", FORBIDDEN)
def test_nobody_knows_which_is_meant(stage, surface):
    """A member that is acted on, given twice."""
    _, body = SURFACES[surface].request("messages" if surface == "chat" else "chat")
    name = next(name for name in body if name != "model")
    twice = json.dumps(body)[:-1].encode() + f", {json.dumps(name)}: {json.dumps(body[name])}}}".encode()
    assert refusal(stage, surface, twice, name) is None


@pytest.mark.parametrize("surface", FORBIDDEN)
def test_deep_and_huge(stage, surface):
    """Neither ends the process, and neither is a server error."""
    target, body = SURFACES[surface].request("messages" if surface == "chat" else "chat")
    for more in ({"x_unknown": DEEP}, {"x_unknown": 10 ** 400}, {"temperature": 1e308}, {"max_tokens": 10 ** 40}):
        status, headers, reply = stage.post(target, json.dumps({**body, **more}).encode())
        assert status in (200, 400), (more, reply[:200])
        assert status == 200 or error_shape(SHAPES[surface], status, headers, reply) is None
