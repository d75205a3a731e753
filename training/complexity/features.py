"""What the scorer sees of a prompt: counts and hashed n-grams, as Sources/Complexity/Scan.swift computes them.

This is the reference. Each rule is stated so that one pass over bytes in any language gives the same integers; every number
that is not an integer comes from one division or one square root of IEEE doubles, which round alike everywhere.
"""

import math
import re

HEAD, TAIL = 4096, 2048
BITS = 15
ROWS = 1 << BITS
MASK = 0xFFFFFFFF

# Classes of bytes after folding. Continuation bytes belong to the lead byte's token where one claims them.
LETTER = rb"a-z\x80-\xc1\xc3-\xe1\xea-\xee"
TOKEN = re.compile(
    rb"(?P<word>[" + LETTER + rb"][0-9" + LETTER + rb"]*)"
    rb"|(?P<number>[0-9]+(?:[.,][0-9]+)*)"
    rb"|(?P<cjk>[\xe3-\xe9][\x80-\xbf]{0,2})"
    rb"|(?P<symbol>\xc2[\x80-\xbf]?|[\xe2\xef][\x80-\xbf]{0,2}|[\xf0-\xff][\x80-\xbf]{0,3})"
    rb"|(?P<space>[\x00-\x20\x7f]+)"
    rb"|(?P<mark>.)",
    re.DOTALL,
)

LOWER = bytes(b + 32 if 65 <= b <= 90 else b for b in range(256))
PAIRS = re.compile(rb"[\xc3\xce\xd0][\x80-\xbf]")

# Marks counted one by one; the rest share the last class.
MARKS = {
    ord(c): name
    for name, group in {
        "comma": ",", "colon": ":", "semicolon": ";", "paren": "()", "bracket": "[]", "brace": "{}", "quote": "\"'`",
        "money": "$", "percent": "%", "backslash": "\\", "underscore": "_", "arithmetic": "+*/^~", "equals": "=<>",
        "hyphen": "-", "question": "?", "stop": ".!", "other": "#@&|",
    }.items()
    for c in group
}
MARK_NAMES = ["comma", "colon", "semicolon", "paren", "bracket", "brace", "quote", "money", "percent", "backslash",
              "underscore", "arithmetic", "equals", "hyphen", "question", "stop", "other"]

LEXICON = {
    "negation": "not no never none neither nor without except cannot isn aren wasn don doesn didn false incorrect least",
    "asks_what": "what which who whom whose where when name",
    "asks_how": "how why explain describe discuss justify reason reasons",
    "amount": "many much total each every twice half double triple times per percent remaining left altogether",
    "compare": "more less fewer than most larger smaller greater older younger taller longer shorter higher between difference compared",
    "condition": "if suppose assume given unless whenever then let when provided until otherwise",
    "prove": "prove proof show derive theorem lemma hence therefore thus demonstrate follows verify solve evaluate",
    "maths": "equation integer integers probability function matrix vector polynomial triangle angle radius sum product prime"
             " digits divisor integral derivative frac sqrt geometric sequence graph set field group ring real",
    "code": "code python javascript java sql def return class int str string list array assert algorithm implement api bug"
            " exception import print const var html css rust golang swift query regex script compile unit async",
    "science": "energy force mass velocity pressure temperature reaction acid cell protein gene voltage current electron"
               " solution molecule atom species blood patient disease",
    "law": "court law contract defendant plaintiff statute liability amendment state crime guilty property",
    "write": "write compose draft essay story poem email letter blog post speech article slogan tweet caption rewrite song"
             " paragraph haiku headline",
    "persona": "act pretend imagine role you your character roleplay persona",
    "extract": "extract json table csv list classify summarize summary translate convert format identify bullet points label"
               " fields column columns key",
    "self": "i me my we our us mine",
    "third": "he she his her they their him them",
    "limits": "must exactly only constraint constraints requirement requirements ensure should least optimize minimize maximize"
              " efficient step steps",
    "agent": "tool tools error failed failing test tests deploy log logs server repository commit file files debug traceback"
             " agent task tasks plan",
    "parts": "third thirds quarter quarters fourth fourths fifth fifths sixth tenth average ratio equal equally discount profit tax interest",
    "units": "pound pounds ounce ounces gram grams kg gallon gallons liter liters cup cups mile miles feet foot inch inches meter meters"
             " km kilometers yards mph speed acres square",
    "spelled": "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred thousand dozen",
    "order": "after before first next last another again later",
    "cents": "cent cents",
    "and": "and",
    "of": "of",
    "please": "please thanks thank hi hello hey help",
}
LEXICON_NAMES = list(LEXICON)


