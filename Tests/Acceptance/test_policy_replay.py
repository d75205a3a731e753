"""`swiftlet replay` and POST /api/v1/replay: what a proposed policy would have made of requests that were served."""

import json
import subprocess

import pytest
import yaml

from support.gateway import BINARY, KEY, wait_until
from support.pages import blocks
from support.postgres import Postgres
from support.routing import Farm, ask, failing
from test_admin import Admin

PRICES = {"cheap": (1, 2), "dear": (10, 20)}
# 11 tokens in and 7 out, as the farm says.
BILL = {name: (11 * of[0] + 7 * of[1]) / 1e6 for name, of in PRICES.items()}
ROUTE = {"fallback": ["up/dear", "up/cheap"]}


@pytest.fixture
def farm():
    one = Farm()
    yield one
    one.close()


def settings(farm, **more):
    return {
        "providers": {"up": farm.provider()},
        "models": {name: {"deployments": [{"provider": "up", "model": name, "input_price": of[0], "output_price": of[1]}]}
                   for name, of in PRICES.items()},
        "policies": {"default": {"route": ROUTE}},
        "keys": {"plain": {"key": KEY}, "gold": {"key": "sk-gold-0123456789abcdef", "tags": ["tier=gold"]}},
        **more,
    }


@pytest.fixture
def served(gateway, farm):
    one = gateway(settings(farm))
    for number in range(10):
        ask(one, None)
        ask(one, None, key="sk-gold-0123456789abcdef")
        ask(one, "cheap")
    farm.manners["cheap"] = failing(400, "no such thing")
    assert ask(one, "cheap").status == 400
    admin = Admin(one)
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=100")["data"]) == 31, what="the ledger")
    return one, admin


def replay(one, policy, *arguments):
    file = one.folder / "proposed.yaml"
    file.write_text(policy if isinstance(policy, str) else yaml.safe_dump(policy))
    return subprocess.run([str(BINARY), "replay", "--config", str(one.file), "--policy", str(file), *arguments], cwd=one.folder,
                          capture_output=True, text=True, timeout=60)


def report(one, policy, *arguments, code=0):
    run = replay(one, policy, "--json", *arguments)
    assert run.returncode == code, run.stdout + run.stderr
    return json.loads(run.stdout)


def test_the_policy_in_force_changes_nothing(served):
    one, _ = served
    told = report(one, {"route": ROUTE}, "--max-changed", "0", "--max-cost-increase", "0")
    assert (told["requests"], told["changed"], told["agreement"], told["failed"]) == (31, 0, 31, 1)
    assert told["cost_usd"]["was"] == pytest.approx(told["cost_usd"]["would_be"])
    assert told["cost_usd"]["was"] == pytest.approx(20 * BILL["dear"] + 10 * BILL["cheap"])


def test_another_order_costs_what_the_books_say(served):
    one, admin = served
    proposed = {"route": {"fallback": ["up/cheap", "up/dear"]}}
    told = report(one, proposed)
    assert told["changed"] == 20 and told["changed_share"]["low"] < 20 / 31 < told["changed_share"]["high"]
    assert told["cost_usd"]["would_be"] == pytest.approx(30 * BILL["cheap"])
    assert told["cost_usd"]["increase"]["high"] < 0
    rows = {row["deployment"]: (row["was"], row["would_be"]) for row in told["deployments"]}
    assert rows == {"up/dear": (20, 0), "up/cheap": (11, 31)}
    difference = told["differences"][0]
    assert (difference["was"], difference["would_be"]) == ("up/dear", "up/cheap")
    assert "fallback chose up/cheap" in difference["reason"]
    assert admin.get(f"/api/v1/requests/{difference['request']}")["deployment"] == "up/dear"
    # The running gateway says the same, and nothing of it has changed.
    status, _, body = admin("POST", "/api/v1/replay", {"policy": proposed})
    assert status == 200 and (body["changed"], body["cost_usd"]) == (20, told["cost_usd"]), body
    text = replay(one, proposed).stdout
    assert "31 requests, 20 would go elsewhere" in text and "up/dear -> up/cheap" in text
    assert ask(one, None).deployment == "up/dear"


def test_gates_decide_the_exit_code(served):
    one, admin = served
    dear = {"route": "up/dear", "override_model": True}
    told = report(one, dear, "--max-cost-increase", "20%", code=1)
    assert [gate["gate"] for gate in told["failed_gates"]] == ["cost increase"]
    assert told["cost_usd"]["increase"]["estimate"] == pytest.approx(30 * BILL["dear"] / (20 * BILL["dear"] + 10 * BILL["cheap"]) - 1)
    report(one, dear, "--max-cost-increase", "50%")
    report(one, dear, "--max-cost-increase", "50%", "--strict", code=1)
    _, _, body = admin("POST", "/api/v1/replay", {"policy": dear, "gates": {"max_cost_increase": 0.2}})
    assert [gate["gate"] for gate in body["failed_gates"]] == ["cost increase"]
    run = replay(one, dear, "--max-cost-increase", "20")
    assert run.returncode == 1 and "FAILED cost increase" in run.stdout


def test_rules_see_what_rows_have_and_what_they_do_not_is_said(served):
    one, _ = served
    told = report(one, {"route": ROUTE, "rules": [
        {"name": "gold is closed", "priority": 2, "when": {"tags.tier": "gold"}, "then": {"deny": "closed"}},
        {"name": "long ones", "priority": 1, "when": {"request.text": {"contains": "hello"}}, "then": {"route": "cheap"}}]},
        "--max-refusals", "10", code=1)
    assert (told["refused"], told["changed"]) == (10, 10)
    assert {difference["rule"] for difference in told["differences"]} == {"gold is closed"}
    assert [(one["requests"], "request.text" in one["text"]) for one in told["assumptions"] if "asked for" in one["text"]] == [(31, True)]


