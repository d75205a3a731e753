"""Guardrails and firewall on replies: every dialect, streaming and not, as the official SDKs see it."""

import json

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors
from support.dialects import PROVIDERS, SURFACES
from support.gateway import KEY, wait_until
from support.scripts import answering, frames

PROVIDERS = {name: one for name, one in PROVIDERS.items() if name != "cohere"}
# Cut within names, numbers and words; whole it is one text.
PIECES = ["Ask can", "ary.bi", "rd@exam", "ple.com", " or pay 4111", " 1111 1111 ", "1111. The blue", " heron \n\"knows\" ", "Jürgens ",
          "\U0001f600."]
MASKED = 'Ask [EMAIL_1] or pay [CARD_1]. The [KEYWORD] \n"knows" Jürgens \U0001f600.'
MASKING = {"pii": {"action": "mask", "scope": "reply"}, "keywords": {"action": "mask", "words": ["blue heron"], "scope": "reply"}}
QUESTION = [{"role": "user", "content": "Who?"}]


def start(gateway, upstream, provider="chat", handle=None, pieces=PIECES, **more):
    up = upstream(handle or answering(provider, pieces))
    answer = dict(PROVIDERS[provider].settings)
    base = f"http://127.0.0.1:{up.port}{answer.pop('path')}"
    key = {} if "access_key_id" in answer else {"api_key": "k"}
    return gateway({
        "providers": {"up": {**answer, "base_url": base, **key}},
        "models": {"chat": {"deployments": [{"provider": "up", "model": "upstream-model", "input_price": 1, "output_price": 2}]}},
        "keys": {"acceptance": {"key": KEY}}, **more}), up


def asked(gateway, surface, stream):
    """What the SDK, or for Bedrock the wire, says the reply is."""
    if surface == "chat":
        if not stream:
            return gateway.sdk().chat.completions.create(model="chat", messages=QUESTION).choices[0].message.content
        with gateway.sdk().chat.completions.create(model="chat", messages=QUESTION, stream=True) as chunks:
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    if surface == "responses":
        if not stream:
            return gateway.sdk().responses.create(model="chat", input="Who?").output_text
        with gateway.sdk().responses.stream(model="chat", input="Who?") as events:
            deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
            assert events.get_final_response().output_text == deltas
            return deltas
    if surface == "messages":
        with anthropic.Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as sdk:
            if not stream:
                return sdk.messages.create(model="chat", max_tokens=99, messages=QUESTION).content[0].text
            with sdk.messages.stream(model="chat", max_tokens=99, messages=QUESTION) as events:
                text = "".join(events.text_stream)
                assert events.get_final_message().content[0].text == text
                return text
    if surface == "gemini":
        sdk = genai.Client(api_key=KEY, vertexai=False, http_options={"base_url": gateway.url})
        if not stream:
            return sdk.models.generate_content(model="chat", contents="Who?").text
        return "".join(part.text or "" for part in sdk.models.generate_content_stream(model="chat", contents="Who?"))
    path, body = SURFACES[surface].request("chat", stream)
    status, _, answer = gateway.post(path, body)
    assert status == 200, answer
    if not stream:
        return SURFACES[surface].says(json.loads(answer))
    return "".join(payload["delta"]["text"] for payload in frames(answer) if "text" in payload.get("delta", {}))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("surface", SURFACES)
def test_what_is_masked_does_not_reach_the_client(gateway, upstream, surface, provider, stream):
    one, _ = start(gateway, upstream, provider, guardrails=MASKING)
    assert asked(one, surface, stream) == MASKED


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_a_reply_in_which_nothing_is_found_is_as_it_was(gateway, upstream, surface, stream):
    one, _ = start(gateway, upstream, pieces=["Quiet wo", "rds, no", "thing else."], guardrails=MASKING)
    assert asked(one, surface, stream) == "Quiet words, nothing else."


