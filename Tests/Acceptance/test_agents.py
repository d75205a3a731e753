"""Coding agents: a turn with everything such agents send, and the turn after it, with every kind of provider behind."""

import json
import re
import tomllib

import anthropic
import openai
import pytest
from anthropic.lib.streaming._messages import accumulate_event
from replay import agents, compare, corpus, schemas
from replay.apis import READERS, chat, messages, responses
from replay.neutral import object_of
from replay.server import Replay, name_of
from replay.settings import settings
from replay.surfaces.anthropic_messages import disorder
from support.gateway import KEY, ROOT, Gateway

KINDS = [("anthropic", "messages"), ("openai", "chat"), ("openai", "responses"), ("gemini", "streamGenerateContent"),
         ("vertex", "streamGenerateContent"), ("bedrock", "converse-stream"), ("mistral", "chat"), ("deepseek", "chat"),
         ("xai", "responses"), ("cohere", "cohere-chat")]
NAMES = ["/".join(kind) for kind in KINDS]


def calling(kind):
    """A streamed answer that calls tools, and thinks if any does."""
    fit = [one for one in corpus.load(corpus.SAMPLE) if (one.provider, one.api) == kind and one.is_streamed and one.said.calls
           and one.status == 200 and one.said.complete and not one.said.native and one.asked]
    return max(fit, key=lambda one: (bool(one.said.thoughts), len(one.said.calls), one.id), default=None)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    chosen = {kind: calling(kind) for kind in KINDS}
    replay = Replay([one for one in chosen.values() if one])
    gateway = Gateway(tmp_path_factory.mktemp("agents"), settings([one for one in chosen.values() if one], replay.origin))
    yield chosen, replay, gateway
    gateway.end()
    replay.close()


def ready(stage, kind, path):
    """The exchange to play; skips where the gateway does not offer the path or the provider's type."""
    chosen, replay, gateway = stage
    exchange = chosen[kind]
    if exchange is None:
        pytest.skip("no such recording in the sample")
    status, _, reply = gateway.post(path, {})
    if status == 405 or b"no such path" in reply:
        pytest.skip(f"{path} is not offered")
    if any("`" + settings([exchange], "http://x")["providers"].popitem()[1]["type"] + "` is accepted, but" in line for line in gateway.lines):
        pytest.skip("the provider's type is not offered")
    replay.take(exchange.key)
    return exchange, replay, gateway


def arrived(exchange, asked, sent, api):
    """The provider's own description allows what it was asked, and everything of the conversation is in it."""
    body = asked.json
    if asked.api == api and exchange.provider in ("openai", "anthropic", "xai"):  # same dialect: nothing of it is touched
        assert {**body, "model": ""} == {**sent, "model": "", "stream": True}
        return
    assert not schemas.problems(exchange.api, exchange.provider, body)
    client, upstream = READERS[api].request(sent), READERS[exchange.api].request(body)
    assert compare.flat(upstream) == compare.flat(client)
    assert "".join("".join(upstream.system).split()) == "".join("".join(client.system).split())
    assert [(one.name, one.description) for one in upstream.tools] == [(one.name, one.description) for one in client.tools]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_claude_code(stage, kind):
    exchange, replay, gateway = ready(stage, kind, "/v1/messages")
    client = anthropic.Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0, timeout=60)

    def turn(body):
        events, whole, pieces = [], None, {}
        for event in client.messages.create(model=name_of(exchange), stream=True, extra_query={"beta": "true"}, extra_headers={
                "anthropic-beta": "interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"}, **body):
            events.append((event.type, event.model_dump(exclude_unset=True, warnings=False)))
            whole = accumulate_event(event=event, current_snapshot=whole, json_bufs=pieces)
        assert not disorder([event for _, event in events])
        return messages.stream(events), whole.model_dump(exclude_unset=True, warnings=False)

    first = agents.claude_code()
    reply, message = turn(first)
    assert [(one.name, object_of(one.arguments)) for one in reply.calls] == \
        [(one.name, object_of(one.arguments)) for one in exchange.said.calls]
    assert reply.finish == "tool_calls" and message["stop_reason"] == "tool_use"
    [asked] = replay.take(exchange.key)
    arrived(exchange, asked, first, "messages")

    second = agents.claude_code(more_turns=agents.claude_code_answers(message))
    turn(second)
    [asked] = replay.take(exchange.key)
    arrived(exchange, asked, second, "messages")
    returned(exchange, asked)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_codex(stage, kind):
    exchange, replay, gateway = ready(stage, kind, "/v1/responses")
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0, timeout=60)

    def turn(body):
        events = [(event.type, event.model_dump(exclude_unset=True, warnings=False))
                  for event in client.responses.create(model=name_of(exchange), stream=True, **body)]
        if exchange.api != "responses":
            assert not responses.disagreements(events)
        return responses.stream(events), events[-1][1]["response"]

    first = agents.codex()
    reply, response = turn(first)
    assert [(one.name, object_of(one.arguments)) for one in reply.calls] == \
        [(one.name, object_of(one.arguments)) for one in exchange.said.calls]
    [asked] = replay.take(exchange.key)
    arrived(exchange, asked, first, "responses")

    second = agents.codex(more_items=agents.codex_answers(response))
    turn(second)
    [asked] = replay.take(exchange.key)
    arrived(exchange, asked, second, "responses")
    returned(exchange, asked)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_agents_by_chat(stage, kind):
    """OpenCode, Cline and others: 128 tools, as many as OpenAI takes, and a long file among the results."""
    exchange, replay, gateway = ready(stage, kind, "/v1/chat/completions")
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0, timeout=60)

    def turn(body):
        chunks = [chunk.model_dump(exclude_unset=True, warnings=False)
                  for chunk in client.chat.completions.create(model=name_of(exchange), stream=True, **body)]
        reply = chat.stream([("", chunk) for chunk in chunks])
        return reply, {"role": "assistant", "content": reply.text or None, "tool_calls": [
            {"id": one.id, "function": {"name": one.name, "arguments": one.arguments}} for one in reply.calls]}

    first = agents.chat(context=200, tools=128)
    reply, message = turn(first)
    assert [(one.name, object_of(one.arguments)) for one in reply.calls] == \
        [(one.name, object_of(one.arguments)) for one in exchange.said.calls]
    [asked] = replay.take(exchange.key)
    arrived(exchange, asked, first, "chat")

    second = agents.chat(context=200, tools=128, more_messages=agents.chat_answers(message))
    turn(second)
    [asked] = replay.take(exchange.key)
    arrived(exchange, asked, second, "chat")
    assert len(READERS[exchange.api].request(asked.json).calls()) == 2 + len(reply.calls)


