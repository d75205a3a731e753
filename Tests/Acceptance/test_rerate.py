"""Prices that come later: logged requests are priced again, and rows, usage and budgets say so."""

import json
import shlex

import pytest

from support.books import INPUT, output
from support.gateway import KEY, swiftlet, wait_until
from support.pages import blocks
from support.routing import ask
from test_admin import Admin

NANO = 1_000_000_000
PRICE = {"input_price": 1, "output_price": 2}


def bill(mark):
    """Nano-dollars: a dollar a million tokens is a thousand of them each."""
    return INPUT * PRICE["input_price"] * 1_000 + output(mark) * PRICE["output_price"] * 1_000


@pytest.fixture
def served(gateway, books):
    up = books()
    one = gateway({
        "providers": {"up": up.provider()},
        "models": {"known": {"deployments": [{"provider": "up", "model": "known", **PRICE}]},
                   "mystery": {"deployments": [{"provider": "up", "model": "mystery"}]}},
        "keys": {"soft": {"key": KEY, "budget": [{"amount": 100, "period": "month", "enforcement": "soft"}]}},
    })
    return one, Admin(one)


def rerate(admin, status=200, **body):
    found, _, answer = admin("POST", "/api/v1/prices/rerate", body)
    assert found == status, answer
    return answer


def put(admin, path, value):
    status, _, answer = admin("PUT", f"/api/v1/settings/{path}", value)
    assert status in (200, 204), answer


def month(admin):
    return round(admin.get("/api/v1/keys/soft")["usage"]["month"]["cost_usd"] * NANO)


def test_unpriced_requests_get_their_price_when_it_is_known(served):
    one, admin = served
    unknown, known = [f"mystery.{n}" for n in range(4)], [f"known.{n}" for n in range(3)]
    for mark in unknown:
        assert ask(one, "mystery", messages=[{"role": "user", "content": mark}]).status == 200
    for mark in known:
        assert ask(one, "known", messages=[{"role": "user", "content": mark}]).status == 200
    paid = sum(map(bill, known))
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=20")["data"]) == 7)
    assert month(admin) == paid

    # Nobody knows the price yet: it says so, and changes nothing.
    report = rerate(admin, apply=True)
    assert report["requests"] == 0 and report["left_out"]["unpriced"] == {"up/mystery": 4}, report

    put(admin, "models.mystery", {"deployments": [{"provider": "up", "model": "mystery", **PRICE}]})
    owed = sum(map(bill, unknown))
    looked = rerate(admin)
    assert looked["applied"] is False and looked["requests"] == 4 and round(looked["cost_after_usd"] * NANO) == owed
    assert month(admin) == paid, "it was only looked at"

    done = swiftlet("prices", "rerate", "--apply", "--url", f"http://127.0.0.1:{one.admin_port}", "--json")
    assert done.returncode == 0, done.stderr
    done = json.loads(done.stdout)
    assert done["applied"] is True and done["changed"] == 4 and done["next"] is None, done
    rows = {row["model"]: row for row in admin.get("/api/v1/requests?limit=20")["data"]}
    assert rows["mystery"]["cost_usd"] > 0
    assert month(admin) == paid + owed
    models = {row["group"]["model"] if "group" in row else row["model"]: row for row in admin.get("/api/v1/usage?group_by=model")["data"]}
    assert round(models["mystery"]["cost_usd"] * NANO) == owed
    assert rerate(admin, apply=True)["requests"] == 0, "once is enough"
    audit = admin.get("/api/v1/audit?limit=50")["data"]
    assert [entry for entry in audit if entry["action"] == "prices.rerate"], audit


def test_wrong_prices_are_put_right_only_when_all_are_asked_for(served):
    one, admin = served
    assert ask(one, "known", messages=[{"role": "user", "content": "known.0"}]).status == 200
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=5")["data"]) == 1)
    put(admin, "models.known", {
        "deployments": [{"provider": "up", "model": "known", "input_price": 2, "output_price": 4}]})
    assert rerate(admin)["requests"] == 0
    report = rerate(admin, only="all", apply=True, deployment="up/known")
    assert report["changed"] == 1 and round(report["cost_after_usd"] * NANO) == 2 * bill("known.0"), report
    assert month(admin) == 2 * bill("known.0")


@pytest.mark.parametrize("body, words", [
    ({"only": "unprised"}, "did you mean `unpriced`"), ({"apply": "perhaps"}, "`apply` must be true or false"),
    ({"from": "2030-01-01", "to": "2029-01-01"}, "`from` must be before `to`"), ({"deployment": "up/knwon"}, "did you mean `up/known`"),
    ({"cursor": "x"}, "`cursor`"), ({"form": "2026-01-01"}, "did you mean `from`"),
])
def test_bad_input_changes_nothing(served, body, words):
    one, admin = served
    assert ask(one, "known", messages=[{"role": "user", "content": "known.0"}]).status == 200
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=5")["data"]) == 1)
    refused = rerate(admin, status=404 if "deployment" in body else 400, **body)
    assert words in json.dumps(refused), refused


def test_the_guide_works_as_written(gateway, books):
    up = books()
    one = gateway({
        "providers": {"groq": up.provider()},
        "models": {"own": {"deployments": [{"provider": "groq", "model": "our-own", **PRICE}]}}, "keys": {"any": {"key": KEY}}})
    assert ask(one, "own", messages=[{"role": "user", "content": "own.0"}]).status == 200
    wait_until(lambda: len(Admin(one).get("/api/v1/requests?limit=5")["data"]) == 1)
    page = [block.text for block in blocks() if block.page == "prices.md" and block.language == "sh"]
    commands = [shlex.split(line, comments=True) for text in page for line in text.splitlines() if line.startswith("swiftlet prices rerate")]
    assert len(commands) == 3
    for command in commands:
        result = swiftlet(*command[1:], "--url", f"http://127.0.0.1:{one.admin_port}")
        assert result.returncode == 0 and "requests looked at" in result.stdout, (command, result.stdout, result.stderr)
