"""Budgets: never exceeded, whatever runs at once, leaves, or is killed; and nothing is billed twice or not at all."""

import json
import os
import queue
import struct
import subprocess
import sys
import threading
import time

import pytest
from support import ledger
from support.books import dollars, settings
from support.dialects import SURFACES
from support.gateway import PATIENCE, question, wait_until
from support.raw import Wire, post
from support.routing import ask
from support.upstream import ANSWER, chunk, event
from test_disk_trouble import preloaded

# What an answer of the made-up provider costs: 11 tokens at 1 USD a million, 7 at 2.
COST = 11_000 + 14_000
USD = 1_000_000_000


def key(**more):
    return {"tight": {"key": "key-tight", **more}, "any": {"key": "key-any"}}


def budget(nanodollars, period="month", **more):
    return {"budget": {"amount": nanodollars / USD, "period": period, **more}}


def refused(answer, code, status=402):
    assert answer.status == status, answer
    assert answer.error["code"] == code, answer.error
    return answer.error["message"]


def spent(gateway):
    return sum(row["cost"] for row in ledger.read(gateway.folder))


def books(up):
    """What the provider itself says that it was asked for and answered: its own bill."""
    return len(up.requests) * COST


# -- what is left

def test_a_key_spends_what_it_has_and_no_more(behind):
    gateway, up = behind(keys=key(**budget(100 * COST)))
    served = 0
    while (one := ask(gateway, key="key-tight", max_tokens=7)).status == 200:
        served += 1
        assert served <= 100
    message = refused(one, "key_budget_exceeded")
    assert "key `tight`" in message and "USD this month" in message
    # Until a provider has counted some prompts, more is reserved than they come to: the last of it is not reached.
    assert 45 <= served <= 100 and len(up.requests) == served
    assert ask(gateway, key="key-any").status == 200


def test_headers_say_what_is_left(behind):
    gateway, _ = behind(keys=key(**budget(1_000 * COST)))
    one = ask(gateway, key="key-tight", max_tokens=7)
    assert one.headers["x-key-limit-limit-usd"] == "0.025"
    first = float(one.headers["x-key-limit-remaining-usd"])
    assert 0 < first < 0.025 and "x-key-limit-warning" not in one.headers
    for _ in range(5):
        one = ask(gateway, key="key-tight", max_tokens=7)
    assert first - float(one.headers["x-key-limit-remaining-usd"]) == pytest.approx(5 * COST / USD)
    assert "x-key-limit-limit-usd" not in ask(gateway, key="key-any").headers


def test_the_first_exhausted_level_is_told(behind):
    gateway, _ = behind(
        keys={"a": {"key": "key-a", "project": "p"}, "b": {"key": "key-b", "customer": "c"}, "d": {"key": "key-d"}},
        projects={"p": budget(10)}, customers={"c": budget(10)}, organisation=budget(1_000_000 * COST))
    assert "project `p`" in refused(ask(gateway, key="key-a", max_tokens=7), "project_budget_exceeded")
    assert "customer `c`" in refused(ask(gateway, key="key-b", max_tokens=7), "budget_exceeded")
    assert ask(gateway, key="key-d", max_tokens=7).status == 200


def test_a_project_that_the_request_names_pays_too(behind):
    gateway, _ = behind(keys={"a": {"key": "key-a"}}, projects={"p": budget(10), "rich": budget(1_000_000 * COST)})
    refused(ask(gateway, key="key-a", max_tokens=7, headers={"x-project-id": "p"}), "project_budget_exceeded")
    one = ask(gateway, key="key-a", max_tokens=7, headers={"x-project-id": "rich"})
    assert one.status == 200 and one.headers["x-project-budget-limit-usd"] == "25"
    assert ask(gateway, key="key-a").status == 200


def test_a_soft_budget_warns(behind):
    gateway, _ = behind(keys=key(**budget(2 * COST, enforcement="soft")))
    answers = [ask(gateway, key="key-tight") for _ in range(4)]
    assert [one.status for one in answers] == [200] * 4
    assert "x-key-limit-warning" not in answers[0].headers
    assert "budget exceeded" in answers[-1].headers["x-key-limit-warning"]


