"""Learning from feedback: a correction takes effect once a replay shows no loss, says so, is shared, lasts, and goes with one command."""

import http.client
import itertools
import json
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.gateway import BINARY, KEY, PATIENCE, wait_until
from support.postgres import Postgres
from support.routing import Farm, ask, failing, mocks, on
from test_admin import Admin

TOPICS = ["a hash table", "a binary heap", "the stock market", "a steam engine", "photosynthesis", "a compiler", "a suspension bridge", "inflation",
          "a violin", "the immune system", "a bicycle gear", "TCP congestion control", "a sourdough starter", "plate tectonics", "a lens"]
FORMS = ["Explain how {} works to a {} and give {} examples.", "Describe {} step by step for a {}, with {} pitfalls.",
         "Compare {} with its main alternative for a {}; name {} trade-offs.", "Write {2} short paragraphs on why {0} matters to a {1}.",
         "A {1} asks about {0}. Give {2} reasons why it may fail and how to notice."]
WHO = ["student", "nurse", "farmer", "lawyer", "pilot", "teacher", "chemist", "manager", "cook", "painter", "sailor", "clerk"]


@pytest.fixture(scope="module")
def middling():
    """Prompts that are neither simple nor complex, and their scores."""
    prompts = [form.format(*rest) for form, *rest in itertools.product(FORMS, TOPICS, WHO, range(2, 8))]
    random.Random(1).shuffle(prompts)
    lines = "\n".join(json.dumps({"id": str(number), "prompt": prompt}) for number, prompt in enumerate(prompts))
    out = subprocess.run([BINARY, "score", "--no-header"], input=lines, capture_output=True, text=True, check=True).stdout
    scores = [float(line.split(",")[1]) for line in out.split()]
    return [(prompt, score) for prompt, score in zip(prompts, scores) if 0.41 < score < 0.59]


def settings(**learning):
    return {
        "providers": mocks(small={}, large={}),
        "models": {"chat": {"route": {"intelligent": {"models": [
            on("small", "s", input_price=0.1, output_price=0.4), on("large", "l", input_price=10, output_price=40)]}}}},
        "projects": {"shop": {}, "lab": {}},
        "keys": {"acceptance": {"key": KEY, "project": "shop"}, "other": {"key": "sk-other-0123456789", "project": "lab"}},
        "learning": {"enabled": True, "max_loss": 0.2, "interval": "1s", **learning},
    }


class Client:
    """Connections that stay: thousands of requests are asked for."""

    def __init__(self, gateway):
        self.gateway, self.connections = gateway, {}

    def post(self, connection, path, body):
        fields = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
        connection.request("POST", path, json.dumps(body), fields)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()

    def rated(self, prompts, score):
        """Asks all, then rates what was answered."""
        def some(part):
            connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=30 * PATIENCE)
            ids = []
            for prompt in part:
                status, headers, body = self.post(connection, "/v1/chat/completions",
                                                  {"model": "chat", "messages": [{"role": "user", "content": prompt}]})
                assert status == 200, body
                ids.append((headers["x-swiftlet-request-id"], headers["x-swiftlet-provider"]))
            for request, provider in ids:
                def kept():
                    status, _, body = self.post(connection, "/v1/feedback", {"request_id": request, "score": score(provider)})
                    assert status in (200, 404), body
                    return status == 200
                wait_until(kept, 10, what="the request's row")
            connection.close()
            return ids
        with ThreadPoolExecutor(4) as pool:
            return [one for part in pool.map(some, [prompts[start::4] for start in range(4)]) for one in part]


def learning(gateway):
    return Admin(gateway).get("/api/v1/learning")


def task(state, project="shop"):
    """The kind of prompt of which most is known."""
    found = [one for line in state["projects"] if line["project"] == project for one in line["tasks"]]
    return max(found, key=lambda one: one.get("gate", {}).get("opinions", 0), default=None)


