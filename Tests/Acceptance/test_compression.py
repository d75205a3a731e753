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


def window(tokens):
    return {"input_price": 1, "output_price": 2, "context_window": tokens}


def settings(up, mode="context_window", kind="openai_compatible", tokens=2_000, **more):
    return {
        "providers": {"up": {"type": kind, "base_url": f"http://127.0.0.1:{up.port}/v1", "api_key": "k"}},
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


def answer(peer, request):
    """Four bytes a token, as the gateway takes it to be."""
    count = len(json.dumps(request.json["messages"])) // 4
    peer.answer({**ANSWER, "usage": {"prompt_tokens": count, "completion_tokens": 2, "total_tokens": count + 2}})


@pytest.fixture
def up(upstream):
    return upstream(answer)


def test_a_chat_that_is_too_long_loses_its_middle(gateway, up):
    one = gateway(settings(up))
    client = one.sdk()
    short = turns(2)
    client.chat.completions.create(model="chat", messages=short)
    assert up.requests[-1].json["messages"] == short, "what fits goes as it came"
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=turns(12))
    body = up.requests[-1].json
    assert said(body)[:3] == ["Be brief.", "question 0", "answer 0"] and said(body)[-1] == "And now?"
    numbers = [int(text.split()[1]) for text in said(body)[1:-1] if text.startswith("question")]
    assert numbers == [0, *range(numbers[1], 12)] and 6 < numbers[1] < 12, "the oldest of the middle are gone"
    assert sum(len(str(message["content"])) for message in body["messages"]) / 4 < 0.85 * 2_000
    before, after = (int(n) for n in raw.headers["x-swiftlet-compression"].split(",")[0].removeprefix("tokens=").split("->"))
    assert before > 1_700 >= after > 1_000
    assert raw.headers["x-swiftlet-compression"].endswith(f"dropped={len(turns(12)) - len(body['messages'])}")


def test_a_stream_is_asked_for_with_less_too(gateway, upstream):
    up = upstream(lambda peer, request: peer.stream(["well"]))
    one = gateway(settings(up))
    chunks = list(one.sdk().chat.completions.create(model="chat", messages=turns(12), stream=True))
    assert chunks[0].choices[0].delta.content == "well"
    body = up.requests[-1].json
    assert body["stream"] is True and body["stream_options"] == {"include_usage": True} and len(body["messages"]) < len(turns(12))


def test_a_larger_window_is_sent_more(gateway, up):
    """A fallback of another size gets the whole prompt again, and loses less of it."""
    answers = iter([503, 200])

    def serve(peer, request):
        answer(peer, request) if next(answers) == 200 else peer.answer({"error": {"message": "busy"}}, status=503)

    up.handle = serve
    more = {"models": {"chat": {"route": {"fallback": ["small", "large"]}},
                       "small": {"deployments": [{"provider": "up", "model": "s", **window(1_500)}]},
                       "large": {"deployments": [{"provider": "up", "model": "l", **window(3_000)}]}},
            "router": {"num_retries": 0}}
    one = gateway(settings(up, **more))
    one.sdk().chat.completions.create(model="chat", messages=turns(14))
    small, large = up.requests
    assert (small.json["model"], large.json["model"]) == ("s", "l")
    assert len(small.json["messages"]) < len(large.json["messages"]) < len(turns(14))


def test_who_has_room_comes_first(gateway, up):
    """Where one deployment takes the prompt whole, nothing is left out."""
    more = {"models": {"chat": {"strategy": "round_robin", "deployments": [
        {"provider": "up", "model": "s", **window(1_500)}, {"provider": "up", "model": "l", **window(100_000)}]}}}
    one = gateway(settings(up, **more))
    for _ in range(4):
        one.sdk().chat.completions.create(model="chat", messages=turns(14))
    assert all(request.json["model"] == "l" and request.json["messages"] == turns(14) for request in up.requests)


def test_without_compression_it_is_refused(gateway, up):
    one = gateway(settings(up, mode="off", projects={"p": {"compression": {"mode": "cost"}}},
                           keys={"one": {"key": KEY, "project": "p"}}))
    with pytest.raises(openai.APIStatusError) as problem:
        one.sdk().chat.completions.create(model="chat", messages=turns(12))
    assert problem.value.status_code in (400, 413, 503) and not up.requests, "who switches it off is not overruled by a project"