def test_same_dialect_bytes_stay(gateway, upstream):
    """Where nothing is found the provider's bytes go on, with members that nobody knows."""
    def handle(peer, request):
        peer.start_stream()
        for text in ["Quiet ", "words"]:
            peer.piece(b'data: {"x_own":{"a":1.50},"choices": [ {"index":0,"delta":{"content":"' + text.encode() + b'"}} ]}\n\n')
        peer.piece(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
        peer.end_stream()

    one, _ = start(gateway, upstream, handle=handle, guardrails=MASKING)
    _, _, answer = one.chat(stream=True)
    assert answer == (
        b'data: {"x_own":{"a":1.50},"choices": [ {"index":0,"delta":{"content":"Quiet "}} ]}\n\n'
        b'data: {"x_own":{"a":1.50},"choices": [ {"index":0,"delta":{"content":"words"}} ]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')


# -- blocks


def refused(gateway, surface, stream):
    """What the error that the client sees says."""
    if surface == "responses" and stream:
        try:
            for event in gateway.sdk().responses.create(model="chat", input="Who?", stream=True):
                assert event.type != "response.completed"
                if event.type == "response.failed":
                    return event.response.error.message
        except openai.APIError as error:
            return str(error)
        raise AssertionError("no error")
    kinds = (openai.APIError, anthropic.APIError, errors.APIError)
    if surface != "converse":
        try:
            said = asked(gateway, surface, stream)
        except kinds as error:
            return str(error)
        raise AssertionError(f"no error, but {said!r}")
    path, body = SURFACES[surface].request("chat", stream)
    _, _, answer = gateway.post(path, body)
    return answer.decode(errors="replace")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("guard", ["pii", "keywords", "toxicity", "firewall"])
@pytest.mark.parametrize("surface", SURFACES)
def test_a_block_ends_the_reply_with_the_dialects_own_error(gateway, upstream, surface, guard, stream):
    rails = {
        "pii": {"guardrails": {"pii": {"action": "block", "scope": "reply"}}},
        "keywords": {"guardrails": {"keywords": {"action": "block", "words": ["blue heron"], "scope": "reply"}}},
        "toxicity": {"guardrails": {"toxicity": {"action": "block", "scope": "reply"}}},
        "firewall": {"firewall": [{"name": "no heron", "scope": "reply", "type": "regex", "pattern": "blue\\s+heron", "action": "block"}]},
    }[guard]
    hate = "You are a worthless piece of shit and I will kill you, you stupid idiot. " * 3
    pieces = ["It was so. " * 6, *(hate[at:at + 9] for at in range(0, len(hate), 9))] if guard == "toxicity" else ["It was so. " * 6, *PIECES]
    one, _ = start(gateway, upstream, pieces=pieces, **rails)
    told = refused(one, surface, stream)
    assert ("firewall" in told if guard == "firewall" else guard in told) and "blocks this reply" in told, told
    assert "canary" not in told and "stupid" not in told


@pytest.mark.parametrize("surface", ["chat", "messages"])
def test_a_block_after_the_first_words_ends_the_stream(gateway, upstream, surface):
    def handle(peer, request):
        peer.start_stream()
        for number, event in enumerate(answering_events()):
            peer.piece(event)
            if number == 1:
                wait_until(lambda: heard, 10, what="the first words")
        peer.end_stream()

    def answering_events():
        from support.scripts import STREAMS
        return STREAMS["chat"](["First words. ", "More to come. ", *PIECES])

    heard = []
    one, _ = start(gateway, upstream, handle=handle, guardrails={"pii": {"action": "block", "scope": "reply"}})
    if surface == "chat":
        with pytest.raises(openai.APIError, match="blocks this reply"):
            for chunk in one.sdk().chat.completions.create(model="chat", messages=QUESTION, stream=True):
                heard.append(chunk.choices[0].delta.content)
    else:
        with anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0) as sdk:
            with pytest.raises(anthropic.APIError, match="blocks this reply"):
                with sdk.messages.stream(model="chat", max_tokens=99, messages=QUESTION) as events:
                    for text in events.text_stream:
                        heard.append(text)
    assert "".join(heard).startswith("First words.") and "canary" not in "".join(heard)


