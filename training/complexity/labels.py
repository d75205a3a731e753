"""What the heads learn, and what the trees learn."""

import numpy as np

from resource import TASKS

# Chance that more capability helps, by difficulty 1 to 5 of a prompt labelled by hand; the same scale as the measured gains.
GAIN_OF = [0.0, 0.08, 0.22, 0.40, 0.50]
TASK_OF_SET = {"gsm8k": "maths", "gsm8k_train": "maths", "crux": "code", "mmlu": "knowledge", "mmlupro": "knowledge"}
TASK_OF_UIUC = {
    "math": "maths", "gsm8k": "maths", "agentverse-mgsm": "maths", "mbpp": "code", "human_eval": "code", "agentverse-logicgrid": "logic",
    "natural_qa": "knowledge", "trivia_qa": "knowledge", "openbook_qa": "knowledge", "arc_challenge": "knowledge", "gpqa": "knowledge",
    "mmlu": "knowledge", "commonsense_qa": "chat", "commongen": "writing",
}
MATHS_DOMAINS = ("math", "algebra", "statistics")
STEM = ("physics", "chemistry", "engineering", "computer", "biology", "anatomy", "astronomy", "machine_learning", "genetics", "medicine")
SOCIAL = ("econ", "business", "management", "marketing", "accounting", "psychology", "sociology", "politics", "government", "policy",
          "geography", "sexuality", "security", "relations")
HUMANITIES = ("history", "law", "jurisprudence", "philosophy", "moral", "religion", "logic", "fallacies", "prehistory")


def task(item):
    if item.set == "own":
        return item.meta["task"]
    if item.set == "uiuc":
        return TASK_OF_UIUC[item.meta["task"]]
    if any(d in item.meta.get("domain", "") for d in MATHS_DOMAINS):
        return "maths"
    return TASK_OF_SET[item.set]


def is_word_problem(item):
    """Grade-school arithmetic told as a story."""
    return item.set in ("gsm8k", "gsm8k_train") or item.meta.get("task") in ("gsm8k", "agentverse-mgsm")


def domain(item, names):
    if "domain" not in item.meta:
        return None
    return float(any(n in item.meta["domain"] for n in names))


def difficulty(item):
    """0 trivial … 1 hard for anybody."""
    if item.set == "own":
        return (item.meta["difficulty"] - 1) / 4
    return None if item.strong is None else 1 - (item.strong + item.weak) / 2


def of_sets(*names):
    return lambda value: lambda item: value(item) if item.set in names else None


def heads():
    """Name to label of a prompt (None: it has none). The first are in the order that Assessment.swift reads."""
    strong, weak = (lambda i: i.strong), (lambda i: i.weak)
    gain = lambda i: None if i.strong is None else i.strong - i.weak
    table = {
        "gain": lambda i: GAIN_OF[i.meta["difficulty"] - 1] if i.set == "own" else gain(i),
        "cheap": weak,
        "capable": strong,
        "difficulty": difficulty,
    }
    for name in TASKS:
        table["task_" + name] = lambda i, name=name: float(task(i) == name)
    table["own_difficulty"] = lambda i: difficulty(i) if i.set == "own" else None
    for name in ("mmlu", "gsm8k", "mmlupro", "crux", "uiuc"):
        table["cheap_" + name] = of_sets(name)(weak)
    for name in ("mmlu", "mmlupro", "uiuc"):
        table["capable_" + name] = of_sets(name)(strong)
    table["gain_mmlu"] = of_sets("mmlu")(gain)
    table["steps"] = lambda i: min(i.meta["steps"], 8) / 8 if i.set == "gsm8k_train" else None
    table["word_problem"] = lambda i: None if i.set == "own" else float(is_word_problem(i))
    table["stem"] = lambda i: domain(i, STEM)
    table["social"] = lambda i: domain(i, SOCIAL)
    table["humanities"] = lambda i: domain(i, HUMANITIES)
    return table


def matrix(items):
    table = heads()
    values = [[np.nan if (v := f(i)) is None else v for f in table.values()] for i in items]
    return list(table), np.array(values, float)


def gains(items):
    """What the trees learn: measured gain of the published pair, less noisy where many models answered; a prompt's own label."""
    result = np.full(len(items), np.nan)
    for k, item in enumerate(items):
        if item.set == "own":
            result[k] = GAIN_OF[item.meta["difficulty"] - 1]
        elif item.set == "gsm8k":
            result[k] = 0.5 * (item.pair[0] - item.pair[1]) + 0.5 * (item.strong - item.weak)
        elif item.strong is not None:
            result[k] = item.strong - item.weak
    return result
