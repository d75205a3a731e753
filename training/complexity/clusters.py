"""Prompts that are nearly the same stay in the same fold."""

import collections
import re

TEMPLATES = re.compile(
    r"for which of these two scenarios does the main character .*? as of 2020\?|you are given a python function and an assertion .*?incomplete\.",
    re.DOTALL)


def clusters(prompts):
    """A number for each prompt: same stem, or more than half of the shingles of five words in common."""
    parent = list(range(len(prompts)))

    def root(a):
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    stems, shingles_of, holders = {}, [], collections.defaultdict(list)
    for k, prompt in enumerate(prompts):
        text = TEMPLATES.sub("", prompt.lower())
        stem = " ".join(re.findall(r"\w+", text.split("\na. ")[0]))
        if len(stem) >= 12:
            first = stems.setdefault(stem, k)
            parent[root(k)] = root(first)
        words = re.findall(r"\w+", text)
        shingles = {hash(tuple(words[i:i + 5])) for i in range(len(words) - 4)}
        shingles_of.append(shingles)
        for s in shingles:
            holders[s].append(k)
    shared = collections.Counter()
    for group in holders.values():
        if 1 < len(group) <= 20:
            for i, a in enumerate(group):
                for b in group[i + 1:]:
                    shared[a, b] += 1
    for (a, b), n in shared.items():
        smaller = min(len(shingles_of[a]), len(shingles_of[b]))
        if n >= 8 and n >= 0.5 * smaller:
            parent[root(a)] = root(b)
    return [root(k) for k in range(len(prompts))]
