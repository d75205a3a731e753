"""Limits: exactly so many requests at once and in a minute, exactly so many bytes, and what a client is told of them."""

import json
import queue
import threading

import pytest
from conftest import error_of
from support import ledger
from support.dialects import SURFACES
from support.gateway import KEY, PATIENCE, question, wait_until
from support.raw import Wire, chunked, post
from support.routing import ask, ask_at_once, within_one_minute
from support.upstream import chunk, event

BODY = json.dumps(question()).encode()


class Gate:
    """A provider that answers nobody until it is opened."""

    def __init__(self):
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.inside = self.most = 0

    def __call__(self, peer, request):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.opened.wait(60)
        with self.lock:
            self.inside -= 1
        peer.answer()


def together(gateway, times, key=KEY, path="/v1/chat/completions", body=None):
    """Answers of requests that are sent at once; a queue that they come into."""
    answers = queue.Queue()

    def one():
        answers.put(gateway.post(path, body or question(), key=key, timeout=60))

    for _ in range(times):
        threading.Thread(target=one, daemon=True).start()
    return answers


def refusal(answer, status=429, code="rate_limit_exceeded"):
    assert answer[0] == status, answer
    error = error_of(answer[2])
    assert error["code"] == code, error
    return error["message"], answer[1]


# -- requests at once

def test_as_many_at_once_as_the_gateway_allows(behind):
    gate = Gate()
    gateway, _ = behind(gate, general={"global_max_parallel_requests": 5}, server={"threads": 2})
    answers = together(gateway, 12)
    refused = [answers.get(timeout=30 * PATIENCE) for _ in range(7)]
    for one in refused:
        message, headers = refusal(one)
        assert "5" in message and "global_max_parallel_requests" in message and headers["retry-after"] == "1"
    wait_until(lambda: gate.inside == 5, what="five upstream")
    gate.opened.set()
    assert [answers.get(timeout=30 * PATIENCE)[0] for _ in range(5)] == [200] * 5
    assert gate.most == 5
    assert gateway.chat()[0] == 200, "the places are free again"


def test_as_many_at_once_as_each_key_may_have(behind):
    gate = Gate()
    gateway, _ = behind(gate, general={"max_parallel_requests": 2}, server={"threads": 2}, keys={
        "few": {"key": "key-few"}, "more": {"key": "key-more", "max_parallel_requests": 4},
        "any": {"key": "key-any", "max_parallel_requests": "none"}})
    few, more, anybody = (together(gateway, 6, f"key-{name}") for name in ("few", "more", "any"))
    for answers, refused, limit in ((few, 4, 2), (more, 2, 4)):
        for _ in range(refused):
            message, headers = refusal(answers.get(timeout=30 * PATIENCE))
            assert f"{limit} parallel" in message and int(headers["retry-after"]) >= 1
    wait_until(lambda: gate.inside == 12, what="twelve upstream")
    gate.opened.set()
    for answers, served in ((few, 2), (more, 4), (anybody, 6)):
        assert [answers.get(timeout=30 * PATIENCE)[0] for _ in range(served)] == [200] * served


def test_the_gateway_is_asked_before_the_key(behind):
    gate = Gate()
    gateway, _ = behind(gate, general={"max_parallel_requests": 1, "global_max_parallel_requests": 1})
    answers = together(gateway, 2)
    assert "global" in refusal(answers.get(timeout=30 * PATIENCE))[0]
    gate.opened.set()
    assert answers.get(timeout=30 * PATIENCE)[0] == 200


@pytest.mark.parametrize("limits", [{"global_max_parallel_requests": 1}, {"max_parallel_requests": 1}])
def test_who_leaves_gives_its_place_back(behind, limits):
    started = queue.Queue()

    def silent(peer, request):
        started.put(request)
        peer.wait_for_end(60)
        return "end"

    gateway, _ = behind(silent, general=limits)
    for _ in range(5):
        with Wire(gateway.port) as wire:
            wire.send(post("/v1/chat/completions", BODY, KEY))
            started.get(timeout=30 * PATIENCE)
            assert gateway.chat()[0] == 429
        wait_until(lambda: "swiftlet_requests_in_flight 0" in gateway.metrics(), what="the end of it")


