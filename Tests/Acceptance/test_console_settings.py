"""Router settings in the web console: three tabs, as people use them, in a real browser."""

import pytest

from support.gateway import KEY, wait_until
from test_admin import TOKEN, Admin, chat
from test_console import NASTY, browser, driven, enter, in_a_browser  # noqa: F401 - fixtures

SETTINGS = {
    "providers": {"good": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {
        "chat": {"deployments": [{"provider": "good", "model": "m"}]},
        "shaky": {"deployments": [{"provider": "bad", "model": "m"}]},
        NASTY: {"deployments": [{"provider": "good", "model": "n"}]},
    },
    "keys": {"acceptance": {"key": KEY}},
    "router": {"routing_strategy": "least-busy", "num_retries": 0, "retry_policy": {"rate_limit": 3}},
    "general": {"max_request_size_mb": 4},
}


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def router(served):
    return Admin(served, TOKEN).get("/api/v1/forms/router")["value"]


def choose(browser, css, value):  # noqa: F811
    browser.script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))", browser.find(css), value)


@in_a_browser
def test_load_balancing_is_changed_saved_and_taken_back(browser, served):  # noqa: F811
    enter(browser, served, "settings").find("#router-num_retries")
    browser.find("[role=tab][aria-selected=true]", "Loadbalancing")
    assert browser.find("#router-strategy").get_attribute("value") == "least-busy"
    assert not browser.find("button[type=submit]", "Save Changes").is_enabled()
    choose(browser, "#router-strategy", "latency")
    browser.find(".changed .note", "The fastest of late")
    browser.fill("#router-num_retries", "2")
    browser.find("[role=status]", "2 not saved yet")
    browser.click("button", "Reset")
    assert browser.find("#router-num_retries").get_attribute("value") == "0"
    choose(browser, "#router-strategy", "latency")
    browser.fill("#router-num_retries", "1000")
    browser.fill("#router-cooldown_time", "soon")
    browser.click("button", "Save Changes")
    # Beside each field what is wrong with it, in the words of the file's own check.
    browser.find(".field.wrong .note", "0 to 100")
    browser.find(".field.wrong .note", "a duration such as")
    browser.expect_complaints("422")
    assert not browser.rules()
    assert router(served)["num_retries"] == 0
    browser.fill("#router-num_retries", "2")
    browser.fill("#router-cooldown_time", "20s")
    browser.press("\ue007")  # Enter
    browser.find(".toast", "holds from now on")
    assert router(served) == {"strategy": "latency", "num_retries": 2, "cooldown_time": "20s", "retry_policy": {"rate_limit": 3}}
    browser.find("#router-num_retries").send_keys("\ue009a\ue009\ue017")  # all of it, Delete
    browser.click("button", "Save Changes")
    wait_until(lambda: "num_retries" not in router(served), what="the setting to be taken out")
    assert [line["subject"] for line in Admin(served, TOKEN).get("/api/v1/audit")["data"] if line["action"] == "settings.change"] == ["router"] * 2


@in_a_browser
def test_tables_of_settings_grow_and_shrink(browser, served):  # noqa: F811
    enter(browser, served, "settings").find("#router-num_retries")
    policy = "//details[summary[contains(., 'Retry policy') and not(contains(., 'group'))]]"
    from selenium.webdriver.common.by import By
    browser.driver.find_element(By.XPATH, policy + "//button[contains(., 'Add one')]").click()
    browser.press("timeout")
    assert browser.script("return document.activeElement.list.options.length") == 11
    browser.press("\ue004", "1")  # Tab
    browser.driver.find_element(By.XPATH, policy + "//button[contains(., 'Take out')]").click()
    browser.click("button", "Save Changes")
    wait_until(lambda: router(served)["retry_policy"] == {"timeout": 1}, what="the retry policy")
    browser.find(".toast", "holds from now on")
    browser.click("summary", "Model group aliases")
    aliases = "//details[summary[contains(., 'Model group aliases')]]"
    browser.driver.find_element(By.XPATH, aliases + "//button[contains(., 'Add one')]").click()
    browser.press("gpt4", "\ue004", "chat")
    browser.click("button", "Save Changes")
    wait_until(lambda: router(served).get("model_group_alias") == {"gpt4": "chat"}, what="the alias")
    wait_until(lambda: served.chat("gpt4")[0] == 200, what="an answer by the alias")
    assert not browser.rules()


@in_a_browser
def test_fallbacks_are_added_reordered_and_deleted(browser, served):  # noqa: F811
    enter(browser, served, "settings").find("#router-num_retries")
    browser.script("document.querySelector('[role=tab][data-name=balance]').focus()")
    browser.press("\ue014")  # to the right
    browser.find("[role=tab][aria-selected=true]", "Fallbacks")
    browser.find(".empty", "No fallbacks yet")
    chat(served, "shaky", 502)
    browser.click("button", "Add Fallbacks")
    choose(browser, "#primary", "shaky")
    browser.click("dialog button", "Save Changes")
    browser.find("dialog .wrong .note", "Add at least one fallback")
    choose(browser, "#fallback", "shaky")
    browser.click("dialog button", "Add to the list")
    browser.find("dialog .wrong .note", "no fallback of itself")
    for name in ("chat", NASTY):
        choose(browser, "#fallback", name)
        browser.click("dialog button", "Add to the list")
    assert not browser.rules() and not browser.all("img[src=x]")
    browser.click(f"dialog button[aria-label='{NASTY} earlier']")
    browser.click("dialog button", "Save Changes")
    row = browser.find("tr[data-primary=shaky]")
    assert [e.text for e in browser.all("li", row)] == [NASTY, "chat"]
    assert router(served)["fallbacks"] == [{"shaky": [NASTY, "chat"]}]
    assert chat(served, "shaky")["x-swiftlet-deployment"] == "good/n"
    browser.click("tr[data-primary=shaky] button", "Delete")
    browser.click("dialog button", "Delete them")
    browser.find(".empty", "No fallbacks yet")
    chat(served, "shaky", 502)


