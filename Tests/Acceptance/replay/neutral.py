"""What a request asks and what a reply says, whatever the API: plain values that readers make and comparisons take.

Written without a look at the gateway's own translation, so that the two can disagree.
"""

import json
from dataclasses import dataclass, field


@dataclass
class Part:
    kind: str  # text, image, document, audio, video, call, result, thinking, refusal
    text: str = ""
    media: str = ""  # e.g. image/png
    data: str = ""  # base64
    url: str = ""
    id: str = ""
    name: str = ""
    arguments: str = ""  # of a call: JSON text
    parts: list = field(default_factory=list)  # of a result
    is_error: bool = False
    signature: str = ""
    redacted: bool = False
    cached: bool = False  # bears a cache marker


@dataclass
class Turn:
    role: str  # user, assistant, tool, system
    parts: list


@dataclass
class Tool:
    name: str
    description: str = ""
    schema: object = None
    strict: object = None


@dataclass
class Request:
    system: list = field(default_factory=list)
    turns: list = field(default_factory=list)
    tools: list = field(default_factory=list)
    choice: object = None  # auto, none, required, ("tool", name)
    parallel: object = None
    validates: bool = False  # calls are held to their schemas, whatever tool is called
    max_tokens: object = None
    temperature: object = None
    top_p: object = None
    stop: list = field(default_factory=list)
    schema: object = None  # a JSON schema the answer has to follow
    json_mode: bool = False
    effort: object = None
    budget: object = None
    stream: bool = False
    seed: object = None
    n: int = 1
    native: list = field(default_factory=list)  # what only this API can say

    def calls(self):
        return [part for turn in self.turns for part in turn.parts if part.kind == "call"]


@dataclass
class Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class Usage:
    """Tokens. `input` holds those read from and written to a cache, `output` holds reasoning. None: the provider does not say."""
    input: object = None
    cached: object = None
    written: object = None
    output: object = None
    reasoning: object = None


@dataclass
class Failure:
    status: int = 0
    message: str = ""
    type: str = ""
    code: str = ""


@dataclass
class Reply:
    text: str = ""
    thoughts: str = ""
    plan: str = ""  # Cohere says what it is going to do
    calls: list = field(default_factory=list)
    finish: object = None  # stop, length, tool_calls, filter, refusal, pause, error, other
    usage: object = None
    refusal: str = ""
    signatures: list = field(default_factory=list)
    native: list = field(default_factory=list)  # kinds of parts that only this API has
    media: list = field(default_factory=list)  # base64 of images and sounds
    failure: object = None
    complete: bool = True  # a stream that said its end
    choices: int = 1
    logprobs: bool = False


def number(value):
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def total(*values):
    known = [value for value in values if number(value) is not None]
    return sum(known) if known else None


def joined(content):
    """The text of a content that may be a string, nothing, or a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


def object_of(arguments):
    """The value that the text of a call's arguments spells; None where it spells none. No arguments are an empty object."""
    if arguments in (None, "", "null"):
        return {}
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except ValueError:
        return None


def spelled(value):
    return value if isinstance(value, str) else json.dumps(value if value is not None else {}, ensure_ascii=False)


def data_url(url):
    """(media type, base64) of a data URL, or None."""
    if not url.startswith("data:") or ";base64," not in url[:120]:
        return None
    head, data = url.split(";base64,", 1)
    return head[5:].split(";")[0], data


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
