"""From the first start to a routed, budgeted, explained request, in the console alone: what a new user does in his first minutes."""

import os
import signal
import subprocess

import pytest

from support.gateway import BINARY, free_port, get, wait_until
from test_console import browser, driven, in_a_browser  # noqa: F401 - fixtures
from test_console_playground import say
from test_console_routes import typed


@pytest.fixture
def first(tmp_path):
    """The admin port of a gateway that was given nothing."""
    port, admin = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment |= {"SWIFTLET_SERVER_LISTEN": f"127.0.0.1:{port}", "SWIFTLET_SERVER_ADMIN": f"127.0.0.1:{admin}"}
    process = subprocess.Popen([str(BINARY), "serve"], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    wait_until(lambda: get(admin, "/readyz")[0] == 200, 30, what="the gateway")
    yield admin
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[0]
    assert f"Web console: http://127.0.0.1:{admin}/console/" in said


@in_a_browser
def test_a_new_user_gets_to_an_explained_request(browser, first):  # noqa: F811
    browser.open(f"http://127.0.0.1:{first}/")
    browser.find("h1", "Overview")
    browser.click("nav a", "Models and providers")
    browser.click("button", "New provider")
    browser.fill("#provider-name", "lab")
    browser.find("#provider-type").send_keys("mock")
    browser.click("dialog button", "Add and test")
    browser.find(".toast", "lab answers in")
    browser.click("button", "New model")
    browser.fill("#model-name", "chat")
    browser.find("#model-provider").send_keys("lab")
    browser.fill("#model-model", "tiny")
    browser.fill("#model-input", "1")
    browser.fill("#model-output", "2")
    browser.click("dialog button", "Add the model")
    browser.find("tr[data-deployment='lab/tiny']")
    # A policy that leads there.
    browser.click("nav a", "Routes and policies")
    browser.click("button", "New policy")
    browser.fill("#route-name", "first")
    browser.click("dialog button", "Go on")
    browser.click(".tree-empty button", "Target")
    typed(browser, "chat")
    browser.find(".check", "It can be saved")
    browser.click("#review")
    browser.click("dialog .button.primary", "Save")
    browser.find(".toast", "first is saved and in force")
    # A key with a budget that goes by it.
    browser.click("nav a", "Keys and budgets")
    browser.click("button", "New key")
    browser.fill("#key-name", "mine")
    browser.fill("#key-budget", "3")
    browser.click("dialog button", "Make the key")
    assert browser.find("#made-key").text.startswith("sk-")
    browser.click("dialog button", "I have copied it")
    browser.find("tr[data-key='mine'] .bar")
    browser.click("nav a", "Playground")
    browser.find("#play-key").send_keys("mine")
    browser.fill("#play-model-1", "chat")
    say(browser, "Hello")
    browser.find(".facts-line", "lab/tiny")
    # Why it went there, and what it cost.
    browser.click("nav a", "Requests")
    browser.find("tbody tr", "lab/tiny")
    browser.click("tbody tr a")
    browser.find("main", "lab/tiny")
    assert "mine" in browser.text() and "$" in browser.text()
    browser.find(".sentences li")
    assert not browser.rules()
