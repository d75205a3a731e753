"""POST /v1/feedback: what clients think of answers, by their own keys, and what becomes of it."""

import json
import time

import pytest

from support.gateway import KEY, wait_until
from support.postgres import Postgres
from support.routing import Farm, ask
from test_admin import Admin

OTHER = "sk-other-0123456789abcdef"


@pytest.fixture
def farm():
    one = Farm()
    yield one
    one.close()


def settings(farm, **more):
    return {
        "providers": {"up": farm.provider()},
        "models": {name: {"deployments": [{"provider": "up", "model": name, "input_price": 1, "output_price": 1}]} for name in ("old", "new")},
        "policies": {"default": {"route": "old"}, "next": {"route": "new"}},
        "keys": {"acceptance": {"key": KEY}, "other": {"key": OTHER}},
        **more,
    }


def rate(one, request, key=KEY, **body):
    """Once its row is there, which may be a moment after the answer."""
    def told():
        status, _, answer = one.post("/v1/feedback", {"request_id": request, **body}, key=key)
        return (status, json.loads(answer)) if status != 404 else None
    return wait_until(told, 10, what="the request's row")


def identifier(answer):
    return answer.headers["x-swiftlet-request-id"]


def test_it_is_kept_with_the_request(gateway, farm):
    one = gateway(settings(farm))
    admin = Admin(one)
    request = identifier(ask(one, "old"))
    assert rate(one, request, label="thumbs_down") == (200, {"request_id": request, "object": "feedback", "score": 0.0, "label": "thumbs_down"})
    assert admin.get(f"/api/v1/requests/{request}")["feedback"]["score"] == 0
    # The last word holds, also after a new start.
    assert rate(one, request, score=0.75)[0] == 200
    one.end()
    one.start()
    kept = admin.get(f"/api/v1/requests/{request}")["feedback"]
    assert (kept["score"], kept["label"]) == (0.75, None)


def test_only_ones_own_requests(gateway, farm):
    one = gateway(settings(farm))
    request = identifier(ask(one, "old"))
    assert rate(one, request, score=1)[0] == 200
    for key, status, code in ((OTHER, 404, "request_not_found"), ("sk-nobody", 401, "invalid_api_key"), (None, 401, "invalid_api_key")):
        found, _, answer = one.post("/v1/feedback", {"request_id": request, "score": 0}, key=key)
        assert (found, json.loads(answer)["error"]["code"]) == (status, code), answer
    assert one.post("/v1/feedback", {"request_id": "req_0000000000001", "score": 0})[0] == 404
    assert Admin(one).get(f"/api/v1/requests/{request}")["feedback"]["score"] == 1


@pytest.mark.parametrize("body, param", [
    (b"", None), (b"[]", None), (b"{", None), ({"request_id": 7, "score": 1}, "request_id"), ({"request_id": "req_0000000000001"}, "score"),
    ({"request_id": "req_0000000000001", "score": -1}, "score"), ({"request_id": "req_0000000000001", "label": "x" * 65}, "label"),
    ({"request_id": "req_0000000000001", "labl": "good"}, "labl"), (b"\xff" * 5000, None),
])
def test_bad_input_is_said(gateway, farm, body, param):
    status, _, answer = gateway(settings(farm)).post("/v1/feedback", body)
    assert status in (400, 413) and json.loads(answer)["error"].get("param") == param, answer


def test_wrong_methods(gateway, farm):
    one = gateway(settings(farm))
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=10)
    connection.request("GET", "/v1/feedback", headers={"authorization": f"Bearer {KEY}"})
    reply = connection.getresponse()
    assert (reply.status, reply.getheader("allow")) == (405, "POST")
    connection.close()


def test_sides_of_a_split_are_rated(gateway, farm):
    one = gateway(settings(farm, policies={"default": {"route": {"percentage": [{"old": 50}, {"new": 50}]}}}))
    for _ in range(24):
        answer = ask(one, None)
        assert rate(one, identifier(answer), score=1 if answer.deployment == "up/new" else 0.25)[0] == 200
    arms = {arm["arm"]: arm for arm in Admin(one).get("/api/v1/experiments")["splits"][0]["arms"]}
    assert arms["old"]["rated"] + arms["new"]["rated"] == 24
    assert (arms["old"]["feedback"]["estimate"], arms["new"]["feedback"]["estimate"]) == (0.25, 1)


def test_a_canary_that_people_do_not_like_is_taken_back(gateway, farm):
    one = gateway(settings(farm, policies={"default": {"route": "old", "canary": {"policy": "next", "share": "50%", "minimum": 20}},
                                           "next": {"route": "new"}}))
    admin = Admin(one)
    for number in range(120):
        answer = ask(one, None, user=f"u{number}")
        rate(one, identifier(answer), label="bad" if answer.deployment == "up/new" else "good")
    wait_until(lambda: admin.get("/api/v1/canaries/default")["state"] == "stopped", 20, what="the rollback")
    told = admin.get("/api/v1/canaries/default")
    assert told["worse_in"] == "feedback" and told["stable"]["feedback"]["estimate"] == 1


def test_on_postgresql(gateway, farm):
    store = Postgres()
    try:
        pair = [gateway(settings(farm, store=store.url, server={"gateway": f"g{number}"})) for number in range(2)]
        request = identifier(ask(pair[0], "old"))
        # Whichever gateway it comes to.
        assert rate(pair[1], request, label="good")[1]["score"] == 1
        assert Admin(pair[0]).get(f"/api/v1/requests/{request}")["feedback"]["label"] == "good"
    finally:
        store.end()
