"""Webhooks: what an operator is told, once for each change, signed, and again until it is taken."""

import contextlib
import hashlib
import hmac
import json
import sqlite3

import pytest
from support.gateway import swiftlet, wait_until
from support.postgres import Postgres
from support.routing import ask, ask_often
from support.upstream import ANSWER
from test_admin import Admin

SECRET = "the-secret-of-the-hook"


class Receiver:
    """Takes alerts, after it has failed as often as it is told."""

    def __init__(self, upstream, failures=0):
        self.failures, self.came = failures, []
        self.up = upstream(self.take)

    def take(self, peer, request):
        self.came.append(request)
        if self.failures > 0:
            self.failures -= 1
            return peer.answer({}, status=503)
        peer.answer({})

    def settings(self, *events):
        return {"alerts": {"webhooks": [{"url": f"http://127.0.0.1:{self.up.port}/hook?x=1", "secret": SECRET, "events": list(events)}]}}

    def wait(self, count):
        wait_until(lambda: len(self.came) >= count, 15, what=f"{count} messages, came {len(self.came)}")
        return [self.read(request) for request in self.came]

    @staticmethod
    def read(request):
        assert request.method == "POST" and request.path == "/hook?x=1"
        signature = dict(part.split("=", 1) for part in request.headers["x-swiftlet-signature"].split(","))
        signed = signature["t"].encode() + b"." + request.body
        assert hmac.compare_digest(signature["v1"], hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest())
        body = request.json
        assert body["id"] == request.headers["x-swiftlet-delivery"] and body["time"].endswith("Z") and body["text"] == body["message"]
        return body


def test_a_breaker_is_told_when_it_opens_and_when_it_closes(gateway, upstream):
    receiver = Receiver(upstream, failures=2)
    ill = [True]

    def provider(peer, request):
        return peer.answer({"error": {"message": "no"}}, status=500) if ill[0] else peer.answer(ANSWER)

    up = upstream(provider)
    one = gateway({
        "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
        "policies": {"default": {"breaker": {"failure_threshold": 2, "window": "60s", "cooldown": "1s"}, "retry": {"max_retries": 0}}},
        "server": {"gateway": "east"}, **receiver.settings("breaker"),
    })
    ask_often(one, 4)
    # Twice not taken, the same message again.
    first, second, third = receiver.wait(3)
    assert first == second == third
    assert first["event"] == "breaker" and first["state"] == "open" and first["deployment"] == "up/m" and first["fault"] == "server_error"
    assert first["gateway"] == "east" and 0 < first["rest_ms"] <= 1_000 and "up/m" in first["message"]
    # Probes that fail are no news.
    asked = len(up.requests)
    wait_until(lambda: ask(one) and len(up.requests) >= asked + 2, 20, every=0.3, what="two probes")
    ill[0] = False
    wait_until(lambda: ask(one).status == 200, 20, every=0.3, what="an answer")
    *_, last = receiver.wait(4)
    assert (last["event"], last["state"], last["deployment"]) == ("breaker", "closed", "up/m")
    ill[0] = True
    ask_often(one, 4)
    assert [body["state"] for body in receiver.wait(5)] == ["open", "open", "open", "closed", "open"]
    # Nothing came twice, but what was not taken.
    assert len({body["id"] for body in receiver.wait(5)}) == 3 and len(receiver.came) == 5


def test_an_operator_who_resets_a_breaker_is_told_too(gateway, upstream):
    receiver = Receiver(upstream)
    up = upstream(lambda peer, request: peer.answer({}, status=500))
    one = gateway({
        "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
        "policies": {"default": {"breaker": {"failure_threshold": 2, "window": "60s", "cooldown": "60s"}, "retry": {"max_retries": 0}}},
        **receiver.settings("breaker", "store"),
    })
    ask_often(one, 3)
    receiver.wait(1)
    assert Admin(one)("POST", "/api/v1/deployments/up%2Fm/reset")[0] in (200, 204)
    assert [body["state"] for body in receiver.wait(2)] == ["open", "closed"]


