"""Routes and policies in the web console, in a real browser: made, checked, compared, saved, merged, tried, rolled back."""

import pytest

from support.gateway import KEY, wait_until
from test_admin import TOKEN, Admin, chat
from test_console import NASTY, browser, driven, enter, in_a_browser  # noqa: F401

UP, DOWN, LEFT, RIGHT, TAB, ENTER = "\ue013", "\ue015", "\ue012", "\ue014", "\ue004", "\ue007"
PRICED = {"input_price": 10, "output_price": 30}
SETTINGS = {
    "providers": {"good": {"type": "mock"}, "spare": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {
        "chat": {"deployments": [{"provider": "good", "model": "m", **PRICED}]},
        "small": {"deployments": [{"provider": "spare", "model": "s", "input_price": 1, "output_price": 2}]},
        "tree": {"route": {"fallback": ["bad/m", {"provider": "good", "model": "m", "timeout": "5s"}]}},
    },
    "routes": {"careful": {"latency": ["good/m", "spare/s"], "buffer": 0.2}},
    "policies": {
        "default": {"route": {"fallback": ["chat", "small"]},
                    "rules": [{"name": "crawlers", "priority": 5, "when": {"request.user_agent": {"contains": "bot"}}, "then": {"deny": "no"}}]},
        "cheap": {"route": "small", "description": NASTY},
        NASTY: {"route": "chat", "enabled": False},
    },
    "keys": {"acceptance": {"key": KEY}},
}
NODE = """const [value, css] = arguments;
const all = [...document.querySelectorAll('.tree .node')].filter((n) => n.querySelector(':scope > .node-row .what').value === value);
return all.length ? all.at(-1).querySelector(':scope > ' + css) : null;"""


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


@pytest.fixture
def admin(served):
    return Admin(served, TOKEN)


def part(browser, value, css):
    """What stands at a node of the tree, found by its target or strategy."""
    return wait_until(lambda: browser.script(NODE, value, css), 15, 0.05, what=f"the node {value} with {css}\n{browser.text()[:800]}")


def press_button(browser, value, css):
    element = part(browser, value, css)
    browser.script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def typed(browser, *keys):
    browser.driver.switch_to.active_element.send_keys(*keys)


def choose(browser, css, value):
    from selenium.webdriver.support.ui import Select
    Select(browser.find(css)).select_by_value(value)


def strategy(browser, value, new):
    from selenium.webdriver.support.ui import Select
    Select(part(browser, value, ".node-row .what")).select_by_value(new)


def saved(browser, what):
    browser.click("#review")
    browser.find("dialog .diff .in, dialog .diff .out")
    assert not browser.rules()
    browser.click("dialog .button.primary", "Save")
    browser.find(".toast", f"{what} is saved and in force")
    browser.gone(".save-bar")


def asked(served, **body):
    status, headers = served.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}], **body})[:2]
    return status, headers.get("x-swiftlet-deployment")


@in_a_browser
def test_a_policy_is_built_with_the_mouse_saved_and_serves(browser, served, admin):
    enter(browser, served, "routes")
    browser.find("tr[data-route='policies/default']")
    assert not browser.all("img[src=x]") and NASTY in browser.text()
    browser.click("button", "New policy")
    browser.click("dialog button", "Go on")
    browser.find("dialog .wrong .note", "It needs a name")
    browser.fill("#route-name", "cheap")
    browser.click("dialog button", "Go on")
    browser.find("dialog .wrong .note", "taken already")
    browser.fill("#route-name", "tiers")
    browser.click("dialog button", "Go on")
    browser.find(".tree .empty", "No route yet")
    browser.click(".tree-empty button", "Strategy")
    strategy(browser, "fallback", "percentage")
    press_button(browser, "percentage", ".adds button:nth-child(2)")  # a strategy in it
    press_button(browser, "fallback", ".adds button:nth-child(1)")
    typed(browser, "badd/m")
    # Checked as it is typed, with the file's words, at its place.
    browser.find(".node .problem", "did you mean “bad/m”?")
    browser.find(".check", "1 problem to mend")
    browser.picture("routes-problem")
    browser.click("#review")
    browser.find("dialog h2", "It cannot be saved yet")
    browser.click("dialog button", "Go on editing")
    part(browser, "badd/m", ".node-row .what").clear()
    part(browser, "", ".node-row .what").send_keys("bad/m")
    press_button(browser, "fallback", ".adds button:nth-child(1)")
    typed(browser, "chat")
    press_button(browser, "percentage", ".adds button:nth-child(1)")
    typed(browser, "small")
    weight = part(browser, "small", ".node-row .weight")
    weight.clear()
    weight.send_keys("0")
    browser.find(".part", "100 %")
    press_button(browser, "percentage", ".node-row [aria-expanded]")
    choose(browser, ".details select[name=sticky_by]", "session")
    browser.find(".check", "It can be saved")
    assert not browser.rules()
    browser.picture("routes-new")
    saved(browser, "tiers")
    assert admin.get("/api/v1/policies/tiers")["route"] == {
        "percentage": [{"fallback": ["bad/m", "chat"], "weight": 1}, {"small": 0}], "sticky_by": "session"}
    # It serves, says the console, and so it does.
    browser.click("[role=tab]", "Test")
    browser.click("#route-panel button", "Explain")
    browser.find("#explained h2", "It would go to bad/m")
    browser.find("#explained .steps", "percentage, then fallback")
    assert not browser.rules()
    assert asked(served, routing_policy_id="tiers") == (200, "good/m")
    assert asked(served) == (200, "good/m")
    browser.screen("routes")
    browser.find("tr[data-route='policies/tiers'] time")


