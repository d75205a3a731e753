"""Playground, token calculator and simulator in the web console, in a real browser."""

import pytest

from support.gateway import KEY, wait_until
from test_admin import TOKEN, Admin, chat
from test_console import NASTY, browser, driven, enter, in_a_browser  # noqa: F401 - fixtures
from test_console_settings import choose

SETTINGS = {
    "providers": {"good": {"type": "mock", "tokens": 12, "token_interval": "10ms", "text": "Swifts sleep on the wing. " + NASTY + " "},
                  "slow": {"type": "mock", "tokens": 3000, "token_interval": "30ms"},
                  "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {
        "chat": {"deployments": [{"provider": "good", "model": "m", "input_price": 10, "output_price": 30}]},
        "cheap": {"deployments": [{"provider": "good", "model": "n", "input_price": 1, "output_price": 3}]},
        "slow": {"deployments": [{"provider": "slow", "model": "m"}]},
        "shaky": {"route": {"fallback": ["bad/m", "good/m"]}},
    },
    "projects": {"kept": {"keep_texts": True}},
    "keys": {"acceptance": {"key": KEY, "project": "kept"}, NASTY: {"key": "sk-nasty-0123456789abcdef"},
             "poor": {"key": "sk-poor-0123456789abcdef", "budget": {"day": 0.000001}}},
}


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def say(browser, text):  # noqa: F811
    browser.fill("#play-prompt", text)
    browser.press("\ue007")  # Enter


@in_a_browser
def test_models_talk_side_by_side_and_tell_their_way(browser, served):  # noqa: F811
    enter(browser, served, "playground")
    browser.find(".log", "Nothing said yet")
    browser.click("button", "Add a model beside")
    browser.fill("#play-model-1", "chat")
    browser.fill("#play-model-2", "shaky")
    browser.fill("#play-system", "You know birds.")
    browser.fill("#play-max_tokens", "lots")
    say(browser, "Hello")
    browser.find(".wrong .note", "must be a number")
    browser.fill("#play-max_tokens", "200")
    browser.find("#play-prompt").click()
    browser.press("\ue007")
    wait_until(lambda: len(browser.all(".said.assistant .facts-line details")) == 2, what="both answers with their facts")
    one, other = browser.all(".said.assistant")
    assert "Swifts sleep on the wing." in one.text and NASTY in one.text and not browser.all("img[src=x]")
    assert "chat → good/m" in one.text and "shaky → good/m" in other.text
    for part in ("first token", "+ 12 tokens", "$0.0005"):
        assert part in one.text, one.text
    browser.click(".column:nth-child(2) summary", "Why")
    browser.find(".sentences li", "bad/m ended after")
    assert not browser.rules()
    # The conversation goes on with what was said before.
    say(browser, "And how do they drink?")
    wait_until(lambda: len(browser.all(".said.assistant .facts-line details")) == 4, what="the second answers")
    admin = Admin(served, TOKEN)
    rows = wait_until(lambda: (lambda data: data if len(data) >= 4 else None)(admin.get("/api/v1/requests?key=acceptance")["data"]), what="the log")
    row = admin.get("/api/v1/requests/" + next(r["id"] for r in rows if r["model"] == "chat"))
    said = [(m["role"], m["content"][:12]) for m in row["prompt"]["body"]["messages"]]
    assert [role for role, _ in said] == ["system", "user", "assistant", "user"] and said[1][1] == "Hello"
    assert row["prompt"]["body"]["max_tokens"] == 200
    assert KEY not in browser.script("return document.documentElement.outerHTML")
    # Another one, without a stream, as another key.
    choose(browser, "#play-key", NASTY)
    browser.click("label", "Stream the answer")
    browser.click("button[aria-label='Close conversation 2']")
    browser.click("button", "Begin anew")
    browser.click("dialog button", "Begin anew")
    say(browser, "Once more")
    wait_until(lambda: len(browser.all(".said.assistant .facts-line details")) == 1, what="the answer")
    wait_until(lambda: [r["streamed"] for r in admin.get("/api/v1/requests")["data"] if r["key"] == NASTY] == [False], what="its row")


@in_a_browser
def test_an_answer_is_stopped_and_a_refusal_is_told(browser, served):  # noqa: F811
    enter(browser, served, "playground")
    browser.fill("#play-model-1", "slow")
    say(browser, "Tell me everything")
    browser.wait("document.querySelector('.said.assistant').textContent.includes('Hello from')", "the answer to begin")
    assert not browser.find("button", "Send").is_enabled()
    browser.click("button", "Stop")
    browser.find(".said.assistant p", "Stopped.")
    admin = Admin(served, TOKEN)
    wait_until(lambda: admin.get("/api/v1/live")["in_flight"] == 0, what="the request to end")
    choose(browser, "#play-key", "poor")
    browser.fill("#play-model-1", "chat")
    say(browser, "Hello")
    browser.find(".said.assistant .wrong", "key `poor` may use")
    browser.fill("#play-model-1", "chatt")
    choose(browser, "#play-key", "acceptance")
    say(browser, "Hello")
    browser.find(".said.assistant .wrong", "chat")
    assert not browser.rules()


