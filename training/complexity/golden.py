"""Prompts with the scores that the reference gives them, for Tests/ComplexityTests."""

import random
import struct

ALPHABET = (
    " \n\t.,?!abcdeABC D. A. B) C. 0123 9.5 1,000 'q' \"x\" ÀÉß ΑΩω ДЯж 中文。？，日本語 한국어 ไทย عربي 😀 — “q” € × é e\u0301 $x^2$"
    " \\frac{1}{2} _a_ -- /* */ <b> == # @ & | ~ `c` "
)
WRITTEN = [
    "", " ", "\n\n", "?!...", "😀", "hi", "7", "A. one B. two C. three D. 4.5 E. 5", "Which? A) red B) green C) blue", "What's 17% of 1,249.50?",
    "Prove that every bounded monotone sequence of reals converges.", "Écris un poème sur l'automne à Lyon.", "ПЕРЕВЕДИ на английский: Добрый день",
    "写一个函数，判断一个字符串是否是回文。为什么？", "日本の首都はどこですか。", "ΠΟΙΑ ΕΙΝΑΙ Η ΠΡΩΤΕΥΟΥΣΑ ΤΗΣ ΕΛΛΑΔΑΣ;", "def f(x):\n    return x ** 2 + 1\n\nassert f(3) == ??",
    "Mia buys 3 books at $4.25 each and 17 pens at 80 cents. After lunch she sells half of them for 1,000.5 dollars! How much is left? She asks.",
    "Tom has 12 apples, twice as many as Ann. If each of 24 friends eats one third of a pound, how many pounds remain", "一本书3元。买12本要多少？谢谢。",
    "antidisestablishmentarianism " * 300, "中" * 3000, "x" * 9000, "1 2 3 4 " * 1500, "\x00\x01\x02 binary \x7f",
]


def prompts():
    rng = random.Random(11)
    made = ["".join(rng.choice(ALPHABET) for _ in range(length)) for length in [3, 9, 40, 41, 120, 121, 500, 501, 2000, 6143, 6144, 6145, 7000]]
    raw = [bytes(rng.randrange(256) for _ in range(length)) for length in [5, 64, 700, 6500]]
    return [p.encode() for p in WRITTEN + made] + raw


def text(scorer):
    """A line each: the bits of the score, then the prompt's bytes, in hexadecimal."""
    return "".join(f"{struct.pack('>d', scorer.score(p)).hex()} {p.hex()}\n" for p in prompts())
