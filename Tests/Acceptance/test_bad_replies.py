"""What providers of every dialect may answer instead of an answer: the next one is asked, or the client hears of it in its own dialect."""

import gzip
import json
import re

import pytest
from support.dialects import PROVIDERS, SURFACES, TEXT
from support import ledger
from support.routing import Farm
from support.gateway import Gateway, question

LIMIT = 65_536


def whole(good):
    """Name: body and further header fields, of a reply with status 200."""
    return {
        "garbage": (b"\x00\x01<garbage>" * 20, {}),
        "empty": (b"", {}),
        "truncated": (good[:-7], {}),
        "more behind it": (good + b"}", {}),
        "invalid UTF-8": (good.replace(TEXT.encode(), b"\xff\xfe"), {}),
        "oversized": (good.replace(TEXT.encode(), b"x" * LIMIT * 2), {}),
        "a page": (b"<html><body>Bad Gateway</body></html>", {"content-type": "text/html"}),
        "compressed": (gzip.compress(good), {"content-encoding": "gzip"}),
        "another object": (b'{"status":"ok"}', {}),
        "a list": (b"[]", {}),
        "null": (b"null", {}),
        "deep": (b'{"a":' * 2000 + b"1" + b"}" * 2000, {}),
    }


def streamed(answer):
    """The same of a stream in which no content came: body, further fields."""
    good, other = answer.begun, "text/html" if answer.type == "text/event-stream" else "text/event-stream"
    bad = {
        "empty": (b"", {}),
        "invalid UTF-8": (good.replace(TEXT.encode(), b"\xff\xfe"), {}),
        "a page": (b"<html><body>Bad Gateway</body></html>", {"content-type": "text/html"}),
        "compressed": (gzip.compress(good), {"content-encoding": "gzip"}),
        "of another type": (good, {"content-type": other}),
        "a whole answer": (json.dumps(answer.whole).encode(), {"content-type": "application/json"}),
    }
    if answer.type == "text/event-stream":
        bad["no JSON"] = (b"data: {garbage\n\n" + good, {})
        bad["a truncated event"] = (b'data: {"a": [1,\n\n', {})
        bad["an event without end"] = (b"data: " + b"x" * (2 << 20), {})
        bad["its end alone"] = (b"data: [DONE]\n\n", {})
        bad["no events"] = (b"\x00\x01garbage\n" * 50, {})
    else:
        bad["no frames"] = (b"\x00\x01garbage\n" * 50, {})
        bad["a wrong checksum"] = (good[:20] + bytes([good[20] ^ 1]) + good[21:], {})
        bad["a truncated frame"] = (good[:30], {})
    return bad


# Behind the first content: the rest of the stream.
def spoiled(answer):
    if answer.type == "text/event-stream":
        return {"cut": b"", "no JSON": b"data: {garbage\n\n", "invalid UTF-8": answer.begun.replace(TEXT.encode(), b"\xff\xfe"),
                "an event without end": b"data: " + b"x" * (2 << 20)}
    return {"cut": b"", "no frames": b"\x00\x01garbage\n" * 50, "a cut frame": answer.begun[:40]}


