"""What was saved, against a baseline that is stated: to the nano-dollar, by the books of the provider."""

import json

import pytest

from support.books import INPUT, output
from support.gateway import KEY, wait_until
from support.routing import ask
from test_admin import Admin

NANO = 1_000_000_000
CHEAP, DEAR = {"input_price": 1, "output_price": 2}, {"input_price": 10, "output_price": 20}


def bill(mark, price):
    """Nano-dollars: a dollar a million tokens is a thousand of them each."""
    return INPUT * price["input_price"] * 1_000 + output(mark) * price["output_price"] * 1_000


def nano(row):
    return tuple(round(row[name] * NANO) for name in ("cost_usd", "compared_usd", "baseline_usd", "saved_usd"))


@pytest.fixture
def served(gateway, books):
    up = books()
    one = gateway({
        "providers": {"up": up.provider()},
        "models": {
            "cheap": {"deployments": [{"provider": "up", "model": "cheap", **CHEAP}]},
            "dear": {"deployments": [{"provider": "up", "model": "dear", **DEAR}]},
            "mystery": {"deployments": [{"provider": "up", "model": "mystery"}]},
        },
        "policies": {
            "ordered": {
                "route": {"fallback": ["up/dear", "up/cheap"]}, "override_model": True,
                "rules": [{"name": "simple", "when": {"tags.kind": "simple"}, "then": {"route": "cheap"}},
                          {"name": "odd", "when": {"tags.kind": "odd"}, "then": {"route": "mystery"}}],
            },
            "thrifty": {"route": {"cost": ["up/cheap", "up/dear"]}, "override_model": True},
        },
        "keys": {"o": {"key": "key-ordered", "policy": "ordered"}, "t": {"key": "key-thrifty", "policy": "thrifty"}, "any": {"key": KEY}},
    })
    return one, Admin(one), up


def told(one, mark, key, **more):
    answer = ask(one, "cheap", key=key, messages=[{"role": "user", "content": mark}], **more)
    assert answer.status == 200, answer
    return answer.deployment


def test_savings_are_those_of_the_providers_books(served):
    one, admin, up = served
    simple, hard, odd, thrifty, plain = ([f"{name}.{n}" for n in range(count)] for name, count in
                                         [("simple", 7), ("hard", 3), ("odd", 2), ("thrifty", 5), ("plain", 4)])
    assert {told(one, mark, "key-ordered", tags=["kind=simple"]) for mark in simple} == {"up/cheap"}
    assert {told(one, mark, "key-ordered") for mark in hard} == {"up/dear"}
    assert {told(one, mark, "key-ordered", tags=["kind=odd"]) for mark in odd} == {"up/mystery"}
    assert {told(one, mark, "key-thrifty") for mark in thrifty} == {"up/cheap"}
    assert {told(one, mark, KEY) for mark in plain} == {"up/cheap"}
    assert sorted(up.marks()) == sorted(simple + hard + odd + thrifty + plain)
    wait_until(lambda: admin.get("/api/v1/usage")["data"][0]["requests"] == 21, 5, what="the rows")

    def expected(cheap, dear, baseline):
        """Of marks that the cheap and the dear model answered, and of those what they are compared with."""
        cost = sum(bill(mark, CHEAP) for mark in cheap) + sum(bill(mark, DEAR) for mark in dear)
        against = sum(bill(mark, baseline) for mark in cheap + dear)
        return cost, cost, against, against - cost

    report = admin.get("/api/v1/savings")
    assert "primary model" in report["baseline"] and "most capable" in report["baseline"]
    policies = {row["policy"]: row for row in report["policies"]}
    # What has no price costs nobody knows what, so it saves nothing either.
    assert nano(policies["ordered"]) == expected(simple, hard, DEAR) and policies["ordered"]["requests"] == 12
    assert policies["ordered"]["baseline"] == {"deployment": "up/dear", "is": "primary"}
    assert nano(policies["thrifty"]) == expected(thrifty, [], DEAR)
    assert policies["thrifty"]["baseline"] == {"deployment": "up/dear", "is": "most_capable"}
    assert policies["thrifty"]["saved_percent"] == 90
    # Without a policy: the model that was asked for, which is the one that served.
    assert nano(policies[None]) == expected(plain, [], CHEAP) and policies[None]["baseline"] is None and policies[None]["saved_percent"] == 0
    models = {row["model"]: row for row in report["models"]}
    assert models["cheap"]["baseline"] == {"deployment": "up/cheap", "is": "primary"} and models["mystery"]["baseline"] is None
    served_by = {row["deployment"]: row for row in report["deployments"]}
    assert nano(served_by["up/dear"]) == expected([], hard, DEAR)
    one_cheap, its_own = expected(simple + thrifty, [], DEAR), expected(plain, [], CHEAP)
    assert nano(served_by["up/cheap"]) == tuple(a + b for a, b in zip(one_cheap, its_own))
    assert nano(served_by["up/mystery"]) == (0, 0, 0, 0) and served_by["up/mystery"]["saved_percent"] is None
    total = tuple(sum(nano(row)[at] for row in report["policies"]) for at in range(4))
    assert nano(report["total"]) == total and total[3] == expected(simple + thrifty, [], DEAR)[3]
    # The same sums stand in usage, and on each row.
    usage = {row["policy"]: row for row in admin.get("/api/v1/usage?group_by=policy")["data"]}
    assert all(nano(usage[name]) == nano(row) for name, row in policies.items())
    rows = admin.get("/api/v1/requests?limit=100&policy=ordered")["data"]
    assert sum(round((row["baseline_usd"] or 0) * NANO) for row in rows) == nano(policies["ordered"])[2]
    assert {row["baseline_usd"] for row in rows if row["deployment"] == "up/mystery"} == {None}


def test_the_report_is_of_its_time_and_its_project(served):
    _, admin, _ = served
    assert json.dumps(admin.get("/api/v1/savings?from=2020-01-01&to=2020-01-02")["policies"]) == "[]"
    assert admin.get("/api/v1/savings?project=nobody")["total"]["requests"] == 0
    for query in ("from=2030-01-02&to=2030-01-01", "fron=2030-01-01", "from=soon"):
        assert admin("GET", f"/api/v1/savings?{query}")[0] == 400, query
