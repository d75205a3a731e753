"""`make train`: fits the scorer, judges it, writes its weights, the golden vectors and the model card.

Usage: python training/complexity [--date YYYYMMDD] [--only-card]
"""

import argparse
import json
import datetime
import pathlib
import time

import numpy as np

import card
import data
import features
import fit
import golden
import judge
import resource
import stories

ROOT = pathlib.Path(__file__).resolve().parents[2]
BEGIN = time.time()


def say(text):
    print(f"{time.time() - BEGIN:6.0f} s  {text}", flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--date", type=int, default=int(datetime.date.today().strftime("%Y%m%d")))
    options.add_argument("--figures", type=pathlib.Path, default=ROOT / ".build/complexity-figures.json")
    options.add_argument("--only-card", action="store_true", help="write the model card from the figures of the last run")
    chosen = options.parse_args()
    if chosen.only_card:
        return write_card(json.loads(chosen.figures.read_text()))

    found = {"date": chosen.date}

    def note(name, value):
        found[name] = value
        say(f"{name}: {value}")
        chosen.figures.parent.mkdir(exist_ok=True)
        chosen.figures.write_text(json.dumps(found))

    items = data.load() + data.written()
    table = fit.Table(items, copies=1)
    train = table.part == "train"
    dev = np.array([k for k, i in enumerate(items) if i.part == "dev"])
    stream = np.flatnonzero(np.isfinite(table.gain) & ~table.is_copy)
    note("counts", len(features.NAMES))
    note("stairs", len(stories.COUNTS))
    note("prompts", len(items))
    note("clusters", len(set(table.group.tolist())))
    note("sets", {name: [sum(i.set == name and i.part == part for i in items) for part in ("train", "dev")] for name in data.SETS + ["own"]})

    rich = fit.Fit(table, train)
    note("dev", judge.sets(items, rich.sums(dev), dev))
    rich.calibrate(stream[train[stream]], table.weight[stream[train[stream]]])
    note("unchanged", judge.unchanged(items, resource.Scorer(rich.file()), dev[::7]))

    shipped = fit.Fit(table, np.ones(len(train), bool))
    shipped.calibrate(stream, table.weight[stream])
    file = shipped.file(chosen.date)
    assert len(file) <= fit.ROOM, f"{len(file)} bytes"
    scorer = resource.Scorer(file)
    (ROOT / "Sources/CWeights/complexity.weights").write_bytes(file)
    (ROOT / "Tests/ComplexityTests/Golden/vectors.txt").write_text(golden.text(scorer))
    note("bytes", len(file))

    allowed = train & np.array([i.id in data.gold() if i.set == "mmlu" else i.set != "gsm8k" for i in items])[table.of]
    matched = fit.Fit(table, allowed)
    seen = set(table.group[allowed].tolist())
    rest = np.array([
        k for k, i in enumerate(items)
        if i.set in ("mmlu", "gsm8k") and not allowed[k] and (i.part == "dev" or table.group[k] not in seen)])
    sums = matched.sums(rest)
    is_dev = np.array([items[k].part == "dev" for k in rest])
    note("matched dev", judge.sets(items, sums[is_dev], rest[is_dev]))
    note("matched unseen", judge.sets(items, sums, rest))

    crossed, score = judge.crossed(items, table, say)
    note("crossed", crossed)
    note("own", judge.own(items, score))
    for name, parts in fit.ABLATIONS.items():
        note("without " + name, judge.sets(items, fit.Fit(table, train, trees=100, **parts).sums(dev), dev))
    write_card(found)


def write_card(found):
    (ROOT / "docs/reference/complexity.md").write_text(card.text(found))


main()
