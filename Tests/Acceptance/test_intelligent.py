"""Policies by complexity: easy prompts go to modest models and hard ones to capable ones, in every dialect, and the record says why."""

import json
import pathlib
import random
import subprocess
import urllib.request

import pytest
from support.gateway import BINARY, Gateway
from support.routing import Farm, ask, failing, mocks, on, providers

WEIGHTS = pathlib.Path(__file__).resolve().parents[2] / "Sources/CWeights/complexity.weights"
EASY = ["hello", "Thanks!", "Translate 'good morning' into Spanish.", "Say hello."]
HARD = [
    "Prove that every finite group of order p^2 is abelian, and classify up to isomorphism all groups of order p^3 for odd p.",
    "Design a lock-free multi-producer multi-consumer queue in C++20 with hazard pointers; prove linearizability and discuss the memory "
    "orderings of every atomic operation.",
    "Write a distributed consensus protocol tolerant to Byzantine faults, derive its message complexity, and implement the view change "
    "in Rust with tests.",
]
AXES = {"cost": 0.3, "performance": 0.5, "intelligence": 0.7}


def models():
    return [on("small", "s", input_price=0.1, output_price=0.4), on("middle", "m", input_price=1, output_price=4),
            on("large", "l", input_price=10, output_price=40)]


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    one.manners["dead"] = failing(500)
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, farm):
    two = ["small/s", "large/l"]
    one = Gateway(tmp_path_factory.mktemp("minds"), {
        "providers": {**mocks(small={}, middle={}, large={}), **providers(farm, "sick")},
        "router": {"cooldowns": False, "num_retries": 0},
        "models": {
            "all": {"deployments": models()},
            **{axis: {"route": {"intelligent": {"axis": axis, "models": two}}} for axis in AXES},
            "three": {"route": {"intelligent": {"models": ["small/s", "middle/m", "large/l"]}}},
            "declared": {"strategy": "intelligent", "deployments": [
                on("small", "x", quality=0.9, input_price=1, output_price=1), on("large", "x", quality=0.2, input_price=9, output_price=9)]},
            "failing": {"route": {"intelligent": {"models": ["sick/dead", "middle/m", "large/l"]}}},
            "plain": {"deployments": [on("small", "s")]},
            "by-rule": {"route": {"conditional": {
                "branches": [{"when": {"complexity.score": {"gte": 0.6}}, "route": "large/l"}], "default": "small/s"}}},
            "sick-price": {"deployments": [on("sick", "dead", input_price=0.05, output_price=0.05)]},
            "behind": {"deployments": [on("sick", "dead")], "fallbacks": ["performance"]},
        },
        "policies": {"p": {"route": "small/s", "rules": [
            {"name": "hard ones", "priority": 1, "when": {"complexity.score": {"gte": 0.6}}, "then": {"route": "large/l"}}]}},
        "keys": {"k": {"key": "sk-minds"}, "ruled": {"key": "sk-ruled", "policy": "p"}},
    })
    yield one
    one.end()


def choose(gateway, model, prompt, **more):
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    return ask(gateway, model, key=more.pop("key", "sk-minds"), messages=messages, include_routing_metadata=True, **more)


@pytest.mark.parametrize("axis", AXES)
def test_easy_ones_go_down_and_hard_ones_up(shared, axis):
    assert {choose(shared, axis, prompt).provider for prompt in EASY} == {"small"}
    assert {choose(shared, axis, prompt).provider for prompt in HARD} == {"large"}