def test_what_was_produced_is_paid_for_though_it_is_blocked(gateway, upstream):
    one, _ = start(gateway, upstream, guardrails={"keywords": {"action": "block", "words": ["blue heron"], "scope": "reply"}})

    def paid():
        return sum(float(line.rsplit(" ", 1)[1]) for line in one.metrics().splitlines() if line.startswith("swiftlet_cost_"))

    status, _, answer = one.chat()
    assert status == 403 and json.loads(answer)["error"]["code"] == "guardrail_blocked"
    wait_until(lambda: paid() > 0, 10, what="the cost of the whole reply")
    before = paid()
    status, _, answer = one.chat(stream=True)
    # What is found before the first byte has gone out needs no event to say so.
    assert status in (200, 403) and b"blocks this reply" in answer and b"[DONE]" not in answer and b'"finish_reason":"stop"' not in answer
    wait_until(lambda: paid() > before, 10, what="the cost of the stream")


# -- restoring


def echo(peer, request):
    """Says again what it was told, in pieces of three characters; and calls a tool with it."""
    text = request.json["messages"][-1]["content"]
    if request.json.get("tools"):
        arguments = json.dumps({"to": text})
        from support.dialects import CHUNK, sse
        peer.start_stream()
        call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "mail", "arguments": ""}}
        peer.piece(sse({**CHUNK, "choices": [{"index": 0, "delta": {"role": "assistant", "tool_calls": [call]}}]}))
        for at in range(0, len(arguments), 3):
            piece = {"index": 0, "function": {"arguments": arguments[at:at + 3]}}
            peer.piece(sse({**CHUNK, "choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]}))
        peer.piece(sse({**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}) + b"data: [DONE]\n\n")
        return peer.end_stream()
    answering("chat", [text[at:at + 3] for at in range(0, len(text), 3)])(peer, request)


RESTORING = {"pii": {"action": "mask", "restore": True, "scope": "prompt"}}
PLAIN = 'my mail is canary.bird@example.com, "card" 4111 1111 1111 1111'


@pytest.mark.parametrize("stream", [False, True])
def test_the_client_gets_its_own_values_back(gateway, upstream, stream):
    one, up = start(gateway, upstream, handle=echo, guardrails=RESTORING)
    messages = [{"role": "user", "content": PLAIN}]
    reply = one.sdk().chat.completions.create(model="chat", messages=messages, stream=stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in reply if chunk.choices) if stream else reply.choices[0].message.content
    assert said == PLAIN
    assert up.requests[0].json["messages"][0]["content"] == 'my mail is [EMAIL_1], "card" [CARD_1]'


@pytest.mark.parametrize("surface", ["chat", "messages"])
def test_values_come_back_in_the_arguments_of_calls(gateway, upstream, surface):
    one, _ = start(gateway, upstream, handle=echo, guardrails=RESTORING)
    messages = [{"role": "user", "content": PLAIN}]
    if surface == "chat":
        tools = [{"type": "function", "function": {"name": "mail", "parameters": {"type": "object"}}}]
        with one.sdk().chat.completions.stream(model="chat", messages=messages, tools=tools) as events:
            for _ in events:
                pass
            arguments = events.get_final_completion().choices[0].message.tool_calls[0].function.arguments
        assert json.loads(arguments) == {"to": PLAIN}
        return
    with anthropic.Anthropic(base_url=one.url, api_key=KEY, max_retries=0) as sdk:
        tools = [{"name": "mail", "input_schema": {"type": "object"}}]
        with sdk.messages.stream(model="chat", max_tokens=99, messages=messages, tools=tools) as events:
            assert events.get_final_message().content[-1].input == {"to": PLAIN}


# -- warnings, shadows, counts


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("rail", [{"action": "warn"}, {"action": "block", "shadow": True}])
def test_warnings_and_shadows_change_nothing(gateway, upstream, rail, stream):
    one, _ = start(gateway, upstream, guardrails={"pii": {**rail, "scope": "reply"}})
    assert asked(one, "chat", stream) == "".join(PIECES)
    found = [line for line in one.metrics().splitlines() if line.startswith("swiftlet_guardrail_findings_total{") and 'guardrail="pii"' in line]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in found) == 2, found
    if not stream:
        headers = one.chat()[1]
        assert headers.get("x-swiftlet-guardrails") == (None if rail.get("shadow") else "pii=warn")


def scanned(gateway):
    rows = {}
    for line in gateway.metrics().splitlines():
        if line.startswith("swiftlet_guardrail_scanned_bytes_total{"):
            labels = dict(part.split("=") for part in line[line.index("{") + 1:line.index("}")].split(","))
            rows[labels["api"].strip('"'), labels["direction"].strip('"')] = float(line.rsplit(" ", 1)[1])
    return rows


@pytest.mark.parametrize("stream", [False, True])
def test_every_endpoint_is_scanned(gateway, upstream, stream):
    def handle(peer, request):
        if request.path.endswith("/completions") and "prompt" in request.json:
            if not stream:
                return peer.answer({"id": "c", "object": "text_completion", "created": 1, "model": "m",
                                    "choices": [{"index": 0, "text": MAILED, "finish_reason": "stop"}]})
            peer.start_stream()
            for at in range(0, len(MAILED), 4):
                peer.piece(b'data: {"choices":[{"index":0,"text":"' + MAILED[at:at + 4].encode() + b'"}]}\n\n')
            peer.piece(b'data: {"choices":[{"index":0,"text":"","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
            return peer.end_stream()
        answering("chat", PIECES)(peer, request)

    one, _ = start(gateway, upstream, handle=handle, guardrails=MASKING)
    endpoints = {"chat": "chat_completions", "responses": "responses", "messages": "messages", "gemini": "generate_content", "converse": "converse"}
    for surface, api in endpoints.items():
        before = scanned(one)[api, "reply"]
        assert asked(one, surface, stream) == MASKED
        assert scanned(one)[api, "reply"] >= before + len("".join(PIECES)), api
    before = scanned(one)["completions", "reply"]
    said = one.post("/v1/completions", {"model": "chat", "prompt": "Who?", "stream": stream})[2]
    assert b"canary" not in said and b"[EMAIL_1]" in said
    assert scanned(one)["completions", "reply"] >= before + len(MAILED)


MAILED = "write to canary.bird@example.com now"


def test_a_gemini_stream_that_is_an_array(gateway, upstream):
    one, _ = start(gateway, upstream, guardrails=MASKING)
    path, body = SURFACES["gemini"].request("chat", True)
    status, _, answer = one.post(path.removesuffix("?alt=sse"), body)
    assert status == 200
    events = json.loads(answer)
    assert "".join(part["text"] for event in events for part in event["candidates"][0]["content"].get("parts", []) if "text" in part) == MASKED


@pytest.mark.parametrize("surface", SURFACES)
def test_what_is_kept_is_what_the_client_saw(gateway, upstream, surface):
    one, _ = start(gateway, upstream, guardrails=MASKING)
    path, body = SURFACES[surface].request("chat")
    headers = {"idempotency-key": f"once-{surface}"}
    first, again = one.post(path, body, headers=headers), one.post(path, body, headers=headers)
    assert first[0] == again[0] == 200 and first[2] == again[2] and b"canary" not in again[2]


def test_a_kept_response_is_masked(gateway, upstream):
    one, _ = start(gateway, upstream, guardrails=MASKING)
    for stream in (False, True):
        if stream:
            with one.sdk().responses.stream(model="chat", input="Who?", store=True) as events:
                for _ in events:
                    pass
                name = events.get_final_response().id
        else:
            name = one.sdk().responses.create(model="chat", input="Who?", store=True).id
        assert one.sdk().responses.retrieve(name).output_text == MASKED
