"""All settings in the web console: sections that no other screen is for, in a real browser."""

import pytest

from support.gateway import KEY, wait_until
from test_admin import TOKEN, Admin, chat
from test_console import browser, driven, enter, in_a_browser  # noqa: F401 - fixtures

SETTINGS = {
    "providers": {"lab": {"type": "mock"}},
    "models": {"chat": {"deployments": [{"provider": "lab", "model": "m"}]}},
    "keys": {"acceptance": {"key": KEY}},
    "learning": {"max_loss": 0.05},
}


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def section(served, name):
    return Admin(served, TOKEN).get(f"/api/v1/forms/{name}")["value"]


def opened(browser, name):  # noqa: F811
    browser.click(f"details[data-section={name}] > summary")
    return browser.find(f"details[data-section={name}] .form")


@in_a_browser
def test_any_section_is_changed_and_taken_back_to_the_file(browser, served):  # noqa: F811
    enter(browser, served, "all").find("details[data-section=learning]")
    opened(browser, "learning")
    inside = "details[data-section=learning] "
    field = inside + "input[name=max_loss]"
    assert browser.find(field).get_attribute("value") == "0.05"
    browser.fill(field, "7")
    browser.click(inside + "button", "Save")
    browser.find(inside + ".wrong")
    browser.expect_complaints("422")
    assert section(served, "learning") == {"max_loss": 0.05}
    browser.fill(field, "0.1")
    browser.click(inside + "button", "Save")
    browser.find(".toast", "holds from now on")
    wait_until(lambda: section(served, "learning") == {"max_loss": 0.1}, what="the setting")
    browser.find(inside + ".badge", "set here")
    assert not browser.rules()
    chat(served)
    browser.click(inside + "button", "Back to the file")
    browser.click("dialog button", "Take it out")
    wait_until(lambda: section(served, "learning") == {"max_loss": 0.05}, what="what the file says")


@in_a_browser
def test_every_section_opens(browser, served):  # noqa: F811
    enter(browser, served, "all").find("details[data-section=learning]")
    for part in browser.all("details[data-section]"):
        opened(browser, part.get_attribute("data-section"))
    assert not browser.rules()
