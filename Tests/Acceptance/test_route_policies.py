"""Limits, budgets and redaction of routes, in LLMGrid's words and in ours: exact over all keys, in parallel and on many gateways."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.books import INPUT, Books, output
from support.gateway import KEY, wait_until
from support.postgres import Postgres
from support.routing import ask, ask_at_once, streamed, within_one_minute
from test_admin import Admin

KEYS = {"a": {"key": "key-a"}, "b": {"key": "key-b"}}
# 11 tokens in, 7 out: what the made-up provider says of each answer.
EACH = 18
MAIL, CARD = "canary.bird@example.com", "4111 1111 1111 1111"


def grid(**policies):
    return [{"name": "summarise", "type": "chat", "strategy": "cost_optimized", "models": [{"provider": "up", "id": "upstream-model"}],
             "policies": policies}]


def both(gateway, times, model="summarise", **more):
    """As many at once with either key."""
    with ThreadPoolExecutor(2) as two:
        answers = [two.submit(ask_at_once, gateway, times, model, key=key, **more) for key in ("key-a", "key-b")]
        return [one for answer in answers for one in answer.result()]


def counts(answers):
    return {status: sum(one.status == status for one in answers) for status in {one.status for one in answers}}


# -- rateLimit

def test_requests_in_a_minute_over_all_keys(behind):
    within_one_minute(20)
    gateway, up = behind(routes=grid(rateLimit={"rpm": 20}), keys=KEYS, server={"threads": 2})
    answers = both(gateway, 25)
    assert counts(answers) == {200: 20, 429: 30} and len(up.requests) == 20
    last = next(one for one in answers if one.status == 429)
    assert last.error["code"] == "rate_limit_exceeded" and "route `summarise`" in last.error["message"]
    assert "20 requests a minute" in last.error["message"] and 1 <= int(last.headers["retry-after"]) <= 60
    assert last.headers["x-ratelimit-limit-requests"] == "20" and last.headers["x-ratelimit-remaining-requests"] == "0"
    assert last.headers["x-ratelimit-reset-requests"].endswith("s")
    assert ask(gateway, "router/summarise", key="key-a").status == 429, "by its other name too"
    assert ask(gateway, "chat", key="key-a").status == 200, "another route is another matter"
    assert "x-ratelimit-limit-requests" not in ask(gateway, "chat", key="key-a").headers


def test_requests_in_any_one_second(behind):
    gateway, up = behind(routes=grid(rateLimit={"rpsBurst": 5}), keys=KEYS, server={"threads": 2})
    began = time.monotonic()
    answers = both(gateway, 25)
    seconds = int(time.monotonic() - began) + 1
    found = counts(answers)
    assert set(found) <= {200, 429} and 5 <= found[200] <= 5 * seconds and len(up.requests) == found[200]
    refused = [one for one in answers if one.status == 429]
    for one in refused:
        assert one.headers["retry-after"] == "1" and "5 requests a second" in one.error["message"]
        assert one.headers["x-ratelimit-limit-requests"] == "5" and one.headers["x-ratelimit-reset-requests"] == "1s"
    wait_until(lambda: ask(gateway, "summarise", key="key-b").status == 200, what="the next second")


def test_who_is_refused_by_its_own_limit_takes_nothing_of_the_routes(behind):
    within_one_minute(20)
    gateway, _ = behind(
        routes={"summarise": {"fallback": ["chat"], "limits": {"rpm": 3, "rps": 3}}}, keys={**KEYS, "a": {"key": "key-a", "rpm": 1}})
    first = [ask(gateway, "summarise", key="key-a").status for _ in range(20)]
    assert first == [200] + [429] * 19
    assert [ask(gateway, "summarise", key="key-b").status for _ in range(3)] == [200, 200, 429]


def test_at_once_over_a_route_and_by_each(behind):
    def slow(peer, request):
        time.sleep(0.3)
        peer.answer()

    gateway, up = behind(slow, keys=KEYS, server={"threads": 2}, routes={
        "few": {"fallback": ["chat"], "limits": {"max_parallel_requests": 3, "per_user": {"max_parallel_requests": 2}}}})
    answers = both(gateway, 10, "few")
    assert set(counts(answers)) <= {200, 429}
    told = [one.error["message"] for one in answers if one.status == 429]
    assert told and all("parallel" in one for one in told)
    # Nothing is left behind.
    wait_until(lambda: counts(ask_at_once(gateway, 2, "few", key="key-a")) == {200: 2}, what="both places of a key")


# -- budget

def test_tokens_of_a_day_hold_in_parallel(behind):
    limit = 500 * EACH
    gateway, up = behind(routes=grid(budget={"maxTokensPerDay": limit}), keys=KEYS, server={"threads": 2})
    for _ in range(4):
        found = counts(both(gateway, 25, max_tokens=7))
        assert set(found) <= {200, 402}
        assert len(up.requests) * EACH <= limit
    while (one := ask(gateway, "summarise", key="key-a", max_tokens=7)).status == 200:
        assert len(up.requests) * EACH <= limit
    assert one.status == 402 and one.error["code"] == "budget_exceeded" and "route `summarise`" in one.error["message"]
    assert f"{limit} tokens today" in one.error["message"] and int(one.headers["retry-after"]) >= 1
    assert one.headers["x-ratelimit-limit-tokens"] == str(limit)
    # The last of it is not reached: more is reserved than a request comes to.
    assert limit - len(up.requests) * EACH < 2_500, "what was reserved came back"
    assert ask(gateway, "chat", key="key-a").status == 200
    lines = Admin(gateway)("GET", "/api/v1/budgets?scope=route")[2]["data"]
    assert [(line["account"], line["limit"]) for line in lines] == [("route/summarise/tokens/day", limit)]
    wait_until(lambda: Admin(gateway)("GET", "/api/v1/budgets?scope=route")[2]["data"][0]["used"] == (len(up.requests) - 1) * EACH, what="the books")


def test_each_user_has_a_cap(behind):
    gateway, up = behind(
        routes=grid(budget={"maxTokensPerDay": 1_000_000, "perUserCap": 300 * EACH}),
        keys={**KEYS, "theirs": {"key": "key-theirs", "customer": "acme"}}, customers={"acme": {}, "umbrella": {}})
    found = counts(ask_at_once(gateway, 50, "summarise", key="key-a", max_tokens=7))
    assert set(found) == {200, 402} and found[200] <= 300
    while (one := ask(gateway, "summarise", key="key-a", max_tokens=7)).status == 200:
        assert len(up.requests) <= 300
    assert one.status == 402 and "key `a` on route `summarise`" in one.error["message"]
    assert ask(gateway, "summarise", key="key-b", max_tokens=7).status == 200, "another key is another user"
    while (one := ask(gateway, "summarise", key="key-theirs", max_tokens=7)).status == 200:
        pass
    assert one.status == 402 and "customer `acme` on route `summarise`" in one.error["message"]
    # A key that speaks for many is bounded by whom it speaks for.
    assert ask(gateway, "summarise", key="key-b", headers={"x-customer-id": "acme"}, max_tokens=7).status == 402
    assert ask(gateway, "summarise", key="key-b", headers={"x-customer-id": "umbrella"}, max_tokens=7).status == 200


def test_tokens_are_limited_where_nobody_knows_a_price(behind):
    gateway, up = behind(
        models={"chat": {"deployments": [{"provider": "up", "model": "unheard-of"}]}},
        routes={"summarise": {"fallback": ["chat"], "limits": {"budget": {"day": 100, "unit": "tokens"}}}},
        keys={**KEYS, "few": {"key": "key-few", "tpm": 100}})
    assert ask(gateway, "summarise", key="key-a", max_tokens=200).error["code"] == "budget_exceeded"
    assert ask(gateway, "chat", key="key-few", max_tokens=200).error["code"] == "rate_limit_exceeded"
    assert ask(gateway, "chat", key="key-a", max_tokens=200).status == 200 and len(up.requests) == 1


def test_what_a_route_spent_outlasts_the_process_and_new_settings(behind):
    gateway, up = behind(routes=grid(budget={"maxTokensPerDay": 200 * EACH}), keys=KEYS)
    while ask(gateway, "summarise", key="key-a", max_tokens=7).status == 200:
        pass
    served = len(up.requests)
    gateway.stop()
    gateway.start()
    assert ask(gateway, "summarise", key="key-a", max_tokens=7).status == 402
    admin = Admin(gateway)
    assert admin("PUT", "/api/v1/settings/routes", grid(budget={"maxTokensPerDay": 400 * EACH}))[0] < 300
    while ask(gateway, "summarise", key="key-a", max_tokens=7).status == 200:
        assert len(up.requests) <= 400
    assert len(up.requests) > served


# -- redaction

REDACTION = {"enabled": True, "pii": {"email": "mask", "creditCard": "block"}}


def talk(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("stream", [False, True])
def test_personal_data_of_a_route(behind, stream):
    def handle(peer, request):
        words = ["It is ", "canary.bi", "rd@exam", "ple.com", ", well."]
        if request.json.get("stream"):
            return peer.stream(words)
        peer.answer({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "".join(words)}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})

    gateway, up = behind(handle, routes=grid(redaction=REDACTION), keys={"acceptance": {"key": KEY}})

    def said(model, text):
        if stream:
            return streamed(gateway, model, messages=talk(text))
        answer = ask(gateway, model, messages=talk(text))
        return answer.status, answer.headers, answer.text if answer.status == 200 else ""

    status, headers, text = said("summarise", f"Mail {MAIL} or 192.168.7.9.")
    assert status == 200 and text == "It is [EMAIL_1], well." and "pii=mask" in headers["x-swiftlet-guardrails"]
    assert up.requests[-1].json["messages"] == talk("Mail [EMAIL_1] or 192.168.7.9."), "addresses of machines are not looked for"
    before = len(up.requests)
    answer = ask(gateway, "summarise", messages=talk(f"Mail {MAIL}, pay {CARD}."), stream=stream)
    assert answer.status == 403 and "card" in answer.error["message"] and CARD not in answer.error["message"]
    assert len(up.requests) == before
    assert said("chat", f"Mail {MAIL}, pay {CARD}.")[2] == f"It is {MAIL}, well."
    assert up.requests[-1].json["messages"] == talk(f"Mail {MAIL}, pay {CARD}."), "over other routes nobody looks"


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_blocked_in_a_reply_does_not_reach_the_client(behind, stream):
    def handle(peer, request):
        if request.json.get("stream"):
            return peer.stream(["Pay ", "4111 1111", " 1111 1111", " now."])
        peer.answer({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": f"Pay {CARD} now."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})

    gateway, _ = behind(handle, routes=grid(redaction=REDACTION), keys={"acceptance": {"key": KEY}})
    _, _, body = gateway.chat("summarise", stream=stream)
    assert b"1111 1111" not in body and b"guardrail_blocked" in body


def test_whichever_way_leads_to_the_route(behind):
    gateway, up = behind(
        routes={"private": {"model": "chat", "pii": {"actions": {"email": "mask"}}}, "private-too": {"model": "private"}},
        policies={"default": {"route": "private"}},
        rules=[{"name": "by tag", "when": {"tags.team": "red"}, "then": {"route": "private"}},
               {"name": "found", "when": {"guardrail.violated": True}, "then": {"route": "private-too"}}],
        keys={"acceptance": {"key": KEY}})

    def seen(model, **headers):
        answer = ask(gateway, model, messages=talk(f"Mail {MAIL}."), headers=headers)
        assert answer.status == 200, answer
        return up.requests[-1].json["messages"][0]["content"]

    assert seen("chat") == f"Mail {MAIL}."
    for model in ("private", "private-too", "router/private", None):
        assert seen(model) == "Mail [EMAIL_1].", model
    assert seen("chat", **{"x-swiftlet-tags": "team=red"}) == "Mail [EMAIL_1]."
    explained = Admin(gateway)("POST", "/api/v1/explain", {
        "api": "chat", "body": {"model": "private", "messages": talk(f"Mail {MAIL}.")}})
    assert explained[0] == 200 and any(line["guardrail"] == "pii" and line["action"] == "mask" for line in explained[2]["guardrails"]), explained


# -- many gateways

@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.end()


@pytest.fixture
def two(gateway, postgres):
    """Two gateways on one store, and the books of their provider."""
    postgres.clear()
    up = Books()

    def start(**more):
        return [gateway({
            "store": postgres.url, "server": {"gateway": f"g{number}", "threads": 1}, "providers": {"up": up.provider()}, "keys": KEYS,
            "models": {"chat": {"deployments": [{"provider": "up", "model": "upstream-model"}]}}, **more}) for number in range(2)], up

    yield start
    up.close()


def from_both(gateways, times, **more):
    with ThreadPoolExecutor(2) as crowds:
        answers = [crowds.submit(both, one, times, **more) for one in gateways]
        return [one for answer in answers for one in answer.result()]


def test_two_gateways_share_the_minute_of_a_route(two):
    gateways, up = two(routes=grid(rateLimit={"rpm": 20}))
    within_one_minute(40)
    served = counts(from_both(gateways, 13)).get(200, 0)
    assert served <= 20 and len(up.marks()) == served
    # What one has leased and does not use comes to the other.
    for turn in range(60):
        served += ask(gateways[turn % 2], "summarise", key="key-a").status == 200
        time.sleep(0.05)
    assert 15 <= served <= 20 and len(up.marks()) == served


def test_two_gateways_share_any_second_of_a_route(two):
    gateways, up = two(routes=grid(rateLimit={"rpsBurst": 6}))
    began = time.monotonic()
    answers = from_both(gateways, 13)
    found = counts(answers)
    seconds = int(time.monotonic() - began) + 1
    assert set(found) <= {200, 429, 503} and 1 <= found.get(200, 0) <= 6 * seconds, found
    assert len(up.marks()) == found[200]
    for one in gateways:
        wait_until(lambda one=one: ask(one, "summarise", key="key-a").status == 200, what="another second")


def test_two_gateways_share_the_tokens_of_a_day(two):
    limit = 9_000
    gateways, up = two(routes=grid(budget={"maxTokensPerDay": limit, "perUserCap": 6_000}))

    def spent():
        return sum(INPUT + output(mark) for mark in up.marks())

    for _ in range(4):
        found = counts(from_both(gateways, 10, max_tokens=7))
        assert set(found) <= {200, 402, 429, 503}, found
        assert spent() <= limit
    refused = [ask(one, "summarise", key=key, max_tokens=7) for one in gateways for key in ("key-a", "key-b")]
    assert {one.status for one in refused} <= {200, 402}, [(one.status, one.body) for one in refused]
