"""Trees that come with a request, in both of vLLora's shapes and in our own, good and bad."""

import json
from collections import Counter

import openai
import pytest
from support.gateway import KEY, Gateway, question
from support.routing import Farm, ask, failing, on

LIMITED = "sk-limited-0123456789abcdef"


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    for model in ("dead", "dead-1", "dead-2", "dead-3"):
        one.manners[model] = failing(500)
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(farm, tmp_path_factory):
    one = Gateway(tmp_path_factory.mktemp("inline"), {
        "providers": {"p": farm.provider(), "q": farm.provider(), "cheap": {"type": "mock"}, "dear": {"type": "mock"},
                      "slow": {"type": "mock", "latency": "80ms"}, "quick": {"type": "mock"}},
        "models": {
            "chat": {"deployments": [on("p", "main")], "aliases": ["gpt"]},
            "other": {"deployments": [on("p", "other")]},
            "secret": {"deployments": [on("p", "secret")], "hidden": True},
            "dying": {"deployments": [on("p", "dead")]},
            "priced": {"deployments": [on("cheap", "m", input_price=1, output_price=1), on("dear", "m", input_price=9, output_price=9)]},
            "timed": {"deployments": [on("slow", "m"), on("quick", "m")]},
        },
        "routes": {"my-route": {"fallback": ["p/dead-1", "p/named"]}},
        "router": {"cooldowns": False, "num_retries": 0, "model_group_alias": {"gpt4": "chat", "old": {"model": "chat", "hidden": True}}},
        "keys": {"acceptance": {"key": KEY}, "limited": {"key": LIMITED, "models": ["chat"]}},
    })
    yield one
    one.end()


def routed(gateway, router, shape="router", model="router/dynamic", **more):
    return ask(gateway, model, **({"router": router} if shape == "router" else {"extra": {"router": router}}), **more)


SHAPES = pytest.mark.parametrize("shape", ["router", "extra.router"])


@SHAPES
@pytest.mark.parametrize("kind", ["type", "strategy"])
def test_a_fallback_in_the_body(shared, shape, kind):
    answer = routed(shared, {kind: "fallback", "targets": [{"model": "p/dead"}, {"model": "p/second"}]}, shape)
    assert (answer.text, answer.attempts) == ("second", 2)


@SHAPES
def test_targets_as_provider_and_model(shared, shape):
    answer = routed(shared, {"strategy": "fallback", "targets": [
        {"provider": "p", "model": "dead"}, {"provider": "p", "model": "second"}]}, shape)
    assert (answer.text, answer.attempts) == ("second", 2)


def test_the_documented_percentage_with_weights(shared):
    router = {"strategy": "percentage", "targets": [
        {"provider": "p", "model": "ninety", "weight": 90}, {"provider": "p", "model": "ten", "weight": 10}]}
    share = Counter(routed(shared, router, "extra.router", model="chat").text for _ in range(150))
    assert 112 <= share["ninety"] <= 149 and share["ten"] >= 1, share


def test_the_coded_percentage_with_a_list(shared):
    router = {"type": "percentage", "targets": [{"model": "p/three"}, {"model": "p/one"}], "targets_percentages": [0.75, 0.25]}
    share = Counter(routed(shared, router).text for _ in range(150))
    assert 85 <= share["three"] <= 140, share


def test_a_percentage_does_not_dead_end(shared):
    router = {"type": "a_b_testing", "targets": [{"model": "p/dead"}, {"model": "p/alive"}], "targets_percentages": [1, 0.000001]}
    answer = routed(shared, router)
    assert (answer.text, answer.attempts) == ("alive", 2)


def test_random_and_no_strategy_at_all(shared):
    assert {routed(shared, {"type": "random", "targets": ["p/r1", "p/r2"]}).text for _ in range(40)} == {"r1", "r2"}
    assert routed(shared, {"targets": ["p/r1", "p/r2"]}).status == 200


@pytest.mark.parametrize("metric, targets, best", [
    ("price", ["cheap/m", "dear/m"], "cheap"), ("cost", ["dear/m", "cheap/m"], "cheap"), ("latency", ["slow/m", "quick/m"], "quick"),
    ("success_rate", ["p/dead", "quick/m"], "quick"), ("error_rate", ["p/dead", "quick/m"], "quick"),
])
@pytest.mark.parametrize("duration", ["Total", "Last15Minutes", "LastHour"])
def test_optimized(shared, metric, targets, best, duration):
    router = {"type": "optimized", "metric": metric, "metrics_duration": duration, "targets": [{"model": model} for model in targets]}
    answers = [routed(shared, router) for _ in range(8)]
    assert {answer.provider for answer in answers[-3:]} == {best}, [answer.provider for answer in answers]
    assert answers[-1].attempts == 1


def test_optimized_by_first_token_and_by_speed(shared):
    for metric in ("ttft", "tps", "requests"):
        assert routed(shared, {"type": "optimized", "metric": metric, "targets": ["slow/m", "quick/m"]}).status == 200, metric


