"""A client that leaves takes its provider's work with it, at once."""

import json
import queue
import time

import pytest
from support import ledger
from support.gateway import KEY, PATIENCE, question, wait_until
from support.raw import Wire, post
from support.upstream import chunk, event

STREAM = json.dumps(question(stream=True)).encode()


def endless(ends):
    def handle(peer, request):
        peer.start_stream()
        try:
            while True:
                peer.piece(event(chunk("word ")))
                if (ended := peer.wait_for_end(0.02)) is not None:
                    ends.put(ended)
                    return "end"
        except OSError:
            ends.put(time.monotonic())
            return "end"
    return handle


def silent(ends):
    def handle(peer, request):
        ends.put(peer.wait_for_end(60))
        return "end"
    return handle


def test_in_the_middle_of_a_stream(behind):
    ends = queue.Queue()
    gateway, _ = behind(endless(ends))
    with Wire(gateway.port) as wire:
        wire.send(post("/v1/chat/completions", STREAM, KEY))
        wire.head()
        assert b"word" in wire.chunk()
    left = time.monotonic()
    assert ends.get(timeout=30) - left < 1 * PATIENCE


def test_before_the_first_byte(behind):
    ends = queue.Queue()
    gateway, up = behind(silent(ends))
    with Wire(gateway.port) as wire:
        wire.send(post("/v1/chat/completions", json.dumps(question()).encode(), KEY))
        wait_until(lambda: up.requests, what="the request upstream")
    left = time.monotonic()
    ended = ends.get(timeout=30)
    assert ended is not None and ended - left < 1 * PATIENCE
    assert len(up.requests) == 1, "nobody waits for the answer, so nobody else is asked"


def test_a_client_that_resets(behind):
    ends = queue.Queue()
    gateway, _ = behind(endless(ends))
    wire = Wire(gateway.port)
    wire.send(post("/v1/chat/completions", STREAM, KEY))
    wire.head()
    import socket
    import struct
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    left = time.monotonic()
    wire.close()
    assert ends.get(timeout=30) - left < 1 * PATIENCE


def test_through_the_sdk(behind):
    ends = queue.Queue()
    gateway, _ = behind(endless(ends))
    client = gateway.sdk()
    with client.chat.completions.create(**question(stream=True)) as stream:
        next(iter(stream))
    client.close()
    assert ends.get(timeout=30) is not None


def test_others_are_not_disturbed(behind):
    ends = queue.Queue()

    def handle(peer, request):
        if request.json["messages"][0]["content"] == "stay":
            peer.stream(["a"] * 40, pause=0.02)
        else:
            return endless(ends)(peer, request)

    gateway, _ = behind(handle)
    stays = gateway.sdk().chat.completions.create(model="chat", stream=True, messages=[{"role": "user", "content": "stay"}])
    iterator = iter(stays)
    next(iterator)
    for _ in range(10):
        with Wire(gateway.port) as wire:
            wire.send(post("/v1/chat/completions", STREAM, KEY))
            wire.head()
    assert len(list(iterator)) == 39
    for _ in range(10):
        ends.get(timeout=30)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("how", ["header", "member"])
def test_who_gives_too_little_time_pays_as_who_leaves(behind, how, stream):
    gateway, up = behind(lambda peer, request: peer.wait_for_end(60) and "end", router={"num_retries": 0})
    body = {"model": "chat", "stream": stream, "messages": [{"role": "user", "content": "word " * 400}]}
    headers = {"x-swiftlet-deadline-ms": "700"} if how == "header" else None
    status, _, _ = gateway.post("/v1/chat/completions", body if headers else {**body, "timeout": 0.7}, headers=headers)
    assert status == 504 and len(up.requests) == 1
    gateway.stop()
    [row] = ledger.read(gateway.folder)
    assert (row["state"], row["status"], row["flags"] & 2, row["output"]) == ("failed", 504, 2, 0)
    assert row["input"] > 300 and row["cost"] == row["input"] * 1_000, "the prompt, at a dollar a million"