def test_a_ledger_that_cannot_be_written_is_told_and_that_it_can_again(gateway, upstream):
    receiver = Receiver(upstream)
    up = upstream()
    one = gateway({
        "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
        **receiver.settings("store"),
    })
    assert ask(one).status == 200
    with contextlib.closing(sqlite3.connect(one.folder / "swiftlet-ledger.db", timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ask(one)
        (lost,) = receiver.wait(1)
        other.execute("ROLLBACK")
    assert lost["event"] == "store" and lost["state"] == "lost" and "locked" in lost["kind"]
    lost, back = receiver.wait(2)
    assert back["state"] == "back" and back["lost_ms"] >= 0 and back["id"] != lost["id"]
    wait_until(lambda: ask(one).status == 200, 10, what="an answer")
    assert len(receiver.came) == 2


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.end()


def test_a_server_that_is_away_is_told_once_though_all_of_it_fails(gateway, upstream, postgres):
    receiver = Receiver(upstream)
    up = upstream()
    one = gateway({
        "store": postgres.url, "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
        "server": {"gateway": "west"}, **receiver.settings("store", "budget"),
    })
    assert ask(one).status == 200
    for turn in range(2):
        postgres.kill()
        lost = receiver.wait(2 * turn + 1)[-1]
        assert (lost["event"], lost["state"], lost["gateway"]) == ("store", "lost", "west")
        ask_often(one, 3)
        postgres.start()
        assert receiver.wait(2 * turn + 2)[-1]["state"] == "back"
    assert [body["state"] for body in receiver.wait(4)] == ["lost", "back"] * 2
    assert "canary" not in json.dumps([request.body.decode() for request in receiver.came])


def test_of_two_gateways_one_tells_of_a_breaker(gateway, upstream, postgres):
    postgres.clear()
    receiver = Receiver(upstream)
    ill = [True]
    up = upstream(lambda peer, request: peer.answer({}, status=500) if ill[0] else peer.answer(ANSWER))
    first, second = (gateway({
        "store": postgres.url, "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
        "policies": {"default": {"breaker": {"failure_threshold": 2, "window": "60s", "cooldown": "2s"}, "retry": {"max_retries": 0}}},
        "server": {"gateway": name}, **receiver.settings("breaker"),
    }) for name in ("east", "west"))
    ask_often(first, 3)
    opened, = receiver.wait(1)
    assert (opened["state"], opened["gateway"]) == ("open", "east")
    wait_until(lambda: any("another gateway says that a deployment fails" in line for line in second.lines), what="the news")
    asked = len(up.requests)
    # Probes of both fail.
    wait_until(lambda: [ask(one) for one in (first, second)] and len(up.requests) >= asked + 3, 30, every=0.3, what="probes of both")
    ill[0] = False
    wait_until(lambda: ask(second).status == 200, 20, every=0.3, what="an answer")
    assert [body["state"] for body in receiver.wait(2)] == ["open", "closed"]
    wait_until(lambda: ask(first).status == 200, 20, every=0.3, what="an answer of the other")
    ill[0] = True
    ask_often(first, 3)
    assert [body["state"] for body in receiver.wait(3)] == ["open", "closed", "open"]


def test_an_operator_tries_webhooks_and_sees_how_they_fare(gateway, upstream):
    good, gone = Receiver(upstream), Receiver(upstream, failures=1)
    hooks = [one.settings("budget")["alerts"]["webhooks"][0] for one in (good, gone)]
    one = gateway({"providers": {"m": {"type": "mock"}}, "models": {"chat": {"route": "m/m"}}, "server": {"gateway": "east"},
                   "alerts": {"webhooks": hooks}})
    url = ["--url", f"http://127.0.0.1:{one.admin_port}"]
    tried = swiftlet("webhooks", "test", "--json", *url)
    assert tried.returncode == 1, "one did not take it"
    assert [(row["number"], row["taken"], row["problem"]) for row in json.loads(tried.stdout)["data"]] == [
        (1, True, None), (2, False, "it answered 503")]
    message, = good.wait(1)
    assert message["event"] == "test" and message["gateway"] == "east" and SECRET not in tried.stdout
    again = swiftlet("webhooks", "test", "2", *url)
    assert again.returncode == 0 and again.stdout.startswith("taken  http://127.0.0.1")
    assert len(good.came) == 1 and len(gone.came) == 2, "a test is not sent again by itself"
    first, second = Admin(one).get("/api/v1/webhooks")["data"]
    assert (first["sent"], first["signed"], first["events"], first["last"]["outcome"]) == (1, True, ["budget"], "taken")
    assert (second["sent"], second["last"]["problem"]) == (1, None) and "hook" not in second["url"]
    admin = Admin(one)
    assert admin("POST", "/api/v1/webhooks/test", {"number": 3})[0] == 404 and admin("POST", "/api/v1/webhooks/test", {"nummer": 1})[0] == 400
    assert [entry["action"] for entry in admin.get("/api/v1/audit")["data"]] == ["webhooks.test", "webhooks.test"]


def test_without_webhooks_there_is_nothing_to_try(gateway):
    one = gateway({"providers": {"m": {"type": "mock"}}, "models": {"chat": {"route": "m/m"}}})
    status, _, body = Admin(one)("POST", "/api/v1/webhooks/test", {})
    assert status == 409 and "alerts.webhooks" in json.dumps(body if isinstance(body, dict) else body.decode())
