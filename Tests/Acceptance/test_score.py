"""`swiftlet score`: prompts as JSON lines in, id,score as CSV out; nothing is lost, whatever comes."""

import csv
import io
import json
import pathlib
import random
import subprocess

import pytest
from support.gateway import BINARY

WEIGHTS = pathlib.Path(__file__).resolve().parents[2] / "Sources/CWeights/complexity.weights"
SIMPLE = [
    "hi", "Thanks, that helped!", "What is the capital of France?", 'Translate "good morning" into Spanish.', "Write a short poem about rain.",
]
HARD = [
    "Prove that every finite group of order p^2 q with distinct primes p and q has a normal Sylow subgroup.",
    "Implement a lock-free hash map with concurrent resizing in C++20, name each linearization point and justify every memory order.",
    "Our Raft cluster lost a committed entry after a leader change during a membership change. Reconstruct an execution that explains it from the "
    "logs of five nodes, and say which safety argument fails.",
    "Derive the asymptotic variance of the two-step estimator under weak instruments and explain when the bootstrap fails.",
]


def score(text, *arguments):
    given = text if isinstance(text, bytes) else text.encode()
    return subprocess.run([BINARY, "score", *arguments], input=given, capture_output=True, timeout=120)


def lines(prompts):
    return "".join(json.dumps({"id": name, "prompt": prompt}) + "\n" for name, prompt in prompts.items())


def rows(result):
    return list(csv.DictReader(io.StringIO(result.stdout.decode(), newline="")))


def scores(result):
    return {row["id"]: float(row["score"]) for row in rows(result)}


def test_simple_prompts_score_low_and_hard_ones_high():
    found = scores(score(lines({p: p for p in SIMPLE + HARD})))
    assert list(found) == SIMPLE + HARD
    assert all(found[p] < 0.4 for p in SIMPLE), found
    assert all(found[p] > 0.6 for p in HARD), found


def test_the_same_prompt_gets_the_same_digits_each_time_and_anywhere_in_the_input():
    one = score(lines({"a": HARD[0]}), "--no-header").stdout
    many = score(lines({f"n{i}": SIMPLE[i % 5] for i in range(3000)} | {"a": HARD[0]}), "--no-header").stdout
    assert many.splitlines(keepends=True)[-1] == one


@pytest.mark.parametrize("prompt", [
    "", " ", "\n\n\n", "?!?!...", "\u0000\u0001", "😀" * 50, "a" * 3_000_000, "中文" * 100_000, "A. B. C. D. " * 5000, "{" * 100_000, "\ud800",
    "1.5 " * 40_000, "Что is 这 ですか؟ λ", "\\" * 5001, "=" * 7000,
])
def test_odd_prompts_get_a_finite_score(prompt):
    result = score(lines({"odd": prompt}))
    assert result.returncode == 0 and result.stderr == b""
    assert 0 <= scores(result)["odd"] <= 1


def test_bad_lines_are_named_and_good_ones_are_scored_all_the_same():
    text = "\n".join([
        '{"id": "good", "prompt": "hi"}', "nonsense", '{"id": "no prompt"}', '{"prompt": "no id"}', '{"id": "number", "prompt": 5}', "",
        '{"id": 7, "prompt": "a number is an id too", "more": [1, {"x": null}]}', '{"id": "cut", "prompt": "abc', '[1, 2]',
        '{"id": ["list"], "prompt": "x"}', '{"id": "a, \\"b\\"\\nc", "prompt": "last line, without an end"}',
    ])
    result = score(text)
    found = scores(result)
    assert result.returncode == 1
    assert list(found) == ["good", "no prompt", "number", "7", "cut", 'a, "b"\nc']
    assert [found[name] for name in ("no prompt", "number", "cut")] == [1, 1, 1]
    told = result.stderr.decode().splitlines()
    assert [line.split(": ")[1] for line in told] == ["line 2", "line 3", "line 4", "line 5", "line 8", "line 9", "line 10"]
    assert "no prompt" in told[1] and "no id" in told[2] and "not a string" in told[3]


def test_bytes_that_are_no_text_are_refused_line_by_line():
    result = score(
        b'\xef\xbb\xbf{"id": "first", "prompt": "hello"}\r\n{"id": "x", "prompt": "\xff\xfe"}\n\xff\xff\n{"id": "last", "prompt": "hello"}')
    found = scores(result)
    assert result.returncode == 1 and found["first"] == found["last"]


def test_no_input_is_no_error():
    result = score("")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"id,score\n", b"")


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "changed", "other"])
def test_weights_that_cannot_be_used_are_refused(tmp_path, damage):
    path = tmp_path / "some.weights"
    whole = WEIGHTS.read_bytes()
    written = {"empty": b"", "cut": whole[:-100], "changed": whole[:5000] + b"\x55\xaa" + whole[5002:], "other": b"something else" * 100}
    if damage in written:
        path.write_bytes(written[damage])
    result = score(lines({"a": "hi", "b": HARD[0]}), "--weights", str(path))
    assert result.returncode == 1 and not result.stdout
    assert f"{path} cannot be used: ".encode() in result.stderr, result.stderr


def test_a_file_of_weights_is_used_as_those_in_the_binary_are():
    text = lines({p: p for p in SIMPLE})
    assert score(text, "--weights", str(WEIGHTS)).stdout == score(text).stdout


def test_more_columns_say_task_and_chances():
    found = rows(score(lines({p: p for p in SIMPLE + HARD}), "--details"))
    assert {row["task"] for row in found} >= {"chat", "maths", "code"}
    for row in found:
        assert all(0 <= float(row[name]) <= 1 for name in ("difficulty", "cheap_right", "capable_right"))


def test_decisions_do_not_hang_on_how_a_prompt_was_typed():
    """At most one of ten may change sides; these are none of the prompts that the scorer was fitted on."""
    random.seed(4)
    plain = {f"{kind}-{i}": prompt for kind, prompts in (("simple", SIMPLE), ("hard", HARD)) for i, prompt in enumerate(prompts)}
    changed = {}
    for name, prompt in plain.items():
        place = random.randrange(len(prompt))
        changed |= {
            f"{name} upper": prompt.upper(), f"{name} spaces": prompt.replace(" ", "  ") + " ", f"{name} typo": prompt[:place] + prompt[place + 1:],
            f"{name} polite": f"Hello there, could you do this for me? {prompt} Thank you very much.", f"{name} lines": f"\n\n{prompt}\n\n",
        }
    before, after = scores(score(lines(plain))), scores(score(lines(changed)))
    same = [(before[name.split(" ")[0]] >= 0.5) == (value >= 0.5) for name, value in after.items()]
    assert sum(same) >= 0.9 * len(same)
