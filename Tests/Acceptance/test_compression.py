"""Context compression: what a provider is sent of a prompt that its model cannot take, through real SDKs, and that it is still a conversation."""

import json

import anthropic
import openai
import pytest
from google import genai
from support.dialects import PROVIDERS
from support.gateway import KEY
from support.upstream import ANSWER
from test_admin import Admin

FILLER = "word " * 200
WINDOW = {"context_window": True}


def window(tokens):
    return {"input_price": 1, "output_price": 2, "context_window": tokens}


def settings(up, mode="context_window", kind="openai_compatible", tokens=2_000, **more):
    return {
        "providers": {"up": {"type": kind, "base_url": f"http://127.0.0.1:{up.port}/v1" if kind != "gemini" else f"http://127.0.0.1:{up.port}",
                             "api_key": "k"}},
        "models": {"chat": {"deployments": [{"provider": "up", "model": "m", **window(tokens)}]}},
        "organisation": {"compression": {"mode": mode}}, "keys": {"one": {"key": KEY}}, **more,
    }


def turns(count):
    """A conversation in OpenAI's words: a system prompt, turns of which the third asks tools twice at once, and a last question."""
    told = [{"role": "system", "content": "Be brief."}]
    for n in range(count):
        told.append({"role": "user", "content": f"question {n} {FILLER}"})
        if n == 2:
            calls = [{"id": f"call_{c}", "type": "function", "function": {"name": "look", "arguments": '{ "n": 1.0 }'}} for c in "ab"]
            told.append({"role": "assistant", "content": None, "tool_calls": calls})
            told += [{"role": "tool", "tool_call_id": f"call_{c}", "content": json.dumps({"found": c}, indent=4)} for c in "ab"]
        told.append({"role": "assistant", "content": f"answer {n}"})
    return told + [{"role": "user", "content": "And now?"}]


def said(body):
    return [message["content"].split(" word")[0] if isinstance(message["content"], str) else "call" for message in body["messages"]]


@pytest.fixture
def upstream(provider):
    return provider(lambda peer, request: peer.answer(ANSWER))


def test_a_chat_that_is_too_long_loses_its_middle(gateway, upstream):
    one = gateway(settings(upstream))
    client = one.sdk()
    short = turns(2)
    client.chat.completions.create(model="chat", messages=short)
    assert upstream.requests[-1].json["messages"] == short, "what fits goes as it came"
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=turns(12))
    body = upstream.requests[-1].json
    assert said(body)[:3] == ["Be brief.", "question 0", "answer 0"] and said(body)[-1] == "And now?"
    numbers = [int(text.split()[1]) for text in said(body)[1:-1] if text.startswith("question")]
    assert numbers == [0, *range(numbers[1], 12)] and 6 < numbers[1] < 12, "the oldest of the middle are gone"
    assert sum(len(str(message["content"])) for message in body["messages"]) / 4 < 0.85 * 2_000
    before, after = (int(n) for n in raw.headers["x-swiftlet-compression"].split(",")[0].removeprefix("tokens=").split("->"))
    assert before > 1_700 >= after > 1_000
    assert raw.headers["x-swiftlet-compression"].endswith(f"dropped={len(turns(12)) - len(body['messages'])}")


def test_a_stream_is_asked_for_with_less_too(gateway, provider):
    up = provider(lambda peer, request: peer.stream([b"data: [DONE]\n\n"]) if False else peer.answer(ANSWER))
    one = gateway(settings(up))
    with pytest.raises(openai.APIError):
        list(one.sdk(max_retries=0).chat.completions.create(model="chat", messages=turns(12), stream=True))
    body = up.requests[-1].json
    assert body["stream"] is True and body["stream_options"] == {"include_usage": True} and len(body["messages"]) < len(turns(12))


