"""What tests of routing share: many made-up models behind one port, and questions that tell who answered."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .gateway import KEY, question
from .upstream import Upstream


class Farm(Upstream):
    """Many models behind one port. Each answers with its own name, unless `manners` says otherwise; all that came is kept by model."""

    def __init__(self):
        self.manners = {}
        self.lock = threading.Lock()
        self.came = {}
        super().__init__(self.look_after)

    def look_after(self, peer, request):
        model = request.json.get("model")
        with self.lock:
            self.came.setdefault(model, []).append((time.monotonic(), request))
        return self.manners.get(model, speak)(peer, request)

    def count(self, model):
        return len(self.came.get(model, []))

    def bodies(self, model):
        return [request.json for _, request in self.came.get(model, [])]

    def times(self, model):
        return [at for at, _ in self.came.get(model, [])]


def speak(peer, request, tokens=7):
    """A good answer, whole or as a stream, whose text is the model's name."""
    model = request.json.get("model")
    if request.json.get("stream"):
        peer.stream([model])
    else:
        peer.answer({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": model}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": tokens, "total_tokens": 11 + tokens},
        })


def failing(status=500, message="made to fail", headers=None, **error):
    body = {"error": {"message": message, "type": "server_error", "param": None, "code": None, **error}}
    return lambda peer, request: peer.answer(body, status, **(headers or {}))


def in_turn(*manners):
    """One manner after the other; the last again and again."""
    state = {"at": 0}
    lock = threading.Lock()

    def handle(peer, request):
        with lock:
            at = min(state["at"], len(manners) - 1)
            state["at"] += 1
        return manners[at](peer, request)

    return handle


def after(seconds, manner=speak):
    """Slow to begin."""
    def handle(peer, request):
        time.sleep(seconds)
        return manner(peer, request)
    return handle


def hung(peer, request):
    """Never answers; ends once the gateway has given up."""
    peer.wait_for_end(60)
    return "end"


class Answer:
    """One answer of a gateway, read for what routing says of it."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def provider(self):
        assert self.status == 200, (self.status, self.body)
        return self.headers["x-swiftlet-provider"]

    @property
    def deployment(self):
        assert self.status == 200, (self.status, self.body)
        return self.headers["x-swiftlet-deployment"]

    @property
    def attempts(self):
        return int(self.headers["x-swiftlet-attempts"])

    @property
    def text(self):
        assert self.status == 200, (self.status, self.body)
        return self.json["choices"][0]["message"]["content"]

    @property
    def error(self):
        error = self.json["error"]
        assert isinstance(error["message"], str) and error["message"], error
        return error

    @property
    def routing(self):
        assert self.status == 200, (self.status, self.body)
        return self.json["routing"]

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def ask(gateway, model="chat", *, key=KEY, headers=None, path="/v1/chat/completions", **more):
    body = question(model, **more)
    if model is None:
        del body["model"]
    return Answer(*gateway.post(path, body, key=key, headers=headers))


def ask_often(gateway, times, model="chat", **more):
    return [ask(gateway, model, **more) for _ in range(times)]


def ask_at_once(gateway, times, model="chat", **more):
    with ThreadPoolExecutor(times) as crowd:
        return [one.result() for one in [crowd.submit(ask, gateway, model, **more) for _ in range(times)]]


def within_one_minute(seconds=8):
    """Limits count UTC minutes: waits for the next one where this one is nearly over."""
    left = 60 - time.time() % 60
    if left < seconds:
        time.sleep(left + 0.05)


def on(provider, model, **more):
    return {"provider": provider, "model": model, **more}


def tag(**tags):
    """Tags of a request as keys and values."""
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def mocks(**options):
    """Settings of mock providers; each answers with its name."""
    return {name: {"type": "mock", "text": name, **more} for name, more in options.items()}


def providers(farm, *names):
    return {name: farm.provider() for name in names}


def pool(gateway, model="chat", **more):
    """Who answers six requests."""
    return {answer.provider for answer in ask_often(gateway, 6, model, **more)}


def streamed(gateway, model="chat", **more):
    """Status, headers and text of a stream."""
    status, headers, body = gateway.chat(model, stream=True, **more)
    parts = [json.loads(line[6:]) for line in body.decode().split("\n\n") if line.startswith("data: ") and line != "data: [DONE]"]
    return status, headers, "".join(choice["delta"].get("content") or "" for part in parts for choice in part.get("choices", []))


def streaming_provider(gateway, **more):
    status, headers, _ = gateway.chat(stream=True, **more)
    assert status == 200
    return headers["x-swiftlet-provider"]
