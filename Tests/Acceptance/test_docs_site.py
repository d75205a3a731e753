"""The documentation as a running gateway serves it: to browsers, as Markdown, to programs that read."""

import gzip
import json
import re
from html.parser import HTMLParser

import pytest
from support.browser import DRIVER, Browser
from support.gateway import ROOT, Gateway, get
from test_admin import TOKEN

PAGES = sorted(str(page.relative_to(ROOT / "docs"))[:-3] for page in (ROOT / "docs").rglob("*.md") if page.name != "index.md")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Of a gateway that wants a token: documentation needs none."""
    one = Gateway(tmp_path_factory.mktemp("site"), {"providers": {"m": {"type": "mock"}}, "models": {"chat": {"route": "m/m"}}},
                  environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    yield one
    one.end()


class Reader(HTMLParser):
    """Links, anchors, and that every tag that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.open = [], set(), []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        self.anchors.add(attributes.get("id"))
        if tag in ("a", "link") and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag not in ("meta", "link", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(site, path, **headers):
    status, body = get(site.admin_port, path, headers, timeout=20)
    return status, body.decode()


def test_every_page_is_there_and_every_link_leads_somewhere(site):
    pages = {}
    for name in ["", *PAGES]:
        status, text = read(site, f"/docs/{name}")
        assert status == 200 and "<h1" in text, name
        pages[f"/docs/{name}"] = Reader(text)
    places = {}
    for page, reader in pages.items():
        for link in reader.links:
            path, _, anchor = link.partition("#")
            if link.startswith("http"):
                continue
            path = path or page
            if path not in places:
                places[path] = pages[path] if path in pages else read(site, path)[0]
            assert places[path] == 200 or path in pages, f"{page} links to {link}"
            assert not anchor or anchor in pages[path].anchors, f"{page} links to {link}"


def test_index_reaches_every_page(site):
    index = Reader(read(site, "/docs/")[1])
    assert {f"/docs/{name}" for name in PAGES} <= set(index.links), "docs/index.md lists every page"


def test_pages_are_markdown_too_and_programs_find_them(site):
    status, text = read(site, "/docs/guide/rules.md")
    assert status == 200 and text == (ROOT / "docs/guide/rules.md").read_text()
    for path in ("/llms.txt", "/docs/llms.txt"):
        summary = read(site, path)[1]
        links = re.findall(r"^- \[[^\]]+\]\((/docs/[^)]+)\): \S", summary, re.M)
        assert summary.startswith("# Swiftlet\n\n> ") and len(links) == len(PAGES)
    assert all(read(site, link)[0] == 200 for link in links[:3])
    whole = read(site, "/docs/llms-full.txt")[1]
    assert "# Getting started" in whole and "# Settings" in whole and len(whole) > 300_000
    search = json.loads(read(site, "/docs/search.json")[1])["pages"]
    assert len(search) == len(PAGES) and all(page["title"] and page["summary"] for page in search)
    assert read(site, "/docs/reference/settings.schema.json")[0] == 200 and read(site, "/docs/examples/full.yaml")[0] == 200


@pytest.mark.parametrize("path", ["/docs/nonsuch", "/docs/guide", "/docs/../README.md", "/docs/%2e%2e/README.md", "/docs/guide/rules.md/x"])
def test_what_there_is_not(site, path):
    assert read(site, path)[0] in (401, 404)


def test_it_is_sent_compressed_and_only_when_it_is_new(site):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", site.admin_port)

    def ask(**headers):
        connection.request("GET", "/docs/reference/settings", headers={name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()

    status, plain, body = ask()
    assert status == 200 and "script-src 'self'" in plain["content-security-policy"] and plain["x-content-type-options"] == "nosniff"
    _, packed, small = ask(accept_encoding="gzip")
    assert packed["content-encoding"] == "gzip" and gzip.decompress(small) == body and len(small) < len(body) / 4
    assert ask(if_none_match=plain["etag"])[0] == 304 and ask(if_none_match=packed["etag"], accept_encoding="gzip")[0] == 304


@pytest.mark.skipif(DRIVER is None, reason="chromedriver is not installed: scripts/setup test")
@pytest.mark.parametrize("scheme, width", [("light", 1280), ("dark", 1280), ("light", 380)])
def test_in_a_browser(site, scheme, width):
    browser = Browser(scheme=scheme)
    try:
        browser.resize(width)
        for page in ("", "guide/rules", "reference/settings", "guide/strategies/latency"):
            browser.open(f"http://127.0.0.1:{site.admin_port}/docs/{page}")
            assert browser.rules() == [], page
            assert browser.script("return document.documentElement.scrollWidth <= window.innerWidth"), f"{page} is wider than the window"
        browser.press("/")
        browser.fill("#search", "budgets")
        browser.find("#found a", "Keys, budgets and limits")
        browser.press("\ue007")
        browser.wait("location.pathname === '/docs/guide/keys-and-budgets'", "the page that was found")
        assert browser.script("return document.querySelector('nav a[aria-current]').textContent") == "Keys, budgets and limits"
        assert browser.collect() == []
    finally:
        browser.end()
