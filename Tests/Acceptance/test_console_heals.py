"""Screens that update by themselves, while the gateway ends and begins anew on the same port: they say so, and go on without a reload."""

import pytest

from support.gateway import KEY, PATIENCE, wait_until
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401 - fixtures

SETTINGS = {
    "providers": {"good": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {"chat": {"deployments": [{"provider": "good", "model": "m"}]}, "shaky": {"route": {"fallback": ["bad/m", "good/m"]}}},
    "policies": {"default": {"route": "chat", "canary": {"policy": "other", "share": 0.5}}, "other": {"route": "good/n"}},
    "keys": {"acceptance": {"key": KEY}},
}
# What Chromium says of a gateway that is not there, and of one that knows the session no more.
GONE = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "401", "503", "ERR_CONNECTION_RESET")
CANARY = "[...document.querySelectorAll('#canary p')].map((one) => one.textContent).find((text) => text.includes('requests went by'))"


def ask(served, **body):
    assert served.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}], **body})[0] == 200


def overview(browser, served, admin, turn):  # noqa: F811
    for _ in range(3 - turn):
        ask(served, model="chat")
    browser.wait(f"document.body.dataset.live === '{3 - turn}'", "the figures of this gateway")


def happened(browser, served, admin, turn):  # noqa: F811
    path = ("router/num_retries", "router/timeout")[turn]
    assert admin("PUT", f"/api/v1/settings/{path}", ("1", b'"9s"')[turn])[0] == 200
    browser.find(".log-line", path.replace("/", "."))


def states(browser, served, admin, turn):  # noqa: F811
    badge = "tr[data-deployment='bad/m'] .badge"
    browser.find(badge, "serves")
    if turn:
        for _ in range(12):
            ask(served, model="shaky")
        browser.find(badge, "rests")


def canary(browser, served, admin, turn):  # noqa: F811
    browser.find("#canary")
    before = browser.script("return " + CANARY)
    for number in range(20):
        ask(served, user=f"u{turn}-{number}")
    wait_until(lambda: browser.script("return " + CANARY) not in (None, before), 30, what=f"other figures than {before}")


LIVE = {"overview": overview, "events": happened, "models": states, "routes/policies/default?tab=canary": canary}


@in_a_browser
@pytest.mark.parametrize("token", [None, TOKEN], ids=["open", "signed-in"])
@pytest.mark.parametrize("screen", list(LIVE))
def test_a_screen_that_is_live_heals(browser, gateway, screen, token):  # noqa: F811
    environment = {"SWIFTLET_ADMIN_TOKEN": token} if token else {}
    served = gateway(SETTINGS, environment=environment)
    admin = Admin(served, token)
    if token:
        enter(browser, served, screen)
    else:
        browser.open(f"http://127.0.0.1:{served.admin_port}/console/#/{screen}")
        browser.wait(f"document.body && document.body.dataset.ready === '{screen.split('/')[0]}'", f"the screen {screen}")
    browser.script("window.stayed = true")
    LIVE[screen](browser, served, admin, 0)
    served.process.terminate()
    served.process.wait(20 * PATIENCE)
    browser.find(".link-state, .failure", "again")
    served.start(environment)
    if token:
        # Sessions are the gateway's that ended: it asks again, and goes on where one was.
        browser.wait("document.body.dataset.ready === 'login'", "the form to sign in", seconds=60)
        browser.fill("#token", TOKEN)
        browser.press("\ue007")
        browser.wait(f"document.body.dataset.ready === '{screen.split('/')[0]}'", f"the screen {screen}")
    else:
        browser.gone(".failure", seconds=60)
        browser.wait("!document.querySelector('.link-state').textContent.includes('lost')", "the connection", seconds=60)
    LIVE[screen](browser, served, admin, 1)
    assert browser.script("return window.stayed"), "the page was read anew"
    browser.expect_complaints(*GONE)


@in_a_browser
@pytest.mark.parametrize("screen", ["requests", "usage", "keys", "models", "events", "routes"])
def test_a_screen_that_found_nobody_tries_again_by_itself(browser, gateway, screen):  # noqa: F811
    served = gateway(SETTINGS)
    browser.open(f"http://127.0.0.1:{served.admin_port}/console/#/{screen}")
    browser.wait(f"document.body && document.body.dataset.ready === '{screen}'", f"the screen {screen}")
    browser.screen("tokens")
    served.process.terminate()
    served.process.wait(20 * PATIENCE)
    browser.screen(screen)
    browser.find(".failure", "The gateway does not answer")
    served.start()
    browser.gone(".failure", seconds=60)
    browser.expect_complaints(*GONE)
