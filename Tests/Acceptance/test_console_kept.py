"""What somebody has begun in the console is not lost, and what he is told is true: sessions that end, numbers that are none, many rows."""

import pytest

from support.gateway import KEY, wait_until
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401 - fixtures
from test_console_sessions import Visitor

EVA = "eva-token-0123456789abcdef"
SETTINGS = {
    "providers": {"good": {"type": "mock"}}, "models": {"chat": {"deployments": [{"provider": "good", "model": "m"}]}},
    "policies": {"default": {"route": "chat"}}, "admin": {"tokens": {"eva": {"token": EVA, "role": "auditor"}}},
}
SCREENS = ["overview", "requests", "events", "usage", "insights", "routes", "keys", "projects", "models", "learning", "guardrails", "firewall",
           "breaches", "audit", "settings", "all", "playground", "tokens", "simulator"]
LABELS = "[...document.querySelectorAll('svg.flow text')]"


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def end_sessions(served):
    visitor = Visitor(served).sign_in()
    assert visitor("DELETE", "/console/sessions", x_swiftlet_csrf=visitor.csrf)[0] == 204


def sign_in(browser, token=TOKEN):  # noqa: F811
    browser.find("dialog.lock #token")
    assert not browser.rules()
    browser.fill("#token", token)
    browser.press("\ue007")
    browser.gone("dialog.lock")


def begin_a_key(browser, name):  # noqa: F811
    browser.click("button", "New key")
    browser.fill("#key-name", name)
    browser.fill("#key-budget", "7")


