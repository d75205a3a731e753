"""Metrics of each provider: success, latency, cost, fallbacks; to the last attempt, by the providers' own count."""

import re

import pytest

from support.gateway import wait_until
from support.routing import Farm, after, ask, failing, on

PRICES = {"input_price": 1, "output_price": 2}


@pytest.fixture
def farm():
    one = Farm()
    yield one
    one.close()


def samples(gateway):
    """Every sample of a provider, by its name and its labels."""
    found = {}
    for line in gateway.metrics().splitlines():
        if match := re.fullmatch(r'(swiftlet_provider_\w+)\{([^}]*)\} (\S+)', line):
            labels = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', match[2])))
            assert (match[1], labels) not in found, f"twice: {line}"
            found[match[1], labels] = float(match[3])
    return found


def value(found, name, **labels):
    return found.get((f"swiftlet_provider_{name}", tuple(sorted(labels.items()))), 0)


def test_each_provider_has_its_success_latency_cost_and_fallbacks(gateway, farm):
    farm.manners["ill"] = failing(500)
    farm.manners["slow"] = after(0.2)
    one = gateway({
        "providers": {"first": farm.provider(), "second": farm.provider(), "idle": farm.provider()},
        "models": {
            "chat": {"strategy": "fallback", "deployments": [on("first", "ill", **PRICES), on("second", "well", **PRICES)]},
            "late": {"deployments": [on("second", "slow", **PRICES)]},
            "never": {"deployments": [on("idle", "m", **PRICES)]},
        },
        "policies": {"default": {"retry": {"max_retries": 0}, "breaker": {"failure_threshold": 64}}},
    })
    cost = 0.0
    for _ in range(4):
        answer = ask(one)
        assert (answer.status, answer.provider, answer.attempts) == (200, "second", 2)
        cost += float(answer.headers["x-swiftlet-cost-usd"])
    for _ in range(2):
        answer = ask(one, model="late")
        assert answer.status == 200
        cost += float(answer.headers["x-swiftlet-cost-usd"])
    found = wait_until(lambda: (all_ := samples(one)) and value(all_, "attempts_total", provider="second", outcome="success") == 6 and all_, 5)
    assert value(found, "attempts_total", provider="first", outcome="server_error") == 4 == farm.count("ill")
    assert value(found, "attempts_total", provider="first", outcome="success") == 0
    assert farm.count("well") == 4 and farm.count("slow") == 2
    assert value(found, "fallbacks_total", provider="first", direction="from") == 4
    assert value(found, "fallbacks_total", provider="first", direction="to") == 0
    assert value(found, "fallbacks_total", provider="second", direction="to") == 4
    assert value(found, "fallbacks_total", provider="second", direction="from") == 0
    assert value(found, "cost_usd_total", provider="second") == pytest.approx(cost) and cost > 0
    assert value(found, "cost_usd_total", provider="first") == 0
    assert value(found, "tokens_total", provider="second", type="output") == 6 * 7
    for name in ("first_byte_seconds", "duration_seconds"):
        # Only what was answered has a latency; of these the two slow ones took their time.
        assert value(found, f"{name}_count", provider="second") == 6 and value(found, f"{name}_count", provider="first") == 0
        assert value(found, f"{name}_sum", provider="second") >= 0.4
        assert value(found, f"{name}_bucket", provider="second", le="+Inf") == 6
        assert value(found, f"{name}_bucket", provider="second", le="0.128") <= 4
    # As many samples as settings have providers: also of those that nobody has asked.
    assert {dict(labels)["provider"] for _, labels in found} == {"first", "second", "idle"}
    assert value(found, "attempts_total", provider="idle", outcome="success") == 0


def test_no_request_makes_new_labels(gateway, farm):
    one = gateway({"providers": {"first": farm.provider()}, "models": {"chat": {"deployments": [on("first", "m", **PRICES)]}}})
    assert ask(one).status == 200
    before = set(samples(one))
    for number in range(20):
        ask(one, model=f"chat-{number}", tags=[f"t-{number}"], user=f"u-{number}")
        ask(one, model=f"first/made-up-{number}")
    assert set(key for key in samples(one) if key not in before) == set()
