"""Linear heads on the n-grams: many ridge regressions at once, each on the prompts that have its label."""

import numpy as np
import scipy.sparse as sparse


def matrix(rows_of, columns):
    """One row a prompt: each n-gram present weighs one over the root of their number."""
    counts = np.array([len(r) for r in rows_of])
    indices = np.concatenate([np.asarray(r, np.int32) for r in rows_of])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    return sparse.csr_matrix((values, indices, indptr), shape=(len(rows_of), columns))


def rarity(x):
    """Weight of a column: n-grams of a single prompt say little, those of every prompt nothing."""
    seen = np.asarray((x > 0).sum(axis=0)).ravel()
    return (np.log((1 + x.shape[0]) / (1 + seen)) * (seen > 1)).astype(np.float32)


def ridge(x, targets, penalty, rounds=20, weight=None):
    """Columns of weights and biases; `targets` has NaN where a label is absent. Conjugate gradients, all heads side by side."""
    have = np.isfinite(targets)
    mask = have.astype(np.float32)
    if weight is not None:
        mask = mask * weight[:, None].astype(np.float32)
    bias = np.where(have, targets * mask, 0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1e-9)
    y = np.where(have, targets - bias, 0).astype(np.float32) * mask
    penalty = np.broadcast_to(np.asarray(penalty, np.float32), bias.shape)
    xt = x.T.tocsr()
    w = np.zeros((x.shape[1], targets.shape[1]), np.float32)
    r = xt @ y
    p = r.copy()
    rr = (r * r).sum(axis=0)
    for _ in range(rounds):
        ap = xt @ (mask * (x @ p)) + penalty * p
        step = rr / np.maximum((p * ap).sum(axis=0), 1e-30)
        w += step * p
        r -= step * ap
        fresh = (r * r).sum(axis=0)
        p = r + fresh / np.maximum(rr, 1e-30) * p
        rr = fresh
    return w, bias
