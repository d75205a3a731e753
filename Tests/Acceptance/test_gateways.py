"""Three gateways on one PostgreSQL: what is killed, restarted or cut off loses nothing, and together they keep to what one would."""

import contextlib
import re
import subprocess
import threading
import time

import pytest
from support import ledger
from support.books import DEAREST, bill, compare, dollars, settings
from support.gateway import PATIENCE, wait_until
from support.postgres import Postgres
from support.routing import ask, within_one_minute

# Beside answers: a limit, a store that is away, a gateway that was killed.
ENDS = {200, 402, 429, 503, 0}


@pytest.fixture(scope="module")
def server():
    one = Postgres()
    yield one
    one.end()


@pytest.fixture
def postgres(server):
    yield server
    server.thaw()
    if server.process.poll() is not None:
        server.start()
    server.clear()


@pytest.fixture
def three(gateway, postgres):
    """Starts three gateways with the same settings and spools of their own."""
    def start(settings):
        return [gateway({**settings, "store": postgres.url, "server": {"gateway": f"g{number}", "threads": 1}}) for number in range(3)]
    return start


def gauge(gateway, name):
    found = re.search(rf"^{name} ([0-9.e+]+)$", gateway.metrics(), re.M)
    assert found, name
    return float(found.group(1))


def drained(gateways):
    return all(gauge(one, "swiftlet_spool_rows") == 0 and gauge(one, "swiftlet_ledger_queued_rows") == 0 for one in gateways)


class Watch:
    """Looks at the store again and again: no budget is exceeded at any time, as far as rows and slices can be seen together."""

    def __init__(self, postgres, limits):
        self.postgres, self.limits = postgres, limits
        self.looks, self.problems, self.ended = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.wait(0.25):
            # The server is away at times: that is what is tested.
            with contextlib.suppress(subprocess.SubprocessError, ValueError):
                found = self.postgres.rows("SELECT account, used, written_off, leased FROM lease_windows WHERE account LIKE '%/nanodollars/%'")
                for window in found:
                    key = window["account"].split("/")[1]
                    if window["used"] + window["written_off"] + window["leased"] > self.limits.get(key, 1 << 62):
                        self.problems.append(window)
                self.looks += 1

    def end(self):
        self.ended.set()
        self.thread.join(60)
        return self.problems


