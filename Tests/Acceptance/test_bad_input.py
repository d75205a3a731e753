"""Whatever is wrong with a request: never a 500, and the error is in the shape of the dialect that was spoken."""

import copy
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest
from replay import fields, losses
from replay.server import Replay, name_of
from replay.settings import settings
from support.gateway import KEY, PATIENCE, ROOT, Gateway

SPECIFICATION = pathlib.Path(os.environ.get("SWIFTLET_SPECS", ROOT.parent / "shared/specs")) / "openai.openapi.json"
EVERYTHING = os.environ.get("SWIFTLET_REPLAY") == "all"
ODD = [None, True, -1, 0, 1.5, 1e308, 10 ** 40, "", "x", "\ud800", "\u0000", [], {}, [[]], {"type": "text"}, [None], "a" * 5000]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    answers = losses.plain_answers()
    replay = Replay(list(answers.values()))
    gateway = Gateway(tmp_path_factory.mktemp("bad"), settings(list(answers.values()), replay.origin))
    yield gateway, answers
    gateway.end()
    replay.close()


def places(value, path=()):
    """Paths of all members and elements."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield path + (name,)
            yield from places(one, path + (name,))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield path + (at,)
            yield from places(one, path + (at,))


def spoiled(body, rng):
    """A copy with one to three things wrong."""
    body = copy.deepcopy(body)
    for _ in range(rng.randint(1, 3)):
        every = [path for path in places(body) if path != ("model",)]
        if not every:
            break
        *way, last = rng.choice(every)
        inside = body
        for step in way:
            inside = inside[step]
        kind = rng.random()
        if kind < 0.2:
            del inside[last]
        elif kind < 0.3 and isinstance(inside, dict):
            inside[rng.choice(["type", "role", "content", "id", "mark_unknown"])] = rng.choice(ODD)
        elif kind < 0.4 and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[last]))
        else:
            inside[last] = copy.deepcopy(rng.choice(ODD))
    return body


def error_shape(surface, status, headers, reply):
    """Nothing where the error is one that the SDK of this surface reads, else what is wrong."""
    try:
        body = json.loads(reply)
    except ValueError:
        return f"no JSON: {reply[:80]}"
    if surface == "bedrock-converse":
        return None if isinstance(body.get("message"), str) and headers.get("x-amzn-errortype") else f"{body} {headers}"
    error = body.get("error")
    if not isinstance(error, dict) or not isinstance(error.get("message"), str) or not error["message"]:
        return f"{body}"
    if surface == "anthropic-messages":
        return None if body.get("type") == "error" and isinstance(error.get("type"), str) else f"{body}"
    if surface == "gemini-content":
        return None if error.get("code") == status and isinstance(error.get("status"), str) else f"{body}"
    return None if isinstance(error.get("type"), str) and "code" in error else f"{body}"


def offered(gateway, surface, model):
    path, body = fields.request(surface, model, fields.Field("", {}, ""))
    status, _, reply = gateway.post(path, {})
    if status == 405 or b"no such path" in reply:
        pytest.skip(f"{path} is not offered")
    return path, body


@pytest.mark.parametrize("kind", losses.PROVIDERS)
@pytest.mark.parametrize("surface", fields.OF)
def test_spoiled_requests(stage, surface, kind):
    gateway, answers = stage
    model = name_of(answers[kind])
    offered(gateway, surface, model)
    rng, wrong = random.Random(f"spoiled {surface} {kind}"), []
    for _ in range(120):
        path, body = fields.request(surface, model, rng.choice(fields.OF[surface]))
        body = spoiled(body, rng)
        status, headers, reply = gateway.post(path, json.dumps(body).encode())
        if status == 503 and b"paused" in reply:
            pytest.skip("the provider's type is not offered")
        if status >= 500 or (status >= 400 and error_shape(surface, status, headers, reply)):
            wrong.append(f"{status} {reply[:200]} for {json.dumps(body)[:400]}")
    assert not wrong, f"{len(wrong)} of 120, such as\n" + "\n".join(wrong[:5])


@pytest.mark.parametrize("more", [{name: value} for name in ("max_tokens", "max_completion_tokens", "n", "num_retries", "timeout", "seed")
                                  for value in (10 ** 40, -10 ** 40, 2 ** 63 - 1, 1e308)], ids=str)
def test_numbers_of_any_size(stage, more):
    gateway, answers = stage
    _, body = fields.request("openai-chat", name_of(answers["openai"]), fields.Field("", more, ""))
    assert gateway.post("/v1/chat/completions", body)[0] in (200, 400)


def broken(body):
    whole = json.dumps(body).encode()
    yield "nothing", b""
    yield "cut", whole[:-3]
    yield "more behind", whole + b"{}"
    yield "invalid UTF-8", whole.replace(b"Hi.", b"\xff\xfe")
    yield "a byte order mark", b"\xef\xbb\xbf" + whole
    yield "a list", b"[" + whole + b"]"
    yield "a string", b'"text"'
    yield "deep", b'{"messages":' + b"[" * 5000 + b"]" * 5000 + b"}"
    yield "a key twice", whole[:-1] + b',"temperature":1,"temperature":2}'
    yield "a bad escape", whole.replace(b"Hi.", b"\\x")
    yield "a control character", whole.replace(b"Hi.", b"a\x01b")
    yield "a bad number", whole[:-1] + b',"temperature":01}'


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("surface", fields.OF)
def test_bodies_that_are_no_json(stage, surface, kind):
    gateway, answers = stage
    path, body = offered(gateway, surface, name_of(answers[kind]))
    wrong = []
    for name, data in broken(body):
        status, headers, reply = gateway.post(path, data)
        if status == 503 and b"paused" in reply:
            pytest.skip("the provider's type is not offered")
        problem = error_shape(surface, status, headers, reply) if status >= 400 else None
        if status >= 500 or problem or (status < 400 and name not in ("a key twice", "a byte order mark")):
            wrong.append(f"{name}: {status} {reply[:160]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the description of OpenAI's API is not beside the repository")
def test_schemathesis(stage, tmp_path):
    """OpenAI's own description: what it allows and what it forbids, made up by the hundred; no server error may come of any."""
    gateway, answers = stage
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(SPECIFICATION), "--url", f"{gateway.url}/v1", "--include-path",
         "/chat/completions", "--include-path", "/embeddings", "--include-path", "/completions", "--include-path", "/models",
         "--include-path", "/responses", "--checks", "not_a_server_error", "--phases",
         "examples,coverage,fuzzing" if EVERYTHING else "examples,fuzzing", "--max-examples", "100" if EVERYTHING else "20",
         "--seed", "4", "--request-timeout", "20",
         "--suppress-health-check", "all", "--header", f"Authorization: Bearer {KEY}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300 * PATIENCE, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
