"""The blocks of code in the documents, and what their fences say of them.

A settings block is fenced as ```yaml. A request that the settings block before it serves is fenced as

    ```json request deployment=NAME status=200 code=CODE header=NAME:VALUE path=/v1/… variable=NAME upstream=/path cache=hit

where all that follows `request` is optional: who must answer, the status and the error's code, a header to send (any number of them),
the endpoint, whose key to send, by the variable that holds it, with which path it must reach the target of a pass-through endpoint, and what
`x-swiftlet-cache` must say.
"""

import dataclasses
import re
import shlex

from support.gateway import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/guide").rglob("*.md"))]
FENCE = re.compile(r"^```(\S*)[ \t]*(.*?)\n(.*?)^```", re.M | re.S)


@dataclasses.dataclass
class Block:
    page: str
    number: int
    language: str
    marks: str
    text: str

    @property
    def name(self):
        return f"{self.page}-{self.language}-{self.number}"


    @property
    def is_settings(self):
        """Of YAML: a scenario of the simulator, which has its own test, is none."""
        return not self.marks.startswith("scenario") and not re.search(r"^traffic:", self.text, re.M)


@dataclasses.dataclass
class Example:
    """Settings, and the requests that follow them on the page."""

    settings: Block
    requests: list


def blocks(language=None):
    for page in PAGES:
        numbers = {}
        for language_of, marks, text in FENCE.findall(page.read_text()):
            numbers[language_of] = numbers.get(language_of, 0) + 1
            if language in (None, language_of):
                name = str(page.relative_to(ROOT)).removeprefix("docs/guide/")
                yield Block(name, numbers[language_of], language_of, marks, text)


def examples():
    """In the order of the pages. A request without settings before it on its page is a mistake of the page."""
    found = []
    for block in blocks():
        if block.language == "yaml" and block.is_settings:
            found.append(Example(block, []))
        elif block.language == "json" and block.marks.split()[:1] == ["request"]:
            assert found and found[-1].settings.page == block.page, f"{block.name} has no settings before it"
            found[-1].requests.append(block)
    return [example for example in found if example.requests]


def marks(block):
    """`header` is a dictionary, all others are texts."""
    known = {"deployment", "status", "code", "header", "path", "variable", "upstream", "cache"}
    said = {"header": {}}
    for word in shlex.split(block.marks)[1:]:
        name, _, value = word.partition("=")
        assert name in known, f"{block.name}: `{name}` is not known"
        if name == "header":
            field, _, content = value.partition(":")
            said["header"][field] = content
        else:
            said[name] = value
    return said


ACCOUNT = '{"type": "service_account", "client_email": "a@example.com", "private_key": "-----BEGIN PRIVATE KEY-----"}'


def variables(text):
    """A value for every `env:NAME`."""
    names = re.findall(r"env:(\w+)", text)
    known = {"SWIFTLET_DATABASE": "postgres://swiftlet:secret@db.internal:5432/swiftlet"}
    return {name: ACCOUNT if "SERVICE_ACCOUNT" in name else known.get(name, f"sk-docs-{name.lower()}-0123456789") for name in names}