@in_a_browser
def test_a_form_outlives_its_session(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    begin_a_key(browser, "typed")
    end_sessions(served)
    browser.click("dialog button", "Make the key")
    browser.find("dialog.lock #said", "What you have begun is kept")
    # There is no way past it, and nothing of the page to be seen.
    for _ in range(3):
        browser.press("\ue00c")  # Escape
    browser.wait("document.activeElement.id === 'token'", "the form to sign in")
    assert browser.script("const box = document.querySelector('dialog.lock').getBoundingClientRect();"
                          "return box.width >= innerWidth && box.height >= innerHeight")
    sign_in(browser)
    # What was asked for goes on by itself.
    assert browser.find("#made-key").text.startswith("sk-")
    browser.click("dialog button", "I have copied it")
    assert Admin(served, TOKEN).get("/api/v1/keys/typed")["budget"]["amount"] == 7
    browser.screen("settings")
    browser.fill("#router-num_retries", "5")
    end_sessions(served)
    browser.click("button", "Save Changes")
    sign_in(browser)
    browser.find(".toast", "Saved")
    assert Admin(served, TOKEN).get("/api/v1/settings")["settings"]["router"]["num_retries"] in (5, "5")
    browser.screen("playground")
    browser.fill("#play-prompt", "precious words")
    end_sessions(served)
    browser.click("button", "Send")
    sign_in(browser)
    browser.find(".said.user", "precious words")
    browser.find(".facts-line", "good/m")
    browser.expect_complaints("401")


@in_a_browser
def test_signing_in_beside_a_page_is_enough_for_it(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    begin_a_key(browser, "beside")
    end_sessions(served)
    assert browser.script("return fetch('/console/session', {method: 'POST', body: JSON.stringify({token: arguments[0]})}).then((a) => a.status)",
                          TOKEN) == 200
    browser.click("dialog button", "Make the key")
    browser.find("#made-key")
    browser.expect_complaints("403")


@in_a_browser
def test_somebody_else_finds_nothing_of_it(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    begin_a_key(browser, "typed")
    end_sessions(served)
    browser.click("dialog button", "Make the key")
    sign_in(browser, EVA)
    browser.find(".who", "eva")
    assert not browser.all("dialog")
    browser.find("tr[data-key=acceptance]")
    assert "typed" not in browser.text()
    # Whose role may only look is offered nothing to change.
    assert not browser.all("main button")
    browser.expect_complaints("401")


@in_a_browser
def test_a_number_that_is_none_is_not_taken_for_nothing(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    browser.click("button", "New key")
    browser.fill("#key-name", "bounded")
    browser.fill("#key-budget", "1e")
    assert browser.script("return document.querySelector('#key-budget').value") == ""
    browser.click("dialog button", "Make the key")
    browser.find("dialog .wrong .note", "must be a number")
    browser.wait("document.activeElement.id === 'key-budget'", "the field")
    assert Admin(served, TOKEN)("GET", "/api/v1/keys/bounded")[0] == 404
    browser.fill("#key-budget", "1")
    browser.click("dialog button", "Make the key")
    browser.find("#made-key")
    browser.click("dialog button", "I have copied it")
    assert Admin(served, TOKEN).get("/api/v1/keys/bounded")["budget"]["amount"] == 1


@in_a_browser
def test_what_is_wrong_with_a_model_stands_beside_it(browser, served):  # noqa: F811
    enter(browser, served, "models")
    browser.click("button", "New provider")
    browser.fill("#provider-name", "good")
    browser.click("dialog button", "Add and test")
    browser.find("dialog .wrong .note", "a provider of this name already")
    browser.click("dialog [aria-label=Close]")
    browser.click("button", "New model")
    browser.fill("#model-name", "chat")
    browser.fill("#model-model", "x")
    browser.click("dialog button", "Add the model")
    browser.find("dialog .wrong .note", "a model of this name already")
    browser.fill("#model-name", "other")
    browser.fill("#model-output", "-1")
    browser.click("dialog button", "Add the model")
    browser.find("dialog .wrong #model-output")
    browser.find("dialog .wrong .note", "USD per million")
    browser.expect_complaints("422")
    browser.click("dialog [aria-label=Close]")
    # What is there is a click away from being changed.
    browser.click("tr[data-model=chat] a")
    browser.find("h1", "chat")


@in_a_browser
def test_many_rows_are_searched(browser, gateway):  # noqa: F811
    served = gateway(SETTINGS | {"keys": {"acceptance": {"key": KEY}, **{f"key {n:03}": {"key": f"sk-many-{n:03}-0123456789"} for n in range(230)}}},
                     environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    enter(browser, served, "keys")
    browser.fill("[aria-label='Search keys']", "KEY 01")
    browser.find(".finder", "10 of 231")
    wait_until(lambda: sum(row.is_displayed() for row in browser.all("tr[data-key]")) == 10, what="the ten of them")
    browser.click("[aria-label='Change key 013']")
    browser.fill("#key-owner", "ann")
    browser.click("dialog button", "Save")
    browser.find("tr[data-key='key 013']", "ann")
    assert browser.find("[aria-label='Search keys']").get_attribute("value") == "KEY 01"
    assert not browser.rules()


@in_a_browser
@pytest.mark.parametrize("width", [1280, 375])
def test_names_in_the_flow_are_whole_letters_inside_it(browser, served, width):  # noqa: F811
    names = ["🚀" * 30, "客服中心的大型語言模型路由策略測試用的非常長的名稱", "W" * 80, "<img src=x onerror=alert(1)> and more"]
    for name in names:
        status, _, made = Admin(served, TOKEN)("POST", "/api/v1/keys", {"name": name})
        assert status == 201, made
        assert served.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}, key=made["key"])[0] == 200
    browser.resize(width)
    enter(browser, served)
    browser.wait(LABELS + ".length === 6", "the flow")
    assert browser.script(f"return {LABELS}.every((one) => one.firstChild.data.isWellFormed())")
    assert browser.script(f"const box = document.querySelector('svg.flow').getBoundingClientRect(); return {LABELS}.filter((one) => {{"
                          "const at = one.getBoundingClientRect(); return at.left < box.left - 1 || at.right > box.right + 1;"
                          "}).map((one) => one.textContent)") == []


@in_a_browser
def test_screens_of_a_gateway_that_was_given_nothing_keep_the_rules(browser, gateway):  # noqa: F811
    served = gateway({"keys": {}})
    browser.open(f"http://127.0.0.1:{served.admin_port}/console/")
    browser.wait("document.body && document.body.dataset.ready === 'overview'", "the overview")
    browser.find(".empty a", "a provider and a model")
    for screen in SCREENS:
        browser.screen(screen)
        browser.wait("!document.body.hasAttribute('data-waiting')", f"all that {screen} shows")
        assert not browser.rules(), screen


@in_a_browser
def test_a_slow_gateway_is_seen_to_be_asked(browser, served):  # noqa: F811
    enter(browser, served, "keys")
    browser.wait("!document.body.hasAttribute('data-waiting')", "the keys")
    slow = {"offline": False, "latency": 4000, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.driver.execute_cdp_cmd("Network.enable", {})
    try:
        browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
        browser.screen("projects")
        assert browser.script("return document.body.hasAttribute('data-waiting')")
        assert browser.script("return getComputedStyle(document.querySelector('.top'), '::after').animationName") == "wait"
    finally:
        browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", slow | {"latency": 0})
    browser.wait("!document.body.hasAttribute('data-waiting')", "the projects", seconds=30)
