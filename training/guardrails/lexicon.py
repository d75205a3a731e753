"""Words of about the same meaning share a concept, across languages: what the scorers learn in one language helps in the others."""

import pathlib

import fold
import hashes

SLOTS = 4096
TOXIC_FROM = "insult"  # from this concept on, `lexicon.txt` lists those of the toxicity scorer
SHARED = ("all", "not", "mine", "yours", "user", "role")  # of the first scorer, read by the second too


def keys(entry):
    """The feature hashes by which the reader meets a word of the lexicon."""
    starred = entry.endswith("*")
    letters = [fold.read(ord(char)) for char in entry.rstrip("*")]
    codes = [code for kind, code in letters if kind in (fold.LETTER, fold.DIGIT, fold.DENSE)]
    if any(kind == fold.DENSE for kind, _ in letters):
        if len(codes) == 2:
            return [hashes.mix(hashes.TWO, codes[0], codes[1])]
        if len(codes) < 2:
            return []
        start = hashes.step(hashes.step(hashes.SEED, codes[0]), codes[1])
        return [hashes.mix(hashes.THREE, start, codes[2])]
    starred = starred and len(codes) >= hashes.STEM
    if starred:
        codes = codes[: hashes.STEM]
    state = hashes.SEED
    for code in codes:
        state = hashes.step(state, 0x30 if 0x30 <= code <= 0x39 else code)
    return [hashes.mix(hashes.WORD, state)] + ([hashes.mix(hashes.STEMMED, state)] if starred else [])


def concepts():
    """Names of all concepts in order, and key -> (concept of the first scorer, concept of the second), 0 for none."""
    names, toxic, found = [""], False, {}
    for line in (pathlib.Path(__file__).parent / "lexicon.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            names.append(line[2:])
            toxic = toxic or line[2:] == TOXIC_FROM
        elif line and not line.startswith("#"):
            for entry in line.split():
                for key in keys(entry):
                    first, second = found.get(key, (0, 0))
                    if toxic:
                        second = second or len(names) - 1
                    else:
                        first = first or len(names) - 1
                    found[key] = first, second
    shared = {names.index(name) for name in SHARED}
    return names, {key: (first, second or (first if first in shared else 0)) for key, (first, second) in found.items()}


def table():
    """SLOTS 32-bit numbers: low 20 bits of the key, 6 bits for each concept. A key begins at its high 12 bits and goes on upwards."""
    _, found = concepts()
    slots = [0] * SLOTS
    for key in sorted(found):
        place = key >> 20
        while slots[place]:
            place = (place + 1) % SLOTS
        first, second = found[key]
        slots[place] = (key & 0xFFFFF) << 12 | first << 6 | second
    return slots