def test_a_larger_window_is_sent_more(gateway, upstream):
    """A fallback of another size gets the whole prompt again, and loses less of it."""
    answers = iter([503, 200])

    def serve(peer, request):
        peer.answer(ANSWER) if next(answers) == 200 else peer.answer({"error": {"message": "busy"}}, status=503)

    upstream.serve = serve
    more = {"models": {"chat": {"route": {"fallback": ["small", "large"]}},
                       "small": {"deployments": [{"provider": "up", "model": "s", **window(1_500)}]},
                       "large": {"deployments": [{"provider": "up", "model": "l", **window(3_000)}]}},
            "router": {"num_retries": 0}}
    one = gateway(settings(upstream, **more))
    one.sdk(max_retries=0).chat.completions.create(model="chat", messages=turns(14))
    small, large = upstream.requests
    assert (small.json["model"], large.json["model"]) == ("s", "l")
    assert len(small.json["messages"]) < len(large.json["messages"]) < len(turns(14))


def test_who_has_room_comes_first(gateway, upstream):
    """Where one deployment takes the prompt whole, nothing is left out."""
    more = {"models": {"chat": {"strategy": "round_robin", "deployments": [
        {"provider": "up", "model": "s", **window(1_500)}, {"provider": "up", "model": "l", **window(100_000)}]}}}
    one = gateway(settings(upstream, **more))
    for _ in range(4):
        one.sdk().chat.completions.create(model="chat", messages=turns(14))
    assert all(request.json["model"] == "l" and request.json["messages"] == turns(14) for request in upstream.requests)


def test_without_compression_it_is_refused(gateway, upstream):
    one = gateway(settings(upstream, mode="off", projects={"p": {"compression": {"mode": "cost"}}},
                           keys={"one": {"key": KEY, "project": "p"}}))
    with pytest.raises(openai.APIStatusError) as problem:
        one.sdk(max_retries=0).chat.completions.create(model="chat", messages=turns(12))
    assert problem.value.status_code in (400, 413, 503) and not upstream.requests, "who switches it off is not overruled by a project"


def test_an_unknown_window_takes_everything(gateway, upstream):
    more = {"models": {"chat": {"deployments": [{"provider": "up", "model": "nobody-knows-it"}]}}}
    one = gateway(settings(upstream, mode="cost", **more))
    one.sdk().chat.completions.create(model="chat", messages=turns(12))
    assert upstream.requests[-1].json["messages"] == turns(12)


def test_cost_brings_every_prompt_down(gateway, upstream):
    """To its share: the first step is white space that nobody needs, number by number; then the middle."""
    one = gateway(settings(upstream, tokens=100_000, organisation={"compression": {"mode": "context_window"}},
                           projects={"thrifty": {"compression": {"mode": "cost", "target_ratio": "60%"}}},
                           keys={"one": {"key": KEY}, "two": {"key": "sk-thrifty", "project": "thrifty"}}))
    told = turns(10)
    one.sdk().chat.completions.create(model="chat", messages=told)
    assert upstream.requests[-1].json["messages"] == told, "its project says nothing, and it fits"
    one.sdk(api_key="sk-thrifty").chat.completions.create(model="chat", messages=told)
    sent = upstream.requests[-1].json["messages"]
    share = sum(len(str(message["content"])) for message in sent) / sum(len(str(message["content"])) for message in told)
    assert 0.4 < share <= 0.62
    one.sdk(api_key="sk-thrifty").chat.completions.create(model="chat", messages=[told[0], *told[5:]])
    tools = [message for message in upstream.requests[-1].json["messages"] if message["role"] == "tool" or message.get("tool_calls")]
    assert [message.get("content") for message in tools[1:]] == ['{"found":"a"}', '{"found":"b"}'] if tools else True