def returned(exchange, asked):
    """Ids and seals that the provider gave come back to it as they were."""
    ids = [one.id for one in exchange.said.calls if one.id]
    back = READERS[exchange.api].request(asked.json)
    calls = [call.id for call in back.calls()]
    assert all(id in calls for id in ids), f"ids {ids} came back as {calls}"
    seals = [part.signature for turn in back.turns for part in turn.parts if part.signature]
    assert all(seal in seals for seal in exchange.said.signatures), "what the provider sealed did not come back"


# -- what the page on agents says

PAGE = (ROOT / "docs/guide/agents.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A gateway with the models of the page, answered by a mock."""
    models = re.findall(r"^  (\S+):(?: \{ deployments|\n    deployments)", PAGE, re.M)
    assert len(models) == 3
    one = Gateway(tmp_path_factory.mktemp("page"), {
        "providers": {"made-up": {"type": "mock", "text": "a made-up answer"}},
        "models": {name: {"deployments": [{"provider": "made-up", "model": "m"}]} for name in models}})
    yield one
    one.end()


def here(url, gateway):
    assert "127.0.0.1:8080" in url
    return url.replace("127.0.0.1:8080", f"127.0.0.1:{gateway.port}")


def test_the_page_on_claude_code(shown):
    """Both the variables and the settings file reach Messages, with the key as a bearer token."""
    variables = dict(re.findall(r"export (ANTHROPIC_\w+)=(\S+)", "".join(blocks("sh"))))
    assert variables["ANTHROPIC_AUTH_TOKEN"] == "$SWIFTLET_KEY"
    said = json.loads(next(block for block in blocks("json") if "apiKeyHelper" in block))["env"]
    assert said["ANTHROPIC_BASE_URL"] == variables["ANTHROPIC_BASE_URL"]
    client = anthropic.Anthropic(base_url=here(said["ANTHROPIC_BASE_URL"], shown), auth_token=KEY, max_retries=0)
    for model in (said["ANTHROPIC_MODEL"], said["ANTHROPIC_DEFAULT_HAIKU_MODEL"]):
        body = {**agents.claude_code(context=1), "model": model}
        with client.messages.stream(**body) as stream:
            assert "made-up" in stream.get_final_text()
        assert client.messages.count_tokens(**{name: body[name] for name in ("model", "system", "tools", "messages")}).input_tokens > 100
    # CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY asks for the list.
    assert said["ANTHROPIC_MODEL"] in [one.id for one in client.models.list().data]


def test_the_page_on_codex(shown):
    said = tomllib.loads(blocks("toml")[0])
    provider = said["model_providers"][said["model_provider"]]
    assert provider["wire_api"] == "responses" and provider["env_key"] == "SWIFTLET_KEY"
    client = openai.OpenAI(base_url=here(provider["base_url"], shown), api_key=KEY, max_retries=0, default_headers=provider["http_headers"])
    with client.responses.stream(model=said["model"], **agents.codex(context=1)) as stream:
        assert "made-up" in stream.get_final_response().output_text


def test_the_page_on_other_agents(shown):
    said = json.loads(next(block for block in blocks("json") if "openai-compatible" in block))
    name, model = said["model"].split("/")
    options = said["provider"][name]["options"]
    assert model in said["provider"][name]["models"] and options["apiKey"] == "{env:SWIFTLET_KEY}"
    client = openai.OpenAI(base_url=here(options["baseURL"], shown), api_key=KEY, max_retries=0)
    for model in said["provider"][name]["models"]:
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi."}])
        assert "made-up" in answer.choices[0].message.content
