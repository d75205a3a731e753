"""Canaries, shadow policies and percentage splits on real traffic, through the gateway."""

import json
import time

import pytest

from support.gateway import KEY, PATIENCE, wait_until
from support.postgres import Postgres
from support.routing import Farm, ask, ask_at_once, failing
from support.upstream import Upstream
from test_admin import Admin


@pytest.fixture
def farm():
    one = Farm()
    yield one
    one.close()


@pytest.fixture
def hook():
    def take(peer, request):
        one.told.append(request.json)
        peer.answer({}, 200)
    one = Upstream(take)
    one.told = []
    yield one
    one.close()


def settings(farm, default=None, **more):
    return {
        "providers": {"up": farm.provider()},
        "models": {name: {"deployments": [{"provider": "up", "model": name, "input_price": price, "output_price": price}]}
                   for name, price in (("old", 1), ("new", 1), ("dear", 10))},
        "policies": {"default": {"route": "old"} | (default or {}), "next": {"route": "new"}, "costly": {"route": "dear"},
                     "closed": {"route": "new", "rules": [{"name": "shut", "when": {"request.stream": False}, "then": {"deny": "shut"}}]}},
        "keys": {"acceptance": {"key": KEY}},
        **more,
    }


def sessions(one, numbers, start=0):
    """Who served each session."""
    found = {}
    for first in range(0, numbers, 20):
        names = [f"session-{start + n}" for n in range(first, min(numbers, first + 20))]
        for name in names:
            found[name] = ask(one, None, user=name).headers.get("x-swiftlet-model")
    return found


def canary(admin, policy="default", status=200):
    return admin.get(f"/api/v1/canaries/{policy}", status)


def test_a_canary_serves_the_same_sessions_always(gateway, farm):
    one = gateway(settings(farm))
    admin = Admin(one)
    status, _, begun = admin("POST", "/api/v1/canaries", {"candidate": "next", "share": "30%"})
    assert status == 201 and (begun["policy"], begun["candidate"], begun["share"], begun["state"]) == ("default", "next", 0.3, "running"), begun
    first = sessions(one, 150)
    on = {name for name, model in first.items() if model == "new"}
    assert 25 <= len(on) <= 70
    assert sessions(one, 60) == {name: first[name] for name in list(first)[:60]}
    # What the request says itself goes before: a model, or a policy by its name.
    named = sorted(on)[0]
    assert ask(one, "old", user=named).deployment == "up/old"
    assert ask(one, None, user=named, routing_policy_id="default").deployment == "up/old"
    # The ledger says which policy served, and so does the canary.
    wait_until(lambda: canary(admin)["canary"]["requests"] >= len(on), what="figures")
    told = canary(admin)
    assert told["stable"]["requests"] + told["canary"]["requests"] == 211 and told["canary"]["success"]["estimate"] == 1
    assert {row["policy"] for row in admin.get("/api/v1/requests?limit=200")["data"]} == {"default", "next"}
    assert admin("DELETE", "/api/v1/canaries/default")[0] == 204
    assert set(sessions(one, 20).values()) == {"old"}
    canary(admin, status=404)


def test_a_worse_canary_is_taken_back_and_everybody_is_told(gateway, farm, hook):
    farm.manners["new"] = failing(400, "never")
    one = gateway(settings(farm, alerts={"webhooks": [{"url": hook.url, "events": ["canary"]}]}))
    admin = Admin(one)
    assert admin("POST", "/api/v1/canaries", {"candidate": "next", "share": "50%", "minimum": 20})[0] == 201
    until = time.monotonic() + 60 * PATIENCE
    start = 0
    while canary(admin)["state"] == "running":
        assert time.monotonic() < until
        sessions(one, 40, start)
        start += 40
        time.sleep(0.5)
    told = canary(admin)
    assert told["verdict"] == "worse" and told["worse_in"] == "errors" and "more of its requests fail" in told["stopped"]
    assert set(sessions(one, 40, 5000).values()) == {"old"}
    audit = admin.get("/api/v1/audit")["data"][0]
    assert (audit["action"], audit["actor"], audit["subject"]) == ("canary.rollback", "canary", "policies.default.canary")
    event = admin.get("/api/v1/events?kind=canary")["data"]
    assert [one["detail"]["state"] for one in event] == ["rolled_back", "started"]
    wait_until(lambda: len(hook.told) == 2, what="the webhook")
    assert [one["state"] for one in hook.told] == ["started", "rolled_back"] and hook.told[1]["event"] == "canary"
    # It stays taken back after a new start.
    one.end()
    one.start()
    assert set(sessions(one, 20, 6000).values()) == {"old"}


def test_an_equal_canary_stays_and_becomes_the_policy(gateway, farm):
    one = gateway(settings(farm))
    admin = Admin(one)
    body = {"candidate": {"route": "new"}, "share": 0.5, "minimum": 20}
    assert admin("POST", "/api/v1/canaries", body)[0] == 201
    sessions(one, 200)
    time.sleep(2.5)
    assert canary(admin)["state"] == "running" and canary(admin)["verdict"] in ("undecided", "passed")
    status, _, told = admin("POST", "/api/v1/canaries/default/promote")
    assert status == 200 and told["state"] == "promoted"
    assert set(sessions(one, 20).values()) == {"new"}
    canary(admin, status=404)
    policies = {item["name"] for item in admin.get("/api/v1/policies")["data"]}
    assert "default-candidate" not in policies and "default" in policies