def mix(h):
    """Final mixing of MurmurHash3, 32 bits."""
    h ^= h >> 16
    h = h * 0x85EBCA6B & MASK
    h ^= h >> 13
    h = h * 0xC2B2AE35 & MASK
    return h ^ h >> 16


def word_hash(word):
    """FNV-1a, 32 bits."""
    h = 0x811C9DC5
    for b in word:
        h = (h ^ b) * 0x01000193 & MASK
    return h


LEXICON_OF = {word_hash(w.encode()): n for n, words in enumerate(LEXICON.values()) for w in words.split()}

NAMES = (
    ["size", "words", "word_length", "long7", "long10", "long13", "distinct", "numbers", "digits", "longest_number", "decimals",
     "big_numbers", "lines", "line_words", "sentence_words", "options", "stem_size", "option_size", "option_numbers", "option_spread",
     "foreign", "cjk", "symbols", "first_kind", "last_question", "capped", "sentences", "number_sentences", "uneven_numbers", "hundredths",
     "question_words", "question_numbers", "question_at"]
    + MARK_NAMES
    + ["mark_share"]
    + ["lex_" + n for n in LEXICON_NAMES]
    + ["lex_first"]
)


def fold(data):
    """Lower case: ASCII, Latin-1, Greek and Cyrillic letters."""
    data = data.translate(LOWER)
    if any(b in data for b in (0xC3, 0xCE, 0xD0)):
        data = PAIRS.sub(fold_pair, data)
    return data


def fold_pair(match):
    a, b = match.group()
    if a == 0xC3 and 0x80 <= b <= 0x9E:
        return bytes((a, b + 0x20))
    if a == 0xCE and 0x91 <= b <= 0x9F:
        return bytes((a, b + 0x20))
    if a == 0xCE and 0xA0 <= b <= 0xA9:
        return bytes((0xCF, b - 0x20))
    if a == 0xD0 and 0x90 <= b <= 0x9F:
        return bytes((a, b + 0x20))
    if a == 0xD0 and 0xA0 <= b <= 0xAF:
        return bytes((0xD1, b - 0x20))
    return bytes((a, b))


