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
def test_a_single_value_is_set_cleared_and_taken_back(browser, served):  # noqa: F811
    enter(browser, served, "all").find("details[data-section=default_router]")
    opened(browser, "default_router")
    inside = "details[data-section=default_router] "
    field = inside + "input[name=default_router]"
    assert browser.find(field).get_attribute("value") == ""
    browser.find(inside + ".field .note", "serves requests that name no model")
    browser.fill(field, "chatt")
    browser.click(inside + "button", "Save")
    browser.find(inside + ".wrong .note", "did you mean `chat`?")
    browser.expect_complaints("422")
    assert section(served, "default_router") is None
    browser.fill(field, "chat")
    browser.click(inside + "button", "Save")
    browser.find(inside + ".badge", "set here")
    assert section(served, "default_router") == "chat"
    assert served.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]})[0] == 200
    assert not browser.rules()
    # Somebody else is quicker: both are there to choose from.
    browser.fill(field, "lab/other")
    assert Admin(served, TOKEN)("PUT", "/api/v1/settings/default_router", "lab/third")[0] == 200
    browser.click(inside + "button", "Save")
    browser.click("dialog input[value=theirs]")
    browser.click("dialog button", "Save what is chosen")
    browser.expect_complaints("412")
    wait_until(lambda: browser.find(field).get_attribute("value") == "lab/third", what="what the other one saved")
    # Empty is not set; the file has said nothing about it.
    browser.fill(field, " ")
    browser.click(inside + "button", "Save")
    wait_until(lambda: section(served, "default_router") is None, what="nothing")
    browser.gone(inside + ".badge")
    assert served.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]})[0] == 404


@in_a_browser
def test_a_section_that_the_file_does_not_have_is_saved(browser, served):  # noqa: F811
    enter(browser, served, "all").find("details[data-section=cache]")
    opened(browser, "cache")
    browser.fill("details[data-section=cache] input[name=memory_bytes]", "8MiB")
    browser.click("details[data-section=cache] button", "Save")
    wait_until(lambda: section(served, "cache") == {"memory_bytes": "8MiB"}, what="the setting")


@in_a_browser
def test_what_finds_the_store_is_shown_and_set_in_the_file_alone(browser, served):  # noqa: F811
    enter(browser, served, "all").find("details[data-section=store]")
    for name, variable in (("store", "SWIFTLET_STORE"), ("secrets_key", "SWIFTLET_SECRETS_KEY")):
        opened(browser, name)
        assert not browser.find(f"details[data-section={name}] input").is_enabled()
        browser.find(f"details[data-section={name}] .note", variable)
        assert not browser.all(f"details[data-section={name}] button")
    assert not browser.rules()


@in_a_browser
def test_every_section_opens(browser, served):  # noqa: F811
    enter(browser, served, "all").find("details[data-section=learning]")
    for part in browser.all("details[data-section]"):
        opened(browser, part.get_attribute("data-section"))
    assert not browser.rules()