@in_a_browser
def test_the_tree_is_changed_with_the_keyboard(browser, served, admin):
    enter(browser, served, "routes/policies/default")
    part(browser, "chat", ".node-row .handle").send_keys(DOWN)
    assert browser.script("return document.activeElement.className").split()[-1] == "handle"
    assert admin.get("/api/v1/policies/default")["route"] == {"fallback": ["chat", "small"]}
    browser.script("arguments[0].focus()", part(browser, "fallback", ".adds button:nth-child(2)"))
    typed(browser, ENTER)
    typed(browser, "round")  # a list is chosen from by its first letters
    part(browser, "round_robin", ".node-row .what")
    part(browser, "chat", ".node-row .handle").send_keys(RIGHT)
    status = browser.script("return document.querySelector('.tree > [role=status]').textContent")
    assert status == "chat is number 1 of 1 in round robin now."
    part(browser, "small", ".node-row .handle").send_keys(RIGHT)
    part(browser, "small", ".node-row .handle").send_keys(UP)
    part(browser, "chat", ".node-row .handle").send_keys(LEFT)
    # Buttons say the same.
    browser.script("arguments[0].focus()", part(browser, "chat", ".node-row [aria-expanded]"))
    typed(browser, ENTER)
    assert not browser.rules()
    browser.script("document.querySelector('.details [data-act=up]').focus()")
    typed(browser, ENTER)
    saved(browser, "default")
    assert admin.get("/api/v1/policies/default")["route"] == {"fallback": ["chat", {"round_robin": ["small"]}]}
    # A step back without a mouse: the history has it.
    browser.script("document.querySelector('[role=tab][aria-selected=true]').focus()")
    for _ in range(6):
        typed(browser, RIGHT)
    browser.find("[role=tab][aria-selected=true]", "History")
    browser.find("#history summary", "admin")
    browser.script("document.querySelector('#history summary').focus()")
    typed(browser, ENTER)
    browser.find("#history .diff del", "[chat, small]")