def complexity(gateway, prompt, key=KEY, **more):
    return ask(gateway, "chat", key=key, messages=[{"role": "user", "content": prompt}], include_routing_metadata=True, **more).routing["complexity"]


def teach(gateway, middling):
    """Whoever answers is as good as the other. Until something is in effect."""
    client = Client(gateway)
    prompts = [prompt for prompt, _ in middling]
    for turn, polite in enumerate(("", "Please. ", "Hello! ", "Well: ")):
        client.rated([polite + prompt for prompt in prompts], lambda _: 1)
        try:
            return wait_until(lambda: next((state for state in [learning(gateway)] if any(p["in_effect"] for p in state["projects"])), None), 5)
        except AssertionError:
            if turn == 3:
                raise
    return None


def corrected(gateway, middling, key=KEY):
    return next((found for prompt, _ in middling[:200] for found in [complexity(gateway, prompt, key)] if found["learning"]["correction"] != 0), None)


def test_it_is_learnt_shown_kept_and_taken_back(gateway, middling):
    one = gateway(settings())
    state = teach(one, middling)
    best = task(state)
    assert state["enabled"] and best["gate"]["max_loss"] == 0.2
    passed = [own for own in state["projects"][0]["tasks"] if any(own["correction"])]
    assert passed and all(own["gate"]["change"]["low"] >= -0.2 and own["gate"]["tried"] >= 15 for own in passed), state
    assert all(abs(value) <= 1.5 for own in passed for value in own["correction"])
    # What was equally good for less is taken for simpler, and the record says why.
    assert any(value < 0 for own in passed for value in own["correction"]), passed
    moved = corrected(one, middling)
    note = moved["learning"]
    assert note["correction"] < 0 and moved["score_in_context"] < note["score_before"] and note["reason"] in (
        "feedback corrects it", "its session tries another model")
    assert moved["score"] == note["score_before"], "a prompt and nothing else"
    # The other project has taught nothing.
    assert corrected(one, middling[:20], key="sk-other-0123456789") is None
    ratings = {rating["deployment"]: rating for rating in state["ratings"]}
    assert set(ratings) == {"small/s", "large/l"} and all(rating["opinions"] > 100 for rating in ratings.values())
    assert 0 < state["counts"]["trials"] <= 0.08 * sum(project["opinions"] for project in state["projects"])
    metrics = one.metrics()
    assert "swiftlet_learning_trials_total" in metrics and "swiftlet_learning_signals_total{signal=\"regenerated\"} 0" in metrics
    # It outlasts the process.
    one.end()
    one.start()
    assert corrected(one, middling)["learning"]["correction"] < 0
    text = subprocess.run([BINARY, "learning", "--url", f"http://127.0.0.1:{one.admin_port}"], capture_output=True, text=True)
    assert text.returncode == 0 and "shop" in text.stdout and "small/s" in text.stdout, text
    # A project that there is not is none that was reset.
    text = subprocess.run([BINARY, "learning", "reset", "--project", "shpo", "--url", f"http://127.0.0.1:{one.admin_port}"],
                          capture_output=True, text=True)
    assert text.returncode == 1 and "there is no project `shpo`; did you mean `shop`?" in text.stderr, text
    assert Admin(one)("POST", "/api/v1/learning/reset", {"project": "nothing"})[0] == 404
    assert corrected(one, middling)
    # One command back to the scorer as it came.
    text = subprocess.run([BINARY, "learning", "reset", "--url", f"http://127.0.0.1:{one.admin_port}"], capture_output=True, text=True)
    assert text.returncode == 0 and "as the scorer came" in text.stdout, text
    assert corrected(one, middling) is None
    after = learning(one)
    assert after["projects"] == [] and after["ratings"] == [] and after["reset"]
    assert "learning.reset" in [entry["action"] for entry in Admin(one).get("/api/v1/audit")["data"]]


