"""Streams that break off in the middle and are carried on by another provider: one answer to the client."""

import time

import anthropic
import openai
import pytest
from google import genai
from support import ledger
from support.gateway import KEY, question
from support.routing import Farm, failing, on, streamed
from support.upstream import chunk, event

PROMPT = [{"role": "user", "content": "Say it."}]


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


def usage(prompt, completion):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [],
            "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}}


def says(*texts, ends=True, after=0.0, counted=None):
    """A stream of these texts, which may break off."""
    def handle(peer, request):
        peer.start_stream()
        for text in texts:
            peer.piece(event(chunk(text)))
        if counted:
            peer.piece(event(usage(*counted)))
        time.sleep(after)
        if not ends:
            peer.reset()
            return "end"
        peer.piece(event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                          "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
        peer.piece(event(usage(20, 3)))
        peer.piece(event(b"[DONE]"))
        peer.end_stream()
        return "end"
    return handle


def settings(farm, *models, able=True, group=None, types=("openai_compatible", "openai_compatible", "openai_compatible"), **more):
    return {
        "providers": {f"p{n}": farm.provider(type=kind) for n, kind in enumerate(types[:len(models)])},
        "models": {"chat": {"strategy": "fallback", "continue_streams": True, "deployments": [
            on(f"p{n}", model, input_price=1, output_price=2, continues=able) for n, model in enumerate(models)], **(group or {})}}, **more}


def beginning(farm, model):
    """The request of the one that carried on: its last message, and the whole."""
    body = farm.bodies(model)[-1]
    return body["messages"][-1], body


def test_another_goes_on_where_the_first_broke_off(gateway, farm):
    farm.manners["begins-1"] = says("The quick ", "brown ", ends=False, after=0.1)
    farm.manners["goes-on-1"] = says(" fox", " jumps.")
    one = gateway(settings(farm, "begins-1", "goes-on-1"))
    with openai.OpenAI(base_url=one.url + "/v1", api_key=KEY, max_retries=0) as client:
        with client.chat.completions.stream(model="chat", messages=PROMPT, max_tokens=100, stream_options={"include_usage": True}) as stream:
            said = stream.get_final_completion()
    assert said.choices[0].message.content == "The quick brown fox jumps." and said.choices[0].finish_reason == "stop"
    message, body = beginning(farm, "goes-on-1")
    assert message == {"role": "assistant", "content": "The quick brown"}, "white space at the end is not shown, nor said twice"
    assert body["messages"][:-1] == PROMPT and body["max_tokens"] < 100
    assert said.usage.completion_tokens > 3 and said.usage.prompt_tokens > 20, "what the first one said is counted too"
    assert "swiftlet_continued_streams_total 1\n" in one.metrics()
    one.stop()
    [row] = ledger.read(one.folder)
    assert row["state"] == "done" and row["attempts"] == 2 and row["deployment"] == "p1/goes-on-1"
    assert (row["input"], row["output"]) == (said.usage.prompt_tokens, said.usage.completion_tokens)
    assert row["cost"] == 1000 * row["input"] + 2000 * row["output"]


@pytest.mark.parametrize("client", ["anthropic", "gemini", "responses"])
def test_in_every_dialect(gateway, farm, client):
    farm.manners["begins-2"] = says("Once upon", ends=False, after=0.1)
    farm.manners["goes-on-2"] = says(" a time.")
    one = gateway(settings(farm, "begins-2", "goes-on-2"))
    if client == "anthropic":
        with anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0) as sdk:
            with sdk.messages.stream(model="chat", max_tokens=100, messages=PROMPT) as stream:
                message = stream.get_final_message()
        assert [block.text for block in message.content] == ["Once upon a time."] and message.stop_reason == "end_turn"
    elif client == "gemini":
        sdk = genai.Client(api_key=KEY, vertexai=False, http_options={"base_url": one.url})
        assert "".join(part.text or "" for part in sdk.models.generate_content_stream(model="chat", contents="Say it.")) == "Once upon a time."
    else:
        with openai.OpenAI(base_url=one.url + "/v1", api_key=KEY, max_retries=0) as sdk:
            with sdk.responses.stream(model="chat", input="Say it.", store=False) as stream:
                for _ in stream:
                    pass
                assert stream.get_final_response().output_text == "Once upon a time."
    assert beginning(farm, "goes-on-2")[0]["content"] == "Once upon"


