"""Commit gates and hedges: who answers, who is left, and who is paid."""

import time

import pytest
from support import ledger
from support.gateway import wait_until
from support.routing import Farm, after, ask, ask_at_once, ask_often, failing, on, streamed
from support.upstream import chunk, event


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


def slow_stream(*texts, first=0.0, pause=0.0):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                          "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]}))
        time.sleep(first)
        for text in texts:
            peer.piece(event(chunk(text)))
            time.sleep(pause)
        peer.piece(event(b"[DONE]"))
        peer.end_stream()
        return "end"
    return handle


def gated(farm, model, gate):
    return {"providers": {"p": farm.provider(), "q": farm.provider()}, "router": {"num_retries": 0},
            "models": {"chat": {"strategy": "fallback", "deployments": [on("p", model), on("q", "quick")],
                                **({"commit_gate": gate} if gate else {})}}}


def test_a_gate_leaves_whoever_is_slow_to_begin(gateway, farm):
    farm.manners["gate-1"] = slow_stream("late", first=4)
    one = gateway(gated(farm, "gate-1", {"first_token": "300ms"}))
    status, headers, text = streamed(one)
    assert (status, text, headers["x-swiftlet-provider"], headers["x-swiftlet-attempts"]) == (200, "quick", "q", "2")


def test_a_gate_leaves_whoever_is_slow_to_go_on(gateway, farm):
    farm.manners["gate-2"] = slow_stream(*"abcdefgh", pause=0.3)
    one = gateway(gated(farm, "gate-2", {"tokens": 20, "tokens_per_second": 40, "for": "600ms"}))
    status, headers, text = streamed(one)
    assert (status, text, headers["x-swiftlet-provider"]) == (200, "quick", "q"), "nothing of the first answer is left in it"


def test_without_a_gate_the_slow_one_is_served(gateway, farm):
    farm.manners["gate-3"] = slow_stream("a", "b", "c", first=0.5, pause=0.05)
    one = gateway(gated(farm, "gate-3", None))
    assert streamed(one)[2] == "abc"


def test_a_gate_lets_the_quick_through_whole(gateway, farm):
    farm.manners["gate-4"] = slow_stream(*[f"{n} " for n in range(60)])
    one = gateway(gated(farm, "gate-4", {"tokens": 10, "first_token": "5s", "tokens_per_second": 1, "for": "300ms"}))
    assert streamed(one)[2] == "".join(f"{n} " for n in range(60))


def test_a_gate_holds_broken_beginnings_back(gateway, farm):
    def breaks(peer, request):
        peer.start_stream()
        for text in "abc":
            peer.piece(event(chunk(text)))
        time.sleep(0.1)
        peer.reset()
        return "end"

    farm.manners["gate-5"] = breaks
    one = gateway(gated(farm, "gate-5", {"tokens": 8, "for": "5s"}))
    status, _, text = streamed(one)
    assert (status, text) == (200, "quick")


def hedged(farm, model, other, hedge=None, **more):
    return {"providers": {"p": farm.provider(), "q": farm.provider()}, "router": {"num_retries": 0},
            "models": {"chat": {"strategy": "fallback", "hedge": hedge or {"after": "250ms", "max_extra": 1, "burst": 100}, "deployments": [
                on("p", model, input_price=1, output_price=2), on("q", other, input_price=1, output_price=2)]}}, **more}


def watching(ends):
    """Hangs, and notes when the gateway gave up."""
    def handle(peer, request):
        ends.append(peer.wait_for_end(30))
        return "end"
    return handle


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_hedge_answers_for_a_slow_provider_and_the_loser_is_cancelled(gateway, farm, stream):
    ends, model = [], f"hedge-{stream}"
    farm.manners[model] = watching(ends)
    one = gateway(hedged(farm, model, f"{model}-other"))
    if stream:
        status, headers, text = streamed(one)
    else:
        answer = ask(one)
        status, headers, text = answer.status, answer.headers, answer.text
    assert (status, text, headers["x-swiftlet-provider"]) == (200, f"{model}-other", "q")
    wait_until(lambda: ends, 10, what="the end of the loser")
    assert ends[0] is not None
    one.stop()
    rows = ledger.read(one.folder)
    assert len(rows) == 1, "one request is one row"
    # 11 and 7 tokens at 1 and 2 USD a million; the loser never said what it used, and at most its prompt is added.
    assert rows[0]["output"] == 7
    assert 25_000 <= rows[0]["cost"] <= 25_000 + 20_000, rows[0]["cost"]


def test_the_first_may_still_win(gateway, farm):
    farm.manners["first-wins"] = after(0.6)
    farm.manners["second-loses"] = after(3)
    one = gateway(hedged(farm, "first-wins", "second-loses"))
    assert ask(one).text == "first-wins"
    assert farm.count("second-loses") == 1


def test_a_hedge_that_fails_does_no_harm(gateway, farm):
    farm.manners["slow-but-good"] = after(0.8)
    farm.manners["bad-hedge"] = failing(500)
    one = gateway(hedged(farm, "slow-but-good", "bad-hedge"))
    assert ask(one).text == "slow-but-good"


def test_a_quick_answer_is_not_hedged(gateway, farm):
    one = gateway(hedged(farm, "no-need", "unneeded", {"after": "5s", "max_extra": 1}))
    assert {answer.text for answer in ask_often(one, 3)} == {"no-need"}
    assert farm.count("unneeded") == 0


@pytest.mark.parametrize("more", [
    {"tools": [{"type": "function", "function": {"name": "pay", "parameters": {"type": "object", "properties": {}}}}]}, {"store": True},
], ids=["tools", "stored"])
def test_what_may_act_twice_is_not_hedged(gateway, farm, more):
    model = f"acts-{next(iter(more))}"
    farm.manners[model] = after(0.8)
    one = gateway(hedged(farm, model, f"{model}-twice"))
    assert ask(one, **more).text == model
    assert farm.count(f"{model}-twice") == 0


def test_hedges_are_capped(gateway, farm):
    farm.manners["capped"] = after(0.8)
    one = gateway(hedged(farm, "capped", "capped-extra", {"after": "150ms", "max_extra": 0, "burst": 2}))
    answers = ask_at_once(one, 8)
    assert {answer.status for answer in answers} == {200}
    assert farm.count("capped-extra") == 2


def test_a_policy_hedges_its_route(gateway, farm):
    farm.manners["policy-slow"] = after(4)
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()}, "models": {"chat": {"deployments": [on("p", "x")]}},
                   "policies": {"default": {"route": {"fallback": ["p/policy-slow", "q/policy-quick"]},
                                            "hedge": {"after": "250ms", "max_extra": 1}}}})
    assert ask(one, None).text == "policy-quick"
