"""What the documents show works as shown."""

import os
import re
import subprocess
import sys

import pytest
from support.gateway import KEY, ROOT, swiftlet
from test_lifecycle import curl_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md"))]


def blocks(language):
    for page in PAGES:
        for number, match in enumerate(re.finditer(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)):
            yield pytest.param(match.group(1), id=f"{page.name}-{number + 1}")


VARIABLES = {"OPENAI_API_KEY": "sk-docs", "SWIFTLET_KEY": "sk-docs-client", "BACKUP_API_KEY": "sk-docs-backup"}


@pytest.mark.parametrize("text", list(blocks("yaml")))
def test_settings_are_valid(tmp_path, text):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(text)
    result = swiftlet("check", str(file), environment=VARIABLES)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in sorted((ROOT / "examples").glob("*.yaml"))])
def test_examples_are_valid(file):
    names = re.findall(r"env:(\w+)", file.read_text())
    result = swiftlet("check", str(file), environment={name: f"sk-example-{name}" for name in names})
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A gateway that has every model name the documents use, answered by mocks."""
    from support.gateway import Gateway
    one = Gateway(tmp_path_factory.mktemp("docs"), {
        "providers": {"made-up": {"type": "mock", "text": "a made-up answer"}},
        "models": {name: {"deployments": [{"provider": "made-up", "model": "m"}]} for name in ("mock", "chat")},
    })
    yield one
    one.end()


def here(text, gateway):
    return re.sub(r"127\.0\.0\.1:8080|localhost:8080", f"127.0.0.1:{gateway.port}", text).replace("$SWIFTLET_KEY", KEY)


@pytest.mark.parametrize("text", [block for block in blocks("sh") if "curl " in block.values[0] and "/v1/chat" in block.values[0]])
def test_curl_commands_answer(shown, text):
    url, headers, data = curl_of(here(text, shown))
    status, _, body = shown.post(url.split(str(shown.port))[1], data, key=None, headers=headers)
    assert status == 200, body


@pytest.mark.parametrize("text", list(blocks("python")))
def test_python_snippets_run(shown, text):
    environment = {**os.environ, "SWIFTLET_KEY": KEY}
    result = subprocess.run([sys.executable, "-c", here(text, shown)], env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "made-up answer" in result.stdout.replace("\n", " ")
