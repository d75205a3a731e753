"""Hands that slip: Escape, a click twice, a click in the menu, a telephone; nothing is lost, sent twice or out of reach."""

import pytest

from support.gateway import KEY
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401

LONG = "a-name-that-is-as-long-as-names-of-applications-are"
SETTINGS = {
    "providers": {"good": {"type": "mock"}, LONG: {"type": "mock"}},
    "models": {"chat": {"deployments": [{"provider": "good", "model": "m", "input_price": 10, "output_price": 30}]},
               LONG: {"deployments": [{"provider": LONG, "model": LONG}, {"provider": "good", "model": LONG}]}},
    "router": {"fallbacks": [{"chat": [LONG]}]},
    "projects": {LONG: {}}, "customers": {LONG: {}},
    "keys": {"acceptance": {"key": KEY, "budget": {"amount": 5, "period": "month"}}, LONG: {"key": "sk-long-0123456789abcdef", "project": LONG}},
}
ESCAPE = "\ue00c"


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


@in_a_browser
def test_a_new_key_is_shown_until_somebody_says_that_it_is_copied(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    browser.click("button", "New key")
    browser.fill("#key-name", "app")
    browser.press("\ue007")
    key = browser.find("#made-key").text
    for _ in range(3):
        browser.press(ESCAPE)
    browser.script("document.querySelector('dialog').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
    assert browser.find("#made-key").text == key and not browser.all("dialog [aria-label=Close]")
    assert not browser.rules()
    browser.click("dialog button", "I have copied it")
    browser.gone("dialog")
    # Other dialogs close as ever.
    browser.click("[aria-label='Change app']")
    browser.find("dialog")
    browser.press(ESCAPE)
    browser.gone("dialog")


@in_a_browser
@pytest.mark.parametrize("screen, begin, field, title", [
    ("settings", "1", "#router-num_retries", "Router settings"), ("all", "[data-section=ledger] summary", "[data-section=ledger] input", "Ledger")])
def test_what_is_unsaved_is_asked_about(browser, served, screen, begin, field, title):  # noqa: F811
    enter(browser, served, screen)
    if screen == "all":
        browser.click(begin)
    browser.fill(field, "7")
    browser.click("nav a", "Projects")
    browser.find("dialog", f"What you changed in {title} is lost then.")
    browser.click("dialog button", "Stay")
    browser.gone("dialog")
    assert browser.script("return location.hash") == f"#/{screen}" and browser.find(field).get_attribute("value") == "7"
    if screen == "settings":
        browser.click("[role=tab]", "General")
        browser.click("[role=tab]", "Loadbalancing")
        assert browser.find(field).get_attribute("value") == "7"
    browser.click("nav a", "Projects")
    browser.click("dialog button", "Leave")
    browser.find("h1", "Projects")
    # What is saved, or as it was, is left without a word.
    browser.screen(screen)
    if screen == "settings":
        browser.fill(field, "6")
        browser.click("main button", "Save Changes")
        browser.find(".toast", "Saved")
    browser.click("nav a", "Projects")
    browser.find("h1", "Projects")
    assert not browser.all("dialog")


@in_a_browser
def test_who_clicks_twice_sends_once(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    browser.script("""
        window.sent = [];
        const sends = window.fetch;
        window.fetch = async (path, more) => {
          if (more?.method && more.method !== "GET") { window.sent.push(more.method); await new Promise((resolve) => setTimeout(resolve, 300)); }
          return sends(path, more);
        };""")

    def twice(text):
        browser.script("arguments[0].click(); arguments[0].click();", browser.find("dialog button", text))

    browser.click("[aria-label='Change acceptance']")
    browser.fill("#key-owner", "eva")
    twice("Save")
    browser.find(".toast", "acceptance is changed")
    browser.click("[aria-label='Change acceptance']")
    twice("Pause")
    browser.find(".toast", "acceptance is paused")
    browser.screen("models")
    browser.click("button", "New model")
    browser.fill("#model-name", "twice")
    browser.fill("#model-model", "m")
    twice("Add the model")
    browser.find(".toast", "twice can be asked for")
    assert browser.script("return window.sent") == ["PATCH", "PATCH", "POST"]
    # What was refused can be sent again.
    browser.click("button", "New model")
    browser.fill("#model-name", "other")
    twice("Add the model")
    browser.find("dialog .wrong", "This is needed")
    browser.fill("#model-model", "m")
    twice("Add the model")
    browser.find(".toast", "other can be asked for")
    assert Admin(served, TOKEN).get("/api/v1/models/other")["deployments"]


@in_a_browser
def test_what_is_said_shows_above_a_dialog(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    seen = """
        const one = [...document.querySelectorAll(".toast")].find((one) => one.textContent === arguments[0]);
        if (!one) return false;
        one.parentElement.style.pointerEvents = "auto";
        const { left, top, width, height } = one.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2) === one;"""
    # What is said stays for six seconds, which may be short on a busy machine.
    browser.script("const later = window.setTimeout; window.setTimeout = (act, time) => later(act, time === 6000 ? 1e9 : time);")
    say = "import('/console/dom.js').then((page) => page.toast(arguments[0]))"
    browser.script(say, "first")
    browser.click("button", "New key")
    browser.find("dialog")
    browser.script(say, "second")
    browser.find(".toast", "second")
    assert browser.script(seen, "first") and browser.script(seen, "second")
    browser.press(ESCAPE)
    browser.gone("dialog")
    assert browser.script(seen, "second")


@in_a_browser
def test_every_button_of_a_table_is_in_reach_on_a_telephone(browser, served):  # noqa: F811
    enter(browser, served)
    hidden = """
        return [...document.querySelectorAll("main table button")].filter((one) => {
          scrollBy(0, one.getBoundingClientRect().top - innerHeight / 2);
          const { left, right, top, bottom } = one.getBoundingClientRect();
          return left < 0 || right > innerWidth || document.elementFromPoint((left + right) / 2, (top + bottom) / 2)?.closest("button") !== one;
        }).map((one) => one.textContent + " " + one.getAttribute("aria-label"))"""
    browser.resize(375, 812)
    for screen, at_least in [("models", 4), ("keys", 2), ("projects", 2), ("settings", 2)]:
        browser.screen(screen)
        if screen == "settings":
            browser.click("[role=tab]", "Fallbacks")
        browser.wait(f"document.querySelectorAll('main table button').length >= {at_least}", f"the tables of {screen}")
        assert browser.script(hidden) == [], screen
        assert browser.script("return document.documentElement.scrollWidth") <= 375, screen


@in_a_browser
def test_the_menu_of_a_telephone_is_gone_through_by_keyboard(browser, served):  # noqa: F811
    enter(browser, served)
    browser.resize(375, 812)
    expanded = "return document.querySelector('.menu').getAttribute('aria-expanded')"
    browser.script("document.querySelector('.menu').focus()")
    browser.press("\ue007")
    assert browser.script(expanded) == "true"
    browser.press(ESCAPE)
    assert browser.script(expanded) == "false" and browser.script("return document.activeElement.className") == "plain menu"
    browser.press("\ue007")
    browser.script("document.querySelector('nav a[data-name=keys]').focus()")
    browser.press("\ue007")
    browser.find("h1", "Keys and budgets")
    # What comes next is the screen, not the beginning of the page.
    assert browser.script(expanded) == "false" and browser.script("return document.activeElement.id") == "main"
    browser.gone("nav")
