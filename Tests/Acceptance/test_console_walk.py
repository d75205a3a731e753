"""Every screen with names, prompts and tags that are markup, in both colours and at every width."""

import pytest
from support.gateway import KEY, wait_until
from support.watched import ATTACK, CARD, NASTY, WATCHED, live_through, say
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401

OURS = ["usage", "insights", "events", "projects", "learning", "guardrails", "firewall", "breaches", "audit"]
# What is there once a screen has read what it shows.
SIGNS = {"usage": "svg.chart rect", "insights": "table.heat", "events": ".log-line", "projects": "tr[data-project]", "learning": ".empty",
         "guardrails": "tr[data-owner]", "firewall": "tr[data-rule]", "breaches": "tr[data-breach]", "audit": ".log-line"}
NASTY_SETTINGS = {
    "providers": {NASTY: {"type": "mock", "latency": "5ms"}},
    "models": {NASTY: {"deployments": [{"provider": NASTY, "model": NASTY, "input_price": 1, "output_price": 2}]}},
    "projects": {NASTY: {"description": NASTY, "budget": {"amount": 3, "period": "month"}}}, "customers": {NASTY: {"description": NASTY}},
    "guardrails": {"pii": "mask", "keywords": {"action": "block", "words": ["<b>word</b>"]}, "allow": [NASTY]},
    "firewall": [{"name": NASTY, "type": "substring", "pattern": "<script>alert(2)</script>", "action": "warn"}],
    "keys": {NASTY: {"key": KEY, "project": NASTY, "customer": NASTY, "owner": NASTY, "tags": [NASTY]}},
}


@in_a_browser
def test_markup_in_names_is_text_everywhere(browser, gateway):
    started = gateway(NASTY_SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(started, TOKEN)
    for text in ("<script>alert(2)</script>", "<b>word</b>", "a@example.com <svg onload=alert(3)>", "plain"):
        say(started, text, model=NASTY)
    assert admin("PATCH", f"/api/v1/keys/{NASTY.replace(' ', '%20')}", {"owner": NASTY + "!"})[0] == 200
    wait_until(lambda: admin.get("/api/v1/breaches")["data"], what="breaches")
    wait_until(lambda: len(admin.get("/api/v1/requests")["data"]) == 3, what="the log")
    enter(browser, started)
    names = [link.get_attribute("data-name") for link in browser.all("nav a")]
    assert set(OURS) <= set(names)
    request = admin.get("/api/v1/requests")["data"][0]["id"]
    breach = admin.get("/api/v1/breaches")["data"][0]["id"]
    bys = [f"usage?by={by}" for by in ("project", "key", "tag", "provider", "deployment", "customer")]
    for screen in [*names, *bys, f"requests/{request}", f"breaches/{breach}"]:
        browser.screen(screen)
        told = screen if screen in names else screen.split("/")[0].split("?")[0]
        if told in SIGNS and "/" not in screen:
            browser.find(SIGNS[told])
        if told in ("keys", "requests", "models", "usage", "projects", "guardrails", "firewall", "breaches"):
            browser.wait("document.querySelector('main').innerText.includes('<img src=x')", f"the name as text on {screen}")
        browser.script("for (const one of document.querySelectorAll('details')) one.open = true")
        made = browser.script(
            "return [...document.querySelectorAll('main script, main svg[onload], main [onerror], main img, main b')].map((e) => e.outerHTML)")
        assert not made, (screen, made)


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screens_keep_the_rules_in_both_colours_and_at_every_width(browser, gateway, scheme):
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    started = gateway(WATCHED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    live_through(started)
    admin = Admin(started, TOKEN)
    wait_until(lambda: len(admin.get("/api/v1/breaches")["data"]) >= 4, what="the breaches")
    breach = admin.get("/api/v1/breaches?trigger=injection")["data"][0]["id"]
    enter(browser, started)
    for width in (1280, 380):
        browser.resize(width, 860)
        for screen in OURS:
            browser.screen(screen)
            browser.find(SIGNS[screen])
            assert not browser.rules(), (screen, width)
            browser.picture(f"{screen}-{scheme}-{width}")
        browser.screen(f"breaches/{breach}")
        browser.find(".path li")
        assert not browser.rules()
        browser.picture(f"breach-{scheme}-{width}")
        browser.screen("firewall")
        browser.fill("#firewall-text", f"Charge {CARD}.")
        browser.find("mark")
        assert not browser.rules()
        browser.screen("guardrails")
        browser.fill("#guard-text", ATTACK)
        browser.find("mark")
        assert not browser.rules()
        browser.picture(f"guardrails-tried-{scheme}-{width}")


@in_a_browser
def test_a_key_manager_sees_what_is_hers(browser, gateway):
    token = "manager-token-0123456789abcdef"
    started = gateway({**WATCHED, "admin": {"tokens": {"ann": {"token": token, "role": "key_manager", "projects": ["shop"]}}}},
                      environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    live_through(started)
    enter(browser, started, "usage", token)
    browser.find("svg.chart rect")
    assert {link.get_attribute("data-name") for link in browser.all("nav a")} >= {"usage", "keys"}
    assert not {link.get_attribute("data-name") for link in browser.all("nav a")} & {"audit", "breaches", "guardrails", "insights"}
    browser.screen("keys")
    browser.find("tr[data-key='acceptance'] .bar")
    assert "ward" not in browser.text()


@in_a_browser
def test_projects_are_made_changed_and_deleted(browser, gateway):
    started = gateway(WATCHED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    admin = Admin(started, TOKEN)
    enter(browser, started, "projects")
    browser.find(".empty", "No customer yet")
    browser.click("button", "New project")
    browser.click("dialog button", "Make the project")
    browser.find("dialog .wrong .note", "A project needs a name")
    browser.fill("#owner-name", "lab")
    browser.fill("#owner-budget", "2.5")
    browser.fill("#owner-policy", "nothing-like-it")
    browser.click("dialog button", "Make the project")
    browser.find("dialog .wrong .note", "nothing-like-it")
    browser.expect_complaints("422")
    browser.fill("#owner-policy", "")
    browser.click("dialog button", "Make the project")
    browser.find("tr[data-project=lab]", "$0 of $2.50 by month")
    browser.click("[aria-label='Change lab']")
    browser.fill("#owner-budget", "4")
    assert admin("PATCH", "/api/v1/projects/lab", {"description": "theirs"})[0] == 200
    browser.click("dialog button", "Save")
    browser.click("dialog button", "Save what is chosen")
    browser.expect_complaints("412")
    browser.find("tr[data-project=lab]", "of $4.00")
    assert admin.get("/api/v1/projects/lab")["description"] == "theirs"
    browser.click("[aria-label='Change shop']")
    browser.click("dialog button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.find(".toast", "shop")
    browser.expect_complaints("422")
    browser.click("[aria-label='Change lab']")
    browser.click("dialog button", "Delete")
    browser.click("dialog button", "Delete it")
    browser.gone("tr[data-project=lab]")
