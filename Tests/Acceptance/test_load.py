"""Many clients at once, doing everything at once: nothing is mixed up, nothing is left behind. Also run under sanitizers."""

import concurrent.futures
import json
import os
import random
import re
import socket
import time

import openai
import pytest
from support.gateway import KEY, PATIENCE, question, wait_until
from support.raw import Wire, post
from support.upstream import chunk, event

SEED = 20261


def descriptors(gateway):
    return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))


def echoing(peer, request):
    text = request.json["messages"][0]["content"]
    if text.startswith("fail"):
        return "end"
    if request.json.get("stream"):
        peer.stream([text[at:at + 5] for at in range(0, len(text), 5)], pause=0.001 if text.startswith("slow") else 0)
    else:
        peer.answer({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                     "id": "c", "object": "chat.completion", "created": 1, "model": "m",
                     "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})


def visit(gateway, number):
    """One client's visit, chosen by its number; returns what kind it was."""
    chance = random.Random(SEED + number)
    kind = chance.choice(["plain", "plain", "stream", "stream", "leave", "wrong key", "nonsense", "failing first"])
    text = f"slow {number} " + "x" * chance.randrange(2000)
    client = gateway.sdk()
    with client:
        if kind == "plain":
            reply = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": text}])
            assert reply.choices[0].message.content == text
        elif kind == "stream":
            parts = client.chat.completions.create(model="chat", stream=True, messages=[{"role": "user", "content": text}])
            assert "".join(part.choices[0].delta.content for part in parts) == text
        elif kind == "leave":
            with Wire(gateway.port) as wire:
                body = json.dumps({"model": "chat", "stream": True, "messages": [{"role": "user", "content": text}]}).encode()
                wire.send(post("/v1/chat/completions", body, KEY)[:chance.randrange(1, 4000)])
                time.sleep(chance.random() * 0.02)
        elif kind == "wrong key":
            assert gateway.post("/v1/chat/completions", question(), key="sk-no")[0] == 401
        elif kind == "nonsense":
            with Wire(gateway.port) as wire:
                wire.send(bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300))) + b"\r\n\r\n")
                assert wire.at_end() or wire.buffer.startswith(b"HTTP/1.1 4")
        else:
            reply = client.chat.completions.create(model="shaky", messages=[{"role": "user", "content": text}])
            assert reply.choices[0].message.content == text
    return kind


def test_everything_at_once(gateway, upstream):
    good, bad = upstream(echoing), upstream(lambda peer, request: "end")
    one = gateway({
        "providers": {"good": good.provider(), "bad": bad.provider()},
        "models": {"chat": {"deployments": [{"provider": "good", "model": "m"}]},
                   "shaky": {"strategy": "fallback", "deployments": [{"provider": "bad", "model": "m"}, {"provider": "good", "model": "m"}]}},
    })
    one.chat()
    before = descriptors(one)
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        kinds = list(pool.map(lambda number: visit(one, number), range(400)))
    assert len(set(kinds)) == 6, "every kind of visit was made"
    # Connections to providers may stay in the pool: one per loop and provider at least, as many as were in use at most.
    wait_until(lambda: descriptors(one) <= before + 64, 30, what="connections being closed")
    assert one.chat()[0] in (200, 502)


def test_hundreds_of_idle_connections(behind):
    gateway, _ = behind()
    gateway.chat()
    before = descriptors(gateway)
    idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(400)]
    try:
        # The connection of the chat before may close meanwhile.
        wait_until(lambda: descriptors(gateway) >= before + 390, what="the connections being accepted")
        assert gateway.chat()[0] == 200
    finally:
        for one in idle:
            one.close()
    wait_until(lambda: descriptors(gateway) <= before + 4, 20, what="the connections being let go")


@pytest.mark.release
def test_memory_comes_back(behind):
    gateway, _ = behind(lambda peer, request: peer.answer())
    gateway.chat()
    idle = gateway.resident_kib()
    body = json.dumps(question(padding="x" * 500_000)).encode()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: gateway.post("/v1/chat/completions", body)[0], range(300))) == {200}
    # 16 requests of 500 kB at a time are 8 MB; the allocator may keep some of it.
    wait_until(lambda: gateway.resident_kib() < idle + (40 << 10), 20, what="memory being given back")


def test_metrics_add_up(behind):
    gateway, up = behind()
    for _ in range(25):
        assert gateway.chat()[0] == 200
    for _ in range(5):
        assert gateway.chat("nobody")[0] == 404

    def total(pattern):
        return sum(float(match.group(1)) for match in re.finditer(pattern + r" ([0-9.e+]+)$", gateway.metrics(), re.M))
    wait_until(lambda: total(r"^swiftlet_requests_total\{[^}]*\}") >= 30, 5 * PATIENCE, what="the count of requests")
    assert total(r"^swiftlet_requests_total\{[^}]*\}") == 30
    assert total(r"^swiftlet_attempts_total\{[^}]*\}") == len(up.requests) == 25
    for line in gateway.metrics().splitlines():
        assert line.startswith("#") or re.fullmatch(r'[a-z_]+(\{([a-z_]+="[^"]*",?)*\})? [0-9.e+-]+|[a-z_]+(\{.*\})? \+?(Inf|NaN)', line), line


def test_a_stream_of_a_hundred_thousand_chunks(behind):
    block = b"".join(event(chunk(f"{n} ")) for n in range(100))

    def handle(peer, request):
        peer.start_stream()
        for _ in range(1000):
            peer.piece(block)
        peer.piece(event(b"[DONE]"))
        peer.end_stream()

    gateway, _ = behind(handle)
    before = gateway.resident_kib()
    status, _, body = gateway.chat(stream=True)
    assert status == 200
    assert body == block * 1000 + event(b"[DONE]")
    assert gateway.resident_kib() - before < 32 << 10


def test_the_sdk_gives_up_in_time_and_the_gateway_forgets_it(behind):
    gateway, up = behind(lambda peer, request: peer.wait_for_end(60) and "end")
    with pytest.raises(openai.APITimeoutError):
        gateway.sdk(timeout=0.5).chat.completions.create(**question())
    wait_until(lambda: len(up.failures) + len(up.requests) >= 1, what="the request")
    before = descriptors(gateway)
    wait_until(lambda: descriptors(gateway) <= before, what="its connections being closed")
