"""Answers that are given again: to the same request, to nobody else, only whole ones, and never more of them than there is room for."""

import contextlib
import json
import re
import sqlite3
import threading
import time

import anthropic
import pytest
from google import genai
from support import ledger
from support.dialects import SURFACES
from support.gateway import KEY, PATIENCE, question, wait_until
from support.postgres import Postgres
from support.raw import Wire
from support.routing import ask, within_one_minute
from support.upstream import USAGE_CHUNK, chunk, event
from test_admin import TOKEN, Admin

MODEL = {"deployments": [{"provider": "up", "model": "upstream-model", "input_price": 1, "output_price": 2}], "cache": {}}
OTHER = {**MODEL, "deployments": [{"provider": "up", "model": "other-model", "input_price": 10, "output_price": 20}]}
COST = 3 * 1_000 + 2 * 2_000
CACHED = 8


class Counting:
    """A provider whose answers are all different. `text` may make them longer, `reason` end them otherwise."""

    def __init__(self, reason="stop", text="answer {}"):
        self.number, self.reason, self.text, self.lock = 0, reason, text, threading.Lock()

    def __call__(self, peer, request):
        with self.lock:
            self.number += 1
            text = self.text.format(self.number)
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        if "input" in request.json:
            return peer.answer({"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [self.number]}],
                                "usage": {"prompt_tokens": 3, "total_tokens": 3}})
        if request.json.get("stream"):
            peer.start_stream()
            peer.piece(event(chunk(text)))
            peer.piece(event(chunk("", choices=[{"index": 0, "delta": {}, "finish_reason": self.reason}])))
            peer.piece(event(USAGE_CHUNK))
            peer.piece(event(b"[DONE]"))
            return peer.end_stream()
        choice = {"index": 0, "finish_reason": self.reason}
        choice |= {"text": text} if "prompt" in request.json else {"message": {"role": "assistant", "content": text}}
        peer.answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage})


@pytest.fixture
def cached(behind):
    def start(handle=None, **settings):
        settings.setdefault("models", {"chat": MODEL})
        return behind(handle or Counting(), **settings)

    return start


def state(answer):
    return answer.headers.get("x-swiftlet-cache")


def count(gateway, result):
    return int(re.search(rf'^swiftlet_cache_requests_total{{result="{result}"}} (\d+)$', gateway.metrics(), re.M)[1])


def rows(gateway, number):
    wait_until(lambda: len(ledger.read(gateway.folder)) == number, what=f"{number} rows")
    return ledger.read(gateway.folder)


def test_the_same_request_is_answered_again_and_costs_nothing(cached):
    gateway, up = cached()
    first, second = ask(gateway), ask(gateway)
    assert (state(first), state(second)) == ("miss", "hit") and first.text == second.text == "answer 1" and len(up.requests) == 1
    assert "age" not in first.headers and int(second.headers["age"]) >= 0
    assert second.headers["x-swiftlet-request-id"] != first.headers["x-swiftlet-request-id"]
    for name in ("content-type", "x-swiftlet-provider", "x-swiftlet-model", "x-swiftlet-deployment", "x-swiftlet-route"):
        assert second.headers[name] == first.headers[name], name
    assert second.headers["x-swiftlet-attempts"] == "0" and float(second.headers["x-swiftlet-cost-usd"]) == 0
    asked, given = rows(gateway, 2)
    assert asked["cost"] == COST and not asked["flags"] & CACHED
    assert (given["cost"], given["baseline"], given["attempts"], given["input"]) == (0, COST, 0, 0) and given["flags"] & CACHED
    assert given["state"] == "done" and given["status"] == 200
    total = Admin(gateway).get("/api/v1/savings")["total"]
    assert round(total["saved_usd"] * 1e9) == COST and round(total["cost_usd"] * 1e9) == COST
    assert count(gateway, "hit_memory") == 1 and count(gateway, "miss") == 1
    assert f"swiftlet_cache_saved_usd_total {COST / 1e9}" in gateway.metrics()
    shown = Admin(gateway).get(f"/api/v1/requests/{second.headers['x-swiftlet-request-id']}")
    assert shown["cached"] is True and shown["cost_usd"] == 0


