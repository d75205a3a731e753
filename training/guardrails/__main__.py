"""Fits the scorers of `Guarding`: writes the weights, the held-back texts with their sums, and the tables of the reference page.

    ROUTING_DATA=folder .venv/bin/python training/guardrails

ROUTING_DATA holds `*.train.jsonl.gz` and `*.dev.jsonl.gz` with a field `prompt`: ordinary prompts. Of `train` two thirds are harmless
examples and one third sets the thresholds; of `dev` false positives are counted.
"""

import json
import os
import pathlib
import re
import sys

import data
import fit
import reader
import report

ROOT = data.HERE.parent.parent
WEIGHTS = ROOT / "Sources/CWeights/guardrails.weights"
HELD_BACK = ROOT / "Tests/GuardingTests/Fixtures/scorers.jsonl"
PAGE = ROOT / "docs/reference/guardrails.md"
SCORERS = (("injection", data.injection), ("toxicity", data.toxicity))
# Bytes that are no UTF-8, or odd: what both readers must read alike.
ODD = ["", "ff", "41c328", "e0809f", "eda080", "f0908080e2", "f4908080", "c3", "e28080e2808b69676e6f7265", "0000", "efbbbf6869", "f09f9880",
       "6120622063206420652066202067", "cc81cc8165cc81", "e0a4a8e0a4bf", "d8a7d984d8aad8b9d984d98ad985d8a7d8aa", "2e2e2e2e2e2e", "c2adc2a0"]


def prompts(folder, part, count):
    texts = fit.ordinary(folder, part, count)
    return texts, [reader.blocks(text.text) for text in texts]


def train(name, texts, parts, ordinary):
    """(weights, bias, threshold, scale) of a scorer, as they are written."""
    own = [(text, part) for text, part in zip(texts, parts) if text.part == "train"]
    taught = [(text, part) for place, (text, part) in enumerate(ordinary) if place % 3]
    tune = [part for place, (_, part) in enumerate(ordinary) if place % 3 == 0]
    weights, bias = fit.fit(*zip(*own, *taught), fit.STRENGTH)
    weights, bias, scale = fit.rounded(weights, bias)
    hard = [part for text, part in zip(texts, parts) if text.part == "dev" and not text.bad]
    limit = fit.threshold(fit.scores(tune, weights, bias), fit.scores(hard, weights, bias), scale)
    print(f"{name}: {len(own)} texts, {len(taught)} ordinary prompts; threshold {limit / scale:.2f}")
    return weights, bias, limit, scale


def main(folder):
    all_texts = {name: texts() for name, texts in SCORERS}
    read = {}

    def blocks(text):
        if text.text not in read:
            read[text.text] = reader.blocks(text.text)
        return read[text.text]

    ordinary = list(zip(*prompts(folder, "train", 900)))
    fresh = prompts(folder, "dev", 2000)[1]
    models, tables, held = [], {}, {}
    for name, _ in SCORERS:
        texts = all_texts[name]
        models.append(train(name, texts, [blocks(text) for text in texts], ordinary))
    for (name, _), (weights, bias, limit, _) in zip(SCORERS, models):
        texts = [text for text in all_texts[name] if text.part == "test"]
        sums = fit.scores([blocks(text) for text in texts], weights, bias)
        alarms = int((fit.scores(fresh, weights, bias) >= limit).sum())
        tables[name] = report.table(texts, [int(s) for s in sums], limit)
        tables[name].append(report.row("ordinary prompts", [], [limit - 1] * (len(fresh) - alarms) + [limit] * alarms, limit))
        for text in texts:
            held.setdefault(text.text, (text, {}))[1][name] = text.bad, text.kind
        print("\n".join(tables[name]))
    WEIGHTS.write_bytes(fit.layout(models))
    write_held(held, models)
    write_page(tables)


def write_held(held, models):
    def sums(blocks):
        return [reader.score(blocks, weights, bias) for weights, bias, *_ in models]

    with HELD_BACK.open("w", encoding="utf-8") as file:
        for text, (about, scorers) in held.items():
            row = {"text": text, "lang": about.lang, "sums": sums(reader.blocks(text))}
            for name, (bad, kind) in scorers.items():
                row[name] = {"bad": bad, "kind": kind}
            file.write(json.dumps(row, ensure_ascii=True) + "\n")
        for odd in ODD:
            file.write(json.dumps({"hex": odd, "sums": sums(reader.blocks(bytes.fromhex(odd)))}) + "\n")


def write_page(tables):
    if not PAGE.exists():
        return
    page = PAGE.read_text(encoding="utf-8")
    for name, lines in tables.items():
        block = f"<!-- {name}: written by training/guardrails -->\n" + "\n".join(lines) + "\n<!-- end -->"
        page = re.sub(rf"<!-- {name}: .*?<!-- end -->", lambda _: block, page, flags=re.S)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    if "ROUTING_DATA" not in os.environ:
        sys.exit("ROUTING_DATA names no folder: ordinary prompts are part of the training")
    main(pathlib.Path(os.environ["ROUTING_DATA"]))
