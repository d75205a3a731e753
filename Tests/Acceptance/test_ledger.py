"""One row for each request, in the file before the client has seen the end of its answer."""

import json
import signal
import sqlite3
import threading
import time

import openai
import pytest
from support import ledger
from support.gateway import KEY, question, wait_until
from support.raw import Wire, post
from support.upstream import USAGE_CHUNK, chunk, event


def rows(gateway, count):
    """The rows, once there are as many as expected: those of clients that left come a moment later."""
    wait_until(lambda: len(ledger.read(gateway.folder)) >= count, what=f"{count} rows")
    found = ledger.read(gateway.folder)
    assert len(found) == count
    return found


def test_a_row_says_who_asked_what_and_what_it_cost(behind):
    gateway, _ = behind()
    status, headers, _ = gateway.chat()
    assert status == 200
    row, = rows(gateway, 1)
    assert (row["key"], row["model"], row["route"]) == ("acceptance", "chat", "chat")
    assert "up" in row["deployment"]
    assert (row["state"], row["status"], row["attempts"], row["fault"]) == ("done", 200, 1, None)
    assert (row["input"], row["output"]) == (11, 7)
    assert row["cost"] == 11 * 1000 + 7 * 2000, "nano-dollars, at 1 and 2 dollars a million"
    assert float(headers["x-swiftlet-cost-usd"]) == pytest.approx(row["cost"] / 1e9)
    assert row["duration_us"] > 0


def test_the_row_is_there_when_the_answer_is(behind):
    """The last frame waits for the commit: a client that saw the end finds its row after kill -9."""
    gateway, _ = behind(lambda peer, request: peer.stream(["a"]) if request.json.get("stream") else peer.answer())
    seen = 0
    for number in range(40):
        assert gateway.chat(stream=bool(number % 2))[0] == 200
        seen += 1
    gateway.kill()
    assert len(ledger.read(gateway.folder)) == seen


def test_kill_in_the_middle_of_traffic_loses_nothing_that_was_answered(behind, gateway):
    one, up = behind()
    answered, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                if one.chat()[0] == 200:
                    answered.append(1)
            except OSError:
                return
    askers = [threading.Thread(target=ask) for _ in range(8)]
    for asker in askers:
        asker.start()
    wait_until(lambda: len(answered) > 200, 60, what="traffic")
    one.signal(signal.SIGKILL)
    stop.set()
    for asker in askers:
        asker.join(60)
    one.wait_exit()
    found = ledger.read(one.folder)
    assert len(answered) <= len(found) <= len(up.requests)
    assert len({row["id"] for row in found}) == len(found)
    # The same file serves on, with new ids.
    one.process = one.launch(["serve", "--config", str(one.file)], {})
    one.wait_ready()
    assert one.chat()[0] == 200
    known = {row["id"] for row in found}
    wait_until(lambda: any(row["state"] == "done" for row in ledger.read(one.folder) if row["id"] not in known), what="a new row")
    fresh = [row["state"] for row in ledger.read(one.folder) if row["id"] not in known]
    # What was in flight has rows too, of unknown state: at most one for each that asked.
    assert fresh.count("done") == 1 and len(fresh) <= 1 + 8 and set(fresh) <= {"done", "unknown"}


def test_usage_is_read_from_every_shape(behind):
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
             "prompt_tokens_details": {"cached_tokens": 40}, "completion_tokens_details": {"reasoning_tokens": 20}}

    def handle(peer, request):
        if request.json.get("stream"):
            peer.start_stream()
            peer.piece(event(chunk("a")) + event({**USAGE_CHUNK, "usage": usage}) + event(b"[DONE]"))
            peer.end_stream()
        else:
            peer.answer({"object": "chat.completion", "choices": [{"message": {"content": "\"usage\": {\"prompt_tokens\": 9}"}}], "usage": usage})

    gateway, _ = behind(handle)
    assert gateway.chat()[0] == gateway.chat(stream=True)[0] == 200
    for row in rows(gateway, 2):
        assert (row["input"], row["cached_input"], row["output"], row["reasoning"]) == (60, 40, 30, 20)


