"""The same prompt as another hand would have typed it: what must not change a decision."""

import random

BEFORE = [
    "Please help me with this: ", "Hi! ", "Hello, I have a question. ", "Could you answer the following?\n\n", "Question: ", "Task:\n",
    "Hey there, quick one: ", "I need an answer to this. ", "Please read carefully.\n\n", "Here is what I need:\n\n", "User: ",
    "Good morning. ", "Can you please look at this for me?\n", "Answer this:\n", "I was asked the following today.\n\n", "### Request\n",
    "You are a helpful assistant.\n\n", "Below is a request from a user.\n---\n", "Kindly assist with the following. ", "So, ",
]
AFTER = [
    "", " Thanks!", "\n\nThank you in advance.", " Please answer.", "\n\nThanks a lot for your help!", "\nAnswer:", " Cheers", "\n---",
    "\n\nTake your time.", " Many thanks in advance :)", "\n\nLet me know what you think.", "\n\nResponse:",
]
# Judged with words that no copy in training has.
JUDGED_BEFORE = [
    "Hey, I wonder whether you could sort this out: ", "Dear assistant,\n\n", "Prompt: ", "My friend wants to know this. ", "[INST] ",
    "I'd be glad of some help here.\n\n", "What follows was sent by one of our users:\n\n", "Quick request -- ", "Morning! Got a minute? ",
]
JUDGED_AFTER = ["", "\n\nBest regards, Sam", " [/INST]", " Appreciate it!", "\n\n(sent from my phone)", "\nReply below.", " Ta!"]
KINDS = ["typos", "case", "spacing", "wrapper"]


def typos(text, rng):
    """One letter of about one long word in sixteen left out, doubled, swapped or replaced; at least one."""
    letters = list(text)
    places = [i for i in range(1, len(letters) - 1) if letters[i].isalpha() and letters[i - 1].isalpha() and letters[i + 1].isalpha()]
    if not places:
        return text
    for i in sorted(rng.sample(places, min(len(places), max(1, len(text) // 90))), reverse=True):
        what = rng.randrange(4)
        if what == 0:
            del letters[i]
        elif what == 1:
            letters.insert(i, letters[i])
        elif what == 2:
            letters[i - 1], letters[i] = letters[i], letters[i - 1]
        else:
            letters[i] = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return "".join(letters)


def case(text, rng):
    return rng.choice([str.upper, str.lower, str.title, str.swapcase])(text)


def spacing(text, rng):
    what = rng.randrange(4)
    if what == 0:
        return text.replace(" ", "  ")
    if what == 1:
        return " ".join(text.split())
    if what == 2:
        return "\n\n  " + text.replace("\n", "\n\n") + "  \n"
    return "".join(c + (" " if c == " " and rng.random() < 0.3 else "") for c in text) + "\n"


def wrapper(text, rng):
    return rng.choice(BEFORE) + text + rng.choice(AFTER)


def judged_wrapper(text, rng):
    return rng.choice(JUDGED_BEFORE) + text + rng.choice(JUDGED_AFTER)


def perturbed(text, kind, seed):
    """For judging: the same kind of change as in training, by another hand."""
    kind = "judged_wrapper" if kind == "wrapper" else kind
    return globals()[kind](text, random.Random(f"{seed} {kind} {len(text)} {text[:40]}"))


def jumbled(text, seed):
    """Two of the four at once, for training."""
    rng = random.Random(f"{seed} {text[:60]}")
    for kind in rng.sample(KINDS, 2):
        text = globals()[kind](text, rng)
    return text
