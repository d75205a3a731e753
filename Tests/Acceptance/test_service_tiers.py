"""Service tiers: what another tier costs is held of budgets before, and billed by the tier that the provider says it served."""

import json

import anthropic
import openai
import pytest
from support.dialects import PROVIDERS
from support.gateway import KEY, wait_until
from support.upstream import ANSWER, USAGE_CHUNK, chunk, event
from test_admin import Admin

TIERS = {"flex": {"input_price": 0.5, "output_price": 1}, "priority": {"input_price": 2, "output_price": 4, "cached_input_price": 0.2}}
# 11 tokens at 1 dollar a million and 7 at 2, in nano-dollars.
USUAL = 11 * 1_000 + 7 * 2_000
HELLO = [{"role": "user", "content": "Say hello."}]


def chat(said):
    """A provider that says this tier, whatever was asked; None: says nothing of it."""
    more = {} if said is None else {"service_tier": said}

    def handle(peer, request):
        if not request.json.get("stream"):
            return peer.answer({**ANSWER, **more})
        peer.start_stream()
        peer.piece(event(chunk("hello", **more)) + event({**USAGE_CHUNK, **more}) + event(b"[DONE]"))
        peer.end_stream()
    return handle


@pytest.fixture
def speaking(gateway, upstream):
    """One gateway, its model `chat` at a provider of this dialect: speaking("gemini", handle, tier_prices). Returns (gateway, upstream)."""

    def start(dialect, handle, tiers):
        up, settings = upstream(handle), dict(PROVIDERS[dialect].settings)
        settings["base_url"] = up.url.removesuffix("/v1") + settings.pop("path")
        if "access_key_id" not in settings:
            settings["api_key"] = "k"
        deployment = {"provider": "up", "model": "claude-made-up", "input_price": 1, "output_price": 2, "tier_prices": tiers}
        return gateway({"providers": {"up": settings}, "models": {"chat": {"deployments": [deployment]}}}), up

    return start


def only(gateway, count=1):
    """The newest of so many requests, as the console shows it."""
    admin = Admin(gateway)
    rows = wait_until(lambda: (lambda found: found if len(found) == count else None)(admin.get("/api/v1/requests")["data"]), what="the row")
    return admin.get(f"/api/v1/requests/{rows[0]['id']}")


