"""A moderation endpoint that is asked about prompts: what it flags, what becomes of a prompt it says nothing of, in every dialect."""

import json
import socket
import subprocess
import threading
import time

import pytest
from support.gateway import BINARY, KEY, wait_until
from support.routing import ask
from test_admin import Admin

OFF, OTHER = "sk-off-0123456789abcdef", "sk-other-0123456789abcdef"


def scores(**found):
    return {"flagged": any(score > 0.5 for score in found.values()), "categories": {name: score > 0.5 for name, score in found.items()},
            "category_scores": found}


class Judge:
    """Flags what says `bad`; answers as it is told to."""

    def __init__(self, upstream):
        self.asked, self.manner = [], None
        self.up = upstream(self.take)

    def take(self, peer, request):
        self.asked.append(request)
        if self.manner:
            return self.manner(peer)
        texts = request.json["input"]
        return peer.answer({"id": "modr-1", "model": "m", "results": [scores(violence=0.9 if "bad" in text else 0.1, hate=0.3) for text in texts]})

    def settings(self, **more):
        return {"url": f"http://127.0.0.1:{self.up.port}/v1/moderations", "api_key": "the-key", "model": "omni", "action": "block", **more}


@pytest.fixture
def judge(upstream):
    return Judge(upstream)


def start(gateway, judge, keys=None, **more):
    return gateway({
        "providers": {"good": {"type": "mock"}}, "models": {"chat": {"deployments": [{"provider": "good", "model": "m"}]}},
        "guardrails": {"moderation": judge.settings(**more)},
        "keys": {"acceptance": {"key": KEY}, "off": {"key": OFF, "guardrails": {"moderation": "off"}}, **(keys or {})},
    })


def say(text):
    return {"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": text}]}


def test_what_it_flags_is_blocked_and_noted(gateway, judge):
    one = start(gateway, judge)
    assert ask(one, **say("a good thing")).status == 200
    request, = judge.asked
    assert request.headers["authorization"] == "Bearer the-key" and request.path == "/v1/moderations"
    assert request.json == {"model": "omni", "input": ["be kind", "a good thing"]}
    refused = ask(one, **say("a bad thing"))
    assert refused.status == 403 and refused.error["code"] == "guardrail_blocked" and "violence" in refused.error["message"]
    assert "hate" not in refused.error["message"]
    assert ask(one, key=OFF, **say("a bad thing")).status == 200 and len(judge.asked) == 2
    admin = Admin(one)
    wait_until(lambda: admin.get("/api/v1/breaches")["data"], 15, what="the breach")
    row, = admin.get("/api/v1/breaches?trigger=moderation")["data"]
    assert (row["key"], row["blocked"], row["model"], row["endpoint"]) == ("acceptance", 1, "chat", "chat_completions")
    assert admin.get(f"/api/v1/breaches/{row['id']}")["evidence"] == ["violence 0.9"]
    assert 'swiftlet_moderation_requests_total{outcome="flagged"} 1' in one.metrics()
    # Connections are used again.
    assert len({request.headers.get("host") for request in judge.asked}) == 1


BODIES = {
    "/v1/chat/completions": {"model": "chat", "messages": [{"role": "user", "content": [{"type": "text", "text": "bad"}]}]},
    "/v1/responses": {"model": "chat", "input": "bad"},
    "/v1/messages": {"model": "chat", "max_tokens": 5, "messages": [{"role": "user", "content": "bad"}]},
    "/v1beta/models/chat:generateContent": {"contents": [{"role": "user", "parts": [{"text": "bad"}]}]},
    "/model/chat/converse": {"messages": [{"role": "user", "content": [{"text": "bad"}]}]},
    "/v1/embeddings": {"model": "chat", "input": ["fine", "bad"]},
    "/v1/completions": {"model": "chat", "prompt": "bad"},
}


def test_every_dialect_is_asked_about(gateway, judge):
    one = start(gateway, judge)
    for path, body in BODIES.items():
        for streams in ({}, {"stream": True}):
            if streams and path not in ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/completions"):
                continue
            status, _, answer = one.post(path, body | streams)[:3]
            assert status == 403 and b"violence" in answer, (path, status, answer)
    assert len(judge.asked) == 11


def hang(peer):
    time.sleep(5)
    return peer.answer({"results": [scores(violence=0.0)]})