def test_who_leaves_in_a_stream_gives_its_place_back(behind):
    def endless(peer, request):
        peer.start_stream()
        try:
            while peer.wait_for_end(0.02) is None:
                peer.piece(event(chunk("word ")))
        except OSError:
            pass
        return "end"

    gateway, _ = behind(endless, general={"max_parallel_requests": 1})
    for _ in range(5):
        with Wire(gateway.port) as wire:
            wire.send(post("/v1/chat/completions", json.dumps(question(stream=True)).encode(), KEY))
            wire.head()
            wire.chunk()
            assert gateway.chat()[0] == 429
        wait_until(lambda: "swiftlet_requests_in_flight 0" in gateway.metrics(), what="the end of it")


def test_failed_requests_give_their_place_back(behind):
    def failing(peer, request):
        peer.answer({"error": {"message": "no", "type": "invalid_request_error"}}, status=400)

    gateway, _ = behind(failing, general={"max_parallel_requests": 1, "global_max_parallel_requests": 1})
    for _ in range(5):
        assert gateway.chat()[0] == 400
    for body in (b"{", b'{"model": "unknown", "messages": []}'):
        assert gateway.post("/v1/chat/completions", body)[0] in (400, 404)
    assert gateway.chat()[0] == 400


def test_pass_through_has_its_place_too(behind, upstream):
    gate = Gate()
    other = upstream(gate)
    gateway, _ = behind(general={
        "global_max_parallel_requests": 2,
        "pass_through_endpoints": [{"path": "/raw", "target": f"http://127.0.0.1:{other.port}/", "cost_per_request": 0.01}]})
    answers = together(gateway, 3, path="/raw", body={})
    assert answers.get(timeout=30 * PATIENCE)[0] == 429
    gate.opened.set()
    assert [answers.get(timeout=30 * PATIENCE)[0] for _ in range(2)] == [200, 200]
    assert gateway.post("/raw", {})[0] == 200


@pytest.mark.parametrize("size", [0, 300_000])
@pytest.mark.parametrize("budget, statuses", [(0.03, [200, 200, 200, 402]), (0.005, [402, 402])])
def test_the_first_to_pass_through_waits_for_the_store_of_limits(behind, upstream, budget, statuses, size):
    other = upstream(lambda peer, request: peer.answer(b"%d" % len(request.body)))
    gateway, _ = behind(
        keys={"paid": {"key": KEY, "budget": {"day": budget}, "rpm": 100}},
        general={"pass_through_endpoints": [{"path": "/raw", "target": f"http://127.0.0.1:{other.port}/", "cost_per_request": 0.01}]})
    answers = [gateway.post("/raw", b"x" * size) for _ in statuses]
    assert [status for status, _, _ in answers] == statuses
    assert all(body == b"%d" % size for status, _, body in answers if status == 200)
    assert answers[-1][1]["x-key-limit-remaining-usd"] == ("0" if budget > 0.01 else "0.005")
    assert len(other.requests) == statuses.count(200)
    gateway.stop()
    rows = ledger.read(gateway.folder)
    assert sum(row["cost"] for row in rows) == statuses.count(200) * 10_000_000
    assert all(row["attempts"] == 0 for row in rows if row["status"] == 402)


# -- requests and tokens in a time

def test_requests_in_a_minute_are_counted_exactly(behind):
    within_one_minute()
    gateway, up = behind(keys={"few": {"key": "key-few", "rpm": 7}, "any": {"key": "key-any"}}, server={"threads": 2})
    answers = [one.status for one in ask_at_once(gateway, 20, key="key-few")]
    assert sorted(answers) == [200] * 7 + [429] * 13
    last = ask(gateway, key="key-few")
    assert last.status == 429 and 1 <= int(last.headers["retry-after"]) <= 60
    assert last.headers["x-ratelimit-limit-requests"] == "7" and last.headers["x-ratelimit-remaining-requests"] == "0"
    assert last.headers["x-ratelimit-reset-requests"].endswith("s")
    assert "7 requests a minute" in last.error["message"]
    assert ask(gateway, key="key-any").status == 200
    assert len(up.requests) == 8


def test_answers_say_what_is_left(behind):
    within_one_minute()
    gateway, _ = behind(keys={"few": {"key": "key-few", "rpm": 7, "tpm": 100_000}, "any": {"key": "key-any"}})
    first = ask(gateway, key="key-few")
    assert first.headers["x-ratelimit-limit-requests"] == "7" and first.headers["x-ratelimit-remaining-requests"] == "6"
    assert first.headers["x-ratelimit-limit-tokens"] == "100000"
    second = ask(gateway, key="key-few")
    assert second.headers["x-ratelimit-remaining-requests"] == "5"
    anybody = ask(gateway, key="key-any")
    assert not [name for name in anybody.headers if name.startswith("x-ratelimit")]


