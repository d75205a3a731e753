"""The command line: what it has, that programs can read it, that people can, and what it says when something is wrong."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

import pytest
from support.gateway import BINARY, KEY, PATIENCE, ROOT, swiftlet, wait_until
from support.upstream import readable

COMMANDS = ["serve", "check", "settings", "keys", "policies", "explain", "simulate", "replay", "score", "bench", "doctor", "prices", "audit",
            "import", "export", "top"]
MOCKS = {
    "providers": {"good": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500, "probability": 1}]}},
    "models": {"chat": {"route": {"fallback": ["bad/n", "good/m"]}}},
    "policies": {"default": {"route": "chat"}},
    "keys": {"app": {"key": KEY, "budget": {"month": 5}}},
}


@pytest.fixture
def served(gateway):
    one = gateway(MOCKS)
    for _ in range(7):
        assert one.chat()[0] == 200
    return one, ["--url", f"http://127.0.0.1:{one.admin_port}"]


def dumped():
    return json.loads(swiftlet("--experimental-dump-help").stdout)["command"]


def leaves(command, path=()):
    """Every command that does something, with its arguments."""
    children = [child for child in command.get("subcommands", []) if child["commandName"] != "help"]
    for child in children:
        yield from leaves(child, (*path, child["commandName"]))
    if not children:
        yield path, command


def test_every_command_is_there_in_manual_and_completions():
    root = dumped()
    assert set(COMMANDS) <= {child["commandName"] for child in root["subcommands"]}
    manual = subprocess.run([sys.executable, str(ROOT / "scripts/manual.py"), str(BINARY)], capture_output=True, text=True, check=True).stdout
    shells = {shell: swiftlet("completion", shell).stdout for shell in ("bash", "zsh", "fish")}
    for path, command in leaves(root):
        assert command.get("abstract"), path
        assert ".SS " + " ".join(path).replace("-", "\\-") in manual, path
        for argument in command.get("arguments", []):
            assert argument.get("abstract") or argument.get("valueName") == "version", (path, argument)
        for shell, text in shells.items():
            assert all(word in text for word in path), (shell, path)
    assert ".SH EXIT STATUS" in manual and "NO_COLOR" in manual
    if subprocess.run(["which", "mandoc"], capture_output=True).returncode == 0:
        assert not subprocess.run(["mandoc", "-T", "lint", "-W", "error"], input=manual, capture_output=True, text=True).stdout


# What prints no data: what serves, scripts, JSON already.
MUTE = {("serve",), ("completion",), ("schema",), ("api",), ("bench", "upstream")}


def test_every_command_that_prints_data_can_print_json():
    missing = [path for path, command in leaves(dumped()) if path not in MUTE
               and not any(name["name"] == "json" for argument in command.get("arguments", []) for name in argument.get("names", []))]
    assert missing == []


def test_measurements_as_json():
    routing = ["bench", "routing", "--decisions", "100", "--requests", "2000"]
    figures = json.loads(swiftlet(*routing, "--json").stdout)
    table = swiftlet(*routing).stdout.splitlines()
    assert len(table) == 1 + len(figures["data"]) + 1 and figures["simulated"]["requests"] == 2000
    rows = {row["name"]: row for row in figures["data"]}
    assert rows["8 deployments, 10 rules"]["p50MustMicroseconds"] == 1.5 and "p50MustMicroseconds" not in rows["8 deployments"]
    assert all(line.startswith(row["name"]) for line, row in zip(table[1:], figures["data"]))
    translation = ["bench", "translation", "--samples", "11", "--events", "1000", "--only", "messages from chat_completions", "--json"]
    figures = json.loads(swiftlet(*translation).stdout)
    assert [row["name"] for row in figures["data"]] == ["messages from chat_completions"] and figures["events"] == 1000
    assert figures["data"][0]["eventMicroseconds"] > 0 and figures["data"][0]["isReached"] in (True, False)
    settings = json.loads(swiftlet("bench", "settings", "--port", "9001", "--json").stdout)
    assert settings["server"]["listen"].endswith(":9001") and settings["models"]


def test_tables_for_people_and_the_same_as_json(served):
    one, url = served
    wait_until(lambda: len(json.loads(swiftlet("requests", "--json", *url).stdout)["data"]) == 7, what="the rows")
    wait_until(lambda: json.loads(swiftlet("events", "--json", *url).stdout)["data"], what="an event")
    for words, title, member in [
        (["deployments"], "ERROR RATE", "latency_p95_ms"), (["policies"], "RULES", "route"), (["usage"], "COST", "cost_usd"),
        (["budgets"], "HELD", "held"), (["events"], "KIND", "kind"), (["providers", "list"], "REACHABLE", "type"),
        (["keys", "list"], "LEFT", "usage"),
    ]:
        plain, exact = swiftlet(*words, *url), swiftlet(*words, "--json", *url)
        assert plain.returncode == exact.returncode == 0, plain.stderr + exact.stderr
        assert title in plain.stdout.splitlines()[0] and "\x1b" not in plain.stdout, "no colours into a pipe"
        rows = json.loads(exact.stdout)["data"]
        assert rows and member in rows[0] and len(plain.stdout.splitlines()) == len(rows) + 1
    assert json.loads(swiftlet("api", "GET", "live", *url).stdout)["requests"]["ok"] == 7
    assert swiftlet("deployments", "reset", "bad/n", *url).stdout == "bad/n serves again\n"


def test_an_address_that_is_none_is_refused():
    for url in ("127.0.0.1:8081", "ftp://127.0.0.1:8081", "https://", "http://127.0.0.1:99999"):
        done = swiftlet("keys", "list", "--url", url)
        assert done.returncode != 0 and f"--url takes http://HOST:PORT or https://HOST:PORT, not `{url}`" in done.stderr, done


def test_two_listeners_at_one_address_are_refused_before_the_start(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("server:\n  listen: 127.0.0.1:4000\n  admin: 127.0.0.1:4000\n")
    done = swiftlet("check", str(file))
    assert done.returncode == 1 and done.stdout.startswith(f"{file}:3: server.admin: is where server.listen listens already (line 2)"), done


def test_policies_are_set_from_files(served, tmp_path):
    _, url = served
    file = tmp_path / "careful.yaml"
    file.write_text("route: chat\nrules:\n  - { name: a, when: { tags.x: { eq: y } }, then: { route: chat } }\n")
    assert swiftlet("policies", "set", "careful", str(file), *url).stdout == "policy careful holds\n"
    assert "name: a" in swiftlet("policies", "show", "careful", *url).stdout
    file.write_text("rout: chat\n")
    wrong = swiftlet("policies", "set", "careful", str(file), *url)
    assert wrong.returncode == 1 and "did you mean `route`" in wrong.stderr
    assert swiftlet("policies", "delete", "careful", *url).returncode == 0
    assert [one["name"] for one in json.loads(swiftlet("policies", "--json", *url).stdout)["data"]] == ["default"]


def test_exports_are_whole_and_overwrite_nothing(served, tmp_path):
    _, url = served
    wait_until(lambda: len(swiftlet("export", "requests", *url).stdout.splitlines()) == 7, what="all rows")
    file = tmp_path / "requests.jsonl"
    assert swiftlet("export", "requests", "--output", str(file), "--limit", "3", *url).returncode == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 3 and all(row["attempts"] >= 1 for row in rows) and file.stat().st_mode & 0o077 == 0
    again = swiftlet("export", "requests", "--output", str(file), *url)
    assert again.returncode == 1 and "exists already" in again.stderr and len(file.read_text().splitlines()) == 3
    assert swiftlet("export", "usage", *url).stdout.startswith("day,model,requests")
    assert "policies:" in swiftlet("export", "settings", *url).stdout
    assert swiftlet("export", "requests", "--only", "state=failed", *url).stdout == ""


def test_top_once_for_scripts(served):
    one, url = served
    figures = json.loads(swiftlet("top", "--once", "--json", "--interval", "0.5", *url).stdout)
    assert figures["deployments"][0].keys() >= {"name", "state", "attempts_per_second", "success"} and figures["p50_ms"] is None
    assert {row["name"]: row["answered"] for row in figures["deployments"]} == {"bad/n": 0, "good/m": 7}
    assert [(row["name"], row["requests"]) for row in figures["keys"]] == [("app", 7)] and figures["spend_month_usd"] == 0
    text = swiftlet("top", "--interval", "0.5", *url)
    assert text.returncode == 0 and "good/m" in text.stdout and "\x1b" not in text.stdout, "a pipe gets one look"


class Screen:
    """`swiftlet top` at a terminal of its own."""

    def __init__(self, arguments, rows=30, columns=100, **environment):
        self.master, slave = pty.openpty()
        self.size(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen([str(BINARY), "top", "--interval", "0.5", *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        env={**os.environ, "TERM": "xterm", **environment}, start_new_session=True)
        self.slave, self.text = slave, ""

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, condition, seconds=15):
        """Reads until the last whole page fits."""
        deadline = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < deadline:
            if readable(self.master, 0.1):
                self.text += os.read(self.master, 65536).decode()
            pages = self.text.split("\x1b[H")
            page = pages[-1] if pages[-1].endswith("\x1b[J") else pages[-2] if len(pages) > 1 else ""
            if condition(page):
                return page
        raise AssertionError(f"never shown; the last page:\n{page}")

    def end(self, key):
        os.write(self.master, key)
        code = self.process.wait(10 * PATIENCE)
        while readable(self.master, 0.1):
            self.text += os.read(self.master, 65536).decode()
        assert termios.tcgetattr(self.slave) == self.before, "the terminal is as it was"
        assert self.text.endswith("\x1b[?25h\x1b[?1049l"), "cursor and page are given back"
        os.close(self.slave)
        os.close(self.master)
        return code


def lines(page):
    return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line).strip("\r") for line in page.split("\n")]


def test_top_is_alive_fits_its_terminal_and_survives_the_gateway(served):
    one, url = served
    screen = Screen(url)
    page = screen.until(lambda page: "good/m" in page)
    assert "\x1b[1m" in page and "requests/s" in page
    one.chat()
    screen.until(lambda page: re.search(r"success 100 %", page))
    screen.size(9, 40)
    small = screen.until(lambda page: page and max(map(len, lines(page))) <= 40)
    assert len(lines(small)) <= 9 and "PROVIDER" in small, "what there is no room for goes, the first table stays"
    one.stop()
    assert "no news" in screen.until(lambda page: "no news" in page)
    assert screen.end(b"q") == 0


def test_no_colours_where_nobody_wants_them_and_control_c_ends_it(served):
    _, url = served
    screen = Screen(url, NO_COLOR="1")
    page = screen.until(lambda page: "good/m" in page)
    assert not re.search(r"\x1b\[[0-9;]*m", page)
    assert screen.end(b"\x03") == 0


def test_long_work_shows_how_far_it_is_at_a_terminal_only(served):
    _, url = served
    quiet = swiftlet("simulate", "primary-dead", "--seed", "1")
    assert quiet.returncode == 0 and quiet.stderr == ""
    prompts = "".join(json.dumps({"id": n, "prompt": "Explain the proof of theorem %d in detail. " % n * 30}) + "\n" for n in range(6000))
    master, slave = pty.openpty()
    done = subprocess.run([str(BINARY), "score"], input=prompts.encode(), stdout=subprocess.PIPE, stderr=slave, env={**os.environ, "TERM": "xterm"})
    # While one side is open still: behind it there is nothing to be read.
    shown = os.read(master, 65536).decode() if readable(master, 0.2) else ""
    os.close(slave)
    os.close(master)
    assert len(done.stdout.splitlines()) == 6001 and (not shown or "scoring: " in shown and shown.endswith("\r\x1b[K"))


def test_errors_name_the_remedy(served, tmp_path):
    nobody = swiftlet("keys", "list", "--url", "http://127.0.0.1:1")
    assert nobody.returncode == 1 and "swiftlet serve" in nobody.stderr and "--url" in nobody.stderr
    assert swiftlet("keys", "list", "--url", "ftp://x").returncode == 64
    assert swiftlet("simulate", "nonsuch").returncode == 64
    assert swiftlet("explain", "--config", str(tmp_path / "none.yaml"), "--model", "m").returncode == 1


def test_a_wrong_token_is_told_where_to_put_the_right_one(gateway):
    one = gateway(MOCKS | {"admin": {"tokens": {"ops": {"token": "admin-token-0123456789", "role": "admin"}}}})
    url = ["--url", f"http://127.0.0.1:{one.admin_port}"]
    refused = swiftlet("top", "--once", *url, environment={"SWIFTLET_ADMIN_TOKEN": "wrong"})
    assert refused.returncode == 1 and "SWIFTLET_ADMIN_TOKEN" in refused.stderr
    assert swiftlet("top", "--once", *url, environment={"SWIFTLET_ADMIN_TOKEN": "admin-token-0123456789"}).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take /proc away")
def test_without_proc_it_says_what_is_wrong():
    done = subprocess.run(["unshare", "-m", "sh", "-c", f"mount -t tmpfs none /proc && exec {BINARY} serve"], capture_output=True, text=True)
    assert done.returncode == 78 and "mount -t proc" in done.stderr and done.stdout == ""
