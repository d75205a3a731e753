"""A provider that answers with recorded exchanges, told apart by the model's name, and keeps what it was asked.

A model is called NAME--KEY, KEY being the last eight characters of the exchange's id: the name stays what the recording says, since
translations may look at it. How a body is cut into pieces is set by `cut`: 0 as recorded, N every N bytes.
"""

import collections
import json
import re
import threading

from support.upstream import Upstream

KEY = re.compile(rb"--([0-9a-f]{8})(?![0-9a-f])")
ENDPOINTS = (
    ("/chat/completions", "chat"), ("/responses", "responses"), ("/messages", "messages"), ("/v2/chat", "cohere-chat"),
    (":generateContent", "generateContent"), (":streamGenerateContent", "streamGenerateContent"), ("/converse", "converse"),
    ("/converse-stream", "converse-stream"),
)
SAME = {"streamGenerateContent": "generateContent", "converse-stream": "converse"}


def name_of(exchange):
    return f"{exchange.model}--{exchange.key}"


def endpoint(path):
    path = path.split("?")[0].rstrip("/")
    return next((api for end, api in ENDPOINTS if path.endswith(end)), None)


class Asked:
    """A request that came from the gateway."""

    def __init__(self, request):
        self.method, self.path, self.headers, self.body = request.method, request.path, request.headers, request.body
        self.api = endpoint(request.path)

    @property
    def json(self):
        return json.loads(self.body)


class Replay(Upstream):
    def __init__(self, exchanges):
        self.exchanges = {one.key: one for one in exchanges}
        self.cut = 0
        self.lock = threading.Lock()
        self.asked = collections.defaultdict(list)
        super().__init__(self.answer)
        self.requests = collections.deque(maxlen=4)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def take(self, key):
        """What came for an exchange since it was last asked for."""
        with self.lock:
            return self.asked.pop(key, [])

    def answer(self, peer, request):
        found = KEY.search(request.path.encode()) or KEY.search(request.body)
        exchange = self.exchanges.get(found[1].decode()) if found else None
        if exchange is None:
            return peer.answer({"error": {"message": "no recorded exchange has this model", "type": "replay", "code": None}}, 404)
        asked = Asked(request)
        with self.lock:
            self.asked[exchange.key].append(asked)
        if SAME.get(asked.api, asked.api) != SAME.get(exchange.api, exchange.api):
            message = f"recorded is {exchange.api}, asked was {asked.api or request.path}"
            return peer.answer({"error": {"message": message, "type": "replay", "code": None}}, 418)
        play(peer, exchange, self.cut, "alt=sse" in request.path)


def kept(exchange, name, value):
    """A remainder that never changes would be an account that is used up after a few requests within the same second."""
    return "\n" not in value and "\r" not in value and not (exchange.status == 200 and "ratelimit" in name.lower())


def play(peer, exchange, cut=0, events=False):
    """The recorded status, headers and body; streams chunked, an event a piece or cut every `cut` bytes.

    Gemini answers a stream as a list or, with `events`, as the same objects in events; it was recorded both ways.
    """
    headers = {name: value for name, value in exchange.headers.items() if kept(exchange, name, value)}
    parts, body = exchange.parts, exchange.response.get("body")
    as_events = events and exchange.status == 200 and isinstance(body, list)
    if as_events:
        headers["content-type"] = "text/event-stream"
        parts = [b"data: " + json.dumps(one, ensure_ascii=False).encode() + b"\r\n\r\n" for one in body]
    if not exchange.stream and not as_events and not cut:
        whole = b"".join(parts)
        peer.head(exchange.status, "Recorded", **headers, content_length=len(whole))
        return peer.send(whole)
    peer.head(exchange.status, "Recorded", **headers, transfer_encoding="chunked")
    if cut:
        whole = b"".join(parts)
        parts = [whole[at:at + cut] for at in range(0, len(whole), cut)]
    for part in parts:
        if part:
            peer.piece(part)
    peer.end_stream()