MANNERS = {
    "silence": hang,
    "an error": lambda peer: peer.answer({"error": "no"}, status=500),
    "no JSON": lambda peer: peer.answer("good enough"),
    "no results": lambda peer: peer.answer({"results": []}),
    "no verdict": lambda peer: peer.answer({"results": [{"categories": {}}]}),
    "a refusal": lambda peer: peer.answer({"error": {"message": "bad key"}}, status=401),
}


@pytest.mark.parametrize("manner", MANNERS)
def test_without_a_verdict_the_settings_decide(gateway, upstream, manner):
    answers = {}
    for choice in ("open", "closed"):
        judge = Judge(upstream)
        judge.manner = MANNERS[manner]
        one = start(gateway, judge, on_failure=choice, timeout="300ms")
        begun = time.monotonic()
        answers[choice] = ask(one, **say("a bad thing"))
        assert time.monotonic() - begun < 4
        assert 'swiftlet_moderation_requests_total{outcome="failed"} 1' in one.metrics()
    assert answers["open"].status == 200
    assert answers["closed"].status == 503 and answers["closed"].error["code"] == "moderation_unavailable"


def test_nobody_is_there(gateway, judge):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert ask(start(gateway, judge, on_failure="closed", url=f"http://127.0.0.1:{port}/x"), **say("hello")).status == 503
    assert ask(start(gateway, judge, on_failure="open", url=f"http://127.0.0.1:{port}/x"), **say("hello")).status == 200


def test_thresholds_warnings_shadow_and_sizes(gateway, judge):
    strict = start(gateway, judge, thresholds={"hate": 0.2}, keys={
        "warned": {"key": OTHER, "guardrails": {"moderation": {"action": "warn", "roles": ["user"]}}}})
    assert "hate" in ask(strict, **say("fine")).error["message"]
    warned = ask(strict, key=OTHER, **say("fine"))
    assert warned.status == 200 and warned.headers["x-swiftlet-moderation"] == "hate"
    assert judge.asked[-1].json["input"] == ["fine"]
    shadow = start(gateway, judge, shadow=True)
    answer = ask(shadow, **say("bad"))
    assert answer.status == 200 and "x-swiftlet-moderation" not in answer.headers
    wait_until(lambda: [row["noted"] for row in Admin(shadow).get("/api/v1/breaches")["data"]] == [1], 15, what="the noted breach")
    small = start(gateway, judge, max_size="1KiB", on_failure="closed")
    assert ask(small, **say("x" * 900)).status == 200
    assert ask(small, **say("x" * 1_100)).status == 503


def test_a_client_that_leaves_ends_the_question(gateway, judge):
    judge.manner = hang
    one = start(gateway, judge, timeout="4s")
    body = json.dumps({"model": "chat"} | say("x")).encode()
    with socket.create_connection(("127.0.0.1", one.port)) as client:
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + KEY.encode()
                       + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: judge.asked, 10, what="the question")
    wait_until(lambda: "swiftlet_abandoned_requests_total 1" in one.metrics(), 3, what="the end")
    judge.manner = None
    threads = [threading.Thread(target=lambda: ask(one, **say("good"))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert ask(one, **say("good")).status == 200


BAD = {
    "no url": ("guardrails: {moderation: block}", "guardrails.moderation.url"),
    "mask": ("guardrails: {moderation: {action: mask, url: 'http://127.0.0.1:1/x'}}", "mask"),
    "replies": ("guardrails: {moderation: {action: warn, scope: both, url: 'http://127.0.0.1:1/x'}}", "scope"),
    "no address": ("guardrails: {moderation: {action: warn, url: here}}", "url"),
    "too much": ("guardrails: {moderation: {action: warn, url: 'http://127.0.0.1:1/x', thresholds: {hate: 2}}}", "hate"),
    "no choice": ("guardrails: {moderation: {action: warn, url: 'http://127.0.0.1:1/x', on_failure: ajar}}", "closed"),
    "no workspace": ("keys: {k: {key: sk-0123456789abcdef0, guardrails: {moderation: warn}}}", "moderation"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_settings_are_told(tmp_path, name):
    text, message = BAD[name]
    file = tmp_path / "bad.yaml"
    file.write_text(text + "\n")
    done = subprocess.run([str(BINARY), "check", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and message in done.stdout + done.stderr, done.stdout + done.stderr
