"""The firewall's tester: what rules would do to a text, before anything depends on it."""

import pytest

from test_admin import MOCKS, Admin

RULES = [
    {"name": "card numbers", "pattern": r"\b(\d{4})[ -]?\d{4}[ -]?\d{4}[ -]?(\d{4})\b", "action": "mask", "replacement": "[card ..$2]"},
    {"name": "project names", "type": "keywords", "words": ["Blaue Blume", "проект"], "action": "block", "priority": 5},
    {"name": "told", "type": "substring", "pattern": "internal", "action": "warn", "scope": "both"},
]


@pytest.fixture
def admin(gateway):
    return Admin(gateway(MOCKS | {"firewall": RULES}))


def test_what_is_in_force_is_tried(admin):
    def ask(text, **more):
        status, _, answer = admin("POST", "/api/v1/firewall/test", {"text": text, **more})
        assert status == 200, answer
        return answer

    masked = ask("my card is 4111-1111 1111 1234, internal")
    assert masked["action"] == "mask" and masked["text"] == "my card is [card ..1234], internal" and masked["blocked_by"] is None
    assert [(row["rule"], row["action"], row["start"], row["end"]) for row in masked["findings"]] == [
        ("card numbers", "mask", 11, 30), ("told", "warn", 32, 40)]
    assert "1111" not in masked["findings"][0]["evidence"] and masked["matches"] == 2 and masked["rules"] == 3
    blocked = ask("Streng geheim: BLAUE  BLUME")
    assert blocked["action"] == "block" and blocked["blocked_by"] == "project names" and blocked["text"] is None
    assert ask("мой Проект")["action"] == "block" and ask("проекты")["action"] == "pass"
    assert ask("my card is 4111111111111234", scope="reply")["action"] == "pass"
    assert ask("")["action"] == "pass"


def test_rules_are_tried_before_they_are_in_force(admin):
    status, _, answer = admin("POST", "/api/v1/firewall/test", {"text": "aab", "rules": [{"name": "x", "pattern": "(a+)+b", "action": "mask"}]})
    assert status == 200 and answer["text"] == "[redacted]" and answer["findings"][0]["rule"] == "x"
    wrong = [{"name": "x", "pattern": "(a"}, {"name": "y", "pattern": "a", "replacement": "$1"}, {"name": "z", "type": "keywords", "words": [""]}]
    status, _, answer = admin("POST", "/api/v1/firewall/test", {"text": "a", "rules": wrong})
    assert status == 422 and {problem["path"] for problem in answer["error"]["problems"]} == {
        "firewall[0].pattern", "firewall[1].replacement", "firewall[2].words[0]"}


def test_what_explodes_elsewhere_is_answered(admin):
    rules = [{"name": "x", "pattern": pattern} for pattern in ("(a+)+$", "(a|aa)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$")]
    status, _, answer = admin("POST", "/api/v1/firewall/test", {"text": "a" * 60_000 + "!", "rules": rules})
    assert status == 200 and answer["bytes"] == 60_001


@pytest.mark.parametrize("body, status, said", [
    ({}, 400, "`text`"), ({"text": ["a"]}, 400, "`text`"), ({"text": "a", "scope": "promt"}, 400, "prompt"),
    ({"text": "a", "rule": []}, 400, "rules"),
    ({"text": "a", "rules": "x"}, 422, "list"), (b"{", 400, "JSON"), ({"text": "a" * 10_000_000}, 413, "bytes")])
def test_bad_input_is_told(admin, body, status, said):
    found, _, answer = admin("POST", "/api/v1/firewall/test", body)
    assert found == status and said in answer["error"]["message"], answer
