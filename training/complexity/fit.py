"""Fits the scorer: linear heads on n-grams, trees on counts and heads, a calibration; all of it as integers."""

import zlib

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

import clusters
import features
import labels
import linear
import resource
import robust
import stories

FOLDS = 4
PENALTY = 30.0
TREES, LEAVES, SMALLEST, SHARE = 300, 200, 16, 0.35
EDGES = 200
ROOM = 1_500_000


class Table:
    """Prompts as the scorer sees them, and their labels. `of` is the prompt that a row was made from."""

    def __init__(self, items, copies=0):
        self.items = items
        scans = [features.scan(i.prompt) for i in items]
        of = list(range(len(items)))
        for copy in range(copies):
            scans += [features.scan(robust.jumbled(i.prompt, copy)) for i in items]
            of += range(len(items))
        self.of = np.array(of)
        self.is_copy = np.arange(len(of)) >= len(items)
        self.counts = np.array([s[0] for s in scans])
        self.grams = linear.matrix([s[1] for s in scans], features.ROWS)
        groups = clusters.clusters([i.prompt for i in items])
        self.group = np.array(groups)[self.of]
        self.fold = np.array([zlib.crc32(str(g).encode()) % FOLDS for g in groups])[self.of]
        self.names, heads = labels.matrix(items)
        self.heads = heads[self.of]
        self.gain = labels.gains(items)[self.of]
        self.set = np.array([i.set for i in items])[self.of]
        self.part = np.array([i.part for i in items])[self.of]
        self.weight = self.weights()

    def weights(self):
        """Sets count by the root of their size, so that small ones are heard; our own twice, as no other is open-ended."""
        labelled = np.isfinite(self.gain)
        weight = np.zeros(len(self.set))
        for name in set(self.set[labelled]):
            here = labelled & (self.set == name)
            weight[here] = here.sum() ** -0.5 * (2 if name == "own" else 1)
        return weight / weight[labelled].mean()


class Heads:
    def __init__(self, table, train, penalty=PENALTY):
        rarity = linear.rarity(table.grams[train])
        x = table.grams[train].multiply(rarity).tocsr().astype(np.float32)
        w, self.bias = linear.ridge(x, table.heads[train], penalty)
        w *= rarity[:, None]
        limit = np.maximum(np.quantile(np.abs(w), 0.9999, axis=0), 1e-6)
        self.scale = limit / 127
        self.rows = np.clip(np.rint(w / self.scale), -127, 127).astype(np.int8)

    def __call__(self, grams):
        return grams @ (self.rows * self.scale) + self.bias


def edges_of(values):
    """Float32 thresholds between values, by quantile."""
    grid = np.unique(np.quantile(values, np.linspace(0, 1, EDGES + 2)[1:-1], method="lower").astype(np.float32))
    return grid[grid < values.max()] if len(grid) else grid


def binned(values, edges):
    return np.stack([np.searchsorted(e.astype(float), values[:, j]) for j, e in enumerate(edges)], axis=1).astype(np.uint8)


def is_count(name):
    return name in features.NAMES


# What is taken away from the recipe, to see what it was good for.
ABLATIONS = {
    "n-grams and heads": {"keep": is_count},
    "counts": {"keep": lambda name: not is_count(name)},
    "perturbed copies": {"copies": False},
    "our own prompts": {"own": False},
    "staircases of stories": {"told": False},
}


class Fit:
    """One scorer. `train` marks rows of the table; `keep` names the counts and heads that trees may see (all where None)."""

    def __init__(
        self, table, train, penalty=PENALTY, trees=TREES, leaves=LEAVES, smallest=SMALLEST, share=SHARE, keep=None, seed=1, copies=True,
        own=True, told=True,
    ):
        self.table = table
        train = train & (copies | ~table.is_copy) & (own | (table.set != "own"))
        inner = np.zeros(table.heads.shape)
        for fold in range(FOLDS):
            here = table.fold == fold
            inner[here] = Heads(table, train & ~here & ~table.is_copy, penalty)(table.grams[here])
        self.heads = Heads(table, train & ~table.is_copy, penalty)
        use = train & np.isfinite(table.gain)
        values = np.hstack([table.counts, inner])
        names = features.NAMES + table.names
        self.edges = [edges_of(values[use, j]) if keep is None or keep(n) else np.zeros(0, np.float32) for j, n in enumerate(names)]
        model = ExtraTreesRegressor(
            trees, max_leaf_nodes=leaves, min_samples_leaf=smallest, max_features=share, random_state=seed, n_jobs=1)
        model.fit(binned(values[use], self.edges), table.gain[use], sample_weight=table.weight[use])
        self.trees = [packed(t.tree_) for t in model.estimators_]
        if told:
            self.stories = stories.Stories(table, train, inner)
            self.trees += self.stories.trees(self.edges, names.index(stories.GATE), SCALE * trees * stories.FORCE)
        self.knots = [(0, 0.0), (1, 1.0)]

    def file(self, version=0):
        return resource.pack(
            version, features.BITS, self.heads.scale, self.heads.bias, self.heads.rows, self.edges, self.trees, self.knots)

    def sums(self, rows):
        scorer = resource.Scorer(self.file())
        values = np.hstack([self.table.counts[rows], self.heads(self.table.grams[rows])])
        return scorer.sums_of(binned(values, self.edges))

    def calibrate(self, rows, weight):
        """Scores are shares of a stream, bent so that 30, 50 and 70 % of it pass its square, itself and its root at one half."""
        sums = self.sums(rows)
        order = np.argsort(sums)
        share = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
        grid = np.concatenate([[0.0], np.linspace(0.005, 0.995, 100), [1.0]])
        at = np.interp(grid, share, sums[order])
        bent = np.interp(grid, [0, 0.3, 0.5, 0.7, 1], [0, 0.25, 0.5, 0.5 ** 0.5, 1])
        knots = {}
        for sum_, score in zip(at, bent):
            knots[int(round(sum_))] = float(score)
        self.knots = sorted(knots.items())


SCALE = 3_000


def packed(tree):
    """Nodes of a tree, children side by side behind their parent; a leaf's value is the gain in 3,000ths."""
    nodes = [None]
    queue = [(0, 0)]
    while queue:
        here, place = queue.pop(0)
        left = tree.children_left[here]
        if left < 0:
            value = int(np.clip(round(tree.value[here, 0, 0] * SCALE), -32768, 32767))
            nodes[place] = (resource.LEAF, 0, value)
            continue
        nodes[place] = (int(tree.feature[here]), int(np.floor(tree.threshold[here])), len(nodes))
        queue += [(left, len(nodes)), (tree.children_right[here], len(nodes) + 1)]
        nodes += [None, None]
    return nodes