def nano(row):
    return round(row["cost_usd"] * 1e9)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("asked, said, tier, cost", [
    (None, None, "standard", USUAL), (None, "default", "standard", USUAL), ("default", "default", "standard", USUAL),
    ("priority", "priority", "priority", 2 * USUAL), ("flex", "flex", "flex", USUAL // 2),
    # Served as an ordinary one: that is what it costs.
    ("priority", "default", "standard", USUAL), ("flex", "default", "standard", USUAL),
    # What an account asks for by itself.
    ("auto", "priority", "priority", 2 * USUAL), (None, "flex", "flex", USUAL // 2),
    # Nothing is said: what was asked for.
    ("priority", None, "priority", 2 * USUAL), ("flex", None, "flex", USUAL // 2),
    # Another name of it.
    ("fast", "fast", "fast", 2 * USUAL),
])
def test_the_tier_that_was_served_is_billed(behind, asked, said, tier, cost, stream):
    gateway, up = behind(chat(said), deployment={"tier_prices": TIERS})
    reply = gateway.sdk().chat.completions.with_raw_response.create(
        model="chat", messages=HELLO, stream=stream, **({} if asked is None else {"extra_body": {"service_tier": asked}}))
    list(reply.parse()) if stream else reply.parse()
    assert up.requests[-1].json.get("service_tier") == asked
    row = only(gateway)
    assert (row["service_tier"], nano(row)) == (tier, cost)
    assert "service_tier_unpriced" not in row
    assert stream or float(reply.headers["x-swiftlet-cost-usd"]) * 1e9 == pytest.approx(cost)


@pytest.mark.parametrize("tier", ["priority", "scale"])
def test_a_tier_without_a_price_costs_the_usual_one_and_it_is_said(behind, tier):
    gateway, _ = behind(chat(tier), deployment={"tier_prices": {"flex": TIERS["flex"]}})
    gateway.sdk().chat.completions.create(model="chat", messages=HELLO, extra_body={"service_tier": tier})
    row = only(gateway)
    assert (row["service_tier"], nano(row), row["service_tier_unpriced"]) == ("priority" if tier == "priority" else "other", USUAL, True)


@pytest.mark.parametrize("stream", [False, True])
def test_responses(behind, stream):
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "hello", "annotations": []}]}
    whole = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "upstream-model", "output": [item],
             "service_tier": "priority", "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}}

    def handle(peer, request):
        assert request.path.endswith("/responses"), request.path
        if not stream:
            return peer.answer(whole)
        peer.start_stream()
        begun = {**whole, "status": "in_progress", "output": [], "usage": None, "service_tier": "auto"}
        for number, value in enumerate([
                {"type": "response.created", "response": begun},
                {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress", "content": []}},
                {"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0, "content_index": 0,
                 "part": {"type": "output_text", "text": "", "annotations": []}},
                {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "hello"},
                {"type": "response.output_item.done", "output_index": 0, "item": item},
                {"type": "response.completed", "response": whole}]):
            peer.piece(f"event: {value['type']}\n".encode() + event({**value, "sequence_number": number}))
        peer.end_stream()

    gateway, _ = behind(handle, provider={"type": "openai", "api_key": "k"}, deployment={"tier_prices": TIERS})
    reply = gateway.sdk().responses.create(model="chat", input="Say hello.", service_tier="priority", stream=stream)
    if stream:
        list(reply)
    row = only(gateway)
    assert (row["service_tier"], nano(row)) == ("priority", 2 * USUAL)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("usage, tier, times", [
    ({"service_tier": "standard", "speed": "fast"}, "fast", 6), ({"service_tier": "standard", "speed": "standard"}, "standard", 1),
])
def test_the_speed_of_a_message(speaking, usage, tier, times, stream):
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "upstream-model", "stop_reason": "end_turn", "stop_sequence": None,
               "content": [{"type": "text", "text": "hello"}], "usage": {"input_tokens": 11, "output_tokens": 7, **usage}}

    def handle(peer, request):
        assert request.json["speed"] == "fast"
        if not stream:
            return peer.answer(message)
        peer.start_stream()
        for value in ({"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
                      {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                      {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
                      {"type": "content_block_stop", "index": 0},
                      {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
                      {"type": "message_stop"}):
            peer.piece(f"event: {value['type']}\n".encode() + event(value))
        peer.end_stream()

    gateway, _ = speaking("messages", handle, {"fast": {"input_price": 6, "output_price": 12}})
    client = anthropic.Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0)
    reply = client.messages.create(model="chat", max_tokens=20, messages=HELLO, stream=stream, extra_body={"speed": "fast"})
    if stream:
        list(reply)
    row = only(gateway)
    assert (row["service_tier"], nano(row)) == (tier, times * USUAL)


@pytest.mark.parametrize("provider, answer, tier, cost", [
    ("gemini", {"usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "serviceTier": "priority"}}, "priority", 2 * USUAL),
    ("gemini", {"usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "serviceTier": "SERVICE_TIER_STANDARD"}}, "standard", USUAL),
    ("converse", {"usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}, "serviceTier": {"type": "priority"}}, "priority", 2 * USUAL),
    ("converse", {"usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}, "performanceConfig": {"latency": "optimized"}},
     "optimized", 3 * USUAL),
    # Nothing is said in return: what was asked for.
    ("converse", {"usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}}, "priority", 2 * USUAL),
])
def test_tiers_of_other_dialects(speaking, provider, answer, tier, cost):
    gateway, up = speaking(provider, lambda peer, request: peer.answer({**PROVIDERS[provider].whole, **answer}),
                           {**TIERS, "optimized": {"input_price": 3, "output_price": 6}})
    gateway.sdk().chat.completions.create(model="chat", messages=HELLO, extra_body={"service_tier": "priority"})
    assert "priority" in json.dumps(up.requests[-1].json.get("serviceTier")).lower()
    row = only(gateway)
    assert (row["service_tier"], nano(row)) == (tier, cost)


@pytest.mark.parametrize("said, tier, cost", [({"latency": "optimized"}, "optimized", 3 * USUAL), ({"latency": "standard"}, "standard", USUAL),
                                              (None, "optimized", 3 * USUAL)])
def test_the_latency_that_was_asked_for(speaking, said, tier, cost):
    """In the provider's own dialect, where the request says it with a member of its own."""
    usage = {"usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}, **({} if said is None else {"performanceConfig": said})}
    gateway, up = speaking("converse", lambda peer, request: peer.answer({**PROVIDERS["converse"].whole, **usage}),
                           {"optimized": {"input_price": 3, "output_price": 6}})
    status, _, body = gateway.post("/model/chat/converse", {
        "messages": [{"role": "user", "content": [{"text": "Say hello."}]}], "performanceConfig": {"latency": "optimized"}})
    assert status == 200, body
    assert up.requests[-1].json["performanceConfig"] == {"latency": "optimized"}
    row = only(gateway)
    assert (row["service_tier"], nano(row)) == (tier, cost)


def test_the_dearer_tier_is_held_of_a_budget(behind):
    """What fits as an ordinary request, some 0.003 dollars, does not as one before others; a cheaper tier may be served as the usual one."""
    gateway, up = behind(chat(None), deployment={"tier_prices": TIERS}, keys={
        "tight": {"key": "key-tight", "budget": {"amount": 0.005, "period": "month"}}})
    client = gateway.sdk("key-tight")

    def ask(tier):
        return client.chat.completions.create(model="chat", messages=HELLO, max_tokens=1_000, extra_body={"service_tier": tier})

    with pytest.raises(openai.APIStatusError) as refused:
        ask("priority")
    assert refused.value.status_code in (402, 429) and not up.requests, refused.value
    assert ask("flex").choices and ask("default").choices
    assert [request.json["service_tier"] for request in up.requests] == ["flex", "default"]


def test_rerating_goes_by_the_tier(behind):
    gateway, up = behind(chat("priority"))
    gateway.sdk().chat.completions.create(model="chat", messages=HELLO, extra_body={"service_tier": "priority"})
    admin, before = Admin(gateway), only(gateway)
    assert (nano(before), before["service_tier_unpriced"]) == (USUAL, True)
    deployment = {"provider": "up", "model": "upstream-model", "input_price": 1, "output_price": 2, "tier_prices": TIERS}
    assert admin("PUT", "/api/v1/settings/models/chat", {"deployments": [deployment]})[0] in (200, 204)
    status, _, report = admin("POST", "/api/v1/prices/rerate", {"only": "all", "apply": True})
    assert status == 200 and report["changed"] == 1, report
    after = only(gateway)
    assert (after["service_tier"], nano(after)) == ("priority", 2 * USUAL) and "service_tier_unpriced" not in after


def test_a_price_of_the_settings_has_tiers(gateway, upstream):
    up = upstream(chat("priority"))
    priced = {"input": 1, "output": 2, "tiers": {"priority": {"input": 2, "output": 4}}}
    one = gateway({
        "providers": {"up": {"type": "openai", "api_key": "k", "base_url": up.url}}, "prices": {"openai/our-own": priced},
        "models": {"chat": {"deployments": [{"provider": "up", "model": "our-own"}]}}})
    one.sdk().chat.completions.create(model="chat", messages=HELLO)
    row = only(one)
    assert (row["service_tier"], nano(row)) == ("priority", 2 * USUAL)
    # What is told of it may come back as it is.
    admin = Admin(one)
    assert admin("PATCH", "/api/v1/prices/openai/our-own", admin.get("/api/v1/prices/openai/our-own"))[0] == 200
    status, _, body = admin("PATCH", "/api/v1/prices/openai/our-own", {"tiers": {"prio": {"input": 3}}})
    assert status == 422 and "priority" in body["error"]["message"]