@pytest.mark.parametrize("usage", [
    {"prompt_tokens": -5, "completion_tokens": -7}, {"prompt_tokens": 2**63, "completion_tokens": 2**70}, {"prompt_tokens": "many"}, None, [], 7,
], ids=["negative", "absurd", "a word", "null", "a list", "a number"])
def test_a_provider_that_lies_about_usage(behind, usage):
    reply = {"object": "chat.completion", "choices": [{"message": {"content": "abc"}}], "usage": usage}
    gateway, _ = behind(lambda peer, request: peer.answer(reply))
    assert gateway.chat()[0] == 200
    row, = rows(gateway, 1)
    assert row["state"] == "done"
    assert 0 <= row["cost"] < 2**62 and row["input"] >= 0 and row["output"] >= 0


def test_failures_leave_rows_too(gateway, upstream):
    down = upstream(lambda peer, request: peer.answer({"error": {"message": "oops"}}, 500))
    up = upstream()
    one = gateway({
        "providers": {"down": down.provider(), "up": up.provider()},
        "models": {"chat": {"strategy": "fallback", "deployments": [{"provider": "down", "model": "m"}, {"provider": "up", "model": "m"}]},
                   "lost": {"deployments": [{"provider": "down", "model": "m"}]}},
        "router": {"num_retries": 0},
    })
    assert one.chat()[0] == 200
    assert one.chat("lost")[0] == 502
    first, second = rows(one, 2)
    assert (first["state"], first["attempts"]) == ("done", 2)
    assert "up" in first["deployment"]
    assert (second["state"], second["status"], second["fault"]) == ("failed", 502, "server_error")


def test_a_broken_stream_is_failed_and_estimated(behind):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("half an answer")))
        time.sleep(0.2)
        peer.reset()
        return "end"

    gateway, _ = behind(handle)
    with pytest.raises(openai.APIError):
        list(gateway.sdk().chat.completions.create(**question(stream=True)))
    row, = rows(gateway, 1)
    assert row["state"] == "failed" and row["fault"] in ("unavailable", "malformed_reply")
    assert row["input"] > 0, "what a provider did not say is estimated, not forgotten"


def test_a_client_that_leaves_is_in_the_ledger(behind):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("word ")))
        peer.wait_for_end(30)
        return "end"

    gateway, _ = behind(handle)
    with Wire(gateway.port) as wire:
        wire.send(post("/v1/chat/completions", json.dumps(question(stream=True)).encode(), KEY))
        wire.head()
        wire.chunk()
    row, = rows(gateway, 1)
    assert (row["state"], row["fault"]) == ("cancelled", "cancelled")


def test_old_rows_are_forgotten_and_their_sums_are_not(behind):
    gateway, _ = behind()
    assert gateway.chat()[0] == 200
    row, = rows(gateway, 1)
    gateway.stop()
    file = gateway.folder / "swiftlet-ledger.db"
    old = row["id"] - (100 * 86_400_000 << 22)
    with sqlite3.connect(file) as database:
        columns = [name for _, name, *_ in database.execute("PRAGMA table_info(requests)") if name != "id"]
        database.execute(f"INSERT INTO requests(id, {', '.join(columns)}) SELECT ?, {', '.join(columns)} FROM requests", (old,))
        database.execute("UPDATE usage SET requests = requests * 2 WHERE shape = 0")
    assert len(ledger.read(gateway.folder)) == 2
    gateway.process = gateway.launch(["serve", "--config", str(gateway.file)], {})
    gateway.wait_ready()
    wait_until(lambda: len(ledger.read(gateway.folder)) == 1, what="the old row to be forgotten")
    assert ledger.read(gateway.folder)[0]["id"] == row["id"]
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        assert database.execute("SELECT sum(requests) FROM usage WHERE shape = 0 AND span = 0").fetchone() == (2,)


def test_an_unusable_ledger_is_said_and_not_replaced(behind, tmp_path):
    gateway, _ = behind()
    gateway.chat()
    gateway.stop()
    file = gateway.folder / "swiftlet-ledger.db"
    file.write_bytes(b"this is no database" * 100)
    for name in ("-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)
    before = file.read_bytes()
    gateway.process = gateway.launch(["serve", "--config", str(gateway.file)], {})
    code = gateway.wait_exit()
    assert code > 0
    gateway.expected = (code,)
    assert any("swiftlet-ledger.db" in line for line in gateway.lines + gateway.output)
    assert file.read_bytes() == before
