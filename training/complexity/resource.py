"""The file of weights: Sources/Complexity/Weights.swift says what lies where. Reading it here is the reference of a score."""

import math
import struct

import numpy as np

import features

FORMAT = 1
LEAF = 255
TASKS = ["code", "maths", "logic", "extraction", "writing", "advice", "persona", "knowledge", "agent", "chat"]


def checksum(data):
    total = 0xCBF29CE484222325
    for (word,) in struct.iter_unpack("<Q", data):
        total = (total ^ word) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        total ^= total >> 29
    return total


def padded(data):
    return data + bytes(-len(data) % 8)


def pack(version, bits, scales, biases, rows, edges, trees, knots):
    """rows: int8 [rows, heads]; edges: float32 lists, one a feature; trees: lists of (feature or LEAF, bin, link)."""
    heads = rows.shape[1]
    lexicon = sorted(features.LEXICON_OF.items())
    parts = [
        np.stack([np.asarray(scales, "<f8"), np.asarray(biases, "<f8")], axis=1).tobytes(),
        np.ascontiguousarray(rows, np.int8).tobytes(),
        struct.pack(f"<{len(lexicon)}I", *(h for h, _ in lexicon)),
        bytes(c for _, c in lexicon),
        starts(edges),
        np.concatenate([np.asarray(e, "<f4") for e in edges]).tobytes(),
        starts(trees),
        b"".join(struct.pack("<BBH", f, b, link & 0xFFFF) for tree in trees for f, b, link in tree),
        struct.pack(f"<{len(knots)}i", *(k for k, _ in knots)),
        struct.pack(f"<{len(knots)}d", *(s for _, s in knots)),
    ]
    body = b"".join(padded(p) for p in parts)
    shape = [bits, heads, len(features.NAMES), len(TASKS), len(trees), sum(map(len, trees)), len(lexicon), len(knots), sum(map(len, edges)), 0]
    return b"SWIFTCPX" + struct.pack("<IIQ10I", FORMAT, version, checksum(body), *shape) + body


def starts(lists):
    return struct.pack(f"<{len(lists) + 1}I", *np.cumsum([0] + [len(x) for x in lists]))


class Scorer:
    """The reference: what Swift must give to the last bit."""

    def __init__(self, data):
        fields = struct.unpack_from("<8sIIQ10I", data)
        assert fields[0] == b"SWIFTCPX" and fields[1] == FORMAT and fields[3] == checksum(data[64:])
        self.version = fields[2]
        bits, heads, counts, _, trees, nodes, words, knots, edges, _ = fields[4:]
        at = 64

        def take(form, count):
            nonlocal at
            values = np.frombuffer(data, form, count, at)
            at += (values.nbytes + 7) // 8 * 8
            return values

        scales = take("<f8", 2 * heads).reshape(heads, 2)
        self.scales, self.biases = scales[:, 0], scales[:, 1]
        self.rows = take("<i1", heads << bits).reshape(1 << bits, heads)
        take("<u4", words), take("<u1", words)
        edge_starts = take("<u4", counts + heads + 1)
        values = take("<f4", edges)
        self.edges = [values[a:b].astype(float) for a, b in zip(edge_starts, edge_starts[1:])]
        tree_starts = take("<u4", trees + 1)
        node = take(np.dtype([("feature", "u1"), ("bin", "u1"), ("link", "<u2")]), nodes)
        self.trees = [node[a:b] for a, b in zip(tree_starts, tree_starts[1:])]
        self.sums = take("<i4", knots).astype(int)
        self.scores = take("<f8", knots)
        assert bits == features.BITS and counts == len(features.NAMES)

    def features(self, prompt):
        counts, rows = features.scan(prompt)
        root = math.sqrt(max(len(rows), 1))
        sums = self.rows[rows].sum(axis=0, dtype=np.int64)
        return counts + [float(s) * scale / root + bias for s, scale, bias in zip(sums, self.scales, self.biases)]

    def bins(self, values):
        return np.array([min(int(np.searchsorted(e, v)), 254) for e, v in zip(self.edges, values)], np.uint8)

    def sum(self, bins):
        total = 0
        for tree in self.trees:
            n = 0
            while tree["feature"][n] != LEAF:
                n = int(tree["link"][n]) + int(bins[tree["feature"][n]] > tree["bin"][n])
            total += int(np.int16(tree["link"][n].astype(np.int16)))
        return total

    def sums_of(self, bins):
        """All rows of bins at once."""
        total = np.zeros(len(bins), np.int64)
        every = np.arange(len(bins))
        for tree in self.trees:
            n = np.zeros(len(bins), np.int64)
            for _ in range(64):
                f = tree["feature"][n]
                inner = f != LEAF
                if not inner.any():
                    break
                right = bins[every, np.minimum(f, bins.shape[1] - 1)] > tree["bin"][n]
                n = np.where(inner, tree["link"][n] + right, n)
            total += tree["link"][n].astype(np.int16)
        return total

    def calibrate(self, total):
        if total <= self.sums[0]:
            return float(self.scores[0])
        if total >= self.sums[-1]:
            return float(self.scores[-1])
        low = int(np.searchsorted(self.sums, total, "right")) - 1
        share = float(total - self.sums[low]) / float(self.sums[low + 1] - self.sums[low])
        return float(self.scores[low] + share * (self.scores[low + 1] - self.scores[low]))

    def score(self, prompt):
        values = self.features(prompt)
        if values[1] + values[7] == 0:
            return 1.0
        return self.calibrate(self.sum(self.bins(values)))