def test_nothing_is_kept_unless_settings_say_so(behind):
    gateway, up = behind(Counting())
    assert [ask(gateway).text for _ in range(2)] == ["answer 1", "answer 2"] and state(ask(gateway)) is None


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("surface", SURFACES)
def test_in_every_dialect_byte_for_byte(cached, surface, stream):
    gateway, up = cached()
    path, body = SURFACES[surface].request("chat", stream)
    first, second = (gateway.post(path, body) for _ in range(2))
    assert first[0] == second[0] == 200 and first[2] == second[2] and len(up.requests) == 1
    assert second[1]["x-swiftlet-cache"] == "hit" and second[1]["content-type"] == first[1]["content-type"]
    # A stream answers streams and a whole answer whole ones.
    other, body = SURFACES[surface].request("chat", not stream)
    assert gateway.post(other, body)[1]["x-swiftlet-cache"] == "miss" and len(up.requests) == 2


@pytest.mark.parametrize("path, body", [("/v1/completions", {"prompt": "x"}), ("/v1/embeddings", {"input": "x"})])
def test_completions_and_embeddings(cached, path, body):
    gateway, up = cached()
    first, second = (gateway.post(path, {"model": "chat", **body}) for _ in range(2))
    assert first[2] == second[2] and second[1]["x-swiftlet-cache"] == "hit" and len(up.requests) == 1


def test_sdks_notice_nothing(cached):
    gateway, up = cached()
    turn = [{"role": "user", "content": "Hi."}]
    openai = gateway.sdk()
    assert [openai.chat.completions.create(model="chat", messages=turn).choices[0].message.content for _ in range(2)] == ["answer 1"] * 2
    streams = [list(openai.chat.completions.create(model="chat", messages=turn, stream=True)) for _ in range(2)]
    assert streams[0] == streams[1] and streams[0][0].choices[0].delta.content == "answer 2"
    assert [openai.responses.create(model="chat", input="Hi.", store=False).output_text for _ in range(2)] == ["answer 3"] * 2
    claude = anthropic.Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0)
    assert [claude.messages.create(model="chat", messages=turn, max_tokens=9).content[0].text for _ in range(2)] == ["answer 4"] * 2
    for _ in range(2):
        with claude.messages.stream(model="chat", messages=turn, max_tokens=9) as stream:
            assert stream.get_final_text() == "answer 5"
    gemini = genai.Client(api_key=KEY, http_options={"base_url": gateway.url})
    assert [gemini.models.generate_content(model="chat", contents="Hi.").text for _ in range(2)] == ["answer 6"] * 2
    said = ["".join(part.text or "" for part in gemini.models.generate_content_stream(model="chat", contents="Hi.")) for _ in range(2)]
    assert said == ["answer 7"] * 2 and len(up.requests) == 7


SAME = question()


@pytest.mark.parametrize("body", [
    b" " + json.dumps(SAME, indent=3).encode() + b"\n", json.dumps(dict(reversed(SAME.items()))).encode(),
], ids=["spaces", "order"])
def test_how_it_is_written_does_not_count(cached, body):
    gateway, up = cached()
    ask(gateway)
    assert gateway.post("/v1/chat/completions", body)[1]["x-swiftlet-cache"] == "hit"