def encoded(text):
    """UTF-8; a lone surrogate becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def window(data):
    """The first 4 KB and the last 2 KB, with a line feed between them where something is left out."""
    return data if len(data) <= HEAD + TAIL else data[:HEAD] + b"\n" + data[-TAIL:]


def scan(prompt):
    """(counts in the order of NAMES, sorted rows of the n-grams present)."""
    whole = prompt if isinstance(prompt, bytes) else encoded(prompt)
    data = fold(window(whole))
    rows = set()
    marks = [0] * len(MARK_NAMES)
    lex = [0] * len(LEXICON_NAMES)
    words = word_bytes = long7 = long10 = long13 = distinct = foreign = 0
    numbers = digits = longest = decimals = big = cjk = symbols = spaces = lines = 0
    first_kind = last_question = 0
    sentences = 0
    uneven = hundredths = 0
    number_sentences = 0
    # Words, numbers and begin of the sentence that is read now, of the last one and of the last question.
    said, last, asked = [0, 0, 0], [0, 0, 0], None
    lex_first = 0
    # Answer options: `A. … B. … C. …` in order, however they are spaced.
    option = 0
    option_at = stem = 0
    option_first = 0
    shortest = 1 << 30
    longest_option = 0
    option_numbers = 0
    line_begins = True
    before = 0
    pending = -1  # a single letter that may begin an option, or -1
    size = 0  # bytes that are not white space, so far

    def end_sentence(is_question):
        nonlocal said, last, asked, number_sentences
        if said[0] + said[1] > 0:
            last = said
            number_sentences += said[1] > 0
            if is_question:
                asked = said
        said = [0, 0, size]

    def see(h):
        row = mix(h) >> (32 - BITS)
        fresh = row not in rows
        rows.add(row)
        return fresh

    for match in TOKEN.finditer(data):
        kind = match.lastgroup
        text = match.group()
        if kind == "space":
            spaces += len(text)
            if b"\n" in text or b"\r" in text:
                line_begins = True
            continue
        if line_begins:
            lines += 1
            line_begins = False
        start = size
        size += len(text)
        if kind == "mark":
            b = text[0]
            name = MARKS.get(b, "other")
            marks[MARK_NAMES.index(name)] += 1
            if name in ("stop", "question"):
                sentences += 1
                end_sentence(name == "question")
            if pending >= 0 and (b == 46 or b == 41) and pending == option:
                if option == 0:
                    stem = pending_at
                else:
                    length = pending_at - option_at
                    shortest = min(shortest, length)
                    longest_option = max(longest_option, length)
                option_at = size
                option += 1
            pending = -1
            last_question = 1 if b == 63 else 0 if b not in b"\"')]}*_" else last_question
            continue
        pending = -1
        last_question = 0
        if kind == "word":
            h = word_hash(text)
            words += 1
            said[0] += 1
            n = len(text)
            word_bytes += n
            long7 += n >= 7
            long10 += n >= 10
            long13 += n >= 13
            foreign += text[0] >= 0x80 or text[-1] >= 0x80
            which = LEXICON_OF.get(h, -1)
            if which >= 0:
                lex[which] += 1
                if words <= 3 and lex_first == 0:
                    lex_first = which + 1
            if words == 1:
                first_kind = 1
            if n == 1 and 97 <= text[0] <= 106:
                pending = text[0] - 97
                pending_at = start
            distinct += see(h)
            if n >= 4:
                key = 0x5F
                padded = text + b"_"
                for i, b in enumerate(padded):
                    key = (key << 8 | b) & MASK
                    if i >= 2:
                        see(key ^ 0x9E3779B9)
        elif kind == "number":
            numbers += 1
            said[1] += 1
            n = sum(48 <= b <= 57 for b in text)
            digits += n
            longest = max(longest, n)
            whole_number = n == len(text)
            decimals += not whole_number
            big += n >= 3
            uneven += whole_number and n >= 2 and text[-1] not in b"05"
            hundredths += len(text) >= 4 and text[-3] == 46
            if option > 0:
                option_numbers += 1
            h = word_hash(b"#" + bytes([48 + min(n, 5) + (0 if whole_number else 5)]))
            see(h)
            if words == 0 and first_kind == 0:
                first_kind = 2
        elif kind == "cjk":
            cjk += 1
            said[0] += 1
            h = word_hash(text)
            if text == b"\xe3\x80\x82":
                sentences += 1
                end_sentence(False)
            distinct += see(h)
        else:
            symbols += 1
            if text[:2] == b"\xef\xbc" and text[2:] == b"\x9f":
                marks[MARK_NAMES.index("question")] += 1
                sentences += 1
                last_question = 1
                end_sentence(True)
            continue
        see((before * 31 + h & MASK) ^ 0x7F4A7C15)
        before = h
    if option > 0:
        length = size - option_at
        shortest = min(shortest, length)
        longest_option = max(longest_option, length)
    if option < 3:
        option, stem, shortest, longest_option, option_numbers = 0, size, 0, 0, 0
    skipped = len(whole) - (len(data) - 1) if len(whole) > HEAD + TAIL else 0
    end_sentence(False)
    question = asked or last
    units = words + cjk
    marked = sum(marks)
    counts = [
        size + skipped, units, word_bytes / max(words, 1), long7 / max(words, 1), long10 / max(words, 1), long13 / max(words, 1),
        distinct / max(units, 1), numbers, digits, longest, decimals, big, lines, units / max(lines, 1), units / max(sentences, 1),
        option, stem, (size - stem) / max(option, 1), option_numbers / max(option, 1), longest_option - shortest if option else 0,
        foreign / max(words, 1), cjk, symbols, first_kind, last_question, 1 if skipped else 0,
        sentences, number_sentences, uneven, hundredths, question[0], question[1], question[2] / max(size, 1),
    ]
    counts += marks + [marked / max(size, 1)] + lex + [lex_first]
    return [float(c) for c in counts], sorted(rows)


def norm(rows):
    return math.sqrt(max(len(rows), 1))