def test_tokens_in_a_minute(behind):
    within_one_minute()
    gateway, _ = behind(keys={"few": {"key": "key-few", "tpm": 2_000}})
    # Each answer is 18 tokens; what it may come to is more.
    served = 0
    while (one := ask(gateway, key="key-few", max_tokens=20)).status == 200:
        served += 1
    assert one.status == 429 and "tokens a minute" in one.error["message"]
    assert 10 < served and 2_000 - 18 * served < 1_500, "what was not used came back"
    too_much = ask(gateway, key="key-few", max_tokens=2_500)
    assert too_much.status == 429 and "retry-after" not in too_much.headers, "no waiting helps"


def test_requests_of_a_day_outlast_the_process(behind):
    gateway, _ = behind(keys={"few": {"key": "key-few", "rpd": 3}})
    assert [ask(gateway, key="key-few").status for _ in range(2)] == [200, 200]
    gateway.stop()
    gateway.start()
    assert [ask(gateway, key="key-few").status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("surface", SURFACES)
def test_every_dialect_hears_of_limits_in_its_own_words(behind, surface):
    within_one_minute()
    gateway, _ = behind(keys={"few": {"key": "key-few", "rpm": 1}})
    ask(gateway, key="key-few")
    one = SURFACES[surface]
    path, body = one.request("chat")
    status, headers, answer = gateway.post(path, body, key="key-few")
    assert status == 429 and int(headers["retry-after"]) >= 1
    said = json.loads(answer)
    if surface == "messages":
        assert said["type"] == "error" and said["error"]["type"] == "rate_limit_error"
        assert headers["anthropic-ratelimit-requests-limit"] == "1" and headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    else:
        assert headers["x-ratelimit-remaining-requests"] == "0"


# -- bytes

@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_request_may_have_exactly_so_many_bytes(behind, framing):
    limit = 2048
    gateway, up = behind(general={"max_request_size_mb": limit / 1_048_576})
    for excess, status in ((0, 200), (1, 413), (-1, 200)):
        body = json.dumps(question(user="")).encode()
        body = json.dumps(question(user="x" * (limit + excess - len(body)))).encode()
        assert len(body) == limit + excess
        with Wire(gateway.port) as wire:
            if framing == "length":
                wire.send(post("/v1/chat/completions", body, KEY))
            else:
                wire.send(post("/v1/chat/completions", chunked(body, 100), KEY, extra=["transfer-encoding: chunked"], framing=False))
            reply = wire.reply()
        assert reply.status == status, (excess, reply.body)
        if status == 413:
            assert error_of(reply.body)["code"] == "request_too_large"
    assert len(up.requests) == 2


def answer_of(size):
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
    whole["choices"][0]["message"]["content"] = "x" * (size - len(json.dumps(whole)))
    body = json.dumps(whole).encode()
    assert len(body) == size
    return body


def test_an_answer_may_have_exactly_so_many_bytes(behind):
    sizes = queue.Queue()
    gateway, _ = behind(lambda peer, request: peer.answer(answer_of(sizes.get())), general={"max_response_size_mb": 4096 / 1_048_576})
    for size, status in ((4096, 200), (4097, 502), (4095, 200)):
        for _ in range(8):
            sizes.put(size)
        assert gateway.chat(disable_fallbacks=True, num_retries=0)[0] == status, size
        while not sizes.empty():
            sizes.get()


def test_a_stream_ends_where_it_has_too_many_bytes(behind):
    def long(peer, request):
        peer.start_stream()
        try:
            for _ in range(2000):
                peer.piece(event(chunk("word " * 10)))
        except OSError:
            pass
        return "end"

    gateway, _ = behind(long, general={"max_response_size_mb": 16_384 / 1_048_576})
    with Wire(gateway.port) as wire:
        wire.send(post("/v1/chat/completions", json.dumps(question(stream=True)).encode(), KEY))
        reply = wire.reply()
    assert reply.status == 200 and len(reply.body) < 16_384 + 2_048
    last = reply.body.rstrip().split(b"\n\n")[-1]
    error = json.loads(last.removeprefix(b"data: "))["error"]
    assert error["code"] == "stream_interrupted" and "16384 bytes" in error["message"]
    assert b"[DONE]" not in reply.body


def test_what_is_not_set_limits_nobody(behind):
    gate = Gate()
    gateway, _ = behind(gate, server={"threads": 2})
    answers = together(gateway, 40)
    wait_until(lambda: gate.inside == 40, what="forty upstream")
    gate.opened.set()
    assert all(answers.get(timeout=30 * PATIENCE)[0] == 200 for _ in range(40))
