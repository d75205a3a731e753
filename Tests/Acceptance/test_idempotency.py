"""`Idempotency-Key`: the same request twice is answered once."""

import concurrent.futures
import json
import threading

import pytest
from support import ledger
from support.dialects import SURFACES
from support.gateway import KEY, PATIENCE, question, wait_until
from support.raw import Wire, post
from support.routing import ask

NAMED = {"idempotency-key": "order-1"}


def counting():
    """A provider whose answers are all different."""
    number = [0]

    def handle(peer, request):
        number[0] += 1
        if request.json.get("stream"):
            return peer.stream([f"answer {number[0]}"])
        peer.answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": f"answer {number[0]}"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})

    return handle


def test_a_repetition_gets_the_same_answer_and_asks_nobody(behind):
    gateway, up = behind(counting())
    first, second = ask(gateway, headers=NAMED), ask(gateway, headers=NAMED)
    assert first.status == second.status == 200 and first.text == second.text == "answer 1"
    assert "idempotent-replayed" not in first.headers and second.headers["idempotent-replayed"] == "true"
    assert second.headers["content-type"] == first.headers["content-type"]
    assert len(up.requests) == 1 and len(ledger.read(gateway.folder)) == 1
    assert ask(gateway, headers={"idempotency-key": "order-2"}).text == "answer 2"
    assert ask(gateway).text == "answer 3"


@pytest.mark.parametrize("surface", SURFACES)
def test_in_every_dialect(behind, surface):
    gateway, up = behind(counting())
    path, body = SURFACES[surface].request("chat")
    first, second = (gateway.post(path, body, headers=NAMED) for _ in range(2))
    assert first[0] == second[0] == 200 and first[2] == second[2] and len(up.requests) == 1


def test_another_request_with_the_same_key_is_refused(behind):
    gateway, up = behind(counting())
    ask(gateway, headers=NAMED)
    other = ask(gateway, headers=NAMED, temperature=1)
    assert other.status == 422 and other.error["code"] == "idempotency_key_reused"
    elsewhere = ask(gateway, headers=NAMED, path="/v1/completions", prompt="x")
    assert elsewhere.status == 422
    assert len(up.requests) == 1


def test_keys_of_others_are_others(behind):
    gateway, up = behind(counting(), keys={"a": {"key": "key-a"}, "b": {"key": "key-b"}})
    assert {ask(gateway, key=f"key-{name}", headers=NAMED).text for name in "ab"} == {"answer 1", "answer 2"}
    assert ask(gateway, key="unknown", headers=NAMED).status == 401


def test_one_of_many_at_once_is_sent(behind):
    opened = threading.Event()
    inner = counting()

    def slow(peer, request):
        opened.wait(30)
        inner(peer, request)

    gateway, up = behind(slow, server={"threads": 2})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask, gateway, headers=NAMED) for _ in range(16)]
        wait_until(lambda: sum(one.done() for one in asked) == 15, what="fifteen refusals")
        opened.set()
        answers = [one.result(60 * PATIENCE) for one in asked]
    assert sorted(one.status for one in answers) == [200] + [409] * 15
    for one in answers:
        if one.status == 409:
            assert one.error["code"] == "idempotency_in_progress" and one.headers["retry-after"] == "1"
    assert len(up.requests) == 1 and ask(gateway, headers=NAMED).text == "answer 1"


def test_a_stream_cannot_be_given_again(behind):
    gateway, up = behind(counting())
    assert gateway.post("/v1/chat/completions", question(stream=True), headers=NAMED)[0] == 200
    again = gateway.post("/v1/chat/completions", question(stream=True), headers=NAMED)
    assert again[0] == 409 and json.loads(again[2])["error"]["code"] == "idempotency_replay_not_possible"
    assert len(up.requests) == 1


def test_what_failed_may_be_asked_again(behind):
    answers = [lambda peer: peer.answer({"error": {"message": "no"}}, status=400), lambda peer: peer.answer()]
    gateway, up = behind(lambda peer, request: answers.pop(0)(peer))
    assert ask(gateway, headers=NAMED).status == 400
    assert ask(gateway, headers=NAMED).status == 200
    assert gateway.post("/v1/chat/completions", b"{", headers={"idempotency-key": "bad"})[0] == 400
    assert ask(gateway, "unknown", headers={"idempotency-key": "bad-2"}).status == 404
    assert ask(gateway, headers=NAMED).status == 200 and len(up.requests) == 2


def test_who_left_may_ask_again(behind):
    inner = counting()
    first = threading.Event()

    def handle(peer, request):
        if not first.is_set():
            first.set()
            peer.wait_for_end(60)
            return "end"
        inner(peer, request)

    gateway, _ = behind(handle)
    with Wire(gateway.port) as wire:
        wire.send(post("/v1/chat/completions", json.dumps(question()).encode(), KEY, extra=["idempotency-key: order-1"]))
        first.wait(30)
    wait_until(lambda: ask(gateway, headers=NAMED).status == 200, what="an answer")


def test_answers_outlast_the_process(behind):
    gateway, up = behind(counting())
    ask(gateway, headers=NAMED)
    gateway.stop()
    gateway.start()
    assert ask(gateway, headers=NAMED).text == "answer 1" and len(up.requests) == 1


@pytest.mark.parametrize("name", ["x" * 256, ""])
def test_keys_of_no_size(behind, name):
    gateway, up = behind(counting())
    one = ask(gateway, headers={"idempotency-key": name})
    assert one.status == 400 and one.error["param"] == "idempotency-key" and not up.requests