def test_the_record_says_how_hard_how_it_was_bent_which_tier_and_why(shared):
    routing = choose(shared, "cost", HARD[0]).routing
    complexity = routing["complexity"]
    assert 0.6 < complexity["score"] < 1 and complexity["score"] == complexity["score_in_context"]
    assert complexity["adjusted_score"] == pytest.approx(complexity["score"] ** 2, abs=1e-5)
    assert (complexity["tier"], complexity["tiers"]) == (2, 2)
    assert (routing["selected_tier"], routing["total_tiers"]) == (2, 2)
    assert routing["complexity_score"] == complexity["score"] and routing["adjusted_score"] == complexity["adjusted_score"]
    assert routing["intelligent_routing_used"] is True and routing["strategy"] == "intelligent"
    assert 0 < routing["latency"]["routing_decision_ms"] < 100
    assert "intelligent chose large/l because it is the cheapest of the most capable, tier 2 of 2" in routing["reason"], routing["reason"]
    scores = [candidate["score"] for candidate in routing["candidates"]]
    assert all(0 < score < 1 for score in scores) and scores == sorted(scores), "chances of a good answer grow with capability"
    easy = choose(shared, "intelligence", EASY[0]).routing
    assert easy["adjusted_score"] == pytest.approx(easy["complexity_score"] ** 0.5, abs=1e-3)
    assert "the cheapest likely to answer well enough" in easy["reason"] and easy["complexity"]["chance"] > 0.5


def test_the_score_is_the_one_of_the_command(shared):
    command = json.dumps({"id": "a", "prompt": HARD[1]})
    out = subprocess.run([BINARY, "score", "--no-header"], input=command, capture_output=True, text=True, check=True).stdout
    assert choose(shared, "performance", HARD[1]).routing["complexity_score"] == pytest.approx(float(out.split(",")[1]), abs=1e-6)


def test_middling_prompts_find_a_model_between(shared):
    seen = {choose(shared, "three", prompt).provider for prompt in EASY + HARD + ["Write a limerick about a lighthouse keeper.",
            "Explain how a hash table resolves collisions.", "Write a Python function that merges two sorted lists."]}
    assert seen == {"small", "middle", "large"}


def test_what_is_declared_stands_before_what_prices_suggest(shared):
    assert choose(shared, "declared", HARD[0]).provider == "small", "good and cheap: nothing speaks for the other"
    assert choose(shared, "declared", EASY[0]).provider == "small"


def test_after_a_fault_the_next_more_capable(shared):
    answer = choose(shared, "failing", EASY[0])
    assert (answer.provider, answer.attempts) == ("middle", 2), "not the largest"
    assert {choose(shared, "behind", EASY[0]).provider, choose(shared, "behind", HARD[0]).provider} == {"small", "large"}


DIALECTS = {
    "chat": ("/v1/chat/completions", lambda text: {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}),
    "responses": ("/v1/responses", lambda text: {"input": [{"role": "user", "content": [{"type": "input_text", "text": text}]}], "store": False}),
    "responses-text": ("/v1/responses", lambda text: {"input": text, "store": False}),
    "messages": ("/v1/messages", lambda text: {"max_tokens": 50, "system": "Be brief.", "messages": [{"role": "user", "content": text}]}),
    "gemini": ("/v1beta/models/{}:generateContent", lambda text: {"contents": [{"parts": [{"text": text}]}]}),
    "gemini-stream": ("/v1beta/models/{}:streamGenerateContent?alt=sse", lambda text: {"contents": [{"role": "user", "parts": [{"text": text}]}]}),
    "converse": ("/model/{}/converse", lambda text: {"messages": [{"role": "user", "content": [{"text": text}]}]}),
    "completions": ("/v1/completions", lambda text: {"prompt": text}),
}


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect(shared, dialect, axis):
    path, body = DIALECTS[dialect]
    for prompts, wanted in ((EASY, "small"), (HARD, "large")):
        for prompt in prompts[:2]:
            content = body(prompt)
            if "{}" not in path:
                content["model"] = axis
            status, headers, reply = shared.post(path.format(axis), content, key="sk-minds")
            assert status == 200, reply
            assert headers["x-swiftlet-provider"] == wanted, (dialect, prompt, headers)


@pytest.mark.parametrize("prompt", ["", "!!! ??? ...", "   ", "\u200b\u200b", None, [], [{"type": "image_url", "image_url": {"url": "data:,x"}}]],
                         ids=["empty", "punctuation", "blanks", "invisible", "null", "no parts", "an image"])
@pytest.mark.parametrize("axis", AXES)
def test_what_cannot_be_judged_goes_to_the_most_capable(shared, axis, prompt):
    answer = choose(shared, axis, [{"role": "user", "content": prompt}])
    assert answer.provider == "large"
    complexity = answer.routing["complexity"]
    assert complexity["score"] == 1 and complexity["unscored_because"], complexity
    assert "the most capable, for there is no text" in answer.routing["reason"] or "has no word" in answer.routing["reason"]