class Liar(Farm):
    """Answers as the model's name says: `DIALECT.HOW.NUMBER`; the model `good` well, in the dialect of chats."""

    def look_after(self, peer, request):
        found = re.search(r"/(?:models|model)/([^:/]+)", request.path)
        model = found.group(1) if found else request.json["model"]
        if model == "good":
            return super().look_after(peer, request)
        dialect, how, number = model.split(".")
        answer = PROVIDERS[dialect]
        kind = answer.type if how != "whole" else "application/json"
        if how == "whole":
            body, fields = list(whole(json.dumps(answer.whole).encode()).values())[int(number)]
        elif how == "streamed":
            body, fields = list(streamed(answer).values())[int(number)]
        else:
            body, fields = answer.begun + list(spoiled(answer).values())[int(number)], {}
        peer.head(**{"content_type": kind, "content_length": len(body), **{name.replace("-", "_"): value for name, value in fields.items()}})
        peer.send(body)
        return "end"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    liar = Liar()
    origin = liar.url.removesuffix("/v1")
    providers = {"good": liar.provider()}
    models = {"good": {"deployments": [{"provider": "good", "model": "good"}]}}
    for dialect, answer in PROVIDERS.items():
        more = dict(answer.settings)
        path = more.pop("path")
        key = {} if more["type"] == "bedrock" else {"api_key": "k"}
        providers[dialect] = {"base_url": origin + path, **key, **more}
        for how, kinds in (("whole", whole(b"")), ("streamed", streamed(answer)), ("spoiled", spoiled(answer))):
            for number in range(len(kinds)):
                name = f"{dialect}.{how}.{number}"
                models[name] = {"strategy": "fallback", "deployments": [{"provider": dialect, "model": name}, {"provider": "good", "model": "good"}]}
    gateway = Gateway(tmp_path_factory.mktemp("lies"), {
        "providers": providers, "models": models, "server": {"max_response": LIMIT}, "router": {"cooldowns": False, "num_retries": 0}})
    yield gateway
    gateway.end()
    liar.close()


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("dialect", PROVIDERS)
def test_a_reply_that_is_none(stage, dialect, surface):
    wrong = []
    for number, name in enumerate(whole(b"")):
        path, body = SURFACES[surface].request(f"{dialect}.whole.{number}", include_routing_metadata=True)
        status, headers, reply = stage.post(path, body)
        if status != 200:
            wrong.append(f"{name}: {status} {reply[:200]}")
            continue
        answer = json.loads(reply)
        attempts = answer["routing"]["attempts"]
        faults = [attempt["fault"] for attempt in attempts]
        if SURFACES[surface].says(answer) != "good" or faults != ["malformed_reply", None] or headers["x-swiftlet-attempts"] != "2":
            wrong.append(f"{name}: {faults} {reply[:200]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("dialect", PROVIDERS)
def test_a_stream_that_is_none(stage, dialect, surface):
    wrong = []
    for number, name in enumerate(streamed(PROVIDERS[dialect])):
        path, body = SURFACES[surface].request(f"{dialect}.streamed.{number}", stream=True)
        status, headers, reply = stage.post(path, body)
        if status != 200 or b"good" not in reply or headers.get("x-swiftlet-attempts") != "2" or SURFACES[surface].stream_error in reply:
            wrong.append(f"{name}: {status} attempts {headers.get('x-swiftlet-attempts')} {reply[:300]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("dialect", PROVIDERS)
def test_a_stream_that_goes_bad(stage, dialect, surface):
    """After its first content nobody else is asked: the client's dialect says that it failed, and never that it ended."""
    wrong = []
    ends = {"chat": b"[DONE]", "responses": b"response.completed", "messages": b"message_stop", "gemini": b'"finishReason":"STOP"',
            "converse": b"messageStop"}
    for number, name in enumerate(spoiled(PROVIDERS[dialect])):
        path, body = SURFACES[surface].request(f"{dialect}.spoiled.{number}", stream=True)
        status, headers, reply = stage.post(path, body)
        problem = status != 200 or TEXT.encode() not in reply or SURFACES[surface].stream_error not in reply
        if problem or ends[surface] in reply or b"good" in reply or headers.get("x-swiftlet-attempts") != "1":
            wrong.append(f"{name}: {status} attempts {headers.get('x-swiftlet-attempts')} {reply[-400:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-own"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_what_is_wrong_with_a_compressed_reply_is_said(behind, stream, encoding):
    """We ask for none. Of a stream nobody waits for the end."""
    closed = []

    def handle(peer, request):
        body = gzip.compress(b"x" * 500)
        peer.head(content_type="text/event-stream" if stream else "application/json", content_encoding=encoding,
                  content_length=len(body) + (1000 if stream else 0))
        peer.send(body)
        if stream:
            closed.append(peer.wait_for_end(20))
            return "end"

    gateway, up = behind(handle, router={"num_retries": 0})
    status, headers, reply = gateway.post("/v1/chat/completions", question(stream=stream))
    error = json.loads(reply)["error"]
    assert (status, error["code"]) == (502, "malformed_reply")
    assert f"bad content encoding `{encoding}`" in error["message"]
    (row,) = ledger.read(gateway.folder)
    assert (row["state"], row["fault"]) == ("failed", "malformed_reply")
    assert f"`{encoding}`" in gateway.log()[-1]["detail"]
    assert "identity" in up.requests[0].headers.get("accept-encoding", "identity")
    assert None not in closed
