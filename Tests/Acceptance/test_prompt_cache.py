"""Requests go where their prompt is remembered: turns of conversations, prompts with the same document; never to one that is full."""

import threading

import pytest
from support.dialects import SURFACES
from support.gateway import PATIENCE, wait_until
from support.routing import ask
from test_admin import Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401

LONG = "All animals are equal, but some are more equal than others. " * 140
PRICES = {"input_price": 3, "cached_input_price": 0.3, "output_price": 15}


class Remembering:
    """A provider with a memory: it says how many tokens of the prompt it has read before."""

    def __init__(self):
        self.heard, self.lock, self.cached = [], threading.Lock(), 0

    def __call__(self, peer, request):
        words = [str(message["content"]) for message in request.json["messages"]]
        with self.lock:
            known = max((len(self.same(words, other)) for other in self.heard), default=0)
            self.heard.append(words)
            cached = sum(map(len, words[:known])) // 4
            self.cached += cached
        tokens = sum(map(len, words)) // 4
        peer.answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": f"said {len(words)}"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 5, "total_tokens": tokens + 5,
                      "prompt_tokens_details": {"cached_tokens": cached}}})

    @staticmethod
    def same(words, others):
        end = next((at for at, (one, other) in enumerate(zip(words, others)) if one != other), min(len(words), len(others)))
        return words[:end]


@pytest.fixture
def served(gateway, upstream):
    def start(count=3, handles=None, strategy="round_robin", affinity=True, **model):
        memories = handles or [Remembering() for _ in range(count)]
        ups = [upstream(handle) for handle in memories]
        deployments = [{"provider": f"p{number}", "model": "m", "prompt_cache_ttl": "5m", **PRICES} for number in range(len(ups))]
        one = gateway({"providers": {f"p{number}": up.provider() for number, up in enumerate(ups)},
                       "models": {"chat": {"strategy": strategy, "prompt_cache_affinity": affinity, "deployments": deployments, **model}}})
        return one, memories, ups

    return start


def conversation(gateway, name, turns):
    """Who answered each turn."""
    messages, served = [{"role": "system", "content": f"{name}: {LONG}"}], []
    for turn in range(turns):
        messages.append({"role": "user", "content": f"question {turn} of {name}"})
        answer = ask(gateway, messages=messages)
        assert answer.status == 200
        served.append(answer.provider)
        messages.append({"role": "assistant", "content": answer.text})
    return served


def test_conversations_stay_and_new_ones_are_spread(served):
    one, memories, _ = served()
    talks = [conversation(one, f"talk {number}", 5) for number in range(6)]
    assert all(len(set(talk)) == 1 for talk in talks), talks
    assert {talk[0] for talk in talks} == {"p0", "p1", "p2"}
    text = one.metrics()
    assert 'swiftlet_prompt_cache_guesses_total{result="forgotten"} 0' in text
    assert 'swiftlet_prompt_cache_guesses_total{result="remembered"} 24' in text


def test_it_saves_what_the_report_says(served):
    plain, without, _ = served(affinity=False)
    one, memories, _ = served()
    for gateway in (plain, one):
        for number in range(4):
            conversation(gateway, f"talk {number}", 5)
    read, lost = (sum(memory.cached for memory in crowd) for crowd in (memories, without))
    assert read > 2 * lost
    admin = Admin(one)
    wait_until(lambda: admin.get("/api/v1/savings")["total"]["requests"] == 20, what="the rows")
    rows = admin.get("/api/v1/savings")["deployments"]
    assert sum(row["prompt_cache"]["read_tokens"] for row in rows) == read
    assert sum(row["prompt_cache"]["saved_usd"] for row in rows) == pytest.approx(read * 2.7 / 1e6, rel=1e-3)
    assert admin.get("/api/v1/savings")["total"]["cost_usd"] < Admin(plain).get("/api/v1/savings")["total"]["cost_usd"]


def test_the_same_document_in_other_questions_is_found(served):
    one, _, _ = served(handles=[Remembering() for _ in range(3)])
    document = LONG * 3
    asked = [ask(one, messages=[{"role": "system", "content": document}, {"role": "user", "content": f"question {n}"}]) for n in range(6)]
    assert len({answer.provider for answer in asked}) == 1