ODD = {
    "huge": "Hello. " * 300_000, "long word": "a" * 500_000, "binary": bytes(range(256)).decode("latin-1") * 40,
    "scripts": "Привет مرحبا 你好 नमस्ते γειά σου שלום こんにちは 안녕 " * 20, "escapes": "\\\"\n\t\u0001" * 5_000, "emoji": "🤖🔥" * 3_000,
    "surrogates": "\ud83e" * 100,
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_prompts_have_a_score_in_bounded_time(shared, odd):
    routing = choose(shared, "performance", ODD[odd]).routing
    assert 0 <= routing["complexity_score"] <= 1
    assert routing["latency"]["routing_decision_ms"] < 2_000


@pytest.mark.parametrize("prompt", HARD)
def test_words_before_a_hard_one_do_not_fool_it(shared, prompt):
    for preface in ("This is a simple question. ", "Easy one: ", "Just say hello. No, wait: "):
        assert choose(shared, "performance", preface + prompt).provider == "large", preface


# MARK: Conversations


def talk(*turns):
    roles = ["user", "assistant"]
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(turns)]


def test_a_session_does_not_go_to_and_fro(shared):
    def run(prompts, **more):
        return [choose(shared, "performance", prompt, **more).provider for prompt in prompts]
    assert run([HARD[0], "Thanks!", "ok", HARD[1]], metadata={"session_id": "s-1"}) == ["large"] * 4
    assert run(["Thanks!"], metadata={"session_id": "s-2"}) == ["small"], "another session"
    down = run([HARD[0]] + ["Thanks!"] * 12, metadata={"session_id": "s-3"})
    assert down[0] == "large" and down[-1] == "small" and sum(a != b for a, b in zip(down, down[1:])) == 1, down


def test_a_conversation_without_a_session_is_known_by_its_beginning(shared):
    beginning = talk("A word of your own: 4711.", "Understood.", HARD[0])
    assert choose(shared, "performance", beginning).provider == "large"
    assert choose(shared, "performance", beginning + [
        {"role": "assistant", "content": "Proved."}, {"role": "user", "content": "Thank you very much, that was all I needed today."}]
    ).provider == "large"
    assert choose(shared, "performance", talk("Something else.", "Yes?", "Thank you very much, that was all I needed today.")).provider == "small"