def test_praise_alone_moves_nothing_where_nothing_may_be_tried(gateway, middling):
    one = gateway(settings(explore=0))
    Client(one).rated([prompt for prompt, _ in middling[:600]], lambda _: 1)
    state = wait_until(lambda: next((state for state in [learning(one)] if state["projects"] and task(state)), None), 10)
    assert not state["projects"][0]["in_effect"] and task(state)["gate"]["verdict"] == "undecided"
    assert state["counts"]["trials"] == 0


def test_off_is_as_it_was(gateway, middling):
    one = gateway(settings(enabled=False))
    assert "learning" not in complexity(one, middling[0][0])
    assert learning(one) | {"counts": None} == {"enabled": False, "version": 0, "learned": None, "reset": None, "settings": None, "counts": None,
                                                "projects": [], "ratings": []}
    assert "swiftlet_learning" not in one.metrics()


def test_what_clients_do_counts_as_well(gateway, middling):
    farm = Farm()
    try:
        farm.manners["broken"] = failing(500)
        whole = settings()
        whole["providers"] |= {"up": farm.provider()}
        whole["router"] = {"cooldowns": False, "num_retries": 0}
        whole["models"]["breaks"] = {"route": {"intelligent": {"models": [
            on("up", "broken", input_price=0.1, output_price=0.1), on("large", "l", input_price=10, output_price=40)]}}}
        one = gateway(whole)
        talk = [{"role": "user", "content": "What is a lens?"}, {"role": "assistant", "content": "A piece of glass."},
                {"role": "user", "content": "That is too short. Explain how it bends light, and why."}]
        first = ask(one, "chat", messages=talk)
        wait_until(lambda: Admin(one)("GET", f"/api/v1/requests/{first.headers['x-swiftlet-request-id']}")[0] == 200, 10)
        assert learning(one)["counts"]["regenerated"] == 0
        ask(one, "chat", messages=talk)
        wait_until(lambda: learning(one)["counts"]["regenerated"] == 1, 10, what="the hint")
        # Another turn is no repetition, and neither is the same prompt in no conversation.
        more = [{"role": "assistant", "content": "It bends it."}, {"role": "user", "content": "Thank you very much for that."}]
        ask(one, "chat", messages=talk + more)
        for _ in range(2):
            ask(one, "chat", messages=talk[:1])
        assert ask(one, "breaks", messages=[{"role": "user", "content": "hello"}]).attempts == 2
        wait_until(lambda: learning(one)["counts"]["fallback"] == 1, 10, what="the hint")
        assert learning(one)["counts"]["regenerated"] == 1
        # Hints are no feedback that anybody gave: it is shown nowhere, and gives way to what is said.
        request = first.headers["x-swiftlet-request-id"]
        assert "feedback" not in Admin(one).get(f"/api/v1/requests/{request}")
        assert one.post("/v1/feedback", {"request_id": request, "score": 1})[0] == 200
        assert Admin(one).get(f"/api/v1/requests/{request}")["feedback"]["score"] == 1
    finally:
        farm.close()


def test_gateways_on_one_store_go_by_the_same(gateway, middling):
    store = Postgres()
    try:
        one, two = [gateway({**settings(), "store": store.url, "server": {"gateway": f"g{number}", "threads": 1}}) for number in range(2)]
        teach(one, middling)
        assert wait_until(lambda: corrected(two, middling), 20, what="the other gateway")["learning"]["correction"] < 0
        def same():
            found = [(state["version"], json.dumps(state["projects"]), json.dumps(state["ratings"])) for state in (learning(one), learning(two))]
            return found[0] == found[1]
        wait_until(same, 20, what="the same on both")
        assert Admin(two)("POST", "/api/v1/learning/reset", {"project": "shop"})[0] == 200
        wait_until(lambda: not any(project["in_effect"] for project in learning(one)["projects"]), 10, what="the reset")
    finally:
        store.end()