def test_an_unknown_window_takes_everything(gateway, up):
    more = {"models": {"chat": {"deployments": [{"provider": "up", "model": "nobody-knows-it"}]}}}
    one = gateway(settings(up, mode="cost", **more))
    one.sdk().chat.completions.create(model="chat", messages=turns(12))
    assert up.requests[-1].json["messages"] == turns(12)


def test_cost_brings_every_prompt_down(gateway, up):
    """To its share: the first step is white space that nobody needs, number by number; then the middle."""
    one = gateway(settings(up, tokens=100_000, organisation={"compression": {"mode": "context_window"}},
                           projects={"thrifty": {"compression": {"mode": "cost", "target_ratio": "60%"}}},
                           keys={"one": {"key": KEY}, "two": {"key": "sk-thrifty", "project": "thrifty"}}))
    told = turns(10)
    one.sdk().chat.completions.create(model="chat", messages=told)
    assert up.requests[-1].json["messages"] == told, "its project says nothing, and it fits"
    one.sdk("sk-thrifty").chat.completions.create(model="chat", messages=told)
    sent = up.requests[-1].json["messages"]
    share = sum(len(str(message["content"])) for message in sent) / sum(len(str(message["content"])) for message in told)
    assert 0.4 < share <= 0.62


def test_the_first_step_takes_white_space_and_nothing_else(gateway, up):
    """Of arguments, results and contents that are JSON; numbers and strings stay byte for byte."""
    one = gateway(settings(up, tokens=100_000, organisation={"compression": {"mode": "cost", "target_ratio": 1}}))
    told = [{"role": "user", "content": "Look  twice."}, *turns(3)[6:10], {"role": "user", "content": '[ 1.50, "a  b" ]\n'}]
    raw = one.sdk().chat.completions.with_raw_response.create(model="chat", messages=told)
    sent = up.requests[-1].json["messages"]
    assert [message["content"] for message in sent] == ["Look  twice.", None, '{"found":"a"}', '{"found":"b"}', "answer 2", '[1.50,"a  b"]']
    assert [call["function"]["arguments"] for call in sent[1]["tool_calls"]] == ['{"n":1.0}'] * 2
    assert raw.headers["x-swiftlet-compression"].endswith("dropped=0")


def test_anthropics_sdk(gateway, upstream):
    """Alternation holds, calls keep their results, thinking its signature, to the byte."""
    up = upstream(lambda peer, request: peer.answer(
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


def test_googles_sdk_at_a_provider_of_openais_dialect(gateway, up):
    """What a client says in one dialect is made shorter there, and goes on in the provider's."""
    one = gateway(settings(up))
    client = genai.Client(api_key=KEY, http_options={"base_url": one.url})
    contents = [genai.types.Content(role=role, parts=[genai.types.Part(text=f"{role} {n} {FILLER}")])
                for n in range(12) for role in ("user", "model")] + [genai.types.Content(role="user", parts=[genai.types.Part(text="And now?")])]
    client.models.generate_content(model="chat", contents=contents, config={"system_instruction": "Be brief."})
    sent = up.requests[-1].json["messages"]
    assert [message["role"] for message in sent] == ["system", *(["user", "assistant"] * ((len(sent) - 2) // 2)), "user"]
    assert len(sent) < len(contents) and str(sent[1]["content"]).find("user 0") >= 0 and str(sent[-1]["content"]).find("And now?") >= 0


def test_responses(gateway, upstream):
    """An item of reasoning stays with what follows it."""
    up = upstream(lambda peer, request: peer.answer(PROVIDERS["responses"].whole))
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


def test_what_came_of_it_is_counted(gateway, up):
    one = gateway(settings(up))
    one.sdk().chat.completions.create(model="chat", messages=turns(2))
    one.sdk().chat.completions.create(model="chat", messages=turns(12))
    values = dict(line.rsplit(" ", 1) for line in one.metrics().splitlines() if line.startswith("swiftlet_compress"))
    assert values["swiftlet_compressed_requests_total"] == "1"
    assert int(values["swiftlet_compression_dropped_messages_total"]) == len(turns(12)) - len(up.requests[-1].json["messages"])
    saved = int(values["swiftlet_compression_saved_tokens_total"])
    assert saved > 1_000
    found = Admin(one).get("/api/v1/savings")["total"]["compression"]
    assert found["saved_tokens"] == saved and found["saved_usd"] == pytest.approx(saved * 1e-6)