@in_a_browser
def test_nodes_are_dragged(browser, served, admin):
    from selenium.webdriver.common.action_chains import ActionChains
    enter(browser, served, "routes/models/tree")
    handle, goal = part(browser, "good/m", ".node-row .handle"), part(browser, "bad/m", ".node-row")
    height = goal.size["height"]
    chain = ActionChains(browser.driver).click_and_hold(handle).move_to_element_with_offset(goal, 0, 0)
    chain.move_to_element_with_offset(goal, 0, -height // 3).perform()
    assert "drop-before" in part(browser, "bad/m", ".node-row").get_attribute("class")
    browser.picture("routes-drag")
    ActionChains(browser.driver).release().perform()
    saved(browser, "tree")
    # What nobody touched is as it was written.
    assert admin.get("/api/v1/models/tree")["route"] == {"fallback": [{"provider": "good", "model": "m", "timeout": "5s"}, "bad/m"]}


@in_a_browser
def test_a_rule_is_built_and_decides(browser, served, admin):
    enter(browser, served, "routes/policies/default?tab=rules")
    browser.click(".rules > button", "Add rule")
    rule = ".rule:nth-child(2) "
    name = browser.find(rule + "input[name=name]")
    name.clear()
    name.send_keys("gold")
    choose(browser, rule + ".field-of", "tags.<name>")
    browser.fill(rule + ".name-of", "tier")
    browser.fill(rule + ".test input[aria-label=Value]", "gold")
    browser.click(rule + ".test-group button", "Group")
    second = rule + ".test-group .test-group "
    choose(browser, second + ".field-of", "request.input_tokens")
    choose(browser, second + ".operator-of", "lte")
    browser.fill(second + "input[aria-label=Value]", "")
    browser.find(rule + ".problem, " + rule + ".note", "")
    browser.find(".check[data-state=wrong]")
    browser.fill(second + "input[aria-label=Value]", "5000")
    browser.click(rule + ".tree-empty button", "Target")
    typed(browser, "small")
    browser.fill(rule + "input[name=warn]", "by a small one")
    browser.find(rule + ".sentence", "If tags.tier is “gold” and request.input_tokens is at most 5000: route to small, warn “by a small one”")
    browser.find(".check", "It can be saved")
    assert not browser.rules()
    browser.picture("routes-rule")
    saved(browser, "default")
    assert admin.get("/api/v1/policies/default")["rules"][1] == {
        "name": "gold", "when": {"all": [{"tags.tier": {"eq": "gold"}}, {"request.input_tokens": {"lte": 5000}}]},
        "then": {"route": "small", "warn": "by a small one"}}
    assert asked(served, tags=["tier=gold"]) == (200, "spare/s")
    assert asked(served) == (200, "good/m")
    browser.click("[role=tab]", "Test")
    browser.fill("#test-tags", "tier=gold")
    browser.click("#route-panel button", "Explain")
    browser.find("#explained .steps", "The rule gold holds: ")
    browser.find("#explained h2", "spare/s")


@in_a_browser
def test_settings_of_attempts_have_their_problems_at_their_fields(browser, served, admin):
    enter(browser, served, "routes/policies/default?tab=attempts")
    browser.click("section[aria-label=Breaker] input[type=checkbox]")
    browser.fill("section[aria-label=Breaker] input[name=cooldown]", "soon")
    browser.find("section[aria-label=Breaker] .wrong .note", "“soon” is not valid; expected a duration such as")
    browser.fill("section[aria-label=Breaker] input[name=cooldown]", "5s")
    browser.fill("section[aria-label=Breaker] input[name=failure_threshold]", "99")
    browser.find("section[aria-label=Breaker] .wrong .note", "1 to 64")
    browser.fill("section[aria-label=Breaker] input[name=failure_threshold]", "3")
    browser.click("section[aria-label=Retries] input[type=checkbox]")
    browser.fill("section[aria-label=Retries] input[name=max_retries]", "1")
    browser.click("section[aria-label=Retries] input[value=timeout]")
    saved(browser, "default")
    policy = admin.get("/api/v1/policies/default")
    assert policy["breaker"] == {"failure_threshold": 3, "cooldown": "5s"} and policy["retry"] == {"max_retries": 1, "on": ["timeout"]}


@in_a_browser
def test_two_people_change_a_policy_at_once(browser, served, admin):
    enter(browser, served, "routes/policies/default?tab=attempts")
    browser.fill("input[name=description]", "mine")
    browser.fill("input[name=timeout]", "20s")
    assert admin("PATCH", "/api/v1/policies/default", {"description": NASTY, "continue_streams": True})[0] == 200
    browser.click("#review")
    browser.click("dialog .button.primary", "Save")
    browser.find("dialog h2", "default was changed meanwhile")
    browser.expect_complaints("412")
    assert not browser.all("img[src=x]") and NASTY in browser.find("dialog").text
    browser.find("dialog .merge .wrong", "Both of you changed this")
    assert not browser.find("dialog .button.primary").is_enabled()
    assert not browser.rules()
    browser.picture("routes-merge")
    browser.click("dialog .merge:first-child input[value=mine]")
    browser.click("dialog .button.primary", "Save what is chosen")
    browser.find(".toast", "default is saved")
    policy = admin.get("/api/v1/policies/default")
    assert (policy["description"], policy["timeout"], policy["continue_streams"]) == ("mine", "20s", True)
    # What was deleted meanwhile is told, with what to do.
    browser.screen("routes/policies/cheap?tab=attempts")
    browser.fill("input[name=timeout]", "20s")
    assert admin("DELETE", "/api/v1/policies/cheap")[0] == 204
    browser.click("#review")
    browser.click("dialog .button.primary", "Save")
    browser.find(".toast.bad", "was deleted meanwhile")
    browser.expect_complaints("412", "404")


@in_a_browser
def test_a_draft_is_tried_and_published_and_rolled_back(browser, served, admin):
    enter(browser, served, "routes/policies/default")
    target = part(browser, "chat", ".node-row .what")
    target.clear()
    part(browser, "", ".node-row .what").send_keys("spare/s")
    browser.find(".check", "It can be saved")
    browser.click("[role=tab]", "Test")
    browser.click("#route-panel button", "Explain")
    browser.find("#explained h2", "It would go to spare/s")
    assert "default, as changed" in browser.find("#explained").text
    assert admin.get("/api/v1/policies/draft")["data"] == []
    browser.click(".save-bar button", "Save as draft")
    browser.find("h1", "draft-")
    draft = browser.find("h1").text
    assert asked(served, routing_policy_id=draft) == (200, "spare/s") and asked(served) == (200, "good/m")
    browser.click(".head button", "Publish")
    browser.fill("#route-name", "default")
    browser.click("dialog button", "Go on")
    browser.find("h1", "default")
    assert asked(served) == (200, "spare/s")
    browser.screen("routes/history")
    browser.find("#versions .entry")
    assert not browser.rules()
    browser.click("[data-version='0'] summary")
    browser.click("[data-version='0'] button", "Roll back to this version")
    browser.find("dialog .diff del", "spare/s")
    assert not browser.rules()
    browser.click("dialog button", "Roll back")
    browser.find(".toast", "as in version 0")
    assert asked(served) == (200, "good/m")


@in_a_browser
def test_a_policy_is_as_it_was_before_a_change(browser, served, admin):
    assert admin("PATCH", "/api/v1/policies/cheap", {"route": "chat"})[0] == 200
    enter(browser, served, "routes/policies/cheap?tab=history")
    browser.click("#history summary")
    browser.find("#history .diff ins", "route: chat")
    browser.click("#history button", "As it was before")
    part(browser, "small", ".node-row .what")
    saved(browser, "cheap")
    assert admin.get("/api/v1/policies/cheap")["route"] == "small"


@in_a_browser
def test_yesterday_is_replayed_and_a_canary_is_begun_watched_and_promoted(browser, served, admin):
    for number in range(30):
        asked(served, user=f"u{number}")
    wait_until(lambda: len(admin.get("/api/v1/requests?limit=100")["data"]) == 30, what="the log")
    enter(browser, served, "routes/policies/default")
    press_button(browser, "chat", ".node-row [aria-label^=Remove]")
    browser.click("[role=tab]", "Replay")
    browser.click("#route-panel button", "Replay")
    browser.find("#replayed [aria-label='Go elsewhere'] .value", "100 %")
    browser.find("#replayed [aria-label=Cost] .value", "−9")
    browser.find("#replayed td", "spare/s")
    assert not browser.rules()
    browser.click("[role=tab]", "Canary")
    browser.fill("#route-panel input[name=share]", "140%")
    browser.click("#route-panel button", "Start the canary")
    browser.find("#route-panel .wrong .note", "expected a share of 0 to 1")
    browser.expect_complaints("422")
    browser.fill("#route-panel input[name=share]", "50%")
    browser.click("#route-panel button", "Start the canary")
    browser.find("#canary h2", "default-candidate serves 50 % of the sessions")
    for number in range(40):
        asked(served, user=f"v{number}")
    wait_until(lambda: admin.get("/api/v1/canaries/default")["canary"]["requests"] > 3, what="figures")
    browser.click("[role=tab]", "Route")
    browser.click("[role=tab]", "Canary")
    browser.find("#canary section[aria-label=Answered] strong", "100 %")
    assert not browser.rules()
    browser.picture("routes-canary")
    browser.click("#canary button", "Promote")
    browser.click("dialog button", "Promote it")
    browser.find("#route-panel h2", "No canary is running")
    assert {asked(served, user=f"w{number}")[1] for number in range(10)} == {"spare/s"}


@in_a_browser
def test_the_list_finds_duplicates_switches_and_deletes(browser, served, admin):
    enter(browser, served, "routes")
    assert len(browser.find(".routes-table").find_elements("css selector", "tbody tr")) == 7
    browser.fill("#routes-search", "spare")
    wait_until(lambda: len(browser.all(".routes-table tbody tr")) == 2, what="what names spare")
    browser.fill("#routes-search", "nothing of the kind")
    browser.find(".empty", "Nothing matches")
    browser.fill("#routes-search", " ")
    choose(browser, "#routes-kind", "off")
    wait_until(lambda: len(browser.all(".routes-table tbody tr")) == 1, what="what is not active")
    choose(browser, "#routes-kind", "")
    row = "tr[data-route='policies/cheap'] "
    browser.click(row + "summary")
    browser.click(row + "button", "Deactivate")
    browser.click("dialog button", "Deactivate it")
    browser.find(row + ".badge", "not active")
    assert admin.get("/api/v1/policies/cheap")["enabled"] is False
    browser.click(row + "summary")
    browser.click(row + "button", "Duplicate")
    browser.fill("#route-name", "a/b.c")
    browser.click("dialog button", "Go on")
    browser.find("h1", "a/b.c")
    assert admin.get("/api/v1/policies/a/b.c")["route"] == "small"
    part(browser, "small", ".node-row .what").send_keys("x")
    browser.find(".problem", "there is no model “smallx”".replace("there", "There"))
    # Nothing is lost by the way.
    browser.click("nav a", "Keys and budgets")
    browser.click("dialog button", "Stay")
    browser.click(".save-bar button", "Discard")
    browser.click("dialog button", "Discard them")
    part(browser, "small", ".node-row .what")
    browser.click(".head button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.find("tr[data-route='policies/cheap']")
    assert "a/b.c" not in [one["name"] for one in admin.get("/api/v1/policies")["data"]]


@in_a_browser
def test_what_is_deleted_is_shown_as_missing_where_it_is_named(browser, served, admin):
    enter(browser, served, "routes")
    row = "tr[data-route='models/small'] "
    for word in ("Cancel", "Delete it anyway"):
        browser.click(row + "summary")
        browser.click(row + "button", "Delete")
        browser.click("dialog button", "Delete it")
        browser.find("dialog li", "policies.default.route.fallback[1]")
        browser.expect_complaints("422")
        browser.click("dialog button", word)
        browser.gone("dialog")
    browser.gone(row)
    browser.find("tr[data-route='policies/default'] .chip.bad", "small · missing")
    browser.find("tr[data-route='policies/default'] .badge", "something is missing")
    choose(browser, "#routes-kind", "missing")
    wait_until(lambda: len(browser.all(".routes-table tbody tr")) == 2, what="what names it")
    assert asked(served) == (200, "good/m")
    browser.screen("routes/policies/default")
    assert "missing" in part(browser, "small", ".node-row .facts-of").text
    assert not browser.rules()
    browser.picture("routes-missing")
    # It can be changed all the same, and mended.
    part(browser, "chat", ".node-row .what").clear()
    part(browser, "", ".node-row .what").send_keys("spare/s")
    browser.find(".check", "It can be saved")
    browser.find(".problem", "Is skipped: there is no model “small”")
    saved(browser, "default")
    assert asked(served) == (200, "spare/s")


@in_a_browser
def test_a_rule_is_shown_as_missing_what_was_deleted(browser, served, admin):
    rule = {"name": "vip", "when": {"request.model": {"eq": "chat"}}, "then": {"model": "small"}}
    assert admin("PATCH", "/api/v1/policies/default", {"route": "chat", "rules": [rule]})[0] == 200
    assert admin("DELETE", "/api/v1/policies/cheap")[0] == 204
    assert asked(served, model="chat") == (200, "spare/s")
    enter(browser, served, "routes")
    row = "tr[data-route='models/small'] "
    browser.click(row + "summary")
    browser.click(row + "button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.find("dialog li", "policies.default.rules[0].then.model")
    browser.expect_complaints("422")
    browser.click("dialog button", "Delete it anyway")
    browser.gone(row)
    browser.find("tr[data-route='policies/default'] .chip.bad", "small · missing")
    assert asked(served, model="chat") == (200, "good/m")
    browser.screen("routes/policies/default?tab=rules")
    browser.find(".rule-head .dangling", "small (deleted)")
    browser.find(".rule-head .badge.bad", "missing")
    assert not browser.rules()


@in_a_browser
def test_every_change_is_taken_back_and_made_again(browser, served, admin):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def keys(*held):
        chain = ActionChains(browser.driver)
        for key in held:
            chain.key_down(key)
        chain.send_keys("z")
        for key in held:
            chain.key_up(key)
        chain.perform()

    enter(browser, served, "routes/policies/default")
    names = lambda: browser.script("return [...document.querySelectorAll('.tree .what')].map((one) => one.value)")  # noqa: E731
    undo, redo = "button[aria-label=Undo]", "button[aria-label=Redo]"
    assert not browser.find(undo).is_enabled() and not browser.find(redo).is_enabled()
    start = names()
    assert start == ["fallback", "chat", "small"]
    # By mouse, by arrow key, in a menu, in a field, in a form: each is a step, and what is typed without a pause is one.
    press_button(browser, "small", ".node-row button[aria-label^=Remove]")
    strategy(browser, "fallback", "percentage")
    press_button(browser, "percentage", ".adds button:nth-child(1)")
    typed(browser, "spare/s")
    part(browser, "chat", ".node-row .weight").send_keys("3")
    part(browser, "spare/s", ".node-row .handle").send_keys(UP)
    press_button(browser, "spare/s", ".node-row [aria-expanded]")
    browser.fill(".details input[name=timeout]", "7s")
    browser.click("[role=tab]", "Attempts")
    browser.fill("input[name=description]", "new")
    browser.click("[role=tab]", "Route")
    states = [names()]
    for _ in range(8):
        keys(Keys.CONTROL)
        if browser.find("[role=tab][aria-selected=true]").get_attribute("data-name") == "route":
            states.append(names())
    assert states[-1] == start and not browser.find(undo).is_enabled()
    assert ["percentage", "chat", ""] in states and ["percentage", "chat", "spare/s"] in states, states
    browser.gone(".save-bar")
    # One step more is none; forth again, by keys and by button.
    keys(Keys.CONTROL)
    assert names() == start
    for _ in range(7):
        keys(Keys.CONTROL, Keys.SHIFT)
    browser.click(redo)
    assert not browser.find(redo).is_enabled()
    assert browser.find("input[name=description]").get_attribute("value") == "new"
    browser.find(".check", "It can be saved")
    assert not browser.rules()
    saved(browser, "default")
    found = admin.get("/api/v1/policies/default")
    assert found["description"] == "new"
    assert found["route"] == {"percentage": [{"model": "spare/s", "weight": 1, "timeout": "7s"}, {"chat": 13}]}
    # What was saved can be taken back, too; a change after that leaves nothing to make again.
    browser.click(undo)
    browser.find(".save-bar", "Unsaved changes")
    assert browser.find(redo).is_enabled()
    browser.click("[role=tab]", "Route")
    press_button(browser, "chat", ".node-row button[aria-label^=Remove]")
    assert not browser.find(redo).is_enabled()


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_keeps_the_rules_in_both_colours_and_at_every_width(browser, served, scheme):
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    chat(served)
    enter(browser, served, "routes")
    for width in (1280, 380):
        browser.resize(width, 860)
        for screen, sign in [("routes", ".routes-table"), ("routes/policies/default", ".tree .node"), ("routes/policies/default?tab=rules", ".rule"),
                             ("routes/policies/default?tab=attempts", ".optional"), ("routes/policies/default?tab=test", "#test-key"),
                             ("routes/policies/default?tab=replay", "#replay-limit"), ("routes/policies/default?tab=canary", "#canary-candidate"),
                             ("routes/policies/default?tab=history", ".empty"), ("routes/history", "#versions .entry"),
                             ("routes/models/chat", ".empty"), ("routes/routes/careful", ".tree .node")]:
            browser.screen(screen)
            browser.find(sign)
            if "tab=rules" in screen:
                browser.click(".rule-head")
                browser.find(".condition")
            assert not browser.rules(), (screen, width)
            wide = browser.script("return document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (screen, width, wide)
            browser.picture(f"{screen.replace('/', '-').replace('?tab=', '-')}-{scheme}-{width}")


@in_a_browser
def test_an_auditor_looks_and_changes_nothing(browser, gateway):
    one = gateway(SETTINGS | {"admin": {"tokens": {"eva": {"token": "eva-token-0123456789", "role": "auditor"}}}},
                  environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    enter(browser, one, "routes/policies/default", token="eva-token-0123456789")
    assert not part(browser, "chat", ".node-row .what").is_enabled()
    assert not browser.all(".handle") and not browser.all(".save-bar")
    browser.click("[role=tab]", "Test")
    browser.click("#route-panel button", "Explain")
    browser.find("#explained h2", "It would go to good/m")
    browser.screen("routes")
    browser.find(".routes-table")
    assert not browser.all(".acts") and "New policy" not in browser.text()