@pytest.mark.parametrize("unit, amount, each", [("tokens", 3_000, 18), ("requests", 5, 1)])
def test_budgets_in_tokens_and_requests(behind, unit, amount, each):
    gateway, up = behind(keys=key(budget={"amount": amount, "unit": unit, "period": "day"}))
    while (one := ask(gateway, key="key-tight", max_tokens=7)).status == 200:
        assert len(up.requests) * each <= amount
    if unit == "tokens":
        refused(one, "key_budget_exceeded")
    else:
        assert len(up.requests) == 5 and one.status in (402, 429)


@pytest.mark.parametrize("surface", SURFACES)
def test_every_dialect_hears_of_budgets_in_its_own_words(behind, surface):
    gateway, up = behind(keys=key(**budget(10)))
    path, body = SURFACES[surface].request("chat")
    status, headers, answer = gateway.post(path, body, key="key-tight")
    said = json.loads(answer)
    assert status == 402 and not up.requests
    text = json.dumps(said)
    assert "USD this month" in text and "key `tight`" in text
    if surface == "messages":
        assert said["type"] == "error"
    elif surface in ("chat", "responses"):
        assert said["error"]["code"] == "key_budget_exceeded" and said["error"]["type"] == "insufficient_quota"


# -- the worst case

def test_output_is_bounded_where_the_client_names_no_bound(behind):
    gateway, up = behind(keys=key(**budget(USD)))
    ask(gateway, key="key-tight")
    ask(gateway, key="key-tight", max_tokens=5)
    ask(gateway, key="key-tight", max_tokens=None)
    ask(gateway, key="key-any")
    sent = [request.json for request in up.requests]
    limits = [(one.get("max_completion_tokens"), one.get("max_tokens")) for one in sent]
    assert limits[0] in ((4096, None), (None, 4096)) and limits[1] == (None, 5) and 4096 in limits[2] and limits[3] == (None, None)


MANY = {
    "prompts": ("/v1/completions", {"model": "chat", "prompt": ["word"] * 50, "max_tokens": 1_000}),
    "drafts": ("/v1/completions", {"model": "chat", "prompt": "word", "max_tokens": 1_000, "best_of": 50}),
    "choices": ("/v1/chat/completions", {**question(), "max_tokens": 1_000, "n": 50}),
    "candidates": ("/v1beta/models/chat:generateContent", {
        "contents": [{"role": "user", "parts": [{"text": "word"}]}], "generationConfig": {"maxOutputTokens": 1_000, "candidateCount": 50}}),
}


