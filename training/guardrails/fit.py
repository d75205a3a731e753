"""Fits the two scorers: weights, bias, threshold. Everything is seeded; the same texts give the same bytes."""

import gzip
import json
import math
import pathlib
import struct
import zlib

import numpy
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

import data
import fold
import lexicon
import reader

SIZE = 1 << reader.BITS
VERSION = 3
ROUNDS = 3  # of choosing the most suspicious window of each attack
RARE = 2  # a feature in fewer training texts gets no weight
STEPS = 127
STRENGTH = 0.3  # of the data against the prior; chosen on `dev`
PASSING = 0.9967  # of ordinary prompts kept apart for it stay below the threshold ...
PASSING_HARD = 0.96  # ... and of the harmless texts of `dev`, hard ones among them
LEVELS = 1025  # entries of the table from sums to parts of a thousand, 64 for each unit of log-odds


def windows(parts):
    """What is scored of a text: every run of up to DEPTH blocks."""
    if not parts:
        return [[[]]]
    return [parts[last - length + 1:last + 1] for last in range(len(parts)) for length in range(1, reader.DEPTH + 1) if length <= last + 1]


def matrix(rows):
    """One row for each window; what stands in two of its blocks counts twice, as the reader counts it."""
    starts, columns = [0], []
    for window in rows:
        for part in window:
            columns += part
        starts.append(len(columns))
    built = csr_matrix((numpy.ones(len(columns)), columns, starts), shape=(len(rows), SIZE))
    built.sum_duplicates()
    return built


def fit(texts, parts, strength):
    """Weights and bias as 64-bit floats. Every window of a harmless text is harmless; of an attack one window is bad: the
    one that the weights so far find most suspicious."""
    bad = [windows(part) for text, part in zip(texts, parts) if text.bad]
    good = [window for text, part in zip(texts, parts) if not text.bad for window in windows(part)]
    counts = numpy.zeros(SIZE, dtype=int)
    for part in parts:
        counts[list({number for block in part for number in block})] += 1
    keep = counts >= RARE
    mask = csr_matrix((keep.astype(float), (range(SIZE), range(SIZE))), shape=(SIZE, SIZE))
    harmless = matrix(good) @ mask
    # Short attacks first: what is bad in them is not in doubt.
    chosen = [max(options, key=len) for options in bad if len(options) <= 2 * reader.DEPTH]
    weights = bias = None
    for _ in range(ROUNDS):
        attacks = matrix(chosen) @ mask
        both = vstack([harmless, attacks]).tocsr()
        answers = numpy.r_[numpy.zeros(harmless.shape[0]), numpy.ones(attacks.shape[0])]
        share = numpy.where(answers == 1, min(1.5, harmless.shape[0] / attacks.shape[0]), 1.0)
        model = LogisticRegression(C=strength, solver="liblinear", random_state=7, max_iter=300, tol=1e-4)
        model.fit(both, answers, sample_weight=share)
        weights, bias = model.coef_[0] * keep, float(model.intercept_[0])
        chosen = [max(options, key=lambda window: sum(weights[number] for part in window for number in part)) for options in bad]
    return weights, bias


def rounded(weights, bias):
    """Weights as steps of one 127th of the largest (the largest three in a thousand are cut), and steps for one unit of log-odds."""
    largest = float(numpy.quantile(numpy.abs(weights[weights != 0]), 0.997))
    scale = STEPS / largest
    return numpy.clip(numpy.rint(weights * scale), -STEPS, STEPS).astype(numpy.int8), round(bias * scale), scale


def ordinary(folder, part, count):
    """Up to `count` prompts of each set in `folder`, those of `part` ("train" or "dev"), spread evenly over the set."""
    texts = []
    for path in sorted(pathlib.Path(folder).glob(f"*.{part}.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            prompts = [json.loads(line)["prompt"] for line in file]
        texts += prompts[:: max(1, -(-len(prompts) // count))]
    return [data.Text(text, False, "ordinary", "en", path.name, part) for text in texts]


def scores(parts, weights, bias):
    return numpy.array([reader.score(part, weights, bias) for part in parts])


def threshold(tune, dev, scale):
    """What a sum must reach: above nearly all ordinary prompts of `tune` and nearly all harmless texts of `dev`."""
    return int(max(numpy.quantile(tune, PASSING), numpy.quantile(dev, PASSING_HARD))) + round(scale / 64)


def levels():
    """Parts of a thousand for sums from 8 units of log-odds below the threshold to 8 above."""
    middle = LEVELS // 2
    return [round(1000 / (1 + math.exp(-(place - middle) / 64))) for place in range(LEVELS)]


def layout(models):
    """The file that `ScorerWeights.swift` reads; `models` are (weights, bias, threshold, scale), injection first."""
    heads = b"".join(struct.pack("<iii", bias, limit, round(scale / 64)) for _, bias, limit, scale in models)
    table = struct.pack(f"<{LEVELS}H", *levels()) + b"\0" * 6
    words = struct.pack(f"<{lexicon.SLOTS}I", *lexicon.table())
    pairs = numpy.stack([weights for weights, *_ in models], axis=1).astype(numpy.int8).tobytes()
    body = heads + table + fold.tables() + words + pairs
    return b"SWGD" + struct.pack("<HHII", VERSION, reader.BITS, len(body) + 16, zlib.crc32(body)) + body