@pytest.mark.parametrize("more", [
    {"temperature": 0.5}, {"seed": 1}, {"max_tokens": 99}, {"n": 1}, {"user": "x"}, {"unknown_member": None}, {"stop": ["x"]}, {"top_p": 1},
    {"messages": [{"role": "user", "content": "Other."}]}, {"messages": [{"role": "system", "content": "Hi."}]}, {"model": "second"},
    {"metadata": {"a": "b"}}, {"response_format": {"type": "json_object"}}, {"logit_bias": {}}, {"tags": ["x"]},
], ids=lambda more: next(iter(more)))
def test_every_parameter_counts(cached, more):
    gateway, up = cached(models={"chat": MODEL, "second": OTHER})
    ask(gateway)
    other = gateway.post("/v1/chat/completions", {**question(), **more})
    assert other[0] == 200 and other[1]["x-swiftlet-cache"] == "miss" and len(up.requests) == 2
    assert ask(gateway).text == "answer 1"


def test_headers_that_have_a_say_count(cached):
    """A request that goes another way for what a header says is another request: nobody poisons the answer of the plain one."""
    policy = {"rules": [{"name": "vip", "when": {"request.header.x-tier": "gold"}, "then": {"route": "second"}}]}
    gateway, up = cached(models={"chat": MODEL, "second": {**OTHER, "hidden": True}}, policies={"default": policy})
    gold = ask(gateway, headers={"x-tier": "gold"})
    plain = ask(gateway)
    assert (gold.text, plain.text) == ("answer 1", "answer 2") and gold.headers["x-swiftlet-model"] == "other-model"
    assert ask(gateway, headers={"x-tier": "gold"}).text == "answer 1" and ask(gateway).text == "answer 2"
    for name, value in {"x-swiftlet-tags": "a", "x-swiftlet-region": "eu", "anthropic-beta": "x"}.items():
        ask(gateway, headers={name: value})
    # What nobody asks for makes no difference, whatever it is called.
    for name in ("x-swiftlet-cache", "age", "x-forwarded-host", "accept-language"):
        assert ask(gateway, headers={name: "hit"}).text == "answer 2", name


def test_answers_of_others_are_others(cached):
    keys = {"a": {"key": "key-a"}, "b": {"key": "key-b"}, "p": {"key": "key-p", "project": "p"}, "q": {"key": "key-q", "project": "p"}}
    gateway, up = cached(keys=keys, projects={"p": {}})
    assert {ask(gateway, key=f"key-{name}").text for name in "abpq"} == {f"answer {number}" for number in range(1, 5)}
    assert [ask(gateway, key="key-b").text for _ in range(2)] == ["answer 2"] * 2
    assert ask(gateway, key="unknown").status == 401


def test_keys_of_a_project_share_where_they_are_alike(cached):
    keys = {"p": {"key": "key-p", "project": "p", "rpm": 50}, "q": {"key": "key-q", "project": "p"},
            "r": {"key": "key-r", "project": "p", "regions": ["eu"]}, "z": {"key": "key-z", "project": "z"}}
    model = {**MODEL, "deployments": [{**MODEL["deployments"][0], "region": "eu"}], "cache": {"share": "project"}}
    gateway, up = cached(models={"chat": model}, keys=keys, projects={"p": {}, "z": {}})
    assert [ask(gateway, key=f"key-{name}").text for name in "pqrzqr"] == ["answer 1", "answer 1", "answer 2", "answer 3", "answer 1", "answer 2"]


def test_who_says_what_is_kept(cached):
    """The key's word, else the model's, else the policy's."""
    plain = {name: value for name, value in MODEL.items() if name != "cache"}
    gateway, up = cached(
        models={"chat": MODEL, "never": {**OTHER, "cache": {"ttl": "0s"}}, "plain": plain}, policies={"default": {"cache": {"ttl": "1h"}}},
        keys={"acceptance": {"key": KEY}, "out": {"key": "key-out", "cache": {"ttl": "0s"}}, "in": {"key": "key-in", "cache": {}}})
    assert [state(ask(gateway, model)) for model in ("chat", "never", "plain")] == ["miss", None, "miss"]
    assert [state(ask(gateway, model, key="key-out")) for model in ("chat", "never", "plain")] == [None] * 3
    assert [state(ask(gateway, model, key="key-in")) for model in ("chat", "never", "plain")] == ["miss"] * 3


