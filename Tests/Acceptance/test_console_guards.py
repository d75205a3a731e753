"""Firewall and guardrails, as people change and try them."""

import pytest
from support.gateway import wait_until
from support.watched import ATTACK, CARD, NASTY, WATCHED, live_through, say
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401


@pytest.fixture
def guarded(gateway):
    return gateway(WATCHED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def choose(browser, css, value):
    browser.find(css)
    browser.script(
        "const one = document.querySelector(arguments[0]); one.value = arguments[1]; one.dispatchEvent(new Event('input', {bubbles: true}));"
        "one.dispatchEvent(new Event('change', {bubbles: true}))", css, value)


@in_a_browser
def test_a_rule_is_made_tried_switched_off_and_deleted(browser, guarded):
    admin = Admin(guarded, TOKEN)
    enter(browser, guarded, "firewall")
    browser.fill("#firewall-text", f"Charge {CARD} für das Projekt.")
    browser.find("[role=status] .badge", "masks")
    assert browser.find("mark").text == CARD
    browser.find("pre", "Charge [card ..1111] für das Projekt.")
    browser.click("button", "New rule")
    browser.click("dialog button", "Add the rule")
    browser.find("dialog .wrong .note", "A rule needs a name")
    browser.fill("#rule-name", NASTY)
    browser.fill("#rule-pattern", "a(b")
    browser.click("dialog button", "Add the rule")
    browser.find("dialog .wrong .note", "is not closed")
    assert browser.script("return document.activeElement.id") == "rule-pattern"
    choose(browser, "#rule-action", "mask")
    browser.fill("#rule-pattern", "(secret) code")
    browser.fill("#rule-replacement", "[$1]")
    browser.fill("#rule-text", "A secret code of ours.")
    browser.find("dialog pre", "A [secret] of ours.")
    assert not browser.rules()
    browser.click("dialog button", "Add the rule")
    browser.find("tr[data-rule] th", NASTY)
    assert not browser.all("img[src=x]")
    assert "[secret]" in admin("POST", "/api/v1/firewall/test", {"text": "A secret code."})[2]["text"]
    switch = f"[aria-label='Ask {NASTY}']"
    browser.script("document.querySelector(arguments[0]).focus()", switch)
    browser.press(" ")
    browser.find(switch + "[aria-checked=false]")
    assert admin("POST", "/api/v1/firewall/test", {"text": "A secret code."})[2]["action"] == "pass"
    browser.click(f"[aria-label='Change {NASTY}']")
    browser.click("dialog button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.gone("tr[data-rule] th", NASTY)
    assert [rule["name"] for rule in admin.get("/api/v1/firewall-rules")["data"]] == ["card numbers", "project names"]
    browser.expect_complaints("422")


@in_a_browser
def test_a_rule_is_asked_where_its_condition_holds(browser, guarded):
    admin = Admin(guarded, TOKEN)
    enter(browser, guarded, "firewall")
    browser.click("button", "New rule")
    browser.fill("#rule-name", "bots")
    browser.fill("#rule-pattern", "robot")
    browser.click("dialog .condition button", "Condition")
    choose(browser, "dialog .field-of", "request.user_agent")
    choose(browser, "dialog .operator-of", "contains")
    browser.fill("dialog .test input[aria-label=Value]", "Bot")
    assert not browser.rules()
    browser.click("dialog button", "Add the rule")
    browser.find("tr[data-rule=bots] th", "only if request.user_agent contains “Bot”")
    rule = admin.get("/api/v1/firewall-rules/bots")
    assert rule["when"] == {"request.user_agent": {"contains": "Bot"}}
    # What it does not have stays as it was written, and what is taken out is gone.
    browser.click("[aria-label='Change bots']")
    assert browser.find("dialog .test input[aria-label=Value]").get_attribute("value") == "Bot"
    choose(browser, "dialog .operator-of", "matches")
    browser.fill("dialog .test input[aria-label=Value]", "(")
    browser.click("dialog button", "Save")
    browser.find("dialog .wrong .note", "is no")
    browser.expect_complaints("422")
    browser.click("dialog .test [aria-label='Remove this condition']")
    browser.click("dialog button", "Save")
    browser.gone("tr[data-rule=bots] th", "only if")
    assert "when" not in admin.get("/api/v1/firewall-rules/bots")


@in_a_browser
def test_two_people_change_a_rule_at_once(browser, guarded):
    admin = Admin(guarded, TOKEN)
    enter(browser, guarded, "firewall")
    browser.click("[aria-label='Change card numbers']")
    browser.fill("#rule-replacement", "[card]")
    assert admin("PATCH", "/api/v1/firewall-rules/card%20numbers", {"priority": 70})[0] == 200
    browser.click("dialog button", "Save")
    browser.find("dialog h2", "was changed meanwhile")
    browser.expect_complaints("412")
    assert not browser.rules()
    browser.click("dialog button", "Save what is chosen")
    browser.find(".toast", "card numbers is changed")
    rule = admin.get("/api/v1/firewall-rules/card%20numbers")
    assert (rule["priority"], rule["replacement"]) == (70, "[card]")


@in_a_browser
def test_guardrails_of_everybody_and_of_one_key(browser, guarded):
    admin = Admin(guarded, TOKEN)
    enter(browser, guarded, "guardrails")
    browser.find("[data-rail=toxicity] .badge", "blocks (shadow)")
    browser.find("[data-owner=ward]", "3/5")
    browser.click("[aria-label='Change Personal data']")
    choose(browser, "#rail-action", "block")
    browser.fill("#rail-threshold", "7")
    browser.click("dialog button", "Save")
    browser.find("dialog .wrong .note")
    browser.expect_complaints("422")
    browser.fill("#rail-threshold", "0.6")
    browser.click("dialog button", "Save")
    browser.find("[data-rail=pii] .badge", "blocks")
    assert admin.get("/api/v1/settings/guardrails/pii")["value"] == {"action": "block", "threshold": 0.6}
    assert say(guarded, "Write to ann@example.com") == 403
    browser.click("[aria-label='Change Keywords']")
    choose(browser, "#rail-action", "block")
    browser.fill("#rail-words", f"mandrake\n{NASTY}")
    browser.click("dialog button", "Save")
    browser.find("[data-rail=keywords] .badge", "blocks")
    browser.find("[data-owner=acceptance]", "5/5")
    browser.click("[aria-label='Change guardrails of acceptance']")
    choose(browser, "#own-pii", "off")
    assert not browser.rules()
    browser.click("dialog button", "Save")
    browser.find("[data-owner=acceptance]", "4/5")
    assert say(guarded, "Write to ann@example.com") == 200
    assert say(guarded, "of the Mandrake") == 403
    browser.click("[aria-label='Change what is allowed']")
    browser.fill("#allowed", "mandrake")
    browser.click("dialog button", "Save")
    browser.find("[data-rail=allow]", "mandrake")
    assert say(guarded, "of the Mandrake") == 200


@in_a_browser
def test_guardrails_are_tried_on_a_text(browser, guarded):
    live_through(guarded)
    enter(browser, guarded, "guardrails")
    browser.fill("#guard-text", "Grüße an ann@example.com")
    browser.find("[role=status] .badge", "masks")
    assert browser.find("mark").text == "ann@example.com"
    browser.find("pre", "Grüße an [EMAIL_1]")
    browser.fill("#guard-text", ATTACK)
    browser.find("[role=status] .badge", "blocked by injection")
    choose(browser, "#guard-scope", "reply")
    browser.find("[role=status] .badge", "goes on as it is")
    browser.fill("#guard-text", "You stupid idiot, I hate you and will hurt you")
    choose(browser, "#guard-scope", "user")
    browser.find("td .badge", "only counted (block)")
    choose(browser, "#guard-key", "ward")
    browser.find("[role=status]", "0 found")
    wait_until(lambda: any(row.text.startswith("chat completions") for row in browser.all("tbody tr")), what="what was read")


def test_the_tester_of_guardrails(guarded):
    admin = Admin(guarded, TOKEN)

    def tried(**body):
        status, _, answer = admin("POST", "/api/v1/guardrails/test", body)
        assert status == 200, answer
        return answer

    found = tried(text=f"Ä: {CARD} of ann@example.com")
    assert found["text"] == "Ä: [card ..1111] of [EMAIL_1]" and found["action"] == "mask"
    mail = next(one for one in found["findings"] if one["name"] == "email")
    assert (mail["guardrail"], mail["start"], mail["end"]) == ("pii", 27, 42) and "ann@" not in mail["evidence"]
    assert tried(text=ATTACK)["blocked_by"] == "injection" and tried(text=ATTACK)["text"] is None
    assert tried(text=ATTACK, role="system")["action"] == "pass"
    assert tried(text="The Blaue Blume", scope="reply")["blocked_by"] == "firewall:project names"
    proposed = tried(text="of the mandrake", guardrails={"keywords": {"action": "mask", "words": ["mandrake"]}})
    assert proposed["text"] == "of the [KEYWORD]" and proposed["findings"][0]["guardrail"] == "keywords"
    assert tried(text="of the mandrake")["action"] == "pass"
    for body, status, words in [
            ({"scope": "all"}, 400, "no scope"), ({"role": "me"}, 400, "no role"), ({"key": "nobody"}, 404, "no key"),
            ({"text": None}, 400, "must be"),
            ({"project": "clinik"}, 404, "clinic"), ({"guardrails": {"pii": "eat"}}, 422, "guardrails.pii"), ({"rail": 1}, 400, "unknown field")]:
        found, _, answer = admin("POST", "/api/v1/guardrails/test", {"text": "x", **body})
        assert found == status and words in str(answer), answer
