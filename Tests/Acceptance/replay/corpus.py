"""The recorded exchanges: the committed sample, or all of them where they lie beside the repository."""

import base64
import functools
import json
import os
import pathlib
import struct
import urllib.parse
import zlib

from .apis import READERS

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "Tests/Fixtures/wire"
CONVERSATIONS = tuple(READERS)


def family_name(api):
    return {"streamGenerateContent": "generateContent", "converse-stream": "converse"}.get(api, api)


def everything():
    """The folder of all recordings, or None."""
    named = os.environ.get("SWIFTLET_WIRE_CORPUS")
    folder = pathlib.Path(named) if named else ROOT.parent / "shared/wire-corpus"
    return folder if (folder / "index.tsv").exists() or named else None


class Exchange:
    def __init__(self, path):
        value = json.loads(path.read_text())
        self.path, self.id = path, value["id"]
        self.key = self.id.rsplit(".", 1)[1]
        self.provider, self.api, self.features = value["provider"], value["api"], set(value["features"])
        self.fidelity, self.licence, self.source = value["fidelity"], value["licence"], value["source"]
        self.request, self.response = value["request"], value["response"]
        self.status = self.response["status"]
        self.stream = self.response.get("stream")

    def __repr__(self):
        return self.id

    @property
    def parts(self):
        """Pieces of the body as they were told apart by the recorder: an event each, or the whole."""
        if self.stream:
            decode = base64.b64decode if self.stream["encoding"] == "base64" else str.encode
            return [decode(part) for part in self.stream["parts"]]
        body = self.response.get("body")
        if isinstance(body, dict) and set(body) == {"_text"}:
            return [body["_text"].encode()]
        return [json.dumps(body, ensure_ascii=False).encode()]

    @property
    def headers(self):
        kept = {name: value for name, value in self.response["headers"].items()
                if name not in ("content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive", "date")}
        framing = self.stream["framing"] if self.stream else None
        kept.setdefault("content-type", {"sse": "text/event-stream", "eventstream": "application/vnd.amazon.eventstream"}
                        .get(framing, "application/json"))
        return kept

    @property
    def is_streamed(self):
        return bool(self.stream) or isinstance(self.response.get("body"), list)

    @functools.cached_property
    def asked(self):
        """What the recorded request asks, or None where it is not recorded."""
        body = self.request["body"]
        return READERS[self.api].request(body) if isinstance(body, dict) else None

    @functools.cached_property
    def said(self):
        """What the recorded reply says."""
        reader = READERS[self.api]
        if self.status >= 400:
            from .neutral import Reply
            return Reply(failure=reader.failure(self.status, self.response.get("body")), finish=None)
        if self.stream:
            return reader.stream(self.events())
        return reader.reply(self.response["body"])

    def events(self):
        whole = b"".join(self.parts)
        if self.stream["framing"] == "eventstream":
            return frames(whole)
        return server_sent(whole)

    @functools.cached_property
    def model(self):
        """The model's name as it was asked for."""
        body = self.request["body"] if isinstance(self.request["body"], dict) else {}
        if isinstance(body.get("model"), str):
            return body["model"]
        path = self.request["path"].split("?")[0]
        for before, after in (("/models/", ":"), ("/model/", "/"), ("/deployments/", "/")):
            if before in path:
                return urllib.parse.unquote(path.split(before, 1)[1].split(after)[0])
        for value in (self.response.get("body"), *(event for _, event in (self.events() if self.stream else ()))):
            if isinstance(value, dict):
                for inside in (value, value.get("message"), value.get("response")):
                    if isinstance(inside, dict) and isinstance(inside.get("model"), str) and inside["model"]:
                        return inside["model"]
        return "fixture"


def server_sent(data):
    """(event name, value) of each event; value None for [DONE]. All three line ends, comments, fields without a space."""
    events, name, lines = [], "", []
    for line in data.decode("utf-8", "surrogatepass").replace("\r\n", "\n").replace("\r", "\n").split("\n") + [""]:
        if line == "":
            if lines:
                text = "\n".join(lines)
                events.append((name, None if text.strip() == "[DONE]" else json.loads(text)))
            name, lines = "", []
        elif line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
        elif line.startswith("event:"):
            name = line[6:].strip()
    return events


def frames(data):
    """(type, value) of each frame of an AWS event stream, checksums checked."""
    events, at = [], 0
    while at < len(data):
        size, head_size, head_sum = struct.unpack_from(">III", data, at)
        assert zlib.crc32(data[at:at + 8]) == head_sum, "checksum of the prelude"
        assert zlib.crc32(data[at:at + size - 4]) == struct.unpack_from(">I", data, at + size - 4)[0], "checksum of the frame"
        headers, place, end = {}, at + 12, at + 12 + head_size
        while place < end:
            length = data[place]
            name = data[place + 1:place + 1 + length].decode()
            place += 1 + length
            assert data[place] == 7, f"header type {data[place]}"
            length = struct.unpack_from(">H", data, place + 1)[0]
            headers[name] = data[place + 3:place + 3 + length].decode()
            place += 3 + length
        payload = data[end:at + size - 4]
        kind = headers.get(":event-type") or headers.get(":exception-type") or headers.get(":error-code") or ""
        events.append((kind, json.loads(payload) if payload else {}))
        at += size
    return events


def load(folder=None, all_of_them=False):
    folder = folder or (everything() if all_of_them else None) or SAMPLE
    exchanges = [Exchange(path) for path in sorted(pathlib.Path(folder).glob("*/*.json"))]
    return [one for one in exchanges if one.api in CONVERSATIONS and one.request["method"] == "POST"]


def find(name, folder=None):
    """One exchange by its id, the beginning of it, or its last eight characters."""
    folders = [pathlib.Path(folder)] if folder else [SAMPLE, *([everything()] if everything() else [])]
    for folder in folders:
        for path in sorted(folder.glob("*/*.json")):
            if path.stem == name or path.stem.startswith(name) or path.stem.endswith("." + name):
                return Exchange(path)
    raise SystemExit(f"no exchange {name}")
