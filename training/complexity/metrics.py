"""How well an order of prompts spends a capable model."""

import numpy as np


def apgr(score, strong, weak):
    """Average performance gap recovered: the area under (quality - cheap) / (capable - cheap) against the share of prompts
    that go to the capable model, highest score first; 0.5 for a coin. Ties count as their average."""
    gain = np.asarray(strong, float) - np.asarray(weak, float)
    score = np.asarray(score, float)
    order = np.argsort(-score, kind="stable")
    sorted_score, gain = score[order], gain[order]
    _, start, count = np.unique(-sorted_score, return_index=True, return_counts=True)
    sums = np.add.reduceat(gain, start)
    gain = np.repeat(sums / count, count)
    curve = np.concatenate([[0], np.cumsum(gain)])
    return float(np.trapezoid(curve, dx=1 / len(gain)) / curve[-1])


def interval(score, strong, weak, rounds=1000, seed=7):
    """95 % of resampled sets of prompts."""
    random = np.random.default_rng(seed)
    score, strong, weak = (np.asarray(v, float) for v in (score, strong, weak))
    values = []
    for _ in range(rounds):
        pick = random.integers(0, len(score), len(score))
        if (strong[pick] - weak[pick]).sum() > 0:
            values.append(apgr(score[pick], strong[pick], weak[pick]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