def test_cache_control_is_heeded(cached):
    gateway, up = cached()

    def asked(control=None):
        answer = ask(gateway, headers={"cache-control": control} if control else None)
        return answer.text, state(answer)

    assert asked("no-store") == ("answer 1", "bypass")
    assert asked() == ("answer 2", "miss")
    assert asked("No-Cache") == ("answer 3", "bypass")
    assert asked() == ("answer 3", "hit"), "what was asked anew replaces what was kept"
    assert asked("no-store, max-age=60") == ("answer 4", "bypass")
    assert asked("max-age=600") == ("answer 3", "hit")
    time.sleep(1.1)
    assert asked("max-age=0") == ("answer 5", "miss")
    assert count(gateway, "bypass") == 3


def test_an_answer_is_forgotten_after_its_time(cached):
    gateway, up = cached(models={"chat": {**MODEL, "cache": {"ttl": "1s"}}})
    assert [ask(gateway).text for _ in range(2)] == ["answer 1"] * 2
    time.sleep(1.1)
    assert ask(gateway).text == "answer 2"


# MARK: What is never kept


@pytest.mark.parametrize("surface, reason", [
    *((surface, reason) for surface in SURFACES for reason in ("length", "content_filter")), ("chat", "odd"), ("chat", None)])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_answers_that_were_cut_off_are_not_kept(cached, surface, stream, reason):
    gateway, up = cached(Counting(reason))
    path, body = SURFACES[surface].request("chat", stream)
    assert [gateway.post(path, body)[1]["x-swiftlet-cache"] for _ in range(2)] == ["miss"] * 2 and len(up.requests) == 2


def test_cut_completions_are_not_kept(cached):
    gateway, up = cached(Counting("length"))
    assert [gateway.post("/v1/completions", {"model": "chat", "prompt": "x"})[1]["x-swiftlet-cache"] for _ in range(2)] == ["miss"] * 2


def test_errors_and_broken_streams_are_not_kept(cached):
    good = Counting()
    turn = [0]

    def handle(peer, request):
        turn[0] += 1
        if turn[0] == 1:
            return peer.answer({"error": {"message": "no", "type": "invalid_request_error"}}, 400)
        if turn[0] == 2:
            peer.start_stream()
            peer.piece(event(chunk("half an ans")))
            return peer.reset()
        good(peer, request)

    gateway, up = cached(handle)
    assert ask(gateway).status == 400
    gateway.post("/v1/chat/completions", question(stream=True))
    for stream in (False, True):
        answers = [gateway.post("/v1/chat/completions", question(**{"stream": True} if stream else {})) for _ in range(2)]
        assert [answer[0] for answer in answers] == [200, 200] and [answer[1]["x-swiftlet-cache"] for answer in answers] == ["miss", "hit"]
        assert b"half" not in answers[1][2] and b"error" not in answers[1][2]


def test_an_answer_whose_client_left_is_not_kept(cached):
    going = threading.Event()

    def handle(peer, request):
        if not going.is_set():
            peer.start_stream()
            peer.piece(event(chunk("begun")))
            peer.wait_for_end(10 * PATIENCE)
            return going.set()
        Counting()(peer, request)

    gateway, up = cached(handle)
    body = json.dumps(question(stream=True)).encode()
    with Wire(gateway.port) as wire:
        wire.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + KEY.encode()
                  + b"\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        assert " 200 " in wire.head()[0] and b"begun" in wire.chunk()
    going.wait(10 * PATIENCE)
    assert gateway.post("/v1/chat/completions", question(stream=True))[1]["x-swiftlet-cache"] == "miss"


TOOLS = [{"type": "function", "function": {"name": "pay", "parameters": {"type": "object"}}}]


