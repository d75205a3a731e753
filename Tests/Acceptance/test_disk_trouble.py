"""A disk that is full, slow or somebody else's for a while: what was answered is written, and the gateway says what is the matter."""

import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import pytest
from support import ledger
from support.books import compare, dollars, settings
from support.gateway import KEY, get, wait_until
from support.routing import ask
from test_admin import Admin

BUDGET = {"budget": dollars(10**9)}


@contextlib.contextmanager
def mounted(folder, megabytes):
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    """To the last byte."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


def asking(one, number, **more):
    return ask(one, key="key-steady", max_tokens=7, messages=[{"role": "user", "content": f"steady.{number}"}], **more)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk(gateway, books, tmp_path):
    up = books()
    with mounted(tmp_path / "gateway0", 24) as disk:
        one = gateway({**settings(up, steady=BUDGET), "ledger": {"queue": 200}, "server": {"threads": 1}})
        answered = [asking(one, number) for number in range(20)]
        fill(disk / "filler")
        number = 20
        while (last := asking(one, number)).status == 200:
            answered.append(last)
            number += 1
            assert number < 1_000, "rows that cannot be written are not queued for ever"
        assert last.status == 503 and "ledger" in last.error["message"], last
        assert get(one.port, "/readyz")[0] == 503
        assert one.process.poll() is None
        (disk / "filler").unlink()
        wait_until(lambda: get(one.port, "/readyz")[0] == 200, 30, what="readiness")
        answered.append(asking(one, number))
        assert all(answer.status == 200 for answer in answered)
        one.stop()
        rows = ledger.read(one.folder)
        lines = [{"status": 200, "id": answer.headers["x-swiftlet-request-id"], "mark": f"steady.{number}"}
                 for number, answer in enumerate(answered)]
        assert not compare(rows, up, lines)
        window, = ledger.windows(one.folder)
        assert (window["used"], window["leased"]) == (up.total(), 0)


def number_of(one, name):
    return int(re.search(rf"^{name} (\d+)$", one.metrics(), re.M).group(1))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_keeps_no_answers_and_refuses_no_request(gateway, upstream, tmp_path):
    up = upstream()
    model = {"deployments": [{"provider": "up", "model": "m", "input_price": 1, "output_price": 2}], "cache": {}}
    with mounted(tmp_path / "gateway0", 24) as disk:
        one = gateway({
            "providers": {"up": up.provider()}, "models": {"chat": model}, "keys": {"acceptance": {"key": KEY}}, "server": {"threads": 1},
            "ledger": {"queue": 200},
            "cache": {"store_bytes": "8MiB", "memory_bytes": 0}, "guardrails": {"keywords": {"action": "warn", "words": ["blue heron"]}}})
        admin = Admin(one)
        first = ask(one, user="first")
        assert first.status == 200
        wait_until(lambda: ask(one, user="first").headers["x-swiftlet-cache"] == "hit", what="an answer that is kept")
        fill(disk / "filler")
        answered = 0
        for number in range(12):
            told = ask(one, user=f"{number}", messages=[{"role": "user", "content": f"the blue heron {number} " + "z" * 20_000}])
            if told.status == 503:
                # Rows wait too, and not for ever.
                assert "ledger" in told.error["message"]
                break
            assert told.status == 200 and told.headers["x-swiftlet-guardrails"] == "keywords=warn"
            last, answered = told, answered + 1
        assert answered > 0
        wait_until(lambda: number_of(one, "swiftlet_cache_dropped_total") > 0, what="answers that are not kept to be counted")
        rated = one.post("/v1/feedback", {"request_id": first.headers["x-swiftlet-request-id"], "score": 1})
        assert rated[0] in (200, 404, 500, 503), "the client hears that it is not kept"
        (disk / "filler").unlink()
        # What was found meanwhile waited, all of it.
        wait_until(lambda: sum(row["incidents"] for row in admin.get("/api/v1/breaches")["data"]) >= answered, 30, what="the breaches")
        assert number_of(one, "swiftlet_breach_incidents_dropped_total") == 0
        wait_until(lambda: one.post("/v1/feedback", {"request_id": last.headers["x-swiftlet-request-id"], "score": 1})[0] == 200, 30, what="feedback")
        ask(one, user="afterwards")
        wait_until(lambda: ask(one, user="afterwards").headers["x-swiftlet-cache"] == "hit", what="answers that are kept again")


def test_a_ledger_that_somebody_else_writes(gateway, books):
    up = books()
    one = gateway(settings(up, steady=BUDGET))
    assert asking(one, 0).status == 200
    with contextlib.closing(sqlite3.connect(one.folder / "swiftlet-ledger.db", timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(1, 16):
            assert asking(one, number).status == 200
        assert len(ledger.read(one.folder)) == 1, "the rows wait, the clients do not"
        other.execute("ROLLBACK")
    wait_until(lambda: len(ledger.read(one.folder)) == 16, 20, what="the rows")
    assert sum(row["cost"] for row in ledger.read(one.folder)) == up.total()


def preloaded(folder, name):
    """A library of `support`, made here."""
    compiler = next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    assert compiler, "no C compiler here"
    made = folder / f"{name}.so"
    source = pathlib.Path(__file__).parent / f"support/{name}.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return str(made)


def test_a_disk_that_is_slow(gateway, books, tmp_path):
    up = books()
    one = gateway(settings(up, steady=BUDGET), environment={"LD_PRELOAD": preloaded(tmp_path, "slowsync"), "SLOWSYNC_US": "200000"})
    count = 40
    for number in range(count):
        assert asking(one, number).status == 200
    # Each answer waits for its row a moment, not for a disk that takes its time: so rows gather.
    assert int(re.search(r"^swiftlet_ledger_commits_total (\d+)$", one.metrics(), re.M).group(1)) < count
    one.stop()
    rows = ledger.read(one.folder)
    assert len(rows) == count and sum(row["cost"] for row in rows) == up.total()