def test_a_full_deployment_is_left(served):
    going, free = threading.Event(), threading.Event()
    calm = Remembering()

    def slow(peer, request):
        if "wait" in str(request.json["messages"][-1]["content"]):
            going.set()
            free.wait(20 * PATIENCE)
        calm(peer, request)

    limited, _, _ = served(handles=[slow, Remembering()], deployments=[
        {"provider": f"p{number}", "model": "m", "prompt_cache_ttl": "5m", "max_parallel_requests": 1, **PRICES} for number in range(2)])
    system = {"role": "system", "content": LONG}
    first = ask(limited, messages=[system, {"role": "user", "content": "a"}])
    if first.provider != "p0":
        first = ask(limited, messages=[{"role": "system", "content": "Other: " + LONG}, {"role": "user", "content": "a"}])
        system = {"role": "system", "content": "Other: " + LONG}
    assert first.provider == "p0"
    waiting = threading.Thread(target=ask, args=(limited,), kwargs={"messages": [system, {"role": "user", "content": "wait"}]})
    waiting.start()
    assert going.wait(10 * PATIENCE)
    try:
        assert ask(limited, messages=[system, {"role": "user", "content": "b"}]).provider == "p1"
    finally:
        free.set()
        waiting.join()


def test_explain_says_what_it_expects(served):
    one, _, _ = served(count=2)
    system = {"role": "system", "content": LONG}
    first = ask(one, messages=[system, {"role": "user", "content": "a"}])
    report = Admin(one)("POST", "/api/v1/explain", {"body": {"model": "chat", "messages": [system, {"role": "user", "content": "b"}]}})[2]
    cache = report["prompt_cache"]
    rows = {row["deployment"]: row for row in cache["candidates"]}
    warm, = [row for row in rows.values() if row["warm_tokens"] > 0]
    assert warm["deployment"] == first.deployment == report["chosen"] and warm["warm_tokens"] > 1_900
    assert warm["expected_cost_usd"] < warm["cold_cost_usd"] and warm["chance"] == 0.75
    assert cache["moved_from"] in (None, *rows) and cache["moved_from"] != report["chosen"]
    plain = Admin(served(affinity=False)[0])("POST", "/api/v1/explain", {"body": {"model": "chat", "messages": [system]}})[2]
    assert "prompt_cache" not in plain


@pytest.mark.parametrize("surface", ["chat", "responses", "messages", "gemini", "converse"])
def test_from_every_dialect(served, surface):
    one, _, _ = served()
    path, body = SURFACES[surface].request("chat")
    text = str(body).replace("'", '"').replace("False", "false").replace("Hi.", LONG)
    assert len({one.post(path, text.encode())[1]["x-swiftlet-provider"] for _ in range(5)}) == 1


def kept(gateway, answer):
    """What is kept of a request's decision."""
    path = f"/api/v1/requests/{answer.headers['x-swiftlet-request-id']}"

    def decision():
        status, _, row = Admin(gateway)("GET", path)
        return status == 200 and row.get("decision")
    return wait_until(decision, 10, what="the row")


def test_the_kept_decision_says_who_was_preferred_and_what_it_is_to_save(served):
    one, _, _ = served(count=2)
    talk = [{"role": "system", "content": LONG}, {"role": "user", "content": "a"}]
    first = ask(one, messages=talk)
    other = {"p0": "p1/m", "p1": "p0/m"}[first.provider]
    plain = kept(one, first)
    assert "prompt_cache" not in plain and "remember" not in plain["reason"]
    second = ask(one, messages=[*talk, {"role": "assistant", "content": first.text}, {"role": "user", "content": "b"}])
    assert second.provider == first.provider
    said = kept(one, second)
    cache = said["prompt_cache"]
    assert cache["moved_from"] == other and cache["warm_tokens"] > 1_024
    # Remembered tokens, three of four times, at a tenth of three dollars for a million.
    assert cache["expected_saving_usd"] == pytest.approx(cache["warm_tokens"] * 0.75 * 2.7 / 1e6, rel=1e-3)
    assert f"round_robin chose {other}" in said["reason"] and f"but {first.provider}/m was preferred: its provider is believed" in said["reason"]
    # It is the turn of the same one again: nobody was left for it.
    third = ask(one, messages=[*talk, {"role": "assistant", "content": first.text}, {"role": "user", "content": "c"}])
    told = kept(one, third)
    assert told["prompt_cache"]["moved_from"] in (None, other) and "is believed to remember" in told["reason"]


@in_a_browser
def test_the_page_of_a_request_says_it_in_a_sentence(browser, served):  # noqa: F811
    one, _, _ = served(count=2)
    talk = [{"role": "system", "content": LONG}, {"role": "user", "content": "a"}]
    answers = [ask(one, messages=talk)]
    kept(one, answers[0])
    answers.append(ask(one, messages=[*talk, {"role": "assistant", "content": answers[0].text}, {"role": "user", "content": "b"}]))
    kept(one, answers[1])
    browser.open(f"http://127.0.0.1:{one.admin_port}/console/#/requests/{answers[1].headers['x-swiftlet-request-id']}")
    browser.find(".sentences li", f"{answers[0].provider}/m was preferred: its provider is believed to remember")
    browser.find(".sentences li", "which is expected to save $0.00")