def test_what_must_be_unique_is_not_kept(cached):
    gateway, up = cached()

    def states(path="/v1/chat/completions", **more):
        return [gateway.post(path, {**question(), **more} if "input" not in more else {"model": "chat", **more})[1]["x-swiftlet-cache"]
                for _ in range(2)]

    assert states(tools=TOOLS) == ["bypass"] * 2, "a call would be made twice under one id"
    assert states(store=True) == ["bypass"] * 2, "the provider keeps it under its id"
    assert states("/v1/responses", input="Hi.") == ["bypass"] * 2, "this gateway keeps it under its id"
    assert states("/v1/responses", input="Hi.", store=False) == ["miss", "hit"]
    assert gateway.post("/v1/messages/count_tokens", SURFACES["messages"].request("chat")[1])[1]["x-swiftlet-cache"] == "bypass"


def test_tools_where_settings_allow_them(cached):
    call = {"id": "call_1", "type": "function", "function": {"name": "pay", "arguments": "{}"}}

    def handle(peer, request):
        peer.answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})

    gateway, up = cached(handle, models={"chat": {**MODEL, "cache": {"tools": True}}})
    first, second = (ask(gateway, tools=TOOLS) for _ in range(2))
    assert state(second) == "hit" and second.body == first.body and len(up.requests) == 1


# MARK: Limits and budgets