def test_a_whole_provider_and_a_bare_name(shared):
    router = {"type": "round_robin", "targets": ["cheap/*", "dear/*"]}
    assert {routed(shared, router).provider for _ in range(4)} == {"cheap", "dear"}
    router = {"type": "round_robin", "targets": [{"model": "m"}]}
    assert {routed(shared, router).provider for _ in range(8)} == {"cheap", "dear", "slow", "quick"}


def test_target_members_override_those_of_the_request(shared, farm):
    router = {"type": "fallback", "targets": [
        {"model": "p/dead-2", "temperature": 0.1}, {"model": "p/tuned", "temperature": 0.7, "max_tokens": 9, "stop": ["x"], "top_p": None}]}
    answer = routed(shared, router, temperature=0.3, max_tokens=100, top_p=0.4, user="u")
    assert answer.text == "tuned"
    assert farm.bodies("dead-2")[-1]["temperature"] == 0.1
    body = farm.bodies("tuned")[-1]
    assert {name: body[name] for name in ("temperature", "max_tokens", "stop", "top_p", "user")} == {
        "temperature": 0.7, "max_tokens": 9, "stop": ["x"], "top_p": 0.4, "user": "u"}
    assert "router" not in body and "extra" not in body


def test_overrides_reach_streams_too(shared, farm):
    client = shared.sdk()
    router = {"type": "fallback", "targets": [{"model": "p/streamed", "temperature": 0.2}]}
    parts = client.chat.completions.create(**question("router/dynamic", stream=True, temperature=1), extra_body={"router": router})
    assert "".join(choice.delta.content or "" for part in parts for choice in part.choices) == "streamed"
    assert farm.bodies("streamed")[-1]["temperature"] == 0.2


def test_routers_within_routers(shared):
    router = {"type": "fallback", "targets": [
        {"model": "router/dynamic", "router": {"type": "percentage", "targets_percentages": [50, 50], "targets": [
            {"model": "p/dead-1"}, {"model": "router/dynamic", "router": {"type": "round_robin", "targets": ["p/dead-2", "p/dead-3"]}}]}},
        {"model": "p/deep"}]}
    answer = routed(shared, router, include_routing_metadata=True)
    assert (answer.text, answer.attempts) == ("deep", 4)
    assert answer.routing["strategies"][0] == "fallback"


@SHAPES
def test_a_router_nested_too_deep(shared, shape):
    router = {"type": "fallback", "targets": ["p/never"]}
    for _ in range(14):
        router = {"type": "fallback", "targets": [{"model": "router/dynamic", "router": router}]}
    answer = routed(shared, router, shape)
    assert answer.status == 400
    assert f"{shape}.targets[0].router.targets[0]" in answer.error["message"], answer.error["message"]
    assert "deep" in answer.error["message"]
    assert answer.error["param"].startswith(shape)


def test_nesting_within_the_limit(shared):
    router = {"type": "fallback", "targets": ["p/bottom"]}
    for _ in range(7):
        router = {"type": "fallback", "targets": [{"model": "router/dynamic", "router": router}]}
    assert routed(shared, router).text == "bottom"


def test_a_body_nested_without_end_is_refused_and_nothing_breaks(shared):
    body = b'{"model":"router/dynamic","messages":[],"router":' + b'{"type":"fallback","targets":[{"router":' * 3000 + b"{}" + b"}]}" * 3000 + b"}"
    assert shared.post("/v1/chat/completions", body)[0] == 400
    assert ask(shared).text == "main"


CONDITIONAL = {"type": "conditional", "routes": [
    {"name": "premium", "conditions": {"all": [{"extra.user.tier": {"eq": "premium"}}, {"metadata.region": {"$eq": "EU"}}]},
     "targets": {"$any": ["p/dead", "p/premium"]}},
    {"name": "many tags", "conditions": {"any": [{"extra.user.tiers": {"contains": "vip"}}, {"metadata.tags.vip": {"$eq": "yes"}}]},
     "targets": ["p/dead", "p/vip"]},
    {"name": "variables", "conditions": {"extra.variables.amount": {"$gte": 10}}, "targets": "p/amount"},
    {"name": "over quota", "conditions": {"extra.user.tier": {"in": ["none", "expired"]}},
     "message_mapper": {"modifier": "block", "content": "Quota used up."}},
    {"name": "rest", "targets": "p/rest"}]}


@SHAPES
@pytest.mark.parametrize("more, text", [
    ({"user": {"tier": "premium"}}, "premium"), ({"user": {"tier": "basic"}}, "rest"), ({"user": {"tiers": ["a", "vip"]}}, "vip"),
    ({"user": {"user_tags": ["vip"]}}, "vip"), ({"variables": {"amount": 12}}, "amount"), ({"variables": {"amount": 9}}, "rest"), ({}, "rest"),
], ids=["premium", "basic", "tiers", "user_tags", "amount", "too little", "nothing"])
def test_a_conditional_router(shared, shape, more, text):
    extra = dict(more)
    body = {"extra": extra, "headers": {"x-swiftlet-region": "EU"}}
    if shape == "router":
        body["router"] = CONDITIONAL
    else:
        extra["router"] = CONDITIONAL
    assert ask(shared, "router/dynamic", **body).text == text


