"""Nearest regions, where a caller is, regions that a key allows; branches of conditional routes."""

import pytest
from conftest import error_of
from support.gateway import KEY, Gateway
from support.routing import Farm, ask, ask_often, failing, mocks, on, providers


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    names = {"eu": "eu", "us": "us", "ap": "ap"}
    one = Gateway(tmp_path_factory.mktemp("world"), {
        "providers": {name: {"type": "mock", "region": region} for name, region in names.items()},
        "models": {"chat": {"strategy": "geographic", "deployments": [on(name, "m") for name in names]},
                   "ours": {"strategy": "fallback", "deployments": [on("us", "ours"), on("eu", "ours")]},
                   "theirs": {"deployments": [on("us", "theirs")]}},
        "regions": {"prefixes": {"127.0.0.0/8": "ap"}},
        "keys": {"acceptance": {"key": KEY},
                 "european": {"key": "sk-european-0123456789", "region": "eu"},
                 "only eu": {"key": "sk-only-eu-0123456789", "regions": ["eu"]},
                 "not us": {"key": "sk-not-us-0123456789", "denied_regions": ["us"]}},
    })
    yield one
    one.end()


@pytest.mark.parametrize("region, nearest", [("eu", "eu"), ("us", "us"), ("ap", "ap"), ("eu-west-1", "eu"), ("us-east-1", "us")])
def test_geographic_is_the_nearest_region(world, region, nearest):
    assert {answer.provider for answer in ask_often(world, 3, headers={"x-swiftlet-region": region})} == {nearest}


def test_where_a_region_comes_from(world):
    european = "sk-european-0123456789"
    assert ask(world).provider == "ap", "by the table of addresses"
    assert ask(world, metadata={"region": "us"}).provider == "us", "metadata before addresses"
    assert ask(world, key=european).provider == "eu", "the key's"
    assert ask(world, key=european, metadata={"region": "us"}).provider == "eu", "the key before metadata"
    assert ask(world, key=european, headers={"x-swiftlet-region": "us"}).provider == "us", "the header before the key"


def test_regions_that_a_key_allows_and_denies(world):
    assert {answer.provider for answer in ask_often(world, 3, "ours", key="sk-only-eu-0123456789")} == {"eu"}
    assert {answer.provider for answer in ask_often(world, 3, "ours", key="sk-not-us-0123456789")} == {"eu"}
    assert ask(world, "ours").provider == "us"


@pytest.mark.parametrize("key", ["sk-only-eu-0123456789", "sk-not-us-0123456789"])
def test_an_empty_pool_says_why(world, key):
    answer = ask(world, "theirs", key=key)
    assert answer.status == 403
    assert answer.error["code"] == "residency_not_met"
    assert "region" in answer.error["message"], answer.error["message"]


@pytest.fixture(scope="module")
def conditional(farm, tmp_path_factory):
    farm.manners["dead-branch"] = failing(500)
    one = Gateway(tmp_path_factory.mktemp("conditional"), {
        "providers": {**mocks(long={}, tools={}, rest={}, eu={}), **providers(farm, "sick")},
        "router": {"cooldowns": False, "num_retries": 0},
        "models": {"chat": {"route": {"conditional": {
            "branches": [
                {"when": {"request.input_tokens": {"gt": 200}}, "route": "long/m"},
                {"when": {"request.has_tools": True}, "route": "tools/m"},
                {"when": {"all": [{"tags.tier": {"in": ["gold", "silver"]}}, {"not": {"request.region": {"eq": "us"}}}]}, "route": "eu/m"},
                {"when": {"tags.sick": {"exists": True}}, "route": "sick/dead-branch"},
                {"when": {"tags.refused": {"exists": True}}, "deny": "not for you"},
            ],
            "default": "rest/m"}}},
            "closed": {"route": {"conditional": {"branches": [{"when": {"tags.open": "yes"}, "route": "rest/m"}]}}}},
    })
    yield one
    one.end()


TOOL = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


@pytest.mark.parametrize("request_, provider", [
    ({}, "rest"),
    ({"messages": [{"role": "user", "content": "a word " * 300}]}, "long"),
    ({"tools": TOOL}, "tools"),
    ({"tags": [{"key": "tier", "value": "gold"}]}, "eu"),
    ({"tags": [{"key": "tier", "value": "gold"}], "headers": {"x-swiftlet-region": "us"}}, "rest"),
    ({"tags": [{"key": "tier", "value": "bronze"}]}, "rest"),
    ({"tags": [{"key": "sick", "value": "1"}]}, "rest"),
], ids=["default", "long prompt", "tools", "tag", "not", "other tag", "a dead branch goes to the default"])
def test_conditional_takes_the_first_that_holds(conditional, request_, provider):
    assert ask(conditional, **request_).provider == provider


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_branch_may_refuse(conditional, stream):
    status, _, body = conditional.chat(tags=[{"key": "refused", "value": "1"}], stream=stream)
    assert status == 403 and b"not for you" in body
    assert error_of(body)["code"] == "denied_by_rule"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_branch_may_answer_itself(gateway, stream):
    one = gateway({"providers": mocks(a={}), "models": {"chat": {"route": {"conditional": {
        "branches": [{"when": {"tags.closed": {"exists": True}}, "answer": "We are closed."}], "default": "a/m"}}}}})
    status, headers, body = one.chat(tags=["closed"], stream=stream)
    assert status == 200 and b"We are closed." in body
    assert headers.get("x-swiftlet-provider") is None, "no provider was asked"
    assert one.chat(stream=stream)[1]["x-swiftlet-provider"] == "a"


def test_no_branch_and_no_default_says_so(conditional):
    assert ask(conditional, "closed", tags=[{"key": "open", "value": "yes"}]).provider == "rest"
    answer = ask(conditional, "closed")
    assert answer.status in (400, 403, 404, 503)
    assert "branch" in answer.error["message"] or "condition" in answer.error["message"], answer.error
