"""What a scorer is worth, beside the prompt's length."""

import numpy as np
from scipy.stats import rankdata

import fit
import metrics
import robust

SETS = ("mmlu", "gsm8k", "mmlupro", "crux", "uiuc")


def sets(items, score, rows):
    """Set to (figure, low, high, length's figure, prompts), and all of them as `pooled`."""
    result = {}
    rows, score = np.asarray(rows), np.asarray(score, float)
    names = np.array([items[k].set for k in rows])
    for name in SETS + ("pooled",):
        here = np.isin(names, SETS) if name == "pooled" else names == name
        if not here.any():
            continue
        strong, weak = (np.array([items[k].pair[n] for k in rows[here]]) for n in (0, 1))
        length = [len(items[k].prompt.encode()) for k in rows[here]]
        low, high = metrics.interval(score[here], strong, weak)
        result[name] = tuple(round(v, 3) for v in (
            metrics.apgr(score[here], strong, weak), low, high, metrics.apgr(length, strong, weak))) + (int(here.sum()),)
    return result


def crossed(items, table, say):
    """Each fold judged by a fit on the others; the shipped recipe with fewer trees."""
    score = np.full(len(items), np.nan)
    for fold in range(fit.FOLDS):
        here = np.flatnonzero((table.fold == fold) & ~table.is_copy)
        score[here] = fit.Fit(table, table.fold != fold, trees=100).sums(here)
        say(f"fold {fold}")
    rows = np.flatnonzero([i.set in SETS for i in items])
    return sets(items, score[rows], rows), score


def roc(score, positive):
    ranks = rankdata(score)
    n = positive.sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))


def own(items, score):
    """Of the prompts that were written one by one: order by difficulty, and telling 4 and 5 from 1 and 2; for score and length."""
    rows = np.array([k for k, i in enumerate(items) if i.set == "own" and i.meta["file"] != "composed"])
    difficulty = np.array([items[k].meta["difficulty"] for k in rows])
    length = np.array([len(items[k].prompt.encode()) for k in rows])
    clear = difficulty != 3
    value = np.asarray(score)[rows]

    def figures(v):
        return (round(float(np.corrcoef(rankdata(v), rankdata(difficulty))[0, 1]), 3), round(roc(v[clear], difficulty[clear] > 3), 3))

    return {"score": figures(value), "length": figures(length), "prompts": len(rows)}


def shares(items, scorer, rows):
    """Of prompts of difficulty 1-2 the share below 0.4, and of 4-5 the share above 0.6."""
    easy = [scorer.score(items[k].prompt) for k in rows if items[k].meta["difficulty"] < 3]
    hard = [scorer.score(items[k].prompt) for k in rows if items[k].meta["difficulty"] > 3]
    return round(float(np.mean(np.array(easy) < 0.4)), 3), round(float(np.mean(np.array(hard) > 0.6)), 3)


def unchanged(items, scorer, rows):
    """Kind of change to the share of prompts whose score stays on its side of one half."""
    before = np.array([scorer.score(items[k].prompt) for k in rows]) >= 0.5
    result = {}
    for kind in robust.KINDS:
        after = np.array([scorer.score(robust.perturbed(items[k].prompt, kind, 99)) for k in rows]) >= 0.5
        result[kind] = round(float((before == after).mean()), 3)
    result["all"] = round(float(np.mean(list(result.values()))), 3)
    return result
