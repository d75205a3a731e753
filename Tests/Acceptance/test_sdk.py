"""The official SDK talks to the real model through Swiftlet and notices nothing."""

import asyncio

import openai
import pytest
from support.gateway import KEY

pytestmark = pytest.mark.model

GREETING = [{"role": "user", "content": "Say hello."}]


def test_chat(model_gateway, model):
    reply = model_gateway.sdk().chat.completions.create(model="chat", messages=GREETING, temperature=0, max_tokens=12)
    assert reply.object == "chat.completion"
    assert reply.choices[0].message.role == "assistant"
    assert reply.choices[0].message.content.strip()
    assert reply.usage.prompt_tokens > 0
    assert 0 < reply.usage.completion_tokens <= 12
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_headers_tell_who_answered(model_gateway, model):
    raw = model_gateway.sdk().chat.completions.with_raw_response.create(model="chat", messages=GREETING, temperature=0, max_tokens=4)
    assert raw.headers["x-swiftlet-provider"] == "local"
    assert raw.headers["x-swiftlet-model"] == model.name
    assert raw.headers["x-swiftlet-deployment"]
    assert raw.headers["x-swiftlet-attempts"] == "1"
    assert raw.headers["x-swiftlet-route"] == "chat"
    assert len(raw.headers["x-swiftlet-request-id"]) >= 16
    usage = raw.parse().usage
    cost = usage.prompt_tokens * 0.15e-6 + usage.completion_tokens * 0.6e-6
    assert float(raw.headers["x-swiftlet-cost-usd"]) == pytest.approx(cost, abs=2e-9)


def test_request_ids_differ(model_gateway):
    ids = {model_gateway.sdk().models.with_raw_response.list().headers["x-swiftlet-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("name", ["chat", "gpt", "local/smollm2"])
def test_streaming(model_gateway, name):
    chunks = list(model_gateway.sdk().chat.completions.create(model=name, messages=GREETING, temperature=0, max_tokens=8, stream=True))
    assert all(chunk.object == "chat.completion.chunk" for chunk in chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices).strip()
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] in ("stop", "length")
    assert all(chunk.usage is None for chunk in chunks), "usage was not asked for"
    assert all(chunk.choices for chunk in chunks), "the chunk that carries only usage was not asked for"


def test_streaming_with_usage(model_gateway):
    chunks = list(model_gateway.sdk().chat.completions.create(
        model="chat", messages=GREETING, temperature=0, max_tokens=8, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert 0 < chunks[-1].usage.completion_tokens <= 8
    assert sum(chunk.usage is not None for chunk in chunks) == 1


def test_async_streams_side_by_side(model_gateway):
    async def one(client):
        stream = await client.chat.completions.create(model="chat", messages=GREETING, temperature=0, max_tokens=6, stream=True)
        return [chunk async for chunk in stream]

    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=f"{model_gateway.url}/v1", api_key=KEY, timeout=180, max_retries=0) as client:
            return await asyncio.gather(*(one(client) for _ in range(4)))

    for chunks in asyncio.run(all_of_them()):
        assert len({chunk.id for chunk in chunks}) == 1, "chunks of one stream belong to one answer"
        assert any(choice.delta.content for chunk in chunks for choice in chunk.choices)


def test_structured_output(model_gateway):
    reply = model_gateway.sdk().chat.completions.create(
        model="chat", messages=GREETING, temperature=0, max_tokens=24, response_format={"type": "json_schema", "json_schema": {
            "name": "answer", "schema": {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}}})
    assert reply.choices[0].message.content.lstrip().startswith("{")


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_embeddings(model_gateway, encoding):
    options = {"encoding_format": encoding} if encoding else {}
    reply = model_gateway.sdk().embeddings.create(model="embedder", input=["a swiftlet", "finds its way"], **options)
    assert [item.index for item in reply.data] == [0, 1]
    if encoding == "base64":
        assert all(isinstance(item.embedding, str) for item in reply.data)
    else:
        assert all(len(item.embedding) == 576 for item in reply.data)
    assert reply.usage.prompt_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_completions(model_gateway, stream):
    reply = model_gateway.sdk().completions.create(model="chat", prompt="One, two, three,", temperature=0, max_tokens=6, stream=stream)
    texts = [part.choices[0].text for part in reply if part.choices] if stream else [reply.choices[0].text]
    assert "".join(texts)


def test_models(model_gateway):
    listed = model_gateway.sdk().models.list().data
    assert {"chat", "embedder"} <= {entry.id for entry in listed}
    assert all(entry.object == "model" and entry.owned_by for entry in listed)
    assert model_gateway.sdk().models.retrieve("chat").id == "chat"


def test_unknown_model_is_the_sdks_not_found(model_gateway):
    with pytest.raises(openai.NotFoundError) as caught:
        model_gateway.sdk().chat.completions.create(model="chta", messages=GREETING)
    assert caught.value.code == "model_not_found"
    assert "chat" in caught.value.message
    with pytest.raises(openai.NotFoundError):
        model_gateway.sdk().models.retrieve("chta")


def test_unknown_key_is_the_sdks_authentication_error(model_gateway):
    with pytest.raises(openai.AuthenticationError) as caught:
        model_gateway.sdk(key="sk-nobody").chat.completions.create(model="chat", messages=GREETING)
    assert "sk-nobody" not in caught.value.message


def test_the_providers_own_refusal_keeps_its_message(model_gateway):
    with pytest.raises(openai.BadRequestError) as caught:
        model_gateway.sdk().chat.completions.create(model="chat", messages=[{"role": "user", "content": "word " * 6000}], max_tokens=4)
    assert "context" in caught.value.message or "exceed" in caught.value.message
