"""Starting, reloading, checking and ending the process."""

import json
import re
import shlex
import signal
import socket
import threading
import time
import urllib.request

import pytest
from support.gateway import BINARY, Gateway, free_port, get, question, swiftlet, wait_until
from support.upstream import chunk, event


def test_drain_lets_a_stream_finish(behind):
    go_on = threading.Event()

    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("first ")))
        go_on.wait(30)
        peer.piece(event(chunk("last")) + event(b"[DONE]"))
        peer.end_stream()

    gateway, _ = behind(handle)
    stream = iter(gateway.sdk().chat.completions.create(**question(stream=True)))
    assert next(stream).choices[0].delta.content == "first "
    gateway.signal(signal.SIGTERM)
    wait_until(lambda: get(gateway.port, "/readyz")[0] != 200, what="readiness going off")

    def refused():
        try:
            socket.create_connection(("127.0.0.1", gateway.port), timeout=2).close()
            return False
        except OSError:
            return True
    wait_until(refused, what="new connections being refused")
    assert gateway.process.poll() is None, "it waits for the stream"
    go_on.set()
    assert [part.choices[0].delta.content for part in stream] == ["last"]
    assert gateway.wait_exit() == 0


def test_drain_without_traffic_is_quick(behind):
    gateway, _ = behind()
    assert gateway.chat()[0] == 200
    idle = socket.create_connection(("127.0.0.1", gateway.port))
    idle.sendall(b"GET /readyz HTTP/1.1\r\nhost: h\r\n\r\n")
    assert idle.recv(4096).startswith(b"HTTP/1.1 200"), "the connection is known to the gateway"
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_exit(10) == 0
    idle.settimeout(5)
    assert idle.recv(1) == b"", "an idle connection is closed in order"
    idle.close()


def test_interrupt_ends_it_too(behind):
    gateway, _ = behind()
    gateway.signal(signal.SIGINT)
    assert gateway.wait_exit() == 0


def reloaded(gateway, text):
    count = len(gateway.lines)
    gateway.file.write_text(text)
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: len(gateway.lines) > count, what="a log line about the reload")


def test_reload(behind):
    gateway, _ = behind()
    settings = json.loads(gateway.file.read_text())
    settings["models"]["added"] = settings["models"]["chat"]
    reloaded(gateway, json.dumps(settings))
    wait_until(lambda: gateway.chat("added")[0] == 200, what="the new model")
    assert gateway.chat("chat")[0] == 200


def test_reload_of_a_bad_file_changes_nothing(behind):
    gateway, _ = behind()
    settings = json.loads(gateway.file.read_text())
    settings["models"]["added"] = settings["models"]["chat"]
    settings["models"]["chat"]["deployments"][0]["provider"] = "nobody"
    reloaded(gateway, json.dumps(settings, indent=1))
    assert gateway.chat("chat")[0] == 200
    assert gateway.chat("added")[0] == 404
    assert any("nobody" in line for line in gateway.lines), "the log says what is wrong"
    reloaded(gateway, "providers: [")
    assert gateway.chat("chat")[0] == 200


def test_reload_under_way_does_not_cut_a_stream(behind):
    gateway, _ = behind(lambda peer, request: peer.stream(["a"] * 30, pause=0.02))
    stream = iter(gateway.sdk().chat.completions.create(**question(stream=True)))
    next(stream)
    for _ in range(3):
        reloaded(gateway, gateway.file.read_text())
    assert len(list(stream)) == 29


@pytest.mark.parametrize("flag, said", [
    ("server.lisen=127.0.0.1:1", "did you mean `server.listen`"), ("server.listen", "PATH=VALUE"), ("server.threads=0", "server.threads"),
])
def test_a_wrong_flag_is_explained(flag, said):
    result = swiftlet("serve", "--set", flag)
    assert result.returncode != 0
    assert said in result.stdout + result.stderr


class Unconfigured(Gateway):
    """`swiftlet serve` in an empty folder, with the ports given by the environment."""

    def __init__(self, folder, environment=None):
        self.folder = folder
        folder.mkdir()
        self.port, self.admin_port, self.lines, self.expected = free_port(), free_port(), [], ()
        # A flag stands above the environment.
        self.process = self.launch(["serve", "--set", f"server.admin=127.0.0.1:{self.admin_port}"], {
            "SWIFTLET_SERVER_LISTEN": f"127.0.0.1:{self.port}", "SWIFTLET_SERVER_ADMIN": "127.0.0.1:1",
            "HOME": str(folder), **(environment or {})})
        self.wait_ready()

    @property
    def printed(self):
        return "\n".join(self.output + self.lines)