@pytest.mark.parametrize("candidate, measure", [("costly", "cost"), ("closed", "errors")])
def test_cost_and_denials_count(gateway, farm, candidate, measure):
    one = gateway(settings(farm, {"canary": {"policy": candidate, "share": "50%", "minimum": 20}}))
    admin = Admin(one)
    sessions(one, 160)
    wait_until(lambda: canary(admin)["state"] == "stopped", 20, what="the rollback")
    assert canary(admin)["worse_in"] == measure


def test_a_shadow_decides_and_nothing_is_carried_out(gateway, farm):
    one = gateway(settings(farm, {"shadow": {"policy": "costly"}}))
    admin = Admin(one)
    assert set(sessions(one, 20).values()) == {"old"}
    ask(one, "old")

    def told():
        shadow = admin.get("/api/v1/experiments")["shadows"][0]
        return shadow if shadow["requests"] == 21 else None
    shadow = wait_until(told, 15, what="the shadow")
    # A request that names its model gets it from either policy.
    assert (shadow["policy"], shadow["shadow"], shadow["different"], shadow["refused"]) == ("default", "costly", 20, 0)
    assert shadow["cost_usd"]["would_be"] / shadow["cost_usd"]["was"] == pytest.approx((20 * 10 + 1) / 21)
    assert farm.count("dear") == 0


def test_a_shadow_that_refuses_is_counted(gateway, farm):
    one = gateway(settings(farm, {"shadow": {"policy": "closed", "sample": "100%"}}))
    admin = Admin(one)
    sessions(one, 10)
    wait_until(lambda: admin.get("/api/v1/experiments")["shadows"][0]["refused"] == 10, 15, what="the shadow")


def test_percentage_splits_tell_their_sides(gateway, farm):
    farm.manners["new"] = failing(400, "never")
    split = {"percentage": [{"old": 70}, {"up/new": 30}]}
    one = gateway(settings(farm, {"route": split}))
    admin = Admin(one)
    sessions(one, 120)
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=200")["data"]) == 120, what="the ledger")
    arms = admin.get("/api/v1/experiments")["splits"][0]["arms"]
    assert [(arm["arm"], arm["share"]) for arm in arms] == [("old", 0.7), ("up/new", 0.3)]
    assert arms[0]["requests"] + arms[1]["requests"] == 120 and 15 <= arms[1]["requests"] <= 60
    assert (arms[0]["success"]["estimate"], arms[1]["success"]["estimate"], arms[1]["errors"]) == (1, 0, arms[1]["requests"])
    assert arms[0]["latency_ms"]["low"] <= arms[0]["latency_ms"]["estimate"]
    assert arms[0]["cost_usd"]["estimate"] == pytest.approx(18e-6)
    assert admin.get("/api/v1/experiments?route=old")["splits"] == []
    assert "did you mean" in admin.get("/api/v1/experiments?route=defaul", 404)["error"]["message"]


@pytest.mark.parametrize("body, status, says", [
    ({}, 400, "candidate"), ({"candidate": "nxt"}, 422, "did you mean `next`"), ({"candidate": "next", "policy": "defolt"}, 404, "default"),
    ({"candidate": "next", "share": 2}, 422, "share"), ({"candidate": "default"}, 422, "beside itself"),
    ({"candidate": "next", "shar": 1}, 400, "share"),
])
def test_bad_calls_change_nothing(gateway, farm, body, status, says):
    admin = Admin(gateway(settings(farm)))
    found, _, answer = admin("POST", "/api/v1/canaries", body)
    assert found == status and says in json.dumps(answer), answer
    assert admin.get("/api/v1/canaries")["data"] == []


def test_gateways_of_one_store_count_together(gateway, farm, hook):
    farm.manners["new"] = failing(400, "never")
    store = Postgres()
    try:
        alerts = {"webhooks": [{"url": hook.url, "events": ["canary"]}]}
        pair = [gateway(settings(farm, alerts=alerts, store=store.url, server={"gateway": f"g{number}"})) for number in range(2)]
        admins = [Admin(one) for one in pair]
        # Each alone has too few for a verdict.
        assert admins[0]("POST", "/api/v1/canaries", {"candidate": "next", "share": "50%", "minimum": 60})[0] == 201
        wait_until(lambda: admins[1].get("/api/v1/canaries")["data"], what="the other gateway")
        first, second = sessions(pair[0], 80), sessions(pair[1], 80, 80)
        served = [pair[0], pair[1]]
        assert {ask(one, None, user="session-3").status for one in served} in ({200}, {400})
        assert "old" in first.values() and "old" in second.values()
        wait_until(lambda: all(canary(admin)["state"] == "stopped" for admin in admins), 30, what="the rollback")
        # What the other one saw last is known a second later.
        wait_until(lambda: canary(admins[0])["stable"] == canary(admins[1])["stable"], what="the same sums")
        events = admins[0].get("/api/v1/events?kind=canary")["data"]
        assert [one["detail"]["state"] for one in events] == ["rolled_back", "started"]
        wait_until(lambda: len(hook.told) >= 2, what="the webhook")
        assert [one["state"] for one in hook.told] == ["started", "rolled_back"]
    finally:
        store.end()
