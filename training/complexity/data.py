"""The prompts and their outcomes, as numbers."""

import functools
import gzip
import json
import os
import pathlib
import re

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ.get("ROUTING_DATA", HERE / "../../../shared/routing-data"))
SETS = ["mmlu", "gsm8k", "gsm8k_train", "mmlupro", "crux", "uiuc"]
# The published pair: GPT-4-1106 and Mixtral-8x7B.
PAIRS = {"gsm8k": ("gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1")}


def written():
    """Our own prompts, with labels in `meta`."""
    items = []
    for path in sorted((HERE / "prompts").glob("*.txt")):
        for number, line in enumerate(path.read_text().splitlines()):
            task, difficulty, language, text = line.split("|", 3)
            item = Item()
            item.set, item.part, item.id = "own", "train", f"own-{path.stem}-{number + 1}"
            item.prompt = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)
            item.meta = {"task": task, "difficulty": int(difficulty), "language": language, "file": path.stem}
            item.y = item.strong = item.weak = item.pair = None
            items.append(item)
    return items


def outcomes(y):
    if isinstance(y, str):
        return [None if c == "-" else float(c) for c in y]
    return y


class Item:
    __slots__ = ("set", "part", "id", "prompt", "meta", "y", "strong", "weak", "pair")


def load(sets=SETS, parts=("train", "dev")):
    models = json.loads((DATA / "models.json").read_text())
    items = []
    for name in sets:
        of_set = []
        for part in parts:
            with gzip.open(DATA / f"{name}.{part}.jsonl.gz", "rt") as lines:
                for line in lines:
                    row = json.loads(line)
                    item = Item()
                    item.set, item.part, item.id, item.prompt = name, part, row["id"], row["prompt"]
                    item.meta, item.y = row.get("meta", {}), outcomes(row.get("y"))
                    item.strong = item.weak = item.pair = None
                    of_set.append(item)
        grade(of_set, models.get(name, []), name)
        items += of_set
    return items


def grade(items, models, name):
    """Chances of a capable and of a cheap model: the pair where one is published, and the thirds of all models by accuracy."""
    if not models:
        return
    table = np.array([[np.nan if v is None else v for v in item.y] for item in items])
    train = np.array([item.part == "train" for item in items])
    order = np.argsort(-np.nanmean(table[train if train.any() else slice(None)], axis=0))
    third = max(1, len(models) // 3)
    strong, weak = order[:third], order[-third:]
    pair = None
    if name == "mmlu":
        pair = next(i for i, m in enumerate(models) if "gpt-4" in m.lower()), next(i for i, m in enumerate(models) if "mixtral" in m.lower())
        strong, weak = [pair[0]], [pair[1]]
    elif name in PAIRS:
        pair = tuple(models.index(m) for m in PAIRS[name])
    for item, row in zip(items, table):
        item.strong, item.weak = float(np.nanmean(row[strong])), float(np.nanmean(row[weak]))
        if pair:
            item.pair = row[pair[0]], row[pair[1]]
        elif name != "mmlu":
            item.pair = item.strong, item.weak


@functools.cache
def gold():
    """The ids of `mmlu` that a matched fit may use."""
    return set((DATA / "mmlu.gold1500.ids.txt").read_text().split())