def curl_of(text):
    """Address, headers and body of the curl command in a text, continuation lines joined."""
    command = re.search(r"curl (?:[^\n]*\\\n)*[^\n]*", text).group(0).replace("\\\n", " ")
    words = shlex.split(command)[1:]
    headers, data, url = {}, None, None
    while words:
        word = words.pop(0)
        if word in ("-H", "--header"):
            name, value = words.pop(0).split(":", 1)
            headers[name] = value.strip()
        elif word in ("-d", "--data", "--json"):
            data = words.pop(0).encode()
            headers.setdefault("content-type", "application/json")
        elif not word.startswith("-"):
            url = word
    return url, headers, data


def test_without_any_settings(tmp_path):
    one = Unconfigured(tmp_path / "empty")
    try:
        wait_until(lambda: "curl" in one.printed, what="a curl command")
        url, headers, data = curl_of(one.printed)
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as reply:
            assert json.load(reply)["choices"][0]["message"]["content"]
    finally:
        one.end()


def test_without_settings_the_key_is_kept_over_a_restart_or_printed_again(tmp_path):
    for run in range(2):
        one = Unconfigured(tmp_path / f"empty{run}")
        try:
            wait_until(lambda: "curl" in one.printed, what="a curl command")
        finally:
            one.end()


GOOD = """\
server:
  listen: 127.0.0.1:0
providers:
  local: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1 }
models:
  chat: { deployments: [ { provider: local, model: smollm2 } ] }
"""


def check(tmp_path, text, environment=None):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    result = swiftlet("check", str(file), environment=environment)
    return result.returncode, result.stdout + result.stderr, str(file)


def test_check_of_a_good_file(tmp_path):
    code, output, _ = check(tmp_path, GOOD)
    assert code == 0, output


def test_check_names_every_problem_with_its_line(tmp_path):
    bad = GOOD.replace("listen:", "lisen:").replace("strategy", "").replace("provider: local, model", "provider: locl, model") \
        + "router:\n  timeout: 5 parsecs\n"
    code, output, file = check(tmp_path, bad)
    assert code == 1
    found = re.findall(rf"^{re.escape(file)}:(\d+): (\S+): (.+)$", output, re.M)
    assert {int(line) for line, _, _ in found} >= {2, 6, 8}, output
    by_line = {int(line): (path, message) for line, path, message in found}
    assert by_line[2][0] == "server.lisen" and "listen" in by_line[2][1]
    assert by_line[6][0].startswith("models.chat") and "local" in by_line[6][1]
    assert by_line[8][0] == "router.timeout"


@pytest.mark.parametrize("text", ["a: [", "\tserver:", "server: &a [*a]", "- just\n- a list\n", "server: 7\n"])
def test_check_of_what_is_no_settings(tmp_path, text):
    code, output, file = check(tmp_path, text)
    assert code == 1
    assert f"{file}:" in output


def test_check_of_a_missing_file(tmp_path):
    result = swiftlet("check", str(tmp_path / "nowhere.yaml"))
    assert result.returncode == 1
    assert "nowhere.yaml" in result.stdout + result.stderr


def test_check_never_prints_a_secret(tmp_path):
    text = GOOD + "keys:\n  a: { key: env:CANARY_KEY, rpmm: 7 }\n  b: { key: sk-canary-in-file, projct: x }\n"
    code, output, _ = check(tmp_path, text, {"CANARY_KEY": "sk-canary-in-environment"})
    assert code == 1
    assert "canary-in" not in output


def test_a_missing_environment_variable_is_named(tmp_path):
    code, output, _ = check(tmp_path, GOOD + "keys:\n  a: { key: env:SWIFTLET_TEST_UNSET }\n")
    assert code == 1
    assert "SWIFTLET_TEST_UNSET" in output


def test_serve_refuses_a_bad_file(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(GOOD.replace("provider: local, model", "provider: locl, model"))
    result = swiftlet("serve", "--config", str(file))
    assert result.returncode != 0
    assert f"{file}:6: " in result.stdout + result.stderr


def test_serve_says_when_its_address_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        file = tmp_path / "taken.yaml"
        file.write_text(GOOD.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}") + "store: 'memory:'\n")
        result = swiftlet("serve", "--config", str(file))
    assert result.returncode != 0
    assert str(taken and file.read_text().split("127.0.0.1:")[1].split()[0]) in result.stdout + result.stderr


def test_schema_is_a_json_schema():
    result = swiftlet("schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    assert {"server", "providers", "models", "keys", "router"} <= set(schema["properties"])


def test_start_with_an_existing_ledger(behind, gateway):
    one, _ = behind()
    assert one.chat()[0] == 200
    one.stop()
    began = time.monotonic()
    process = one.launch(["serve", "--config", str(one.file)], {})
    one.process = process
    one.wait_ready()
    assert time.monotonic() - began < 5
    assert one.chat()[0] == 200


def test_help_names_the_commands():
    result = swiftlet("--help")
    assert result.returncode == 0
    assert {"serve", "check", "schema", "bench"} <= set(result.stdout.split())
    assert BINARY.exists()