def check_minutes(times, most):
    """Sharp, but for the moment in which a request of the old minute may still be on its way."""
    if not times:
        return
    minutes = {}
    for at in times:
        minutes.setdefault(int(at // 60), []).append(at)
    assert len(times) <= most * len(minutes)
    for minute, came in minutes.items():
        assert sum(at - minute * 60 > 1.5 for at in came) <= most, (minute, len(came))


def test_three_under_load_while_everything_dies(three, postgres, books, crowd):
    up = books(pause=0.03)
    limits = {"steady": 100_000 * DEAREST, "tight": 500 * DEAREST}
    gateways = three(settings(
        up, steady={"budget": dollars(limits["steady"])}, tight={"budget": dollars(limits["tight"])}, rate={"rpm": 60},
        narrow={"max_parallel_requests": 6}, wide={"rpm": 1_000_000}))
    watch = Watch(postgres, limits)
    crowds = {name: crowd(gateways, f"key-{name}", name, threads=threads)
              for name, threads in (("steady", 5), ("tight", 3), ("rate", 3), ("narrow", 9), ("wide", 3))}

    def traffic(*names, more=10):
        before = {name: len(crowds[name].answered) for name in names}
        wait_until(lambda: all(len(crowds[name].answered) >= before[name] + more for name in names), 60, what=f"traffic of {names}")

    traffic("steady", "narrow", "wide", more=30)
    assert up.most["narrow"] <= 6
    gateways[1].kill()
    traffic("steady", "wide")
    gateways[1].start()
    traffic("steady", "narrow", "wide")
    postgres.restart()
    traffic("steady", "narrow", "wide")
    postgres.kill()
    # With what is leased; the rows wait here.
    traffic("steady")
    wait_until(lambda: any(gauge(one, "swiftlet_spool_rows") > 0 for one in gateways), what="rows in the spool")
    gateways[2].kill()
    postgres.start()
    gateways[2].start()
    traffic("steady", "narrow", "wide", more=30)
    lines = {name: one.stop() for name, one in crowds.items()}
    wait_until(lambda: drained(gateways), 30, what="all rows in the store")
    assert not watch.end() and watch.looks > 5
    for one in gateways:
        one.stop()
    rows = ledger.read_postgres(postgres)
    everything = [line for each in lines.values() for line in each]
    assert {line["status"] for line in everything} <= ENDS
    compare(rows, up, everything)
    for key, limit in limits.items():
        spent = sum(row["cost"] for row in rows if row["key"] == key)
        window, = postgres.rows(f"SELECT used, written_off, leased FROM lease_windows WHERE account = 'key/{key}/nanodollars/month'")
        assert window == {"used": spent, "written_off": 0, "leased": 0} and spent <= limit, "nothing stays held"
    # Of a killed gateway some may still be with the provider when it is back.
    assert up.most["narrow"] <= 6 + 3
    # What a killed gateway had leased of a minute counts as used: nobody knows what it used of it in its last second.
    check_minutes(up.times("rate"), 60)


def test_together_they_spend_what_there_is_and_no_more(three, postgres, books, crowd):
    up = books(pause=0.01)
    limit = 300 * DEAREST
    gateways = three(settings(up, tight={"budget": dollars(limit)}, rate={"rpm": 60}))
    watch = Watch(postgres, {"tight": limit})
    crowds = [crowd(gateways, "key-tight", f"tight.{number}", threads=40, most=170) for number in range(3)]
    rate = crowd(gateways, "key-rate", "rate", threads=6)
    lines = [line for one in crowds for line in one.wait(120 * PATIENCE)]
    assert len(lines) == 510 and {line["status"] for line in lines} <= {200, 402, 503}
    assert {line["status"] for line in rate.stop()} <= {200, 429, 503}
    check_minutes(up.times("rate"), 60)
    wait_until(lambda: drained(gateways), what="all rows in the store")
    assert not watch.end()

    def spent():
        return sum(row["cost"] for row in ledger.read_postgres(postgres) if row["key"] == "tight")

    assert spent() == up.total("tight") == sum(bill(line["mark"]) for line in lines if line["status"] == 200) <= limit


def test_no_round_trip_to_the_store(three, postgres, books, crowd):
    up = books()
    gateways = three(settings(up, steady={"budget": dollars(100_000 * DEAREST), "rpm": 1_000_000, "max_parallel_requests": 500}))
    for one in gateways:
        assert ask(one, key="key-steady", max_tokens=7).status == 200
    # What it takes does not grow with the requests: calls while the first slices grow, then a few a second and gateway. Rows go behind.
    lease_call, began = "UPDATE gateways SET heard%", time.monotonic()
    before = postgres.calls(lease_call)
    crowds = [crowd(gateways, "key-steady", f"steady.{number}", threads=8, most=300) for number in range(2)]
    lines = [line for one in crowds for line in one.wait(120 * PATIENCE)]
    assert {line["status"] for line in lines} == {200} and len(lines) == 600
    calls, seconds = postgres.calls(lease_call) - before, time.monotonic() - began
    assert calls <= len(gateways) * (15 + 3 * seconds), (calls, seconds)
    # And without a server that answers at all, requests go on with what is leased.
    postgres.freeze()
    for number in range(15):
        assert ask(gateways[number % 3], key="key-steady", max_tokens=7).status == 200, number
    postgres.thaw()
    wait_until(lambda: drained(gateways), 30, what="all rows in the store")
    wait_until(lambda: len(ledger.read_postgres(postgres)) == 618, 30, what="a row for each request")


def test_a_slow_disk_keeps_no_request_out(gateway, books, crowd):
    """Thirty milliseconds a commit, and all gateways at one account: slices grow behind each other's rows."""
    slow = Postgres(commit_delay=30_000, commit_siblings=0)
    try:
        wide = settings(books(), steady={"budget": dollars(100_000 * DEAREST), "rpm": 1_000_000, "max_parallel_requests": 500})
        gateways = [gateway({**wide, "store": slow.url, "server": {"gateway": f"g{number}", "threads": 1}}) for number in range(3)]
        crowds = [crowd(gateways, "key-steady", f"steady.{number}", threads=8, most=200) for number in range(2)]
        lines = [line for one in crowds for line in one.wait(120 * PATIENCE)]
        assert len(lines) == 400 and {line["status"] for line in lines} == {200}
    finally:
        for one in gateways:
            one.stop()
        slow.end()


def test_a_new_process_does_not_begin_the_minute_anew(three, books):
    up = books()
    first, second, _ = three(settings(up, few={"rpm": 20}))
    within_one_minute(30)

    def served(one, times):
        return [ask(one, key="key-few", max_tokens=7, messages=[{"role": "user", "content": f"few.{time.monotonic_ns()}"}]).status
                for _ in range(times)].count(200)

    assert served(first, 12) == 12
    first.stop()
    first.start()
    assert served(first, 15) + served(second, 15) <= 8
    assert len(up.marks()) <= 20
