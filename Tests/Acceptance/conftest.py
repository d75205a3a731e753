"""Fixtures: the real model once per run, gateways and made-up providers per test, all ended whatever happens."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.books import Books  # noqa: E402
from support.crowd import Crowd  # noqa: E402
from support.gateway import BINARY, PATIENCE, ROOT, Gateway, free_port, get, wait_until  # noqa: E402
from support.upstream import Upstream  # noqa: E402

# A proxy for the rest of the machine must not catch what stays on loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not built: scripts/build release", returncode=2)


class Model:
    """The small real model behind its own server."""

    name = "smollm2"

    def __init__(self, folder):
        self.port = free_port()
        self.log = open(folder / "model.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts/model_server.py"), "--port", str(self.port), "--embedding", "--threads", "1"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)

    def wait_ready(self):
        def ready():
            assert self.process.poll() is None, f"the model server ended with {self.process.returncode}"
            return get(self.port, "/health")[0] == 200
        wait_until(ready, 120, every=0.2, what="the model server")
        return self

    def provider(self, **more):
        return {"type": "openai_compatible", "base_url": f"http://127.0.0.1:{self.port}/v1", "kind": "self_hosted", **more}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    server = Model(tmp_path_factory.mktemp("model"))
    try:
        yield server.wait_ready()
    finally:
        server.end()


@pytest.fixture
def gateway(tmp_path):
    """Starts gateways: gateway({"providers": …, "models": …}) or gateway(yaml_text)."""
    started = []

    def start(settings, **options):
        started.append(Gateway(tmp_path / f"gateway{len(started)}", settings, **options))
        return started[-1]

    yield start
    problems = []
    for one in started:
        try:
            one.end()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def model_gateway(model, tmp_path_factory):
    """One gateway in front of the real model for the tests that only ask."""
    local = {"provider": "local", "model": model.name, "input_price": 0.15, "output_price": 0.6}
    one = Gateway(tmp_path_factory.mktemp("model-gateway"), {
        "providers": {"local": model.provider()},
        "models": {"chat": {"deployments": [local], "aliases": ["gpt"]}, "embedder": {"deployments": [local]}},
    })
    yield one
    one.end()


@pytest.fixture
def upstream():
    """Starts made-up providers: upstream(handle)."""
    started = []

    def start(handle=None, **options):
        started.append(Upstream(handle, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def behind(gateway, upstream):
    """The commonest arrangement: one gateway, its model `chat` on one made-up provider. Returns (gateway, upstream)."""

    def start(handle=None, *, provider=None, deployment=None, **settings):
        up = upstream(handle)
        return gateway({
            "providers": {"up": up.provider(**(provider or {}))},
            "models": {"chat": {"deployments": [{"provider": "up", "model": "upstream-model", "input_price": 1, "output_price": 2,
                                                 **(deployment or {})}]}},
            **settings,
        }), up

    return start


@pytest.fixture
def books():
    """Starts made-up providers that keep books: books(pause=0.02)."""
    started = []

    def start(**options):
        started.append(Books(**options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def crowd():
    """Starts processes full of clients: crowd(gateways, key, name)."""
    started = []

    def start(gateways, key, name, **options):
        started.append(Crowd([one.port for one in gateways], key, name, **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


def error_of(body):
    """The error object of an answer in the OpenAI shape, checked for its members."""
    error = json.loads(body)["error"]
    assert isinstance(error["message"], str) and error["message"], error
    assert isinstance(error["type"], str) and error["type"], error
    assert "code" in error and "param" in error, error
    return error


@pytest.fixture
def patience():
    return PATIENCE
