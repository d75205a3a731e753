"""Debian's Chromium, driven by Selenium: nothing is downloaded. Whatever the console of the browser complains of fails the test."""

import os
import pathlib
import shutil

from .gateway import PATIENCE, wait_until

DRIVER = shutil.which("chromedriver")

# Rules that every screen keeps, in the page itself: names, labels, headings, contrast. Returns what is wrong, a line each.
RULES = pathlib.Path(__file__).with_name("accessibility.js")


class Browser:
    def __init__(self, width=1280, height=860, scheme="light"):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
                     "--disable-background-networking", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_script_timeout(20 * PATIENCE)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.complaints = []

    def end(self):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)
        return self

    def collect(self):
        self.complaints += [e["message"] for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
        return self.complaints

    def expect_complaints(self, *parts):
        """Those that a test provokes: answers of 4xx, which Chromium reports of itself."""
        self.collect()
        self.complaints = [c for c in self.complaints if not any(part in c for part in parts)]

    def all(self, css, within=None):
        from selenium.webdriver.common.by import By
        return (within or self.driver).find_elements(By.CSS_SELECTOR, css)

    def find(self, css, text=None, seconds=15):
        """The first visible element of a selector, with a text in it where one is given; waits for it."""
        from selenium.common.exceptions import StaleElementReferenceException

        def found():
            try:
                return next((e for e in self.all(css) if e.is_displayed() and (text is None or text in e.text)), None)
            except StaleElementReferenceException:
                return None
        return wait_until(found, seconds, 0.05, what=f"`{css}`{f' with `{text}`' if text else ''} on the page:\n{self.text()[:1500]}")

    def gone(self, css, text=None, seconds=15):
        from selenium.common.exceptions import StaleElementReferenceException

        def absent():
            try:
                return not any(e.is_displayed() and (text is None or text in e.text) for e in self.all(css))
            except StaleElementReferenceException:
                return False
        wait_until(absent, seconds, 0.05, what=f"`{css}` to go away")

    def click(self, css, text=None):
        """A page that is alive may draw anew between finding and clicking."""
        from selenium.common.exceptions import StaleElementReferenceException

        for trial in range(3):
            try:
                element = self.find(css, text)
                self.script("arguments[0].scrollIntoView({block: 'center'})", element)
                element.click()
                return
            except StaleElementReferenceException:
                if trial == 2:
                    raise

    def fill(self, css, text):
        element = self.find(css)
        element.clear()
        element.send_keys(text)
        return element

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains
        ActionChains(self.driver).send_keys(*keys).perform()

    def text(self):
        return self.script("return document.body ? document.body.innerText : ''")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait(self, script, what, seconds=15):
        return wait_until(lambda: self.script("return " + script), seconds, 0.05, what=what)

    def screen(self, name):
        self.script("location.hash = arguments[0]", "#/" + name)
        self.wait(f"document.body.dataset.ready === '{name.split('/')[0].split('?')[0]}'", f"the screen {name}")

    def rules(self):
        return self.script(RULES.read_text() + "\nreturn defects();")

    def resize(self, width, height=860):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def picture(self, name):
        """Kept where SWIFTLET_PICTURES names a folder."""
        folder = os.environ.get("SWIFTLET_PICTURES")
        if folder:
            path = pathlib.Path(folder) / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(path))
