"""What a surface hands back."""

import base64
import threading
from dataclasses import dataclass, field


@dataclass
class Answer:
    reply: object = None
    sent: object = None  # the request's body as the SDK was given it
    status: int = 200
    headers: dict = field(default_factory=dict)
    complaints: list = field(default_factory=list)  # the SDK's, or of a stream that does not agree with itself
    raw: object = None  # events or body

    @property
    def sent_as_json(self):
        """The request's body as it travels: bytes in base64."""
        return plain(self.sent)


def plain(value):
    if isinstance(value, dict):
        # google-genai takes what the wire has at the top in `config`, and generation settings among it.
        if set(value) == {"contents", "config"}:
            return gemini_body(value)
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def gemini_body(value):
    config = dict(value["config"])
    body = {"contents": value["contents"]}
    if texts := config.pop("system_instruction", None):
        body["systemInstruction"] = {"parts": texts}
    for name in ("tools", "tool_config"):
        if name in config:
            body[name] = config.pop(name)
    return plain({**body, "generationConfig": config})


class Heads(threading.local):
    """The last response head seen by an HTTP client, per thread."""
    status, headers = 0, {}

    def hook(self, response):
        self.status, self.headers = response.status_code, {name.lower(): value for name, value in response.headers.items()}
