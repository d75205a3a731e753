"""Prompts and replies of projects that keep them: redacted before they are on disk, shown to those who may see them, gone when deleted."""

import json

import pytest
from support import ledger
from support.dialects import SURFACES
from support.gateway import KEY, wait_until
from support.postgres import Postgres
from support.raw import Wire, post
from support.upstream import chunk, event
from test_admin import TOKEN, Admin

CANARIES = ["canary.bird@example.com", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "+49 171 23456789"]
PROMPT = "Write to canary.bird@example.com, charge 4111 1111 1111 1111, \"IBAN\" DE89 3704 0044 0532 0130 00.\nIs it J\u00fcrgens \U0001f600?"
SAID = "I wrote to canary.bird@example.com and called +49 171 23456789."
PIECES = ["I wro", "te to cana", "ry.bi", "rd@exam", "ple.com and called +4", "9 171 2345", "6789."]
MASKED = "I wrote to [EMAIL_1] and called [PHONE_1]."
TOKENS = {"olga": "operator-token", "audrey": "auditor-token"}
SETTINGS = {
    "projects": {"acme": {"keep_texts": True}, "open": {"keep_texts": True, "redact_texts": False}, "quiet": {}},
    "keys": {"acceptance": {"key": KEY, "project": "acme"}, "open": {"key": "sk-open-key", "project": "open"},
             "quiet": {"key": "sk-quiet-key", "project": "quiet"}, "alone": {"key": "sk-alone-key"}},
    "admin": {"tokens": {"olga": {"token": TOKENS["olga"], "role": "operator"}, "audrey": {"token": TOKENS["audrey"], "role": "auditor"}}},
}


def talking(peer, request):
    """A provider that says the canaries, in pieces where a stream is asked for."""
    if request.json.get("stream"):
        return peer.stream(PIECES)
    peer.answer({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})


@pytest.fixture
def keeping(gateway, upstream):
    def start(handle=talking, **settings):
        up = upstream(handle)
        started = gateway({
            "providers": {"up": up.provider()},
            "models": {"chat": {"deployments": [{"provider": "up", "model": "upstream-model", "input_price": 1, "output_price": 2}]}},
            **SETTINGS, **settings}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
        return started, Admin(started, TOKEN)

    return start


def asking(surface, stream, prompt=PROMPT):
    path, body = SURFACES[surface].request("chat", stream)
    return path, json.dumps(body).replace('"Hi."', json.dumps(prompt)).encode()


def kept(admin, headers, seconds=10):
    """The request, once its texts are written: that happens behind its answer."""
    path = f"/api/v1/requests/{headers['x-swiftlet-request-id']}"
    wait_until(lambda: admin("GET", path)[2].get("texts") == "kept", seconds, what="the texts")
    return admin.get(path)


def on_disk(gateway):
    return b"".join(path.read_bytes() for path in gateway.folder.rglob("*") if path.is_file() and path.name not in ("swiftlet.yaml", "settings.json"))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_every_dialect_is_kept_redacted(keeping, surface, stream):
    gateway, admin = keeping()
    status, headers, answer = gateway.post(*asking(surface, stream))
    assert status == 200
    if not stream:
        assert SAID in json.dumps(json.loads(answer)), "the client's own answer is as it was"
    row = kept(admin, headers)
    prompt, reply = row["prompt"], row["reply"]
    assert prompt["masked"] == {"email": 1, "card": 1, "iban": 1} and not prompt["cut"]
    assert "[EMAIL_1], charge [CARD_1]" in json.dumps(prompt["body"]) and "J\\u00fcrgens" in json.dumps(prompt["body"])
    assert reply["masked"] == {"email": 1, "phone": 1} and not reply["cut"]
    if stream:
        assert reply["content"] == [{"type": "text", "text": MASKED}]
    else:
        assert SURFACES[surface].says(reply["body"]) == MASKED
    gateway.stop()
    disk = on_disk(gateway)
    assert b"[EMAIL_1]" in disk, "the texts are in the file that is looked into"
    for canary in CANARIES:
        assert canary.encode() not in disk


def test_old_completions_too(keeping):
    def handle(peer, request):
        peer.start_stream()
        for piece in PIECES:
            peer.piece(b"data: " + json.dumps({"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [
                {"index": 0, "text": piece, "finish_reason": None}]}).encode() + b"\n\n")
        peer.piece(b"data: [DONE]\n\n")
        peer.end_stream()

    gateway, admin = keeping(handle)
    status, headers, _ = gateway.post("/v1/completions", {"model": "chat", "prompt": PROMPT, "stream": True})
    assert status == 200
    assert kept(admin, headers)["reply"]["content"] == [{"type": "text", "text": MASKED}]


def test_only_projects_that_want_it_are_kept(keeping):
    gateway, admin = keeping()
    for key in ("sk-quiet-key", "sk-alone-key"):
        _, headers, _ = gateway.post(*asking("chat", False), key=key)
        wait_until(lambda: len(ledger.read(gateway.folder)) > 0, what="a row")
        row = admin.get(f"/api/v1/requests/{headers['x-swiftlet-request-id']}")
        assert row["texts"] == "none" and "prompt" not in row and "reply" not in row
    assert b"swiftlet_texts_kept_total 0" in admin("GET", "/metrics")[2]
    gateway.stop()
    disk = on_disk(gateway)
    for canary in [*CANARIES, "[EMAIL_1]"]:
        assert canary.encode() not in disk


