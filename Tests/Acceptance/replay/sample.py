"""Chooses the committed sample: few and small exchanges that together show every API with every feature.

    python -m replay.sample        rewrites Tests/Fixtures/wire from all recordings, and what they say from the readers here
"""

import collections
import json
import shutil

from . import corpus

MOST = 2_300_000  # bytes of exchanges
LONGEST = 60_000  # bytes of one, unless nothing smaller shows the same


def shows(exchange):
    """What an exchange is an example of."""
    row = f"{exchange.provider}/{exchange.api}"
    said = exchange.said
    facts = {*exchange.features, *(f"native:{kind}" for kind in said.native), f"status:{exchange.status}", f"finish:{said.finish}"}
    facts |= {f"calls:{min(len(said.calls), 2)}", f"whole:{not exchange.is_streamed}", f"fidelity:{exchange.fidelity}"}
    facts |= {"thoughts"} if said.thoughts else set()
    if exchange.stream and exchange.stream["framing"] == "sse":
        whole = b"".join(exchange.parts)
        facts |= {"crlf"} if b"\r\n" in whole else set()
        facts |= {"comments"} if b"\n: " in whole or whole.startswith(b":") else set()
        facts |= {"no done"} if b"[DONE]" not in whole else set()
        facts |= {"non-ascii"} if not whole.isascii() else set()
    if exchange.asked:
        facts |= {f"asks:{kind}" for kind in exchange.asked.native}
        facts |= {f"turns:{min(len(exchange.asked.turns), 4)}"}
    pairs = {f"{one}+stream" for one in facts} if exchange.is_streamed else set()
    return {(row, one) for one in facts} | {(corpus.family_name(exchange.api), one) for one in pairs}


def choose(exchanges):
    """Greedy: always the exchange that shows most that is new, by the byte."""
    sizes = {one: one.path.stat().st_size for one in exchanges}
    facts = {one: shows(one) for one in exchanges}
    small = {fact for one in exchanges if sizes[one] <= LONGEST for fact in facts[one]}
    wanted, chosen, spent = set().union(*facts.values()), [], 0
    left = [one for one in exchanges if sizes[one] <= LONGEST or facts[one] - small]
    while wanted and left:
        best = max(left, key=lambda one: (len(facts[one] & wanted) / (sizes[one] + 500), one.id))
        if not facts[best] & wanted:
            break
        left.remove(best)
        if spent + sizes[best] > MOST:
            continue
        chosen.append(best)
        spent += sizes[best]
        wanted -= facts[best]
    return chosen, spent, wanted


def expected(exchange):
    """What the readers here make of an exchange: text, thoughts, calls, finish, usage, failure."""
    said = exchange.said
    calls = [{**one.__dict__, "arguments": "" if one.arguments == "null" else one.arguments} for one in said.calls]
    value = {"text": said.text, "thoughts": said.thoughts, "calls": calls, "finish": said.finish,
             "usage": said.usage.__dict__ if said.usage else None}
    for name in ("plan", "refusal", "signatures", "native"):
        if getattr(said, name):
            value[name] = getattr(said, name)
    if said.failure:
        value["failure"] = said.failure.__dict__
    return value


README = """# Recorded exchanges

Real HTTP exchanges with model providers, one JSON file each, chosen out of a larger collection so that every API is seen with every
feature at least once. They are other projects' test data, kept as they are there but taken apart into one file an exchange, with
credentials removed; `id`, `source` and `licence` of each stand in its file, the licences in `LICENSES.txt`. Members: `request`
(method, host, path, headers, body) and `response` (status, headers, and `body` or `stream` {framing, encoding, parts}; parts joined
are the exact bytes).

`expected.json` says by id what a reply means: text, thoughts, calls, finish, usage (all input, of it read from and written to a cache,
all output, of it reasoning), failure. It is written by readers in Python that share nothing with the gateway
(`Tests/Acceptance/replay/apis`). Tests of both languages use these files. `python -m replay.sample` in `Tests/Acceptance` chooses anew.
"""


def main():
    exchanges = corpus.load(corpus.everything())
    chosen, spent, missing = choose(exchanges)
    shutil.rmtree(corpus.SAMPLE, ignore_errors=True)
    sources = collections.Counter()
    for one in chosen:
        folder = corpus.SAMPLE / one.provider
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.path, folder / one.path.name)
        sources[one.source["repo"], one.licence] += 1
    shutil.copyfile(corpus.everything() / "LICENSES.txt", corpus.SAMPLE / "LICENSES.txt")
    (corpus.SAMPLE / "README.md").write_text(README)
    write_expected(chosen)
    print(f"{len(chosen)} of {len(exchanges)}, {spent} bytes, {len(missing)} things not shown: {sorted(missing)[:8]}")


def write_expected(exchanges):
    said = {one.id: expected(one) for one in sorted(exchanges, key=lambda one: one.id)}
    (corpus.SAMPLE / "expected.json").write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