def test_whole_settings_and_parts_of_the_log(served, farm):
    one, _ = served
    whole = settings(farm, policies={"default": {"route": "cheap"}})
    told = report(one, whole, "--key", "gold")
    assert (told["requests"], told["changed"]) == (10, 10)
    assert report(one, whole, "--model", "cheap")["requests"] == 11
    assert report(one, whole, "--from", "2020-01-01", "--to", "2020-01-02")["requests"] == 0
    told = report(one, whole, "--limit", "5")
    assert told["requests"] == 5 and any("newest" in one["text"] for one in told["assumptions"])
    del whole["models"]["cheap"]
    whole["policies"] = {"default": {"route": "dear"}}
    told = report(one, whole)
    assert told["refused"] == 11 and "there is no model `cheap`" in json.dumps(told["differences"])


@pytest.mark.parametrize("policy, arguments, says", [
    ("route: nowhere", (), "nowhere"), ("rout: up/dear", (), "did you mean `route`"), ("route: [", (), "proposed.yaml"), ("just text", (), "neither"),
    ("route: up/dear", ("--from", "yesterday"), "--from takes"), ("route: up/dear", ("--max-cost-increase", "much"), "--max-cost-increase takes"),
    ("route: up/dear", ("--key", "gald"), "did you mean `gold`"), ("route: up/dear", ("--from", "2030-01-01"), "--from must be before"),
])
def test_bad_input_ends_with_2(served, policy, arguments, says):
    one, _ = served
    run = replay(one, policy, *arguments)
    assert run.returncode == 2 and says in run.stderr, run.stdout + run.stderr


@pytest.mark.parametrize("body, says", [
    ({}, "say what to replay"), ({"policy": 1}, "must be a policy"), ({"policy": {}, "settings": {}}, "either"),
    ({"policy": {}, "limit": 20001}, "20000"),
    ({"policy": {}, "gates": {"max_cost": 1}}, "max_cost_increase"), ({"policy": {"route": "nowhere"}}, "nowhere"), ({"polcy": {}}, "policy"),
    ({"policy": {}, "from": "x"}, "from"), ({"policy": {}, "key": "gald"}, "gold"),
])
def test_bad_calls_are_told(served, body, says):
    status, _, answer = served[1]("POST", "/api/v1/replay", body)
    assert status in (400, 422) and says in answer["error"]["message"], answer


def test_a_missing_ledger_is_said(tmp_path, farm):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(yaml.safe_dump(settings(farm, store="sqlite:none.db")))
    (tmp_path / "p.yaml").write_text("route: up/dear")
    run = subprocess.run([str(BINARY), "replay", "--config", str(file), "--policy", str(tmp_path / "p.yaml")], cwd=tmp_path, capture_output=True,
                         text=True, timeout=60)
    assert run.returncode == 2 and "none-ledger.db" in run.stderr, run.stderr


def test_the_guides_example_works_as_shown(gateway):
    page = {(block.language, block.marks.split(" ")[0]): block.text for block in blocks() if block.page == "replay.md"}
    one = gateway(yaml.safe_load(page["yaml", ""]))
    assert one.post("/v1/chat/completions", json.loads(page["json", "request"]))[1]["x-swiftlet-deployment"] == "lab/large"
    wait_until(lambda: len(Admin(one).get("/api/v1/requests")["data"]) == 1, what="the ledger")
    told = report(one, page["json", "policy"], "--from", "24h", "--max-cost-increase", "0", "--max-refusals", "1")
    assert (told["changed"], told["differences"][0]["would_be"]) == (1, "lab/small")


def test_on_postgresql(gateway, farm):
    store = Postgres()
    try:
        one = gateway(settings(farm, store=store.url))
        for _ in range(5):
            ask(one, None)
        admin = Admin(one)
        wait_until(lambda: len(admin.get("/api/v1/requests")["data"]) == 5, what="the ledger")
        told = report(one, {"route": "up/cheap"})
        assert (told["requests"], told["changed"]) == (5, 5)
    finally:
        store.end()


def test_a_choice_by_complexity_has_the_scores_of_then(gateway, farm):
    models = ["up/cheap", "up/dear"]
    one = gateway(settings(farm, policies={"default": {"route": {"intelligent": {"axis": "performance", "models": models}}}}))
    easy, hard = "hello", "Prove that every finite group of order p^2 is abelian, and classify up to isomorphism all groups of order p^3."
    for number in range(8):
        ask(one, None, messages=[{"role": "user", "content": hard if number % 4 == 0 else easy}])
    admin = Admin(one)
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=100")["data"]) == 8, what="the ledger")
    by_rule = {"route": "dear", "rules": [{"name": "easy", "when": {"complexity.score": {"lt": 0.5}}, "then": {"route": "cheap"}}]}
    for policy, changed in (({"route": {"intelligent": {"axis": "cost", "models": models}}}, 0), (by_rule, 0), ({"route": "dear"}, 6),
                            ({"route": "cheap"}, 2)):
        found = report(one, policy)
        assert (found["requests"], found["changed"], found["agreement"]) == (8, changed, 8), (policy, found)
        assert "complexity" not in json.dumps(found.get("assumed", [])), found