def test_a_conditional_router_reads_header_tags(shared):
    assert ask(shared, "router/dynamic", router=CONDITIONAL, headers={"x-tags": "vip=yes"}).text == "vip"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_message_mapper_blocks(shared, farm, stream):
    before = sum(map(len, farm.came.values()))
    status, _, body = shared.chat("router/dynamic", router=CONDITIONAL, extra={"user": {"tier": "expired"}}, stream=stream)
    assert b"Quota used up." in body
    assert status in (200, 403)
    assert sum(map(len, farm.came.values())) == before, "no model was called"


def test_no_conditional_route_matched(shared):
    router = {"type": "conditional", "routes": [{"conditions": {"extra.user.tier": {"eq": "x"}}, "targets": "p/x"}]}
    answer = routed(shared, router)
    assert answer.status in (400, 403, 404, 503)
    assert "route" in answer.error["message"] or "branch" in answer.error["message"]


def test_an_error_rate_filter(shared):
    router = {"type": "conditional", "routes": [{"targets": {"$any": ["p/main", "p/other"], "filter": {"error_rate": {"lt": 0.5}},
                                                             "sort_by": "latency"}}]}
    assert routed(shared, router).status == 200


def test_a_router_of_our_own_form(shared):
    assert routed(shared, {"fallback": ["p/dead", {"provider": "p", "model": "ours", "params": {"temperature": 0}}]}).text == "ours"
    assert routed(shared, "my-route").text == "named"
    assert routed(shared, ["p/dead", "chat"]).text == "main"


@pytest.mark.parametrize("router, path, words", [
    ({"type": "fallback", "targets": [{"model": "p/main"}, {"model": "chta"}]}, "targets[1].model", "chat"),
    ({"type": "fallback", "targets": [{"model": "pp/main"}]}, "targets[0].model", "p/main"),
    ({"type": "falback", "targets": ["chat"]}, "type", "fallback"),
    ({"type": "fallback"}, "targets", "missing"),
    ({"type": "fallback", "targets": []}, "targets", "no routes"),
    ({"type": "percentage", "targets": ["chat", "other"], "targets_percentages": [1]}, "targets_percentages", "2 targets"),
    ({"type": "percentage", "targets": ["chat", "other"], "targets_percentages": [0, 0]}, "targets", "0"),
    ({"type": "optimized", "metric": "latncy", "targets": ["chat"]}, "metric", "latency"),
    ({"type": "conditional", "routes": [{"conditions": {"extra.user.tierr": {"eq": 1}}, "targets": "chat"}]}, "routes[0].conditions", "tier"),
    ({"type": "conditional", "routes": [{"conditions": {"extra.user.tier": {"eqq": 1}}, "targets": "chat"}]}, "routes[0].conditions", "eq"),
    ({"type": "conditional", "routes": [{"conditions": {"request.text": {"matches": "(["}}, "targets": "chat"}]}, "routes[0].conditions", "regular"),
    ({"type": "script", "targets": ["chat"]}, "type", "script"),
    ({"fallback": [{"auto": {"mode": "chep", "models": ["chat"]}}]}, "mode", "cost"),
    ({}, "", ""),
    ([], "", ""),
], ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else None)
@SHAPES
def test_a_bad_router_is_refused_with_its_json_path(shared, shape, router, path, words):
    answer = routed(shared, router, shape)
    assert answer.status == 400, answer
    message = answer.error["message"]
    assert shape in message and path in message and words in message, message
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.error["param"].startswith(shape), answer.error


@SHAPES
def test_an_unknown_name_for_a_router(shared, shape):
    answer = routed(shared, "my-rout", shape)
    assert answer.status in (400, 404) and "my-route" in answer.error["message"]
    assert answer.error["param"] == shape


def test_a_bad_router_through_the_sdk(shared):
    with pytest.raises(openai.BadRequestError) as caught:
        shared.sdk().chat.completions.create(**question(), extra_body={"router": {"type": "fallback", "targets": ["chta"]}})
    assert "router.targets[0]" in caught.value.message and "chat" in caught.value.message


def test_a_request_cannot_reach_into_settings(shared):
    """What only an operator may say of a deployment: a key, an address, a price."""
    for members in ({"virtual_key": "limited"}, {"input_price": 0}, {"base_url": "http://127.0.0.1:1"}, {"api_key": "sk-mine"}):
        answer = routed(shared, {"fallback": [{"provider": "p", "model": "main", **members}]})
        assert answer.status == 400, (members, answer)