@pytest.mark.parametrize("what", MANY)
def test_every_answer_that_a_request_asks_for_is_reserved(behind, what):
    # 50 answers of 1,000 tokens at 2 USD a million are a tenth of a dollar; one is well within the budget.
    gateway, up = behind(keys=key(**budget(USD // 20)))
    path, body = MANY[what]
    status, _, answer = gateway.post(path, body, key="key-tight")
    assert status == 402 and not up.requests, answer
    assert "may come to 0.10" in json.dumps(json.loads(answer)), answer
    assert ask(gateway, key="key-tight", max_tokens=1_000).status == 200


@pytest.mark.parametrize("surface", SURFACES)
def test_output_is_bounded_from_every_dialect(behind, surface):
    gateway, up = behind(keys=key(**budget(USD)))
    path, body = SURFACES[surface].request("chat")
    assert gateway.post(path, body, key="key-tight")[0] == 200
    sent = up.requests[0].json
    assert (sent.get("max_completion_tokens") or sent.get("max_tokens")) == (99 if surface == "messages" else 4096)


@pytest.mark.parametrize("limit", [-1, 0, 10**12, 10**30])
def test_limits_that_no_answer_can_have(behind, limit):
    gateway, up = behind(keys=key(**budget(1_000 * USD)))
    one = ask(gateway, key="key-tight", max_tokens=limit)
    assert one.status == 400 and one.error["param"] == "max_tokens", one
    assert not up.requests


def test_free_models_serve_an_empty_budget(gateway, upstream):
    up = upstream()
    one = gateway({
        "providers": {"up": up.provider(), "home": up.provider(kind="self_hosted")}, "keys": key(**budget(10)),
        "models": {"paid": {"deployments": [{"provider": "up", "model": "m", "input_price": 1, "output_price": 2}]},
                   "free": {"deployments": [{"provider": "home", "model": "m", "input_price": 0, "output_price": 0}]},
                   "both": {"deployments": [{"provider": "up", "model": "m", "input_price": 1, "output_price": 2},
                                            {"provider": "home", "model": "f", "input_price": 0, "output_price": 0}]}}})
    refused(ask(one, "paid", key="key-tight"), "key_budget_exceeded")
    assert ask(one, "free", key="key-tight").status == 200
    for _ in range(8):
        assert ask(one, "both", key="key-tight").provider == "home"


def test_without_a_price_a_hard_budget_refuses(gateway, upstream):
    up = upstream()
    one = gateway({"providers": {"up": up.provider()}, "keys": key(**budget(USD)),
                   "models": {"odd": {"deployments": [{"provider": "up", "model": "odd"}]}}})
    message = refused(ask(one, "odd", key="key-tight"), "model_unpriced")
    assert "price" in message
    assert ask(one, "odd", key="key-any").status == 200


# -- providers and deployments

def test_a_deployment_without_budget_is_passed_over(gateway, upstream):
    poor, rich = upstream(), upstream()
    one = gateway({
        "providers": {"poor": poor.provider(), "rich": rich.provider()},
        "models": {"chat": {"strategy": "fallback", "deployments": [
            {"provider": "poor", "model": "m", "input_price": 1, "output_price": 2, "budget": {"amount": 60 * COST / USD, "period": "day"}},
            {"provider": "rich", "model": "m", "input_price": 1, "output_price": 2}]}}})
    answers = [ask(one, max_tokens=7) for _ in range(20)]
    assert all(answer.status == 200 for answer in answers)
    assert 8 <= len(poor.requests) <= 19 and len(rich.requests) == 20 - len(poor.requests)
    last = ask(one, max_tokens=7, include_routing_metadata=True)
    assert last.provider == "rich" and "budget_used_up" in json.dumps(last.json["routing"])
    assert last.attempts == 1


def test_a_provider_without_quota_ends_in_a_refusal(gateway, upstream):
    up = upstream()
    one = gateway({"providers": {"up": up.provider(rpd=3)}, "models": {"chat": {"deployments": [
        {"provider": "up", "model": "m", "input_price": 1, "output_price": 2}]}}})
    answers = [ask(one) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 503, 503]
    assert int(answers[-1].headers["retry-after"]) > 0 and "budget" in answers[-1].error["message"]


# -- at once

CROWD = """
import concurrent.futures, sys, openai
port, key, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0, timeout=120)
def one(number):
    try:
        stream = number % 3 == 0
        answer = client.chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "Say hello."}], max_tokens=7, stream=stream)
        return sum(1 for _ in answer) > 0 if stream else bool(answer.choices)
    except openai.APIStatusError as error:
        assert error.status_code == 402, error
        assert error.code == "key_budget_exceeded", error
        return False
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print(sum(pool.map(one, range(count))))
"""


def answering(peer, request):
    if request.json.get("stream"):
        peer.stream(["hello", " from", " upstream"])
    else:
        peer.answer()


def test_five_hundred_at_once_on_little(behind):
    limit = 200 * COST
    gateway, up = behind(answering, keys=key(**budget(limit)), server={"threads": 2})
    crowd = [subprocess.Popen([sys.executable, "-c", CROWD, str(gateway.port), "key-tight", "125"], stdout=subprocess.PIPE, text=True)
             for _ in range(4)]
    served = sum(int(process.communicate(timeout=120 * PATIENCE)[0]) for process in crowd)
    assert all(process.returncode == 0 for process in crowd)
    rows = [row for row in ledger.read(gateway.folder) if row["key"] == "tight"]
    assert sum(row["cost"] for row in rows) == books(up) == served * COST, "the provider's books and ours are the same"
    assert served * COST <= limit
    while ask(gateway, key="key-tight", max_tokens=7).status == 200:
        served += 1
    assert 140 * COST <= served * COST <= limit, "and nothing stays reserved"


def test_who_leaves_holds_nothing(behind):
    started = queue.Queue()

    def silent(peer, request):
        if request.json.get("stream"):
            peer.start_stream()
            peer.piece(event(chunk("word ")))
        started.put(request)
        peer.wait_for_end(60)
        return "end"

    gateway, up = behind(silent, keys=key(**budget(USD // 100)))
    for number in range(20):
        body = json.dumps(question(stream=number % 2 == 0)).encode()
        with Wire(gateway.port) as wire:
            wire.send(post("/v1/chat/completions", body, "key-tight"))
            started.get(timeout=30 * PATIENCE)
        wait_until(lambda: "swiftlet_requests_in_flight 0" in gateway.metrics(), what="the end of it")
    wait_until(lambda: len(ledger.read(gateway.folder)) == 20, what="twenty rows")
    rows = ledger.read(gateway.folder)
    assert len(rows) == 20 and {row["state"] for row in rows} == {"cancelled"}
    assert all(0 < row["cost"] < 40_000 for row in rows), "what was read and produced is billed"


def test_what_is_spent_stays_spent(behind):
    gateway, up = behind(keys=key(**budget(60 * COST)))
    for _ in range(10):
        assert ask(gateway, key="key-tight", max_tokens=7).status == 200
    gateway.stop()
    gateway.start()
    served = 10
    while ask(gateway, key="key-tight", max_tokens=7).status == 200:
        served += 1
    assert 11 <= served <= 60 and spent(gateway) == served * COST
    gateway.kill()
    gateway.start()
    refused(ask(gateway, key="key-tight", max_tokens=7), "key_budget_exceeded")


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_set_right_begins_another_day(gateway, books, tmp_path, days):
    def set_clock(seconds):
        with open(clock, "r+b") as file:
            file.write(struct.pack("q", seconds))

    # No third day.
    if (left := 86_400 - time.time() % 86_400) < 60 * PATIENCE:
        time.sleep(left + 1)
    clock = tmp_path / "clock"
    clock.write_bytes(bytes(8))
    up = books()
    one = gateway(settings(up, steady={"budget": dollars(1_400_000, period="day")}),
                  environment={"LD_PRELOAD": preloaded(tmp_path, "clock"), "CLOCK_FILE": str(clock)})

    def spend():
        count = 0
        while (answer := ask(one, key="key-steady", max_tokens=7)).status == 200:
            count += 1
        return count, refused(answer, "key_budget_exceeded")

    first, _ = spend()
    assert first > 0
    set_clock(days * 86_400)
    wait_until(lambda: ask(one, key="key-steady", max_tokens=7).status == 200, what="another day")
    second, _ = spend()
    one.stop()
    rows = ledger.read(one.folder)
    assert sum(row["cost"] for row in rows) == up.total() and len(rows) == first + second + 1
    used = {window["start_ms"]: window["used"] for window in ledger.windows(one.folder) if "/nanodollars/" in window["account"]}
    assert sorted(used) == sorted({min(used), min(used) + 86_400_000}) and sum(used.values()) == up.total()
    assert all(0 < spent <= 1_400_000 for spent in used.values())


def test_a_provider_that_lies_costs_what_could_be(behind):
    def liar(peer, request):
        peer.answer({**ANSWER, "usage": {"prompt_tokens": 2**63, "completion_tokens": -5, "total_tokens": 2**62}})

    gateway, _ = behind(liar, keys=key(**budget(USD)))
    one = ask(gateway, key="key-tight", max_tokens=7)
    assert one.status == 200
    row, = [row for row in ledger.read(gateway.folder)]
    assert 0 < row["cost"] < 2_000_000, "neither free nor absurd"
    assert ask(gateway, key="key-tight", max_tokens=7).status == 200


# -- killed

def kill_under_load(gateway, up, rounds, keys=("key-tight",)):
    """Kills the gateway while many ask, so many times. Returns how many were answered."""
    answered = []

    def one_round():
        stop = threading.Event()

        def asking(number):
            while not stop.is_set():
                try:
                    if ask(gateway, key=keys[number % len(keys)], max_tokens=7).status == 200:
                        answered.append(1)
                except OSError:
                    return
                except Exception:  # half an answer
                    return
        askers = [threading.Thread(target=asking, args=(number,), daemon=True) for number in range(8)]
        for asker in askers:
            asker.start()
        time.sleep(0.25)
        gateway.kill()
        stop.set()
        for asker in askers:
            asker.join(30)

    for _ in range(rounds):
        one_round()
        gateway.start()
    return len(answered)


def test_killed_under_load(behind):
    """Every answered request has its row, every other that was sent has one of unknown state, charged with what it held."""
    def slow(peer, request):
        if len(up.requests) % 5 == 0 and peer.wait_for_end(0.05) is not None:
            return "end"
        peer.answer()

    rounds = 50 if os.environ.get("SWIFTLET_REPLAY") == "all" else 5
    limit = 1_000_000 * COST
    gateway, up = behind(slow, keys=key(**budget(limit)), server={"threads": 2})
    answered = kill_under_load(gateway, up, rounds, ("key-tight", "key-any"))
    rows = ledger.read(gateway.folder)
    done = [row for row in rows if row["state"] == "done"]
    unknown = [row for row in rows if row["state"] == "unknown"]
    assert answered <= len(done), "no answered request is missing"
    assert len({row["id"] for row in rows}) == len(rows)
    assert len(rows) >= len(up.requests), "what reached the provider has a row"
    assert len(unknown) <= 8 * rounds and all(row["cost"] > (COST - 1 if row["key"] == "tight" else 0) for row in unknown)
    assert all(row["cost"] == COST for row in done)
    used = sum(row["cost"] for row in rows if row["key"] == "tight")
    one = ask(gateway, key="key-tight", max_tokens=7)
    left = float(one.headers["x-key-limit-remaining-usd"]) * USD
    assert 0 <= limit - used - left < 20_000_000, "what rows say is what is spent of the budget, but for this request's own hold"


def test_killed_near_the_end_of_a_budget(behind):
    """Whatever is killed when, no more is ever spent than there is."""
    limit = 400 * COST
    gateway, up = behind(answering, keys=key(**budget(limit)), server={"threads": 2})
    kill_under_load(gateway, up, 4)
    while ask(gateway, key="key-tight", max_tokens=7).status == 200:
        pass
    assert spent(gateway) <= limit and books(up) <= limit


# -- conditions, alerts, metrics

def test_conditions_read_what_is_left(gateway, upstream):
    dear, cheap = upstream(), upstream()
    one = gateway({
        "providers": {"dear": dear.provider(), "cheap": cheap.provider()},
        "keys": {"tight": {"key": "key-tight", "project": "p", **budget(2_000 * COST, "day")}},
        "projects": {"p": budget(1_000_000 * COST)},
        "models": {"dear": {"deployments": [{"provider": "dear", "model": "m", "input_price": 1, "output_price": 2}]},
                   "cheap": {"deployments": [{"provider": "cheap", "model": "m", "input_price": 0.1, "output_price": 0.2}]}},
        "policies": {"default": {"route": "dear", "rules": [
            {"name": "late", "when": {"budget.day.used_percent": {"gte": 50}}, "then": {"route": "cheap"}},
            {"name": "many", "when": {"tokens.day": {"gte": 100_000}}, "then": {"route": "cheap"}}]}},
        })
    answers = []
    while len(answers) < 1_500 and (not answers or answers[-1].provider == "dear"):
        answers.append(ask(one, None, key="key-tight", max_tokens=7))
    assert answers[0].provider == "dear" and answers[-1].provider == "cheap", "half of the budget is spent"
    # The first request's own hold and those under way count as used.
    assert 900 <= len(answers) <= 1_002


def test_thresholds_are_told_once(behind):
    gateway, _ = behind(keys=key(**budget(100 * COST, alerts=[10, 20])))
    for _ in range(25):
        assert ask(gateway, key="key-tight", max_tokens=7).status == 200

    def told():
        return [line["threshold"] for line in gateway.log() if "account" in line and line.get("threshold")]
    wait_until(lambda: len(told()) >= 2, what="two alerts")
    assert told() == ["10", "20"]
    gateway.stop()
    gateway.start()
    ask(gateway, key="key-tight", max_tokens=7)
    assert told() == ["10", "20"], "once a period"


def test_metrics_say_how_accounts_stand(behind):
    gateway, _ = behind(keys=key(**budget(100 * COST)))
    ask(gateway, key="key-tight", max_tokens=7)
    while ask(gateway, key="key-tight", max_tokens=7).status == 200:
        pass
    page = gateway.metrics()
    name = "key/tight/nanodollars/month"
    assert f'swiftlet_account_limit{{account="{name}"}} {100 * COST}' in page
    assert f'swiftlet_account_held{{account="{name}"}} 0' in page
    assert 'swiftlet_limit_refusals_total{scope="key",unit="nanodollars"} 1' in page
    assert "swiftlet_requests_holding 0" in page and "swiftlet_lease_store_up 1" in page