def test_anthropics_sdk(gateway, provider):
    """Alternation holds, calls keep their results, thinking its signature, to the byte."""
    up = provider(lambda peer, request: peer.answer(
        {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "well"}],
         "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2}}))
    one = gateway(settings(up, kind="anthropic", tokens=3_000))
    messages = [{"role": "user", "content": f"Read them all. {FILLER}"}]
    for n in range(12):
        messages += [
            {"role": "assistant", "content": [{"type": "thinking", "thinking": f"{{ }} {n}", "signature": f"sig{n}"},
                                              *({"type": "tool_use", "id": f"t{n}{c}", "name": "read", "input": {"text": "{ }"}} for c in "ab")]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{n}{c}", "content": FILLER} for c in "ab"]}]
    client = anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0)
    raw = client.messages.with_raw_response.create(model="chat", max_tokens=100, system="Be brief.", messages=messages)
    assert raw.parse().content[0].text == "well" and "dropped=" in raw.headers["x-swiftlet-compression"]
    sent = up.requests[-1].json
    assert sent["system"] == "Be brief." and sent["messages"][0] == messages[0] and sent["messages"][-2:] == messages[-2:]
    assert [message["role"] for message in sent["messages"]] == ["user", *(["assistant", "user"] * (len(sent["messages"]) // 2))]
    assert sent["messages"][1:3] == messages[1:3] and len(sent["messages"]) < len(messages)
    for asked, told in zip(sent["messages"][1::2], sent["messages"][2::2]):
        assert [part["id"] for part in asked["content"][1:]] == [part["tool_use_id"] for part in told["content"]]
        assert asked in messages


def test_googles_sdk_at_a_provider_of_openais_dialect(gateway, upstream):
    """What a client says in one dialect is made shorter there, and goes on in the provider's."""
    one = gateway(settings(upstream))
    client = genai.Client(api_key=KEY, http_options={"base_url": one.url})
    contents = [genai.types.Content(role=role, parts=[genai.types.Part(text=f"{role} {n} {FILLER}")])
                for n in range(12) for role in ("user", "model")] + [genai.types.Content(role="user", parts=[genai.types.Part(text="And now?")])]
    client.models.generate_content(model="chat", contents=contents, config={"system_instruction": "Be brief."})
    sent = upstream.requests[-1].json["messages"]
    assert [message["role"] for message in sent] == ["system", *(["user", "assistant"] * ((len(sent) - 2) // 2)), "user"]
    assert len(sent) < len(contents) and str(sent[1]["content"]).find("user 0") >= 0 and str(sent[-1]["content"]).find("And now?") >= 0


def test_responses(gateway, provider):
    """An item of reasoning stays with what follows it."""
    up = provider(lambda peer, request: peer.answer(PROVIDERS["responses"].whole))
    one = gateway(settings(up, kind="openai", tokens=2_000))
    items = []
    for n in range(8):
        items += [{"role": "user", "content": f"question {n} {FILLER}"},
                  {"type": "reasoning", "id": f"rs_{n}", "summary": [], "encrypted_content": "{ }"},
                  {"type": "function_call", "call_id": f"c{n}", "name": "look", "arguments": '{ "a": 1 }'},
                  {"type": "function_call_output", "call_id": f"c{n}", "output": '[ 1.0, "a  b" ]'},
                  {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": f"answer {n}"}]}]
    one.sdk().responses.create(model="chat", input=[*items, {"role": "user", "content": "And now?"}], store=False)
    sent = up.requests[-1].json["input"]
    kept = [item["content"].split()[1] for item in sent if item.get("role") == "user"][:-1]
    assert kept[0] == "0" and kept[-1] == "7" and len(sent) == 5 * len(kept) + 1 < len(items)
    assert [item["arguments"] for item in sent if item.get("type") == "function_call"] == ['{"a":1}'] * len(kept)
    assert [item["output"] for item in sent if item.get("type") == "function_call_output"] == ['[1.0,"a  b"]'] * len(kept)
    assert [item["encrypted_content"] for item in sent if item.get("type") == "reasoning"] == ["{ }"] * len(kept)


def test_what_came_of_it_is_counted(gateway, upstream):
    one = gateway(settings(upstream))
    one.sdk().chat.completions.create(model="chat", messages=turns(2))
    one.sdk().chat.completions.create(model="chat", messages=turns(12))
    values = one.metrics()
    assert values["swiftlet_compressed_requests_total"] == 1
    assert values["swiftlet_compression_dropped_messages_total"] == len(turns(12)) - len(upstream.requests[-1].json["messages"])
    assert values["swiftlet_compression_saved_tokens_total"] > 1_000
    _ = Admin(one)
