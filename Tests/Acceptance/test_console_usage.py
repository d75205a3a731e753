"""Usage and cost, and insights, as people see them."""

import pytest
from support.gateway import wait_until
from support.watched import WATCHED, live_through
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401


@pytest.fixture
def busy(gateway):
    started = gateway(WATCHED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    live_through(started)
    wait_until(lambda: Admin(started, TOKEN).get("/api/v1/usage")["data"][0]["requests"] >= 14, what="the sums")
    return started


def rows(browser, css="tbody tr"):
    return [row.text for row in browser.all(css) if row.is_displayed()]


@in_a_browser
def test_usage_by_whatever_one_asks(browser, busy):
    admin = Admin(busy, TOKEN)
    enter(browser, busy, "usage")
    browser.find("svg.chart rect")
    total = admin.get("/api/v1/usage")["data"][0]
    assert browser.find("[aria-label='Requests'] .value").text == str(total["requests"])
    assert browser.find("[aria-label='Without a price'] .value").text == str(total["unpriced"]) != "0"
    browser.find("[aria-label='Without a price'] a", "say what they cost")
    browser.find(".baseline", "the same tokens at the primary model")
    dearest = browser.find("tbody tr")
    assert dearest.text.startswith("chat") and "%" in dearest.text
    # By the keyboard: one step to the right in the group, and the same numbers by another name.
    browser.script("document.querySelector('#choice-by-model').focus()")
    browser.press("\ue014")
    wait_until(lambda: any(row.startswith("shop") for row in rows(browser)), what="projects")
    assert "by=project" in browser.driver.current_url
    for by, name in [("key", "ward"), ("tag", "front"), ("provider", "good"), ("deployment", "good/large")]:
        browser.screen(f"usage?by={by}")
        browser.find("tbody th a", name)
    browser.click("label", "Requests")
    browser.find("thead th", "Share of requests")
    browser.click("tbody th a", "good/large")
    browser.find("table.log tbody tr")
    browser.screen("usage?range=before")
    browser.find(".empty", "Nothing was used in this time")


@in_a_browser
def test_usage_as_a_file(browser, busy):
    enter(browser, busy, "usage?by=model&range=today")
    browser.find("svg.chart rect")
    text = browser.driver.execute_async_script(
        "const done = arguments[0]; fetch(document.querySelector('a[download]').href).then((reply) => reply.text()).then(done)")
    lines = text.strip().splitlines()
    assert lines[0].startswith("model,hour,requests,failed")
    assert {"chat", "small", "shaky", "unknown"} <= {line.split(",")[0] for line in lines[1:]}
    assert browser.find("a[download]").get_attribute("download").startswith("usage-by-model-")


@in_a_browser
def test_insights_say_what_to_do(browser, busy):
    found = Admin(busy, TOKEN).get("/api/v1/insights")
    chat = next(one for one in found["models"] if one["name"] == "chat")
    assert chat["requests"] >= 5 and chat["p95_ms"] >= chat["p50_ms"] >= 5 and found["sample"]["whole"]
    fault = next(one for one in found["errors"] if one["deployment"] == "bad/m")
    assert (fault["fault"], fault["status"], fault["rescued"]) == ("server_error", 500, fault["attempts"])
    assert "forgotten" in found["idle"]["models"] and found["idle"]["keys"] == ["idle"]
    cheaper = next(one for one in found["cheaper"] if one["deployment"] == "good/large")["alternatives"][0]
    assert (cheaper["name"], cheaper["reach"]) == ("good/small", "configured") and 90 < cheaper["saved_percent"] < 95
    assert sum(hour["requests"] for hour in found["hours"]) == found["total"]["requests"]
    enter(browser, busy, "insights")
    browser.find("tr.group", "good/large")
    browser.find("tr", "good/small")
    browser.find("li", "forgotten")
    browser.find("table.heat td")
    browser.click("[role=tab]", "Models and routes")
    browser.press("\ue014")
    browser.find("[role=tab][aria-selected=true]", "Deployments")
    browser.find("[role=tabpanel] th", "good/large")
    row = next(row for row in browser.all("tbody tr") if "bad/m" in row.text and "500" in row.text)
    assert "a fallback serves meanwhile" in row.text
    browser.click("tbody th a", "server error")
    browser.find(".sentences li", "Without a fallback this request would have failed.")


def test_insights_refuse_what_they_do_not_know(busy):
    admin = Admin(busy, TOKEN)
    for query, words in [("from=tomorrow", "must be a day"), ("from=2026-01-02&to=2026-01-01", "before"), ("frm=1", "did you mean `from`")]:
        status, _, answer = admin("GET", "/api/v1/insights?" + query)
        assert status == 400 and words in str(answer), answer


@in_a_browser
def test_nothing_used_yet(browser, gateway):
    started = gateway(WATCHED, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    enter(browser, started, "usage")
    browser.find(".empty", "Nothing was used in this time")
    browser.screen("insights")
    browser.find(".empty", "Nothing to see into yet")
    assert not browser.rules()