def test_limits_hold_and_budgets_are_not_charged(cached):
    keys = {"acceptance": {"key": KEY, "rpm": 4, "budget": {"amount": 1, "period": "day"}}}
    gateway, up = cached(keys=keys)
    within_one_minute()
    answers = [ask(gateway) for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 4 + [429] and len(up.requests) == 1
    assert [state(answer) for answer in answers[:4]] == ["miss"] + ["hit"] * 3
    rows(gateway, 4)
    usd, = [line["used"] for line in Admin(gateway).get("/api/v1/keys/acceptance")["balances"] if line["unit"] == "usd"]
    assert usd == pytest.approx(COST / 1e9)


# MARK: Room


def test_the_bound_in_bytes_holds(cached):
    gateway, up = cached(Counting(text="{} " + "x" * 20_000), cache={"memory_bytes": "300KB", "answer_bytes": "64KiB"})
    for number in range(40):
        assert ask(gateway, user=f"{number}").status == 200
    text = gateway.metrics()
    kept = int(re.search(r'^swiftlet_cache_bytes{tier="memory"} (\d+)$', text, re.M)[1])
    assert 200_000 < kept <= 300_000 and int(re.search(r"^swiftlet_cache_evicted_total (\d+)$", text, re.M)[1]) >= 25
    assert state(ask(gateway, user="39")) == "hit" and state(ask(gateway, user="0")) == "miss"


def test_long_answers_are_not_kept(cached):
    gateway, up = cached(Counting(text="{} " + "x" * 20_000), cache={"answer_bytes": "10KB"})
    assert [state(ask(gateway)) for _ in range(2)] == ["miss"] * 2
    streams = [gateway.post("/v1/chat/completions", question(stream=True))[1]["x-swiftlet-cache"] for _ in range(2)]
    assert streams == ["miss"] * 2


# MARK: The store


def test_the_store_outlasts_the_process(cached):
    gateway, up = cached(cache={"store_bytes": "1MiB"})
    stream = question(stream=True)
    first = gateway.post("/v1/chat/completions", stream)
    assert ask(gateway).text == "answer 2"
    gateway.stop()
    gateway.start()
    gateway.wait_ready()
    again = gateway.post("/v1/chat/completions", stream)
    assert again[1]["x-swiftlet-cache"] == "hit" and again[2] == first[2] and ask(gateway).text == "answer 2"
    assert count(gateway, "hit_store") == 2 and len(up.requests) == 2
    assert ask(gateway).text == "answer 2" and count(gateway, "hit_memory") == 1, "what the store had is in memory now"
    assert (gateway.folder / "swiftlet-cache.db").exists()


def damaged(gateway):
    return int(re.search(r"^swiftlet_cache_damaged_total (\d+)$", gateway.metrics(), re.M)[1])


def overwrite(path, where, size, byte=0x5A):
    with open(path, "r+b") as file:
        file.seek(where)
        file.write(bytes([byte]) * size)


@pytest.mark.parametrize("how", ["garbage", "torn"])
def test_a_damaged_file_is_put_aside_at_the_start(cached, how):
    gateway, up = cached(cache={"store_bytes": "1MiB"})
    assert ask(gateway).text == "answer 1"
    gateway.stop()
    path = gateway.folder / "swiftlet-cache.db"
    if how == "garbage":
        path.write_bytes(b"no database at all" * 700)
    else:
        overwrite(path, 4096, path.stat().st_size - 4096)
        (gateway.folder / "swiftlet-cache.db-wal").write_bytes(b"")
    gateway.start()
    gateway.wait_ready()
    assert [ask(gateway).text for _ in range(3)] == ["answer 2"] * 3, "kept anew, and no client hears of it"
    wait_until(lambda: any("damaged" in line.get("message", "") for line in gateway.log()) or "damaged" in "".join(map(str, gateway.log())),
               what="the warning")
    assert (gateway.folder / "swiftlet-cache.db.damaged").exists()
    gateway.stop()
    gateway.start()
    gateway.wait_ready()
    assert ask(gateway).text == "answer 2" and count(gateway, "hit_store") == 1


def test_a_file_that_is_damaged_while_it_is_used(cached):
    """Without memory each answer comes out of the file."""
    gateway, up = cached(Counting(text="{} " + "y" * 50_000), cache={"store_bytes": "8MiB", "memory_bytes": 0})
    for number in range(20):
        assert ask(gateway, user=f"{number}").status == 200
    path = gateway.folder / "swiftlet-cache.db"
    wait_until(lambda: state(ask(gateway, user="19")) == "hit", what="the store")
    # What still stands in the log of writes is moved into the file, and then every page of the file is another.
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(path, 8192, path.stat().st_size - 8192)
    answers = [ask(gateway, user=f"{number}") for number in range(20)]
    assert [answer.status for answer in answers] == [200] * 20
    assert all(re.match(r"\d+ y{50000}$", answer.text) for answer in answers), "no answer is what the damage made of it"
    wait_until(lambda: damaged(gateway) == 1, what="the damage to be counted")
    assert (gateway.folder / "swiftlet-cache.db.damaged").exists()
    ask(gateway, user="again")
    wait_until(lambda: state(ask(gateway, user="again")) == "hit", what="the new file")


def test_the_stores_bound_holds(cached):
    gateway, up = cached(Counting(text="{} " + "x" * 20_000), cache={"store_bytes": "300KB", "memory_bytes": 0, "answer_bytes": "64KiB"})
    for number in range(60):
        assert ask(gateway, user=f"{number}").status == 200
    wait_until(lambda: int(re.search(r'^swiftlet_cache_bytes{tier="store"} (\d+)$', gateway.metrics(), re.M)[1]) > 200_000, what="the store")
    assert int(re.search(r'^swiftlet_cache_bytes{tier="store"} (\d+)$', gateway.metrics(), re.M)[1]) <= 300_000
    assert state(ask(gateway, user="59")) == "hit" and state(ask(gateway, user="0")) == "miss"


def test_gateways_of_one_store_share_answers_and_forget_together(gateway, upstream):
    postgres = Postgres()
    try:
        up = upstream(Counting())
        settings = {"providers": {"up": up.provider()}, "models": {"chat": MODEL}, "cache": {"store_bytes": "1MiB"}, "store": postgres.url}
        one, two = (gateway({**settings, "server": {"gateway": name, "threads": 1}}) for name in ("g1", "g2"))
        assert ask(one).text == "answer 1"
        wait_until(lambda: postgres.rows("SELECT count(*) AS count FROM cached_answers")[0]["count"] == 1, what="the answer in the store")
        assert [ask(two).text for _ in range(2)] == ["answer 1"] * 2 and len(up.requests) == 1
        status, _, body = Admin(one)("DELETE", "/api/v1/cache")
        assert status == 200 and body["forgotten"] == 1
        wait_until(lambda: ask(two).text == "answer 2", what="the other gateway to forget")
        wait_until(lambda: postgres.rows("SELECT count(*) AS count FROM cached_answers")[0]["count"] == 1, what="the second answer there")
        assert ask(one).text == ask(two).text == "answer 2"
    finally:
        postgres.end()


# MARK: Forgetting


def test_answers_are_forgotten_on_somebodys_word(gateway, upstream):
    up = upstream(Counting())
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": MODEL, "second": OTHER}, "cache": {"store_bytes": "1MiB"},
                   "keys": {"a": {"key": "key-a"}, "b": {"key": "key-b"}}}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(one, TOKEN)

    def states():
        return [state(ask(one, model, key=f"key-{key}")) for key in "ab" for model in ("chat", "second")]

    def forget(query=""):
        status, _, body = admin("DELETE", f"/api/v1/cache{query}")
        assert status == 200
        return body["forgotten"]

    assert states() == ["miss"] * 4 and states() == ["hit"] * 4
    assert forget("?key=a&route=chat") == 1 and states() == ["miss", "hit", "hit", "hit"]
    assert forget("?key=b") == 2 and states() == ["hit", "hit", "miss", "miss"]
    assert forget("?route=second") == 2 and states() == ["hit", "miss", "hit", "miss"]
    assert forget("?key=nobody") == 0 and states() == ["hit"] * 4
    assert forget() == 4 and states() == ["miss"] * 4
    assert admin("DELETE", "/api/v1/cache?kee=a")[0] == 400
    assert [entry["action"] for entry in admin.get("/api/v1/audit")["data"]].count("cache.delete") == 5