def test_each_provider_is_asked_in_its_own_way(gateway, farm):
    ways = {"mistral": {"prefix": True}, "moonshot": {"partial": True}, "vllm": {}}
    for kind, mark in ways.items():
        farm.manners[f"begins-{kind}"] = says("One", ends=False, after=0.1)
        farm.manners[f"goes-on-{kind}"] = says(" two.")
        one = gateway(settings(farm, f"begins-{kind}", f"goes-on-{kind}", types=("openai_compatible", kind)))
        assert streamed(one)[2] == "One two."
        message, body = beginning(farm, f"goes-on-{kind}")
        assert message == {"role": "assistant", "content": "One", **mark}
        assert (body.get("continue_final_message"), body.get("add_generation_prompt")) == ((True, False) if kind == "vllm" else (None, None))
        one.stop()


def test_those_that_fail_on_the_way_are_passed_over(gateway, farm):
    farm.manners.update({"a-3": says("One", ends=False, after=0.1), "b-3": failing(500), "c-3": says(" two", ends=False, after=0.1),
                         "d-3": says(" three.")})
    one = gateway({**settings(farm, "a-3", "b-3", "c-3", "d-3", types=("openai_compatible",) * 4), "router": {"num_retries": 0}})
    assert streamed(one)[2] == "One two three."
    assert beginning(farm, "b-3")[0]["content"] == "One" and beginning(farm, "d-3")[0]["content"] == "One two"


def ended_by_an_error(answer):
    status, _, body = answer
    assert status == 200 and b"[DONE]" not in body and b'"error"' in body, body[-300:]
    return body


@pytest.mark.parametrize("why, more, group, able", [
    ("not wished", {}, {"continue_streams": False}, True),
    ("not able", {}, {}, False),
    ("tools", {"tools": [{"type": "function", "function": {"name": "pay", "parameters": {"type": "object", "properties": {}}}}]}, {}, True),
    ("stored", {"store": True}, {}, True),
    ("several answers", {"n": 2}, {}, True),
    ("a schema", {"response_format": {"type": "json_object"}}, {}, True),
], ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "")
def test_else_it_ends_with_an_error(gateway, farm, why, more, group, able):
    farm.manners["begins-4"] = says("Half a", ends=False, after=0.1)
    before = farm.count("goes-on-4")
    one = gateway(settings(farm, "begins-4", "goes-on-4", group=group, able=able))
    body = ended_by_an_error(one.chat(stream=True, **more))
    assert b"Half a" in body and farm.count("goes-on-4") == before


def test_an_answer_with_more_than_text_is_not_carried_on(gateway, farm):
    def thinks(peer, request):
        peer.start_stream()
        piece = chunk("")
        piece["choices"][0]["delta"] = {"reasoning_content": "Hm."}
        peer.piece(event(piece))
        peer.piece(event(chunk("Half")))
        time.sleep(0.1)
        peer.reset()
        return "end"

    farm.manners["begins-5"] = thinks
    one = gateway(settings(farm, "begins-5", "goes-on-5"))
    ended_by_an_error(one.chat(stream=True))
    assert farm.count("goes-on-5") == 0


def test_nobody_left(gateway, farm):
    farm.manners.update({"a-6": says("One", ends=False, after=0.1, counted=(11, 5)), "b-6": failing(503)})
    one = gateway({**settings(farm, "a-6", "b-6"), "router": {"num_retries": 0}})
    with anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0) as sdk:
        with pytest.raises(anthropic.APIStatusError), sdk.messages.stream(model="chat", max_tokens=9, messages=PROMPT) as stream:
            said = "".join(stream.text_stream)
            assert said == "One"
    one.stop()
    [row] = ledger.read(one.folder)
    assert (row["state"], row["status"], row["attempts"]) == ("failed", 200, 2)
    assert (row["input"], row["output"], row["cost"]) == (11, 5, 11_000 + 10_000), "what came is paid for, once"


def test_an_error_event_is_carried_on_from_too(gateway, farm):
    def complains(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("Half")))
        peer.piece(event({"error": {"message": "overloaded", "type": "server_error", "code": 503}}))
        peer.end_stream()
        return "end"

    farm.manners.update({"begins-7": complains, "goes-on-7": says(" and whole.")})
    one = gateway(settings(farm, "begins-7", "goes-on-7"))
    assert streamed(one)[2] == "Half and whole."


def test_unbroken_streams_are_what_they_were(gateway, farm):
    farm.manners["whole-8"] = says("All ", "of it.")
    one = gateway(settings(farm, "whole-8", "other-8"))
    status, headers, text = streamed(one)
    assert (status, text, headers["x-swiftlet-attempts"]) == (200, "All of it.", "1")
    assert one.post("/v1/chat/completions", question())[0] == 200
