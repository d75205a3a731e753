"""Gateways that share one PostgreSQL: what they tell each other, and what becomes of rows while it is away."""

import json

import pytest
from support.gateway import get, wait_until
from support.postgres import Postgres
from support.routing import Farm, ask, ask_often, failing, on
from test_admin import Admin


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.end()


@pytest.fixture
def farm():
    one = Farm()
    yield one
    one.close()


def settings(postgres, farm, model):
    return {
        "store": postgres.url.replace("swiftlet@", "swiftlet:canary-password@"),
        "providers": {"p": farm.provider(), "q": farm.provider()},
        "models": {"chat": {"strategy": "fallback", "deployments": [on("p", model), on("q", f"{model}-next")]}},
        "policies": {"default": {"breaker": {"failure_threshold": 2, "window": "60s", "cooldown": "60s"}, "retry": {"max_retries": 0}}},
    }


def test_one_gateways_bad_news_spares_the_others(gateway, postgres, farm):
    postgres.clear()
    farm.manners["news"] = failing(500)
    first, second = (gateway(settings(postgres, farm, "news")) for _ in range(2))
    assert [answer.attempts for answer in ask_often(first, 3)] == [2, 2, 1]
    wait_until(lambda: any("another gateway says that a deployment fails" in line for line in second.lines), what="the news")
    assert ask(second).attempts == 1, "it never asked, and knows"
    assert farm.count("news") == 2
    assert Admin(first)("POST", "/api/v1/deployments/p%2Fnews/reset")[0] in (200, 204)
    wait_until(lambda: any("a deployment is well" in line for line in second.lines), what="the good news")


def test_a_change_of_settings_is_taken_up_by_all(gateway, postgres, farm):
    postgres.clear()
    first, second = (gateway(settings(postgres, farm, "set")) for _ in range(2))
    status, _, body = Admin(first)("PUT", "/api/v1/settings/models/other", {"deployments": [on("q", "other")]})
    assert status in (200, 201, 204), body
    wait_until(lambda: ask(second, model="other").status == 200, 5, what="the new model on the other gateway")


def test_a_signal_steers_all_gateways(gateway, postgres, farm):
    postgres.clear()
    rule = {"name": "by hand", "when": {"signal.rain": {"eq": True}}, "then": {"route": "q/wet"}}
    first, second = (gateway(settings(postgres, farm, "dry") | {"rules": [rule]}) for _ in range(2))
    one, other = Admin(first), Admin(second)

    def steered(model):
        return lambda: all(ask(each).headers["x-swiftlet-model"] == model for each in (first, second))

    assert steered("dry")()
    assert one("POST", "/api/v1/signals", {"name": "rain", "value": True})[0] == 201
    wait_until(steered("wet"), 5, what="the signal on both gateways")
    # Each changes what the other has set, and a stranger's tag does not hold.
    read = other("GET", "/api/v1/signals/rain")[1]["etag"]
    assert one("PATCH", "/api/v1/signals/rain", {"value": False})[0] == 200
    assert other("PATCH", "/api/v1/signals/rain", {"value": True}, if_match=read)[0] == 412
    wait_until(steered("dry"), 5, what="the changed signal on both gateways")
    assert other("DELETE", "/api/v1/signals/rain")[0] == 204
    wait_until(lambda: one.get("/api/v1/signals")["data"] == [], 5, what="no signal on the first gateway")


def test_signals_are_found_where_nobody_told(gateway, postgres, farm):
    postgres.clear()
    one = gateway(settings(postgres, farm, "quiet"))
    postgres.query("INSERT INTO documents (kind, name, value) VALUES (1, 'rain', '{\"name\":\"rain\",\"value\":true,\"expires\":null}')")
    wait_until(lambda: Admin(one)("GET", "/api/v1/signals/rain")[0] == 200, 20, what="the signal")


def test_rows_wait_while_the_server_is_away_and_the_password_is_nowhere(gateway, postgres, farm):
    postgres.clear()
    one = gateway(settings(postgres, farm, "rows"))
    assert [answer.status for answer in ask_often(one, 3)] == [200] * 3
    postgres.kill()
    assert [answer.status for answer in ask_often(one, 5)] == [200] * 5
    wait_until(lambda: "swiftlet_spool_rows 5" in one.metrics(), what="rows in the spool")
    # A gateway that is killed meanwhile has them when it is back; it waits for the server.
    one.kill()
    postgres.start()
    one.start()
    wait_until(lambda: int(postgres.query("SELECT count(*) FROM requests")) == 8, 20, what="all rows in the store")
    assert int(postgres.query("SELECT count(DISTINCT id) FROM requests")) == 8
    wait_until(lambda: "swiftlet_spool_rows 0" in one.metrics(), what="an empty spool")
    shown = json.dumps(Admin(one)("GET", "/api/v1/settings")[2]) + one.metrics() + "\n".join(one.lines) + str(get(one.admin_port, "/readyz"))
    assert "postgres://****" in shown or "****" in shown
    assert "canary" not in shown
