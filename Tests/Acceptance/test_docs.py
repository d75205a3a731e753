"""What the documents show works as shown."""

import json
import os
import re
import subprocess
import sys

import pytest
from support.gateway import KEY, ROOT, Gateway, swiftlet
from support.pages import blocks, examples, marks, variables
from support.upstream import Upstream
from support.websocket import TEXT, echo, frame, read_frame, serve_upgrade
from test_lifecycle import curl_of

GUIDE = ROOT / "docs/guide"


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in blocks("yaml") if block.is_settings])
def test_settings_are_valid(tmp_path, block):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(block.text)
    result = swiftlet("check", str(file), environment=variables(block.text))
    assert result.returncode == 0, result.stdout + result.stderr


SCENARIOS = sorted((ROOT / "examples/scenarios").glob("*.yaml"))
EXAMPLES = [file for file in sorted((ROOT / "examples").rglob("*.yaml")) if file not in SCENARIOS]


@pytest.mark.parametrize("file", [pytest.param(file, id=str(file.relative_to(ROOT / "examples"))) for file in EXAMPLES])
def test_examples_are_valid(file):
    result = swiftlet("check", str(file), environment=variables(file.read_text()))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in SCENARIOS])
def test_scenarios_keep_their_promises(file):
    runs = [swiftlet("simulate", str(file), "--seed", "3", "--json") for _ in range(2)]
    assert runs[0].returncode == 0, runs[0].stdout + runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    report = json.loads(runs[0].stdout)
    assert report["violations"] == [] and report["requests"] > 0


def test_a_scenario_of_the_library_plays_on_settings_of_the_user():
    settings = ROOT / "examples/failover.yaml"
    assert "primary-dead" in swiftlet("simulate", "--list").stdout
    run = swiftlet("simulate", "primary-dead", "--policy", str(settings), "--model", "chat", "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    rows = {row["name"]: row for row in json.loads(run.stdout)["deployments"]}
    assert rows["main/gpt-5-mini"]["answered"] == 0 and rows["backup/llama-70b"]["answered"] > 1000
    unknown = swiftlet("simulate", "primary-deed")
    assert unknown.returncode != 0 and "did you mean `primary-dead`?" in unknown.stderr


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in blocks("json")])
def test_json_is_valid(block):
    json.loads(block.text)


@pytest.mark.parametrize("example", [pytest.param(example, id=example.settings.name) for example in examples()])
def test_requests_are_answered_as_the_page_says(tmp_path, upstream, example):
    """Their settings say neither `server` nor `store`: those are the test's. Targets of pass-through endpoints are here."""
    target = upstream()
    text = re.sub(r"(target: )https://[^/\s]+", rf"\1http://127.0.0.1:{target.port}", example.settings.text)
    environment = variables(text)
    gateway = Gateway(tmp_path, "server: { listen: '{listen}', admin: '{admin}' }\nstore: 'memory:'\n" + text, environment)
    try:
        for block in example.requests:
            said = marks(block)
            key = environment.get(said.get("variable")) or next(iter(environment.values()), None)
            status, headers, body = gateway.post(said.get("path", "/v1/chat/completions"), block.text.encode(), key, said["header"])
            assert status == int(said.get("status", 200)), (block.name, body)
            if "deployment" in said:
                assert headers["x-swiftlet-deployment"] == said["deployment"], (block.name, body)
            if "upstream" in said:
                assert target.requests[-1].path == said["upstream"] and key.encode() not in target.requests[-1].raw, block.name
            if "cache" in said:
                assert headers["x-swiftlet-cache"] == said["cache"], block.name
            if "code" in said:
                assert json.loads(body)["error"]["code"] == said["code"], block.name
    finally:
        gateway.end()


def test_every_strategy_has_a_page():
    schema = json.loads(swiftlet("schema").stdout)
    names = set(strategies(schema))
    assert {"fallback", "latency"} <= names and len(names) > 10
    pages = "\n".join(page.read_text() for page in (GUIDE / "strategies").glob("*.md"))
    missing = sorted(name for name in names if f"`{name}`" not in pages and f"# {name}\n" not in pages)
    assert not missing, f"no page below docs/guide/strategies names {missing}"


def strategies(node):
    """The words that the member `strategy` may be, wherever the schema has one."""
    if isinstance(node, dict):
        for choice in node.get("properties", {}).get("strategy", {}).get("anyOf", ()):
            yield from choice.get("enum", ())
        for value in node.values():
            yield from strategies(value)
    elif isinstance(node, list):
        for value in node:
            yield from strategies(value)


def anchors(page):
    """As GitHub makes them of headings."""
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S), re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(GUIDE))) for page in sorted(GUIDE.rglob("*.md"))])
def test_links_into_pages_name_a_heading(page):
    for link, anchor in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", page.read_text()):
        target = (page.parent / link).resolve() if link else page
        assert anchor in set(anchors(target)), f"{link}#{anchor}"


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(GUIDE))) for page in sorted(GUIDE.rglob("*.md"))])
def test_every_page_is_linked_from_another(page):
    others = [other for other in [ROOT / "README.md", *GUIDE.rglob("*.md")] if other != page]
    links = {(other.parent / link).resolve() for other in others for link in re.findall(r"\]\(([^)\s#]+)", other.read_text())}
    assert page in links


def test_the_pages_that_are_compiled_in_are_those_below_docs():
    done = subprocess.run([sys.executable, str(ROOT / "scripts/documents.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    index = (ROOT / "docs/index.md").read_text()
    listed = re.findall(r"^\* \[[^\]]+\]\(([^)]+\.md)\): \S", index, re.M)
    assert sorted(listed) == sorted(str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md") if page.name != "index.md")


def realtime(peer, request):
    """As much of OpenAI's realtime API as it takes to answer once."""
    serve_upgrade(peer, request)
    while json.loads(read_frame(peer.exactly)[1])["type"] != "response.create":
        pass
    place = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    for number, event in enumerate([{"type": "response.output_text.delta", "delta": "a made-up answer", **place},
                                    {"type": "response.done", "response": {"id": "r", "object": "realtime.response", "status": "completed"}}]):
        peer.send(frame(json.dumps({"event_id": f"e{number}", **event}).encode(), TEXT))
    return echo(peer)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A gateway that has every model name the documents use, answered by mocks."""
    behind = Upstream(realtime)
    one = Gateway(tmp_path_factory.mktemp("docs"), {
        "providers": {"made-up": {"type": "mock", "text": "a made-up answer"}},
        "models": {name: {"deployments": [{"provider": "made-up", "model": "m"}]} for name in ("mock", "chat")},
        "general": {"pass_through_endpoints": [{"path": "/v1/realtime", "target": f"ws://127.0.0.1:{behind.port}/v1/realtime"}]},
    })
    yield one
    one.end()
    behind.close()


def here(text, gateway):
    return re.sub(r"127\.0\.0\.1:8080|localhost:8080", f"127.0.0.1:{gateway.port}", text).replace("$SWIFTLET_KEY", KEY)


CURLS = [block for block in blocks("sh") if "curl " in block.text and "/v1/chat" in block.text]


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in CURLS])
def test_curl_commands_answer(shown, block):
    url, headers, data = curl_of(here(block.text, shown))
    status, _, body = shown.post(url.split(str(shown.port))[1], data, key=None, headers=headers)
    assert status == 200, body


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in blocks("python")])
def test_python_snippets_run(shown, block):
    environment = {**os.environ, "SWIFTLET_KEY": KEY}
    result = subprocess.run(
        [sys.executable, "-c", here(block.text, shown)], env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "made-up answer" in result.stdout.replace("\n", " ")