def test_a_change_of_settings_forgets(gateway, upstream):
    up = upstream(Counting())
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": MODEL}, "keys": {"acceptance": {"key": KEY}}},
                  environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(one, TOKEN)
    assert [state(ask(one)) for _ in range(2)] == ["miss", "hit"]
    assert admin("POST", "/api/v1/keys", {"name": "another"})[0] == 201
    assert state(ask(one)) == "hit", "another key is nothing to this one's answers"
    assert admin("PATCH", "/api/v1/keys/acceptance", {"rpm": 1000})[0] == 200
    assert state(ask(one)) == "hit", "nor is how many requests it may make"
    assert admin("PATCH", "/api/v1/keys/acceptance", {"regions": ["eu"], "denied_regions": ["us"]})[0] == 200
    assert admin("PATCH", "/api/v1/keys/acceptance", {"regions": [], "denied_regions": []})[0] == 200
    assert state(ask(one)) == "miss", "what the key says otherwise is"
    assert admin("PATCH", "/api/v1/models/chat", {"max_retries": 1})[0] == 200
    assert [state(ask(one)) for _ in range(2)] == ["miss", "hit"]


def test_many_at_once_get_whole_answers(cached):
    """Sixteen clients, three loops, little room: whoever asks gets an answer to its own question."""

    def echo(peer, request):
        text = request.json["messages"][0]["content"]
        peer.answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})

    gateway, up = cached(echo, cache={"memory_bytes": "20KB", "store_bytes": "100KB"}, server={"threads": 3})
    wrong = []

    def client(seed):
        for number in range(30):
            said = f"question {(number * 7 + seed) % 20} " + "y" * ((number + seed) % 20 * 100)
            answer = ask(gateway, messages=[{"role": "user", "content": said}])
            if answer.status != 200 or answer.text != said:
                wrong.append((said, answer))

    crowd = [threading.Thread(target=client, args=(seed,)) for seed in range(16)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert not wrong
    assert int(re.search(r'^swiftlet_cache_bytes{tier="memory"} (\d+)$', gateway.metrics(), re.M)[1]) <= 20_000
