"""What becomes of each field of a client's request on its way to each kind of provider.

Every field is sent by itself, on top of the plainest request, with a value that is found again wherever it is put. A cell is
*kept*, *said* (in `x-swiftlet-loss`), *refused* (400, nobody asked), *withheld* (thoughts that another model had) or *lost*.

    python -m replay.losses          writes losses.json and the document of compatibility
"""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.gateway import Gateway  # noqa: E402

from replay import compatibility, corpus, fields  # noqa: E402
from replay.apis import READERS  # noqa: E402
from replay.models import MODELS  # noqa: E402
from replay.server import Replay, name_of  # noqa: E402
from replay.settings import settings  # noqa: E402

# A plain answer of each kind of provider.
PROVIDERS = {"openai": ("openai", "chat"), "openai responses": ("openai", "responses"), "anthropic": ("anthropic", "messages"),
             "gemini": ("gemini", "generateContent"), "bedrock": ("bedrock", "converse"), "cohere": ("cohere", "cohere-chat"),
             "mistral": ("mistral", "chat")}


def plain_answers():
    """The smallest good whole reply of text alone for each."""
    every = corpus.load(corpus.SAMPLE)
    chosen = {}
    for name, (provider, api) in PROVIDERS.items():
        fit = [one for one in every if (one.provider, one.api, one.status) == (provider, api, 200) and not one.is_streamed
               and one.said.text and not one.said.calls and not one.said.native and one.asked]
        chosen[name] = min(fit, key=lambda one: one.path.stat().st_size)
        chosen[name].model = MODELS[name]
    return chosen


def fate(gateway, replay, exchange, surface, field):
    path, body = fields.request(surface, name_of(exchange), field)
    replay.take(exchange.key)
    status, headers, reply = gateway.post(path, body)
    asked = replay.take(exchange.key)
    if not asked:
        return "refused" if status in (400, 413, 422) else "–"
    if asked[-1].api != exchange.api:
        return "–"
    if status != 200:
        return f"{status}"
    if arrived(asked[-1].json, exchange.api, field):
        return "kept"
    return "said" if headers.get("x-swiftlet-loss") else "withheld" if field.is_sealed else "lost"


def arrived(body, api, field):
    if callable(field.mark):
        return bool(field.mark(READERS[api].request(body)))
    return field.mark in json.dumps(body, ensure_ascii=False)


def tables(gateway, replay, answers):
    return {surface: {field.name: {name: fate(gateway, replay, exchange, surface, field) for name, exchange in answers.items()}
                      for field in fields.OF[surface]}
            for surface in fields.OF}


def measure(folder):
    answers = plain_answers()
    replay = Replay(list(answers.values()))
    gateway = Gateway(folder, settings(list(answers.values()), replay.origin))
    try:
        return tables(gateway, replay, answers)
    finally:
        gateway.end()
        replay.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        found = measure(folder)
    compatibility.LOSSES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    compatibility.DOCUMENT.write_text(compatibility.document())


if __name__ == "__main__":
    main()
