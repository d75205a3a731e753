"""The web console as people use it, in a real browser."""

import pytest

from support.browser import DRIVER, Browser
from support.gateway import KEY, PATIENCE, wait_until
from test_admin import TOKEN, Admin, chat

in_a_browser = pytest.mark.skipif(DRIVER is None, reason="chromedriver is not installed: scripts/setup test")
NASTY = "<img src=x onerror=alert(1)>"
SETTINGS = {
    "providers": {"good": {"type": "mock", "latency": "20ms"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {
        "chat": {"deployments": [{"provider": "good", "model": "m", "input_price": 10, "output_price": 30}]},
        "shaky": {"route": {"fallback": ["bad/m", "good/m"]}},
    },
    "keys": {"acceptance": {"key": KEY, "budget": {"amount": 5, "period": "month"}}, NASTY: {"key": "sk-nasty-0123456789abcdef", "tags": [NASTY]}},
}


@pytest.fixture(scope="module")
def driven():
    browser = Browser()
    yield browser
    browser.end()


@pytest.fixture
def browser(driven, gateway):
    """Signed in nowhere at first, and gone from its page before gateways end; fails where the browser's console has complained of anything."""
    driven.driver.delete_all_cookies()
    driven.resize(1280)
    driven.collect()
    driven.complaints = []
    yield driven
    complaints = driven.collect()
    driven.open("about:blank")
    driven.collect()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


def enter(browser, gateway, screen="overview", token=TOKEN):
    browser.open(f"http://127.0.0.1:{gateway.admin_port}/console/#/{screen}")
    browser.wait("document.body && document.body.dataset.ready === 'login'", "the form to sign in")
    browser.fill("#token", token)
    browser.press("\ue007")  # Enter
    browser.wait(f"document.body.dataset.ready === '{screen.split('/')[0].split('?')[0]}'", f"the screen {screen}")
    return browser


@in_a_browser
def test_signing_in_and_out(browser, served):
    browser.open(f"http://127.0.0.1:{served.admin_port}/")
    browser.wait("document.body && document.body.dataset.ready === 'login'", "the form to sign in")
    assert not browser.rules()
    browser.picture("login-light")
    browser.fill("#token", "wrong")
    browser.press("\ue007")
    browser.find("#said", "no admin token")
    browser.expect_complaints("401")
    browser.fill("#token", TOKEN)
    browser.press("\ue007")
    browser.find("h1", "Overview")
    assert browser.script("return document.cookie") == ""
    browser.driver.refresh()
    browser.find("h1", "Overview")
    browser.click(".who")
    browser.click("dialog .button", "Sign out")
    browser.find("#token")


@in_a_browser
def test_the_overview_is_live(browser, served):
    enter(browser, served)
    browser.find(".empty", "No request this hour yet")
    for _ in range(5):
        chat(served)
        chat(served, "shaky")
    browser.wait("Number(document.body.dataset.live) >= 10", "ten requests in the figures")
    browser.find("svg.flow")
    labels = browser.script("return [...document.querySelectorAll('svg.flow text')].map((t) => t.firstChild.data)")
    assert {"acceptance", "chat", "shaky", "good"} <= set(labels)
    browser.find("[aria-label='Spent today'] .value", "$0.")
    browser.find(".events a", "failover on shaky from bad/m to good/m")
    for _ in range(12):
        served.post("/v1/chat/completions", {"model": "shaky", "messages": [{"role": "user", "content": "hi"}]})
    row = "[...document.querySelectorAll('tr')].find((row) => row.textContent.startsWith('bad/m'))"
    browser.wait(row + "?.textContent.includes('rests')", "the breaker on the page")


@in_a_browser
def test_a_request_is_found_and_explained(browser, served):
    for _ in range(3):
        chat(served)
    served.post("/v1/chat/completions", {"model": "shaky", "messages": [{"role": "user", "content": "hi"}]}, key="sk-nasty-0123456789abcdef")
    served.post("/v1/chat/completions", {"model": "nothing", "messages": [{"role": "user", "content": "hi"}]})
    admin = Admin(served, TOKEN)
    wait_until(lambda: len(admin.get("/api/v1/requests")["data"]) >= 4, what="the log")
    enter(browser, served, "requests")
    browser.find("table.log tbody tr")
    assert len(browser.all("table.log tbody tr")) >= 4
    assert not browser.all("img[src=x]")
    browser.fill("#filter-model", "shaky")
    browser.press("\ue007")
    wait_until(lambda: len(browser.all("table.log tbody tr")) == 1, what="one row")
    assert NASTY in browser.find("table.log tbody tr").text
    browser.click("table.log tbody a")
    browser.find(".sentences li", f"The key {NASTY} asked for the model shaky")
    browser.find(".sentences li", "bad/m ended after")
    browser.find(".sentences li", "Without a fallback this request would have failed.")
    assert [e.text.split()[1] for e in browser.all(".waterfall .attempt > span:first-child")] == ["bad/m", "good/m"]
    browser.find("h2", "Cost")
    browser.click("a", "Back to the log")
    wait_until(lambda: len(browser.all("table.log tbody tr")) == 1, what="the filtered log again")
    browser.screen("requests?model=never-seen")
    browser.find(".empty", "Nothing matches")
    browser.screen("requests?status=abc")
    browser.find(".failure", "must be a number")
    browser.expect_complaints("400")
    browser.screen("requests/req_nothing")
    browser.find(".failure", "no request")
    browser.expect_complaints("404")


@in_a_browser
def test_a_key_is_made_used_paused_and_deleted(browser, served):
    enter(browser, served, "keys")
    browser.find("tr[data-key='acceptance'] .bar")
    browser.click("button", "New key")
    browser.click("dialog button", "Make the key")
    browser.find("dialog .wrong .note", "A key needs a name")
    browser.fill("#key-name", "acceptance")
    browser.press("\ue007")
    browser.find("dialog .wrong .note", "already")
    browser.fill("#key-name", "from the console")
    browser.fill("#key-budget", "3")
    browser.fill("#key-models", "chat")
    browser.click("dialog button", "Make the key")
    key = browser.find("#made-key").text
    assert key.startswith("sk-") and key in browser.find("dialog pre").text and f":{served.port}/v1" in browser.find("dialog pre").text
    browser.click("[role=tab]", "Python")
    browser.press("\ue014")  # to the right
    browser.find("[role=tab][aria-selected=true]", "Node")
    assert not browser.rules()
    browser.picture("key-made")
    browser.click("dialog button", "I have copied it")
    chat(served, key=key)
    row = "tr[data-key='from the console']"
    browser.find(row)
    settings = Admin(served, TOKEN).get("/api/v1/keys/from%20the%20console")
    assert settings["models"] == ["chat"] and settings["budget"] == {"amount": 3, "period": "month"}
    browser.click(row + " button")
    browser.click("dialog button", "Pause")
    browser.find(row + " .badge", "paused")
    chat(served, status=403, key=key)
    browser.click(row + " button")
    browser.fill("#key-rpm", "7")
    browser.click("dialog button", "Save")
    browser.gone("dialog")
    assert Admin(served, TOKEN).get("/api/v1/keys/from%20the%20console")["rpm"] == 7
    browser.click(row + " button")
    browser.click("dialog button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.gone(row)
    chat(served, status=401, key=key)


@in_a_browser
def test_two_people_change_a_key_at_once(browser, served):
    enter(browser, served, "keys")
    browser.click("tr[data-key='acceptance'] button")
    browser.find("#key-rpm")
    assert Admin(served, TOKEN)("PATCH", "/api/v1/keys/acceptance", {"owner": "somebody else"})[0] == 200
    browser.fill("#key-rpm", "9")
    browser.click("dialog button", "Save")
    browser.find("dialog h2", "was changed meanwhile")
    browser.expect_complaints("412")
    assert "rpm" not in Admin(served, TOKEN).get("/api/v1/keys/acceptance")
    browser.click("dialog button", "Save what is chosen")
    browser.find(".toast", "acceptance is changed")
    key = Admin(served, TOKEN).get("/api/v1/keys/acceptance")
    assert (key["rpm"], key["owner"]) == (9, "somebody else")


@in_a_browser
def test_a_provider_and_a_model_are_added_and_serve(browser, served):
    enter(browser, served, "models")
    browser.click("button", "New provider")
    browser.fill("#provider-name", "third")
    browser.find("#provider-type").send_keys("mock")
    browser.click("dialog button", "Add and test")
    browser.find(".toast", "third answers in")
    browser.click("button", "New model")
    browser.fill("#model-name", NASTY)
    browser.find("#model-provider").send_keys("third")
    browser.fill("#model-model", "tiny")
    browser.click("dialog button", "Add the model")
    browser.find("tr th", NASTY)
    browser.find("tr[data-deployment='third/tiny']")
    assert not browser.all("img[src=x]")
    chat(served, NASTY)
    for _ in range(12):
        served.post("/v1/chat/completions", {"model": "shaky", "messages": [{"role": "user", "content": "hi"}]})
    browser.find("tr[data-deployment='bad/m'] .badge", "rests")
    browser.click("tr[data-deployment='bad/m'] button")
    browser.find(".toast", "bad/m serves again")
    browser.find("tr[data-deployment='bad/m'] .badge", "serves")
    browser.click("tr[data-provider='bad'] button", "Test")
    browser.find("tr[data-provider='bad'] .badge", "fails")
    browser.click("tr[data-provider='third'] button", "Change")
    browser.click("dialog button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.find("dialog li", "provider")
    browser.expect_complaints("422")
    browser.click("dialog button", "Cancel")
    browser.gone("dialog")
    browser.find("tr[data-provider='third']")


@in_a_browser
def test_a_lost_gateway_is_told_and_heals(browser, served):
    enter(browser, served)
    browser.find(".link-state", "Live")
    served.process.terminate()
    served.process.wait(20 * PATIENCE)
    browser.find(".link-state", "Connection lost")
    served.start({"SWIFTLET_ADMIN_TOKEN": TOKEN})
    # A gateway that has begun anew knows no sessions: it asks again, and goes on where one was.
    browser.wait("document.body.dataset.ready === 'login'", "the form to sign in", seconds=60)
    browser.fill("#token", TOKEN)
    browser.press("\ue007")
    browser.find(".link-state", "Live")
    browser.expect_complaints("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "401", "503", "ERR_CONNECTION_RESET")


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_keeps_the_rules_in_both_colours_and_at_every_width(browser, served, scheme):
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    for _ in range(4):
        chat(served)
        chat(served, "shaky")
    admin = Admin(served, TOKEN)
    wait_until(lambda: len(admin.get("/api/v1/requests?model=shaky")["data"]) >= 4, what="the log")
    request = admin.get("/api/v1/requests?model=shaky")["data"][-1]["id"]
    enter(browser, served)
    for width in (1280, 380):
        browser.resize(width, 860)
        for screen, sign in [("overview", "svg.flow"), ("requests", "table.log"), (f"requests/{request}", ".waterfall"), ("keys", ".bar"),
                             ("models", "tr[data-deployment]")]:
            browser.screen(screen)
            browser.find(sign)
            assert not browser.rules(), (screen, width)
            browser.picture(f"{screen.split('_')[0].replace('/', '-')}-{scheme}-{width}")
    browser.screen("keys")
    browser.click("button", "New key")
    browser.find("#key-name")
    assert not browser.rules()
    browser.picture(f"new-key-{scheme}-380")
    browser.press("\ue00c")  # Escape
    browser.gone("dialog")


@in_a_browser
def test_the_keyboard_reaches_everything(browser, served):
    enter(browser, served)
    browser.script("document.activeElement.blur()")
    browser.press("\ue004")  # Tab
    assert browser.script("return document.activeElement.className") == "skip"
    reached = set()
    for _ in range(14):
        browser.press("\ue004")
        reached.add(browser.script("return document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label')"))
    assert {"Overview", "Requests", "Keys and budgets", "Models and providers"} <= reached
    browser.script("[...document.querySelectorAll('nav a')][1].focus()")
    browser.press("\ue007")
    browser.find("h1", "Requests")


@in_a_browser
def test_it_loads_fast_and_is_small(browser, served):
    enter(browser, served)
    files = browser.script("return performance.getEntriesByType('resource').map((e) => [e.name, e.decodedBodySize])")
    files = {name: size for name, size in files if "/console/" in name and name.rsplit(".")[-1] in ("js", "css", "svg")}
    assert len(files) >= 8 and sum(files.values()) < 150_000
