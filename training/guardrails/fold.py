"""What a character is to the scorers: a class and what it is read as.

The Swift reader takes everything below U+0800 and the Latin letters of U+1E00 from a table that `tables()` writes into the
weights, and has the ranges of `far()` in code; both are compared by the golden vectors.
"""

import unicodedata

LETTER, DIGIT, DENSE, SPACE, LINE, MARK, SKIP, UNSEEN, OTHER = range(9)

# Letters without a decomposition, as people type them without accents.
PLAIN = dict(zip("ßæøđłıþðœħŋŧƀɨ", "saodlitdohntbi"))
# Punctuation beyond ASCII, read as its ASCII sister.
SISTERS = {
    0x2018: "'", 0x2019: "'", 0x201A: "'", 0x201C: '"', 0x201D: '"', 0x201E: '"', 0x00AB: '"', 0x00BB: '"', 0x300C: '"', 0x300D: '"',
    0x300E: '"', 0x300F: '"', 0x2039: '"', 0x203A: '"', 0x3002: ".", 0x3001: ",", 0x2026: ".", 0x2013: "-", 0x2014: "-", 0x060C: ",",
    0x061B: ";", 0x061F: "?", 0x06D4: ".", 0x0964: ".", 0x0965: ".", 0x3010: "[", 0x3011: "]", 0x00A1: ",", 0x00BF: ",", 0x2022: "-",
}
# Letters of other alphabets that pass for Latin ones, and digits that do: read so inside a word that also has Latin letters.
LOOKALIKES = {
    **dict(zip("0134578", "oieastb")), **dict(zip("аеорсухіѕјԁһкмтвн", "aeopcyxisjdhkmtbh")), **dict(zip("οαειρντκυη", "oaeipvtkun")),
}


def _plain(code):
    """The ASCII letter under a Latin letter's accents, or None."""
    char = chr(code).lower()
    if char[0] in PLAIN:
        return PLAIN[char[0]]
    base = unicodedata.normalize("NFD", char)[0]
    return base if "a" <= base <= "z" else None


def near(code):
    """Class and reading of a code point below U+0800 or in U+1E00...U+1EFF."""
    if code == 10:
        return LINE, code
    if code in (9, 13, 32, 0xA0):
        return SPACE, 32
    if code < 32 or 0x7F <= code < 0xA0:
        return OTHER, 32
    char = chr(code)
    if code < 0x80:
        if char.isdigit():
            return DIGIT, code
        if char.isalpha():
            return LETTER, ord(char.lower())
        return MARK, code
    if code in SISTERS:
        return MARK, ord(SISTERS[code])
    if code == 0xAD:
        return UNSEEN, 0
    if code in (0xAA, 0xB5, 0xBA):
        return LETTER, {0xAA: ord("a"), 0xB5: ord("u"), 0xBA: ord("o")}[code]
    if code < 0xC0 or code in (0xD7, 0xF7):
        return OTHER, 32
    if code < 0x2B0 or code >= 0x1E00:
        plain = _plain(code)
        return LETTER, ord(plain) if plain else code & 0x7FF
    if code < 0x300:
        return OTHER, 32
    if code < 0x370:
        return SKIP, 0
    if 0x591 <= code <= 0x5C7 or 0x610 <= code <= 0x61A or 0x64B <= code <= 0x65F or code in (0x640, 0x670):
        return SKIP, 0
    if 0x660 <= code <= 0x669 or 0x6F0 <= code <= 0x6F9:
        return DIGIT, 0x30 + (code & 15)
    folded = {0x451: 0x435, 0x3C2: 0x3C3, 0x622: 0x627, 0x623: 0x627, 0x625: 0x627, 0x649: 0x64A, 0x629: 0x647}.get(code)
    if folded:
        return LETTER, folded
    if 0x391 <= code <= 0x3A9 or 0x410 <= code <= 0x42F:
        return LETTER, code + 32
    if code == 0x401:
        return LETTER, 0x435
    if 0x400 <= code <= 0x40F:
        return LETTER, code + 80
    if 0x460 <= code <= 0x52F and not 0x482 <= code <= 0x489:
        return LETTER, code | 1
    return LETTER, code


def far(code):
    """Class and reading of every other code point."""
    if code in SISTERS:
        return MARK, ord(SISTERS[code])
    if 0xFF01 <= code <= 0xFF5E:
        return near(code - 0xFEE0)
    if 0x1D400 <= code <= 0x1D6A3:
        return LETTER, 0x61 + (code - 0x1D400) % 26
    if 0x1D7CE <= code <= 0x1D7FF:
        return DIGIT, 0x30 + (code - 0x1D7CE) % 10
    if code in (0x200C, 0x200D) or 0xFE00 <= code <= 0xFE0F:
        return SKIP, 0
    if code == 0x200B or code in (0x200E, 0x200F) or 0x202A <= code <= 0x202E or 0x2060 <= code <= 0x2069 or code == 0xFEFF:
        return UNSEEN, 0
    if 0xE0000 <= code <= 0xE007F:
        return UNSEEN, 0
    if 0x2000 <= code <= 0x200A or code in (0x202F, 0x205F, 0x3000):
        return SPACE, 32
    if 0x2000 <= code <= 0x2E7F or 0x3000 <= code <= 0x303F or code in (0xFFFC, 0xFFFD, 0x30FB):
        return OTHER, 32
    if 0x0966 <= code <= 0x096F:
        return DIGIT, 0x30 + (code - 0x0966)
    for first, last in ((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF),
                        (0xFF66, 0xFF9F), (0x20000, 0x3FFFF)):
        if first <= code <= last:
            return DENSE, code
    if 0x800 <= code <= 0xABFF or 0xFB00 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFC:
        return LETTER, code
    return OTHER, 32


def read(code):
    return near(code) if code < 0x800 or 0x1E00 <= code <= 0x1EFF else far(code)


def tables():
    """Class and reading (`class << 12 | reading`) of U+0000...U+07FF and U+1E00...U+1EFF as 16-bit little-endian numbers,
    then the Latin lookalike (or 0) of what U+0000...U+07FF is read as, a byte each."""
    codes = [*range(0x800), *range(0x1E00, 0x1F00)]
    table = b"".join((kind << 12 | reading).to_bytes(2, "little") for kind, reading in map(near, codes))
    twins = {ord(key): ord(value) for key, value in LOOKALIKES.items()}
    return table + bytes(twins.get(code, 0) for code in range(0x800))


TWINS = {ord(key): ord(value) for key, value in LOOKALIKES.items()}
