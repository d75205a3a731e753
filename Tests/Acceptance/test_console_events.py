"""Events, audit log and breaches, as people see them."""

import pytest
from support.gateway import wait_until
from support.watched import ATTACK, NASTY, WATCHED, live_through, say
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401


@pytest.fixture
def watched(gateway):
    return gateway(WATCHED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


@in_a_browser
def test_events_come_by_themselves(browser, watched):
    admin = Admin(watched, TOKEN)
    enter(browser, watched, "events")
    browser.find("[data-kind=settings] .badge", "signed in")
    assert say(watched, model="shaky") == 200
    browser.find("[data-kind=failover]", "bad/m failed on shaky, since server error: good/small was asked.")
    assert admin("PATCH", "/api/v1/keys/idle", {"owner": NASTY})[0] == 200
    browser.find("[data-kind=settings]", "keys.idle")
    assert say(watched, ATTACK) == 403
    browser.find("[data-kind=breach]", "injection by key `acceptance`")
    for _ in range(12):
        say(watched, model="shaky")
    browser.find("[data-kind=breaker_opened]", "bad/m rests")
    browser.click("label", "Alerts")
    browser.find("[data-kind=breach]")
    browser.gone("[data-kind=failover]")
    browser.click("[data-kind=breach] a", "breach")
    browser.find("h1", "Injection")
    browser.screen("events?group=settings")
    browser.find("[data-kind=settings]")
    browser.gone("[data-kind=breach]")
    browser.screen("events?text=good%2Fsmall")
    browser.find("[data-kind=failover]")
    assert all("good/small" in line.text for line in browser.all(".log-line"))
    browser.screen("events?text=there-is-nothing-like-it")
    browser.find(".empty", "Nothing of that kind")


@in_a_browser
def test_events_page_by_page(browser, watched):
    admin = Admin(watched, TOKEN)
    for _ in range(30):
        say(watched, model="shaky")
    for number in range(40):
        assert admin("PATCH", "/api/v1/keys/idle", {"owner": f"owner {number}"})[0] == 200
    wait_until(lambda: len(admin.get("/api/v1/events?limit=1000")["data"]) >= 5, what="events")
    enter(browser, watched, "events")
    browser.find(".log-line")
    first = [line.text for line in browser.all(".log-line")]
    assert len(first) == 50 or len(first) >= 45
    while browser.all(".row.end button"):
        before = len(browser.all(".log-line"))
        browser.click(".row.end button", "Show older ones")
        wait_until(lambda: len(browser.all(".log-line")) > before or not browser.all(".row.end button"), what="older events")
    times = browser.script("return [...document.querySelectorAll('.log-line time')].map((one) => one.dateTime)")
    assert times == sorted(times, reverse=True)
    assert len(browser.all("[data-kind=settings]")) >= 40


def test_events_are_found(watched):
    admin = Admin(watched, TOKEN)
    for _ in range(12):
        say(watched, model="shaky")
    say(watched, ATTACK)
    wait_until(lambda: admin.get("/api/v1/events?kind=breach")["data"], what="the breach among events")
    both = admin.get("/api/v1/events?kind=breach,breaker_opened&limit=500")["data"]
    assert {event["kind"] for event in both} == {"breach", "breaker_opened"}
    some = admin.get("/api/v1/events?text=GOOD/small&limit=2")
    assert len(some["data"]) == 2 and all("good/small" in str(event["detail"]) for event in some["data"])
    ids, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"/api/v1/events?text=m&kind=failover,breaker_opened&limit=3&cursor={cursor}" if cursor else
                         "/api/v1/events?text=m&kind=failover,breaker_opened&limit=3")
        ids += [event["id"] for event in page["data"]]
        cursor = page["next_cursor"]
    assert ids == sorted(set(ids), reverse=True) and len(ids) >= 4
    assert admin.get("/api/v1/events?to=2020-01-01")["data"] == [] == admin.get("/api/v1/events?from=2999-01-01")["data"]
    assert "did you mean `failover`" in str(admin("GET", "/api/v1/events?kind=failovr")[2])


@in_a_browser
def test_the_audit_log_shows_what_changed_and_can_be_checked(browser, watched):
    admin = Admin(watched, TOKEN)
    enter(browser, watched, "audit")
    assert admin("PATCH", "/api/v1/keys/idle", {"owner": "ann"})[0] == 200
    assert admin("PATCH", "/api/v1/keys/idle", {"owner": NASTY})[0] == 200
    browser.driver.refresh()
    browser.wait("document.body.dataset.ready === 'audit'", "the audit log")
    browser.find(".log-line", "keys change")
    browser.click(".log-line summary")
    browser.find(".changes del", "owner: ann")
    browser.find(".changes ins", f"owner: {NASTY}")
    assert not browser.all("img[src=x]")
    browser.click("button", "Verify")
    browser.find(".badge.good", "entries are as they were written")
    last = admin.get("/api/v1/audit/verify")["last_hash"]
    browser.find("code", last)
    browser.fill("#audit-text", "sign_in")
    wait_until(lambda: all("sign in" in line.text for line in browser.all(".log-line") if line.is_displayed()), what="the filter")


@in_a_browser
def test_breaches_are_seen_and_dealt_with(browser, watched):
    admin = Admin(watched, TOKEN)
    enter(browser, watched, "breaches")
    browser.find(".empty", "No breach so far")
    live_through(watched)
    wait_until(lambda: len(admin.get("/api/v1/breaches")["data"]) >= 4, what="the breaches")
    browser.driver.refresh()
    browser.find("[aria-label='Breaches'] .value", "")
    browser.find("tr[data-breach]", "card numbers")
    browser.find("#breach-trigger").send_keys("Injection")
    wait_until(lambda: len(browser.all("tr[data-breach]")) == 1, what="one breach")
    browser.click("tr[data-breach] a")
    browser.find("h1", "Injection")
    browser.find(".card", "The middle of what was found is hidden")
    browser.find(".path li", "detected")
    assert ATTACK not in browser.text()
    browser.click("button", "Resolve")
    browser.fill("#breach-note", NASTY)
    browser.click("dialog button", "Resolve")
    browser.find(".badge.good", "resolved")
    browser.find(".card", NASTY)
    assert admin.get("/api/v1/breaches?trigger=injection")["data"][0]["status"] == "resolved"
    browser.click("button", "Open again")
    browser.click("dialog button", "Open again")
    browser.find(".badge.bad", "active")
    assert admin("DELETE", "/api/v1/keys/acceptance")[0] == 204
    browser.driver.refresh()
    browser.find(".dangling", "acceptance (deleted)")
    browser.screen("breaches/999")
    browser.find(".failure", "there is no breach".capitalize())
    browser.expect_complaints("404")
