"""Prices that come later: logged requests are priced again, and rows, usage and budgets say so."""

import json
import shlex

import pytest

from support.books import INPUT, output
from support.gateway import KEY, swiftlet, wait_until
from support.pages import blocks
from support.routing import Farm, after, ask, on, streamed
from test_admin import Admin
from test_continuation import says

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


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    yield one
    one.close()


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


def known(one, n):
    return ask(one, "known", messages=[{"role": "user", "content": f"known.{n}"}], max_tokens=7)


def test_a_corrected_budget_holds_from_then_on(gateway, books):
    up = books()

    def deployments(times):
        return {"deployments": [{"provider": "up", "model": "known", **{name: price * times for name, price in PRICE.items()}}]}

    one = gateway({
        "providers": {"up": up.provider()}, "models": {"known": deployments(1)},
        "keys": {"hard": {"key": KEY, "budget": [{"amount": 0.01, "period": "month"}]}}})
    admin = Admin(one)
    assert [known(one, n).status for n in range(5)] == [200] * 5
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=9")["data"]) == 5)
    put(admin, "models.known", deployments(1_000))
    assert rerate(admin, only="all", apply=True)["changed"] == 5
    # Cheap again, so that it is not the price of what is asked now that is too much.
    put(admin, "models.known", deployments(1))
    refused = known(one, 5)
    assert refused.status == 402 and refused.headers["x-key-limit-remaining-usd"] == "0", refused
    assert rerate(admin, only="all", apply=True)["changed"] == 5
    spent = sum(bill(f"known.{n}") for n in range(5))
    answer = known(one, 5)
    assert answer.status == 200, answer
    left = 10_000_000 - spent - round(float(answer.headers["x-key-limit-remaining-usd"]) * NANO)
    assert 0 < left < 5_000_000, "all but what this request holds"


def race(farm):
    farm.manners["slow"] = after(6)
    return [on("p", "slow", input_price=100, output_price=200), on("q", "quick", input_price=1, output_price=2)], {
        "hedge": {"after": "200ms", "max_extra": 1, "burst": 100}}


def relay(farm):
    farm.manners.update(slow=says("The quick ", ends=False, after=0.1), quick=says("brown fox."))
    return [on("p", "slow", input_price=100, output_price=200, continues=True),
            on("q", "quick", input_price=1, output_price=2, continues=True)], {"continue_streams": True}


@pytest.mark.parametrize("course", [race, relay])
def test_what_several_were_paid_for_stays(gateway, farm, course):
    deployments, group = course(farm)
    one = gateway({"providers": {"p": farm.provider(), "q": farm.provider()}, "router": {"num_retries": 0},
                   "models": {"chat": {"strategy": "fallback", "deployments": deployments, **group}}})
    admin = Admin(one)
    cost = None
    if course is race:
        answer = ask(one)
        assert answer.provider == "q"
        cost = float(answer.headers["x-swiftlet-cost-usd"])
    else:
        assert streamed(one)[2] == "The quick brown fox."
    wait_until(lambda: admin.get("/api/v1/requests?limit=5")["data"])
    [row] = admin.get("/api/v1/requests?limit=5")["data"]
    paid = [attempt["cost_usd"] for attempt in admin.get(f"/api/v1/requests/{row['id']}")["decision"]["attempts"]]
    assert len(paid) == 2 and all(paid) and sum(paid) == pytest.approx(row["cost_usd"]), paid
    assert cost is None or cost == row["cost_usd"], "the answer says what the ledger says"
    report = rerate(admin, only="all", apply=True)
    assert report["left_out"]["several_paid"] == 1 and report["requests"] == 0, report
    [same] = admin.get("/api/v1/requests?limit=5")["data"]
    assert same["cost_usd"] == row["cost_usd"]