def test_what_comes_with_a_prompt_counts(shared):
    ask_tool = [{"role": "user", "content": "Explain how a hash table resolves collisions."}]
    calls = [{"role": "assistant", "content": None, "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}]
    fine = choose(shared, "cost", ask_tool + calls + [{"role": "tool", "tool_call_id": "1", "content": "ok"}]).routing["complexity"]
    error = {"role": "tool", "tool_call_id": "1", "content": "Error: no such file"}
    bad = choose(shared, "cost", ask_tool + calls + [error] + calls + [error]).routing["complexity"]
    plain = choose(shared, "cost", ask_tool).routing["complexity"]
    assert plain["score"] == fine["score"] == bad["score"]
    assert fine["score_in_context"] < plain["score_in_context"] == plain["score"] < bad["score_in_context"]


# MARK: Conditions, auto


def test_conditions_ask_for_the_score(shared):
    for prompts, wanted in ((EASY, "small"), (HARD, "large"), (["", "..."], "large")):
        for prompt in prompts:
            assert choose(shared, "by-rule", prompt).provider == wanted
            ruled = choose(shared, None, prompt, key="sk-ruled")
            assert ruled.provider == wanted
            assert (ruled.routing["rule"] == "hard ones") == (wanted == "large")
            if wanted == "large" and prompt in HARD:
                seen = ruled.routing["rules"][0]["observed"]
                assert float(seen["complexity.score"]) > 0.6, seen


def test_nobody_scores_what_nobody_asks(shared):
    routing = choose(shared, "plain", HARD[0]).routing
    # Conditions on the score are in these settings, so all requests of policies are looked at; the route itself asks nothing.
    assert "selected_tier" not in routing


def test_auto_weighs_quality_by_how_much_is_asked(shared):
    easy, hard = (choose(shared, "auto:balance", prompt).routing for prompt in (EASY[0], HARD[0]))
    for routing in (easy, hard):
        assert set(routing["worth"]) == {"cost", "quality", "latency"} and 0 <= routing["confidence"] <= 1
        assert "mode balance chose" in routing["reason"] and "% surely: cost" in routing["reason"] and "complexity" in routing["reason"]
    scores = [{one["deployment"]: one["score"] for one in routing["candidates"] if one["score"] is not None} for routing in (easy, hard)]
    # What the largest model is ahead of the smallest by quality counts more for the hard prompt.
    lead = [score["large/l"] - score["small/s"] for score in scores]
    assert lead[1] > lead[0], scores


# MARK: A mixed stream, explain, bad weights


def test_a_mixed_stream_splits_as_its_axis_says(shared):
    chance = random.Random(20)
    easy = ["What is the capital of {}?", "Name three {} cities.", "Say hello in {}.", "Is {} big?"]
    hard = ["Prove rigorously, with all lemmas, that {} groups satisfy the isoperimetric inequality, and derive its constants.",
            "Implement and analyse a fault tolerant {} protocol in Rust, with proofs of safety and liveness under partial synchrony."]
    share = {}
    for axis in AXES:
        answers = [choose(shared, axis, chance.choice(easy if chance.random() < 0.5 else hard).format(chance.randrange(10_000))).provider
                   for _ in range(120)]
        assert set(answers) <= {"small", "large"}, "never outside the policy"
        share[axis] = answers.count("large") / len(answers)
    assert 0.35 < share["performance"] < 0.65
    assert share["cost"] <= share["performance"] + 0.1 and share["intelligence"] >= share["performance"] - 0.1, share


def test_explain_tells_the_same_beforehand(shared):
    body = {"model": "three", "messages": [{"role": "user", "content": HARD[2]}]}
    request = urllib.request.Request(f"http://127.0.0.1:{shared.admin_port}/api/v1/explain", method="POST",
                                     data=json.dumps({"api": "chat", "body": body, "key": "k"}).encode(),
                                     headers={"content-type": "application/json"})
    record = json.load(urllib.request.urlopen(request))
    record = record.get("routing", record)
    assert record["chosen"] == "large/l" and record["selected_tier"] == 3 and record["complexity"]["score"] > 0.6
    assert "the cheapest of the most capable, tier 3 of 3" in record["reason"]


@pytest.mark.parametrize("harm", ["missing", "cut", "flipped", "empty"])
def test_without_weights_the_most_capable_serves(tmp_path, harm):
    file = tmp_path / "w.weights"
    good = WEIGHTS.read_bytes()
    if harm == "cut":
        file.write_bytes(good[:5_000])
    elif harm == "flipped":
        file.write_bytes(good[:9_000] + bytes([good[9_000] ^ 1]) + good[9_001:])
    elif harm == "empty":
        file.write_bytes(b"")
    one = Gateway(tmp_path, {
        "server": {"complexity_weights": str(file)}, "providers": mocks(small={}, large={}),
        "models": {
            "m": {"route": {"intelligent": {"axis": "cost", "models": ["small/s", "large/l"]}}},
            "r": {"route": {"conditional": {
                "branches": [{"when": {"complexity.score": {"gte": 0.6}}, "route": "large/l"}], "default": "small/s"}}},
            "s": {"deployments": [on("small", "s", input_price=0.1, output_price=0.1), on("large", "l", input_price=9, output_price=9)]}},
        "keys": {"k": {"key": "sk-minds"}},
    })
    try:
        for model in ("m", "r"):
            answer = choose(one, model, "hello")
            assert answer.provider == "large"
            assert answer.routing["complexity"]["unscored_because"] == "there is no scorer"
        warnings = [line for line in one.log() if "complexity scorer's weights cannot be used" in json.dumps(line)]
        assert len(warnings) == 1, warnings
    finally:
        one.end()
