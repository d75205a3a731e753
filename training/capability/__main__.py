"""Judges how often price and age tell which of two models is the better one.

Usage: python training/capability; prints the table of docs/reference/capability.md. Needs ROUTING_DATA, as training/complexity does.
"""

import gzip
import itertools
import json
import math
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ.get("ROUTING_DATA", HERE / "../../../shared/routing-data"))
SETS = ["mmlu", "gsm8k", "mmlupro", "crux", "uiuc"]
GAP = 4
SHIPPED = 1.0  # tenfolds a year: InferredCapability


def prices():
    """By model: price, release, and whether a page stands beside its price."""
    found = {}
    for line in (HERE / "prices.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, prompt, answer, date, source = line.split("|")
            year, month = date.split("-")
            found[name] = ((3 * float(prompt) + float(answer)) / 4, int(year) + (int(month) - 1) / 12, source.startswith("https:"))
    return found


def accuracies(models):
    """By set: accuracy of each model with a price, and how many prompts it rests on."""
    names = json.loads((DATA / "models.json").read_text())
    found = {}
    for group in SETS:
        right, count = [0.0] * len(names[group]), [0] * len(names[group])
        for part in ("train", "dev"):
            with gzip.open(DATA / f"{group}.{part}.jsonl.gz", "rt") as lines:
                for line in lines:
                    for index, outcome in enumerate(json.loads(line)["y"]):
                        if outcome not in ("-", None):
                            right[index] += float(outcome)
                            count[index] += 1
        found[group] = {name: (r / n, n) for name, r, n in zip(names[group], right, count) if n > 50 and name in models}
    return found


def pairs(models, accuracy, surely):
    """Set, the better model, the worse one; of prices far enough apart."""
    for group, known in accuracy.items():
        for a, b in itertools.combinations(known, 2):
            (p, n), (q, m) = known[a], known[b]
            spread = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
            cost = sorted((models[a][0], models[b][0]))
            if cost[1] >= GAP * cost[0] and (abs(p - q) > 2 * spread if surely else abs(p - q) > 0.01):
                yield (group, a, b) if p > q else (group, b, a)


def share(models, found, drift):
    def key(name):
        price, year, _ = models[name]
        return math.log10(max(price, 0.02)) + drift * (year - 2025.5)

    found = list(found)
    return sum(key(better) > key(worse) for _, better, worse in found) / max(1, len(found)), len(found)


def fitted(models, accuracy, without):
    """Tenfolds a year, by least squares of the accuracies' log-odds on price and year, a level for each set; one model is left out."""
    rows = []
    for group, known in accuracy.items():
        own = [(math.log10(max(models[name][0], 0.02)), models[name][1], math.log(p / (1 - p))) for name, (p, _) in known.items() if name != without]
        means = [sum(row[i] for row in own) / max(1, len(own)) for i in range(3)]
        rows += [tuple(row[i] - means[i] for i in range(3)) for row in own]
    xx, xy, yy = (sum(row[i] * row[j] for row in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    xz, yz = (sum(row[i] * row[2] for row in rows) for i in (0, 1))
    return (yz * xx - xz * xy) / (xz * yy - yz * xy)


def hidden(models, accuracy, found):
    """The same with the year's weight fitted without the model that is judged, one model after another."""
    right = count = 0
    weights = []
    for name in models:
        own = [pair for pair in found if name in pair[1:]]
        if own:
            weights.append(fitted(models, accuracy, name))
            value, size = share(models, own, weights[-1])
            right, count = right + value * size, count + size
    return right / count, count // 2, (min(weights), max(weights))


def main():
    models = prices()
    accuracy = accuracies(models)
    known = {name for one in accuracy.values() for name in one}
    models = {name: value for name, value in models.items() if name in known}
    sure, all_pairs = list(pairs(models, accuracy, True)), list(pairs(models, accuracy, False))
    same = [pair for pair in sure if int(models[pair[1]][1]) == int(models[pair[2]][1])]
    sourced = [pair for pair in sure if models[pair[1]][2] and models[pair[2]][2]]
    value, count, weights = hidden(models, accuracy, sure)
    rows = [
        ("formula", *share(models, sure, SHIPPED)), ("price alone, no year", *share(models, sure, 0)),
        ("released in one year, price alone", *share(models, same, 0)), ("released in one year, formula", *share(models, same, SHIPPED)),
        ("each model hidden in turn, the year's weight fitted to the others", value, count),
        ("formula, only models whose price has a page beside it", *share(models, sourced, SHIPPED)),
        ("formula, pairs within noise too (more than a point apart)", *share(models, all_pairs, SHIPPED)),
    ]
    print(f"{len(models)} models; fitted weights of a year {weights[0]:.2f} to {weights[1]:.2f}\n\n| order by | right | pairs |\n| --- | --- | --- |")
    for name, value, count in rows:
        print(f"| {name} | {value:.1%} | {count} |")


if __name__ == "__main__":
    main()
