"""What feedback has taught, as people see it and take it back."""

import json

import pytest
from support.gateway import wait_until
from support.watched import NASTY
from test_admin import TOKEN, Admin
from test_console import browser, driven, enter, in_a_browser  # noqa: F401
from test_learning import Client, middling, settings  # noqa: F401


def learning(gateway):
    return Admin(gateway, TOKEN).get("/api/v1/learning")


def corrected(gateway, prompts):
    """Praise for whoever answers, until a correction is in effect."""
    for polite in ("", "Please. ", "Hello! ", "Well: "):
        Client(gateway).rated([polite + prompt for prompt in prompts], lambda _: 1)
        said = learning(gateway)["version"]
        # Two lessons later everything that was said has been looked at.
        state = wait_until(lambda: next((one for one in [learning(gateway)] if one["version"] >= said + 2), None), 10, what="a lesson")
        if any(project["in_effect"] for project in state["projects"]):
            return state
    raise AssertionError(f"nothing took effect: {json.dumps(state)[:2000]}")


@pytest.fixture
def taught(gateway, middling):  # noqa: F811
    one = gateway(settings(), environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    corrected(one, [prompt for prompt, _ in middling])
    return one


@in_a_browser
def test_what_was_learnt_is_shown_with_its_doubt_and_taken_back(browser, taught):  # noqa: F811
    enter(browser, taught, "learning")
    browser.find("[data-project=shop] .badge", "corrected")
    state = learning(taught)
    own = next(one for one in state["projects"][0]["tasks"] if any(one["correction"]))
    part = browser.find(f"[data-project=shop] [data-task={own['task']}]", "shown to be no loss")
    assert own["gate"]["reason"].startswith("It is shown to be no loss") and "and -0.2 is allowed" in own["gate"]["reason"]
    assert "is allowed." in part.text and "trials went its way" in part.text
    # A point, a bar and a line for each fifth of the scale, and the same in figures.
    assert [len(browser.all(kind, part)) for kind in (".point", ".calm-line .span", ".held")] == [5, 5, 5]
    browser.script("arguments[0].querySelector('details').open = true", part)
    rows = [row.text for row in browser.all("details tbody tr", part)]
    shown = ["+" * (value > 0) + "−" * (value < 0) + f"{abs(value):.2f}" for value in own["correction"]]
    assert len(rows) == 5 and rows[0].startswith("0.0 to 0.2") and all("±" in row for row in rows)
    if learning(taught)["projects"][0]["changes"] == state["projects"][0]["changes"]:
        assert all(value.lstrip("+−") in row for value, row in zip(shown, rows)), (shown, rows)
    share = state["counts"]["trials"] / state["counts"]["scored"]
    assert 0 < share < 0.08 and state["settings"]["explore"] == 0.05
    assert browser.find("[aria-label=Trials]", "at most 5 % of sessions").text.splitlines()[1].endswith(" %")
    browser.find("[data-rating='small/s']", "±")
    browser.find("[data-rating='large/l']", "±")
    browser.find(".card", "counts half after 30 days")
    # Asked first, and nothing happens where one thinks better of it.
    browser.click("[aria-label='Back to the shipped scorer: shop']")
    browser.find("dialog h2", "Back to the shipped scorer?")
    assert not browser.rules()
    browser.click("dialog button", "Cancel")
    assert learning(taught)["projects"][0]["in_effect"]
    browser.click("[aria-label='Back to the shipped scorer']")
    browser.find("dialog p", "of all projects")
    browser.click("dialog button", "Forget it")
    browser.find(".toast", "as the scorer was shipped")
    browser.find(".empty", "Nothing has been said yet")
    after = learning(taught)
    assert after["projects"] == [] and after["ratings"] == [] and after["reset"]


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_learning_keeps_the_rules_in_both_colours_and_at_every_width(browser, gateway, middling, scheme):  # noqa: F811
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    whole = settings(explore=0)
    whole["projects"][NASTY] = {}
    whole["keys"]["acceptance"]["project"] = NASTY
    one = gateway(whole, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    enter(browser, one, "learning")
    browser.find(".empty", "Nothing has been said yet")
    assert not browser.rules()
    Client(one).rated([prompt for prompt, _ in middling[:80]], lambda _: 1)
    # The page reads anew by itself.
    browser.find("[data-task] .badge", "too early to tell")
    assert not browser.all("main img")
    for width in (1280, 380):
        browser.resize(width, 860)
        browser.find("[data-project] h2", NASTY)
        assert not browser.rules(), width
        browser.script("for (const one of document.querySelectorAll('main details')) one.open = true")
        assert not browser.rules(), width
        browser.picture(f"learning-{scheme}-{width}")


@in_a_browser
def test_where_it_is_off_the_page_says_how_to_switch_it_on(browser, gateway):  # noqa: F811
    one = gateway(settings(enabled=False), environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    enter(browser, one, "learning")
    browser.find(".empty", "Learning is off")
    assert "learning: { enabled: true }" in browser.text() and not browser.all("[aria-label='Back to the shipped scorer']")
    assert not browser.rules()
    browser.click(".empty a", "All settings")
    browser.find("details[data-section=learning]", "Learning from feedback")


@in_a_browser
def test_who_only_reads_has_no_button(browser, gateway, middling):  # noqa: F811
    tokens = {name: {"token": f"{name}-token-0123456789abcdef", "role": name} for name in ("auditor", "operator")}
    one = gateway({**settings(explore=0), "admin": {"tokens": tokens}}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    Client(one).rated([prompt for prompt, _ in middling[:40]], lambda _: 1)
    wait_until(lambda: learning(one)["projects"], 10, what="a lesson")
    enter(browser, one, "learning", tokens["auditor"]["token"])
    browser.find("[data-project=shop] .badge", "as shipped")
    assert not browser.all("[aria-label^='Back to the shipped scorer']")
    browser.driver.delete_all_cookies()
    browser.open("about:blank")
    enter(browser, one, "learning", tokens["operator"]["token"])
    browser.find("[aria-label='Back to the shipped scorer: shop']")