def test_unredacted_where_the_project_says_so(keeping):
    gateway, admin = keeping()
    _, headers, _ = gateway.post(*asking("chat", True), key="sk-open-key")
    row = kept(admin, headers)
    assert row["prompt"]["body"]["messages"][0]["content"] == PROMPT and "masked" not in row["prompt"]
    assert row["reply"]["content"][0]["text"] == SAID


def test_what_is_kept_is_bounded_and_says_so(keeping):
    long = "word " * 2_000 + "canary.bird@example.com"
    gateway, admin = keeping(lambda peer, request: peer.stream(["lorem ipsum "] * 3_000), ledger={"text_size": "1KiB"})
    path, body = asking("chat", True, prompt=long)
    status, headers, answer = gateway.post(path, body)
    assert status == 200 and answer.count(b"lorem") == 3_000
    row = kept(admin, headers)
    assert row["prompt"]["cut"] and len(row["prompt"]["text"]) == 1024 and row["prompt"]["bytes"] == len(body)
    assert row["reply"]["cut"] and len(row["reply"]["content"][0]["text"]) == 1024 and row["reply"]["bytes"] > 10_000


def test_what_stands_across_the_edge_is_masked_whole(keeping):
    gateway, admin = keeping(ledger={"text_size": "1KiB"})
    path, empty = asking("chat", False, prompt="")
    before = 1024 - empty.index(b'""') - 12
    status, headers, _ = gateway.post(*asking("chat", False, prompt="x" * (before - 2) + "  canary.bird@example.com and more" + "y" * 200))
    assert status == 200
    text = kept(admin, headers)["prompt"]["text"]
    assert "canary" not in text and "[EMAIL" in text


def test_a_client_that_leaves_has_got_what_is_kept(keeping):
    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("half ")))
        peer.wait_for_end(10)

    gateway, admin = keeping(handle)
    path, body = asking("chat", True)
    with Wire(gateway.port) as wire:
        wire.send(post(path, body, KEY))
        status, headers = wire.head()[:2]
        assert b"half " in wire.chunk()
    row = kept(admin, headers)
    assert row["state"] == "cancelled" and row["reply"]["content"] == [{"type": "text", "text": "half "}]


def test_who_may_see_them_and_delete_them(keeping):
    gateway, admin = keeping()
    _, headers, _ = gateway.post(*asking("messages", False))
    path = f"/api/v1/requests/{headers['x-swiftlet-request-id']}"
    kept(admin, headers)
    olga, audrey = (Admin(gateway, TOKENS[name]) for name in ("olga", "audrey"))
    assert "[EMAIL_1]" in json.dumps(audrey.get(path)["prompt"])
    seen = olga.get(path)
    assert seen["texts"] == "kept" and "prompt" not in seen and "reply" not in seen
    assert olga("DELETE", path + "/texts")[0] == audrey("DELETE", path + "/texts")[0] == 403
    assert admin("DELETE", path + "/texts")[0] == 200
    assert admin.get(path)["texts"] == "deleted" and "prompt" not in admin.get(path)
    assert admin.get("/api/v1/audit")["data"][0]["action"] == "texts.delete"
    assert admin("DELETE", "/api/v1/requests/req_0000000000000000/texts")[0] == 404
    assert gateway.post(*asking("chat", False))[0] == 200, "others are kept as before"


def test_the_log_says_nothing_of_them(keeping):
    gateway, admin = keeping(server={"access_log": True})
    for stream in (False, True):
        _, headers, _ = gateway.post(*asking("chat", stream))
        kept(admin, headers)
    log = json.dumps(list(gateway.log()))
    assert headers["x-swiftlet-request-id"] in log
    for canary in [*CANARIES, "[EMAIL_1]", "wrote to"]:
        assert canary not in log


def test_an_orderly_stop_writes_what_waits(keeping):
    gateway, admin = keeping()
    for _ in range(20):
        gateway.post(*asking("chat", True))
    gateway.stop()
    assert on_disk(gateway).count(b"called [PHONE_1].") >= 20


def test_on_postgresql_and_while_it_is_away(keeping):
    """What the server does not take is dropped, counted and said, and holds up neither an answer nor the end."""
    server = Postgres()
    try:
        gateway, admin = keeping(store=server.url)
        _, headers, _ = gateway.post(*asking("chat", False))
        assert SURFACES["chat"].says(kept(admin, headers)["reply"]["body"]) == MASKED
        server.kill()
        for _ in range(3):
            assert gateway.post(*asking("chat", False))[0] == 200
        wait_until(lambda: b"swiftlet_texts_dropped_total 3" in admin("GET", "/metrics")[2], 30, what="what was dropped")
        said = [line for line in gateway.log() if "prompts and replies cannot be kept" in line["message"]]
        assert len(said) == 1
        gateway.stop()
    finally:
        server.end()
