"""How features are numbered, and the sizes that both readers keep to."""

MASK = 0xFFFFFFFF
BITS = 17  # log2 of the number of weights
UNITS = 24  # a block's length: a word is 2, a character of a script without spaces 1
DEPTH = 3  # blocks that are judged together
SEED = 0x811C9DC5
LONGEST = 32  # characters of a word that is hashed as one
STEM = 5  # letters of a stem

# What a feature is made of, mixed into its hash.
WORD, STEMMED, PAIR, SKIPPED, FIRST, RUN, BEFORE_RUN, AFTER_RUN, TWO, THREE = (
    (kind * 0x9E3779B1 + 0x7F4A7C15) & MASK for kind in range(1, 11))
UNSEEN, DISGUISED, BLOB, CAPITALS, SHOUTING, MIXED, SPELLED, LONG = (
    (kind * 0x85EBCA6B + 0x165667B1) & MASK for kind in range(1, 9))
CONCEPT, CONCEPTS, CLOSE, TRIPLE, OPENING = ((kind * 0xC2B2AE35 + 0x27D4EB2F) & MASK for kind in range(1, 6))
REACH = 24  # how far apart concepts of a pair may be, in units
NEAR = 8
QUIET = set(map(ord, ",.-'()"))  # punctuation that says nothing when it stands alone
ENDS = set(map(ord, ".!?:;"))


def step(state, code):
    return ((state ^ code) * 0x01000193) & MASK


def mix(kind, a, b=0):
    value = ((a ^ kind) * 0x85EBCA6B + b) & MASK
    value = ((value ^ value >> 15) * 0xC2B2AE35) & MASK
    return (value ^ value >> 13) * 0x27D4EB2F & MASK