@in_a_browser
def test_a_request_of_the_log_is_replayed(browser, served):  # noqa: F811
    chat(served, "chat", temperature=0.5, messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": NASTY},
                                                    {"role": "assistant", "content": "Well."}, {"role": "user", "content": "Go on."}])
    admin = Admin(served, TOKEN)
    row = wait_until(lambda: next(iter(admin.get("/api/v1/requests?model=chat")["data"]), None), what="the log")
    wait_until(lambda: admin.get("/api/v1/requests/" + row["id"])["texts"] == "kept", what="its texts")
    enter(browser, served, "requests/" + row["id"])
    browser.click("a", "Replay in the playground")
    browser.wait("document.querySelector('#play-prompt')?.value === 'Go on.'", "the last message in its place")
    value = lambda css: browser.find(css).get_attribute("value")  # noqa: E731
    assert (value("#play-model-1"), value("#play-key")) == ("chat", "acceptance")
    assert (value("#play-system"), value("#play-temperature")) == ("Be brief.", "0.5")
    assert [e.text.split("\n")[-1] for e in browser.all(".said")] == [NASTY, "Well."] and not browser.all("img[src=x]")
    browser.click("button", "Send")
    browser.find(".facts-line", "chat → good/m")


@in_a_browser
def test_tokens_are_counted_and_compared(browser, served):  # noqa: F811
    enter(browser, served, "tokens")
    browser.fill("#tokens-text", "word " * 400)
    browser.find("tr[data-model='good/n'] td", "5")
    browser.fill("#tokens-model", "openai/gpt-4o-mini")
    browser.press("\ue007")
    browser.find("tr[data-model='openai/gpt-4o-mini']", "in the catalogue")
    browser.fill("#tokens-model", "openai/gpt-4o-mimi")
    browser.press("\ue007")
    browser.find(".wrong .note", "did you mean")
    browser.expect_complaints("404")
    names = browser.script("return [...document.querySelectorAll('tr[data-model]')].map((row) => row.dataset.model)")
    assert names.index("openai/gpt-4o-mini") < names.index("good/n") < names.index("good/m")
    browser.find("tr[data-model='good/m']", "times the cheapest")
    browser.fill("#tokens-calls", "1000000")
    browser.find("th", "Cost of 1M")
    browser.fill("#tokens-output", "-1")
    browser.find(".wrong .note", "whole number")
    assert not browser.rules()
    browser.click("button[aria-label='Take openai/gpt-4o-mini out']")
    browser.fill("#tokens-output", "10")
    browser.gone("tr[data-model='openai/gpt-4o-mini']")


@in_a_browser
def test_a_bad_day_is_simulated(browser, served):  # noqa: F811
    enter(browser, served, "simulator")
    browser.find(".empty", "Nothing run yet")
    choose(browser, "#sim-scenario", "outage")
    browser.find(".note", "down for a minute")
    browser.find("#sim-seed").click()
    browser.press("\ue007")
    browser.find(".badge", "Every invariant and every promise", seconds=60)
    assert len(browser.all("figure.plot svg")) == 3 and "b at most" in browser.script("return document.querySelector('.plot title').textContent")
    browser.find("code", "swiftlet simulate outage --seed 1")
    assert not browser.rules()
    choose(browser, "#sim-where", "settings")
    choose(browser, "#sim-model", "shaky")
    browser.click("button", "Run")
    browser.find("table tbody th", "bad/m", seconds=60)
    choose(browser, "#sim-scenario", "")
    choose(browser, "#sim-where", "")
    browser.find("#sim-document").send_keys("traffik: []")
    browser.click("button", "Run")
    browser.find(".wrong .note", "traffik")
    browser.expect_complaints("422")
    # A day of two thousand requests a second is long: it shows how far it is, and is cancelled.
    text = browser.find("#sim-document").get_attribute("value").replace("traffik: []", "").replace("rate: 10, for: 2m", "rate: 2000, for: 24h")
    browser.script("arguments[0].value = arguments[1]", browser.find("#sim-document"), text)
    browser.click("button", "Run")
    browser.find("[role=status]", "of virtual time", seconds=60)
    assert not browser.rules()
    browser.click("button", "Cancel")
    browser.find(".empty", "Cancelled")
    choose(browser, "#sim-scenario", next(o.get_attribute("value") for o in browser.all("#sim-scenario option")
                                          if o.get_attribute("value").startswith("budgets-")))
    browser.click("button", "Run")
    browser.find(".badge", "No limit was exceeded", seconds=60)
    choose(browser, "#sim-scenario", "learning-cheap-is-enough")
    browser.find(".note", "clients say so")
    browser.click("button", "Run")
    browser.find(".badge", "At most 5 % of requests tried another model", seconds=60)
    browser.find("code", "swiftlet simulate learning-cheap-is-enough --seed 1")
    assert len(browser.all("figure.plot svg")) == 2 and not browser.rules()


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_keep_the_rules_in_both_colours_and_at_every_width(browser, served, scheme):  # noqa: F811
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    enter(browser, served, "playground")
    for width in (1280, 380):
        browser.resize(width, 1000)
        for screen, sign in [("overview", "h1"), ("playground", "#play-prompt"), ("tokens", "tr[data-model]"), ("simulator", "#sim-scenario")]:
            browser.screen(screen)
            browser.find(sign)
            if screen == "playground":
                browser.click("button", "Add a model beside")
                say(browser, "Hello")
                wait_until(lambda: len(browser.all(".facts-line details")) == 2, what="both answers")
            if screen == "simulator":
                browser.click("button", "Run")
                browser.find(".plot", seconds=60)
            assert not browser.rules(), (screen, width)
            browser.picture(f"{screen}-{scheme}-{width}")
