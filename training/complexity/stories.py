"""Grade-school arithmetic told as a story: what is hard in it, as one staircase of leaves a count.

The forest hears sets by the root of their size and sees little of the differences inside a small one. A ridge regression on some counts, fitted on
these prompts alone, sees more of them. It is a sum over counts, so it is written as trees: the gate is the root, behind it stands a
staircase over the bins of one count. Its mean on its own prompts is zero: it orders them and leaves alone where they stand among others.
"""

import numpy as np

import features
import labels
import resource

GATE = "word_problem"
# What no such story has; one mark of it may be a typing error, but the cost of a closed gate is small.
STRANGE = ("options", "backslash")
COUNTS = (
    "size words sentences sentence_words number_sentences numbers decimals uneven_numbers hundredths question_words question_numbers question_at"
    " comma money percent arithmetic hyphen lex_and lex_of lex_condition lex_order lex_compare lex_parts lex_units lex_third lex_amount lex_cents"
    " lex_spelled lex_negation"
).split()
PENALTY = 800.0
# How loud it is beside the forest.
FORCE = 1.5
# Share of these prompts, as heads of other folds see them, that the gate lets pass.
PASS = 0.97
STEEPEST = 3.0
# Weight of prompts whose outcomes are of other models than the published pair.
OTHERS = 0.7


def evened(values):
    return np.log1p(values)


class Stories:
    def __init__(self, table, train, inner):
        items = [table.items[k] for k in table.of]
        are = train & np.array([labels.is_word_problem(i) for i in items])
        self.columns = [features.NAMES.index(n) for n in COUNTS]
        x = evened(table.counts[:, self.columns])
        self.mean, self.deviation = x[are].mean(axis=0), x[are].std(axis=0) + 1e-6
        self.threshold = float(np.quantile(inner[are & ~table.is_copy, table.names.index(GATE)], 1 - PASS))
        use = are & np.isfinite(table.gain)
        z = self.standard(x[use])
        # Sets differ in their models: each by its own mean.
        target, weight, of = table.gain[use].copy(), np.ones(use.sum()), table.set[use]
        for name in set(of):
            target[of == name] -= target[of == name].mean()
            z[of == name] -= z[of == name].mean(axis=0)
            weight[of == name] = 1 if name == "gsm8k" else OTHERS
        weight = weight / (1 + table.is_copy.any())
        self.slope = np.linalg.solve((z * weight[:, None]).T @ z + PENALTY * np.eye(z.shape[1]), z.T @ (weight * target))
        pair = use & (table.set == "gsm8k")
        self.middle = self.standard(x[pair if pair.any() else use]).mean(axis=0)

    def standard(self, x):
        return np.clip((x - self.mean) / self.deviation, -STEEPEST, STEEPEST)

    def __call__(self, counts):
        return (self.standard(evened(counts[:, self.columns])) - self.middle) @ self.slope

    def trees(self, edges, gate, times):
        """Nodes of one tree a count; leaves are gains, `times` over. The gate is the head that is feature `gate`, and no count of STRANGE."""
        closed = int(np.searchsorted(edges[gate].astype(float), self.threshold)) - 1
        strange = [features.NAMES.index(n) for n in STRANGE]
        result = []
        for n, column in enumerate(self.columns):
            bounds = edges[column].astype(float)
            if len(bounds):
                at = (evened(middles(bounds)) - self.mean[n]) / self.deviation[n]
                heights = (np.clip(at, -STEEPEST, STEEPEST) - self.middle[n]) * self.slope[n]
                leaves = np.clip(np.rint(heights * times), -32768, 32767).astype(int)
                result.append(staircase(leaves, column, (gate, max(closed, 0)), strange))
        return result


def middles(bounds):
    """What stands for each bin: its only value where counts are whole, which is its upper bound; else the middle."""
    if np.allclose(bounds, np.rint(bounds)):
        return np.append(bounds, bounds[-1] + 1)
    return np.concatenate([bounds[:1], (bounds[:-1] + bounds[1:]) / 2, bounds[-1:]])


def staircase(leaves, column, gate, strange):
    """Bins of equal height share a leaf. Zero below the gate, and where a count of `strange` is above its first bin."""
    zero = (resource.LEAF, 0, 0)
    nodes = [gate + (1,), zero, None]
    place = 2
    for feature in strange:
        nodes[place] = (feature, 0, len(nodes))
        place = len(nodes)
        nodes += [None, zero]
    queue = [(0, len(leaves) - 1, place)]
    while queue:
        low, high, place = queue.pop(0)
        steps = np.flatnonzero(np.diff(leaves[low:high + 1])) + low
        if not len(steps):
            nodes[place] = (resource.LEAF, 0, int(leaves[low]))
            continue
        step = int(steps[len(steps) // 2])
        nodes[place] = (column, step, len(nodes))
        queue += [(low, step, len(nodes)), (step + 1, high, len(nodes) + 1)]
        nodes += [None, None]
    return nodes
