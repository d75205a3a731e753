"""The Responses API on several gateways that share a PostgreSQL: whichever a request comes to, it finds what the others have kept."""

import http.client
import json
import time

import pytest
from support.gateway import wait_until
from support.postgres import Postgres

KEY = "sk-key-of-the-responses"


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.end()


@pytest.fixture
def pair(gateway, postgres):
    postgres.clear()
    settings = {
        "store": postgres.url,
        "providers": {"quick": {"type": "mock", "text": "word", "tokens": 3}, "slow": {"type": "mock", "tokens": 400, "token_interval": "50ms"}},
        "models": {name: {"deployments": [{"provider": name, "model": "m", "input_price": 0, "output_price": 0}]} for name in ("quick", "slow")},
        "keys": {"k": {"key": KEY}},
    }
    return [gateway({**settings, "server": {"gateway": name}}) for name in ("first", "second")]


def call(gateway, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"authorization": f"Bearer {KEY}", "content-type": "application/json"})
        reply = connection.getresponse()
        text = reply.read()
        if reply.getheader("content-type", "").startswith("text/event-stream"):
            events = [json.loads(line[6:]) for line in text.split(b"\n") if line.startswith(b"data: {")]
            return reply.status, events[-1]["response"]
        return reply.status, json.loads(text)
    finally:
        connection.close()


def begun(gateway):
    status, queued = call(gateway, "POST", "/v1/responses", {"model": "slow", "input": "count", "background": True})
    assert status == 200 and queued["status"] == "queued", queued
    return queued["id"]


def status_of(gateway, response):
    status, body = call(gateway, "GET", f"/v1/responses/{response}")
    return body["status"] if status == 200 else status


@pytest.mark.parametrize("stream", [False, True])
def test_the_next_request_may_come_to_any_gateway(pair, stream):
    previous, tokens = None, []
    for turn in range(30):
        body = {"model": "quick", "input": f"turn {turn}", "stream": stream} | ({"previous_response_id": previous} if previous else {})
        status, response = call(pair[turn % 2], "POST", "/v1/responses", body)
        assert status == 200, (turn, response)
        previous = response["id"]
        tokens.append(response["usage"]["input_tokens"])
    assert tokens == sorted(tokens) and tokens[-1] > tokens[0], "each turn brings those before it"


def test_a_conversation_grows_through_both(pair):
    _, conversation = call(pair[0], "POST", "/v1/conversations", {"items": [{"type": "message", "role": "user", "content": "hello"}]})
    tokens = []
    for turn in range(1, 21):
        status, response = call(pair[turn % 2], "POST", "/v1/responses", {"model": "quick", "input": "go on", "conversation": conversation["id"]})
        assert status == 200, (turn, response)
        tokens.append(response["usage"]["input_tokens"])
    assert len(set(tokens)) == len(tokens) and tokens == sorted(tokens), "no turn is lost"


def test_a_background_response_is_at_work_for_all(pair):
    first, second = pair
    response = begun(first)
    assert status_of(second, response) == status_of(first, response) == "queued"
    status, cancelled = call(second, "POST", f"/v1/responses/{response}/cancel")
    assert status == 200 and cancelled["status"] == "cancelled"
    wait_until(lambda: status_of(first, response) == "cancelled", 5, what="the news")
    wait_until(lambda: 'swiftlet_requests_in_flight 0' in first.metrics(), 10, what="the end of the work")
    assert status_of(first, response) == status_of(second, response) == "cancelled"


def test_a_background_response_is_removed_wherever_it_is_made(pair):
    first, second = pair
    response = begun(first)
    assert call(second, "DELETE", f"/v1/responses/{response}")[0] == 200
    wait_until(lambda: 'swiftlet_requests_in_flight 0' in first.metrics(), 10, what="the end of the work")
    time.sleep(0.5)
    assert status_of(first, response) == status_of(second, response) == 404


def test_what_a_killed_gateway_was_at_work_on_has_failed(pair):
    first, second = pair
    response = begun(first)
    first.kill()
    assert status_of(second, response) == "queued", "nobody knows yet"
    first.start()
    wait_until(lambda: status_of(second, response) == "failed", 20, what="the next life of the gateway")
    assert status_of(first, response) == "failed"