@in_a_browser
def test_general_settings_are_updated_and_deleted_one_by_one(browser, served):  # noqa: F811
    enter(browser, served, "settings").find("#router-num_retries")
    browser.click("[role=tab]", "General")
    row = "[data-setting='%s']"
    assert browser.find(row % "max_request_size_mb" + " .state").text.split("\n") == ["4", "from the file"]
    browser.find(row % "max_parallel_requests" + " .badge", "Not set")
    browser.click(row % "max_parallel_requests" + " button", "Update")
    browser.find(row % "max_parallel_requests" + " .wrong .note", "Write a value")
    browser.fill("#general-max_parallel_requests", "0")
    browser.click(row % "max_parallel_requests" + " button", "Update")
    browser.find(row % "max_parallel_requests" + " .wrong .note", "1 to")
    browser.expect_complaints("422")
    browser.fill("#general-max_parallel_requests", "7")
    browser.click(row % "max_parallel_requests" + " button", "Update")
    browser.find(row % "max_parallel_requests" + " .state", "set here")
    general = lambda: Admin(served, TOKEN).get("/api/v1/forms/general")["value"]  # noqa: E731
    assert general() == {"max_parallel_requests": 7, "max_request_size_mb": 4}
    browser.click(row % "max_request_size_mb" + " button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.find(row % "max_request_size_mb" + " .badge", "Not set")
    assert general() == {"max_parallel_requests": 7}
    # A list of sections has a form for each.
    passing = row % "pass_through_endpoints"
    browser.click(passing + " summary")
    browser.click(passing + " button", "Add one")
    browser.script("""const inputs = [...document.querySelectorAll(arguments[0] + ' input')];
        const fields = Object.fromEntries(inputs.map((input) => [input.labels[0].textContent, input]));
        for (const [name, text] of [['path', '/bria'], ['target', 'http://127.0.0.1:9/x']]) {
          fields[name].value = text; fields[name].dispatchEvent(new Event('input', {bubbles: true})); }""", passing)
    assert not browser.rules()
    browser.click(passing + " button", "Update")
    wait_until(lambda: general().get("pass_through_endpoints") == [{"path": "/bria", "target": "http://127.0.0.1:9/x"}], what="the endpoint")


@in_a_browser
def test_two_people_change_the_same_settings(browser, served):  # noqa: F811
    enter(browser, served, "settings").find("#router-num_retries")
    browser.fill("#router-num_retries", "3")
    browser.fill("#router-timeout", "9s")
    assert Admin(served, TOKEN)("PATCH", "/api/v1/settings/router", {"num_retries": 7, "retry_after": "1s"})[0] == 200
    browser.click("button", "Save Changes")
    browser.find("dialog h2", "Changed meanwhile")
    browser.expect_complaints("412")
    assert not browser.rules()
    # What only one has touched is chosen already; what both have is not.
    assert not browser.find("dialog .primary").is_enabled()
    browser.find("dialog fieldset", "num_retries")
    browser.click("dialog fieldset:first-child label", "Theirs")
    browser.click("dialog .primary")
    wait_until(lambda: router(served).get("timeout") == "9s", what="the change to be saved")
    assert router(served)["num_retries"] == 7 and router(served)["retry_after"] == "1s"


@in_a_browser
def test_who_may_only_look_changes_nothing(browser, gateway):  # noqa: F811
    served = gateway(SETTINGS | {"admin": {"tokens": {"aud": {"token": "aud-token-0123456789", "role": "auditor"}}}},
                     environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    enter(browser, served, "settings", token="aud-token-0123456789")
    assert not browser.find("#router-num_retries").is_enabled()
    for tab in ("Fallbacks", "General"):
        browser.click("[role=tab]", tab)
        assert not [b for b in browser.all("main .button") if b.is_displayed() and b.is_enabled()], tab
    assert "Playground" not in browser.find("nav").text


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_the_rules_in_both_colours_and_at_every_width(browser, served, scheme):  # noqa: F811
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    enter(browser, served, "settings").find("#router-num_retries")
    for width in (1280, 380):
        browser.resize(width, 1000)
        for tab in ("Loadbalancing", "Fallbacks", "General"):
            browser.click("[role=tab]", tab)
            browser.find("[role=tab][aria-selected=true]", tab)
            for summary in browser.all("main summary"):
                browser.script("arguments[0].parentElement.open = true", summary)
            assert not browser.rules(), (tab, width)
            browser.picture(f"settings-{tab.lower()}-{scheme}-{width}")
