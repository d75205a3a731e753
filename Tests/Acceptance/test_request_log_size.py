"""The log of requests over two million of them: a page is there at once, whatever it is asked for."""

import sqlite3
import statistics
import time

import pytest
from support.gateway import KEY, PATIENCE, wait_until
from test_admin import TOKEN, Admin

ROWS, DAYS = 2_000_000, 60
EPOCH = 1_704_067_200_000  # 1 January 2024, milliseconds
SETTINGS = {
    "store": "sqlite:store.db",
    "providers": {"good": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 500}]}},
    "models": {"chat": {"route": "good/m"}, "rare": {"route": "good/r"}, "dead": {"route": "bad/m"}},
    "keys": {"acceptance": {"key": KEY, "tags": ["often"]}, "seldom": {"key": "sk-seldom-0123456789abcdef", "tags": ["seldom"]}},
}


def multiply(path):
    """The rows that are there, over and over in even steps of time; sums begin anew, and the gateway makes them again."""
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    columns = [row[1] for row in base.execute("PRAGMA table_info(requests)")]
    others = ", ".join("base." + column for column in columns if column != "id")
    ids = [row[0] for row in base.execute("SELECT id FROM requests ORDER BY id")]
    rare = base.execute("SELECT id FROM requests WHERE key = (SELECT id FROM names WHERE kind = 0 AND name = 'seldom')").fetchone()[0]
    usual = [one for one in ids if one != rare]
    now = int(time.time() * 1000)
    base.execute("CREATE TEMP TABLE kinds(number INTEGER PRIMARY KEY, id INTEGER)")
    base.executemany("INSERT INTO kinds VALUES (?, ?)", enumerate(usual))
    step = DAYS * 86_400_000 // ROWS
    # One request of a hundred thousand is the rare one.
    base.execute(f"""
        WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {ROWS})
        INSERT INTO requests({", ".join(["id"] + [column for column in columns if column != "id"])})
        SELECT (({now - EPOCH} - ({ROWS} - n) * {step} - 60000) << 22) | (1000 << 12), {others}
        FROM counted JOIN kinds ON kinds.number = n % {len(usual)}
        JOIN requests AS base ON base.id = CASE WHEN n % 100000 = 50000 THEN {rare} ELSE kinds.id END""")
    base.execute("DELETE FROM usage")
    top = base.execute("SELECT max(id) FROM requests").fetchone()[0]
    base.execute("UPDATE usage_state SET next = 0, behind_end = ?", (top + 1,))
    base.commit()
    count = base.execute("SELECT count(*) FROM requests").fetchone()[0]
    base.close()
    return count


@pytest.mark.release
def test_a_page_of_two_million_is_there_at_once(gateway, tmp_path):
    settings = {**SETTINGS, "store": f"sqlite:{tmp_path / 'store.db'}"}
    started = gateway(settings, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    for _ in range(12):
        started.post("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "hi"}]})
    started.post("/v1/chat/completions", {"model": "dead", "messages": [{"role": "user", "content": "hi"}]})
    started.post("/v1/chat/completions", {"model": "rare", "messages": [{"role": "user", "content": "hi"}]}, key="sk-seldom-0123456789abcdef")
    admin = Admin(started, TOKEN)
    wait_until(lambda: len(admin.get("/api/v1/requests")["data"]) == 14, what="the log")
    started.process.terminate()
    started.process.wait(30 * PATIENCE)
    assert multiply(tmp_path / "store-ledger.db") > ROWS
    started.start({"SWIFTLET_ADMIN_TOKEN": TOKEN})
    # Sums are made beside the requests; a search does well without them, too.
    wait_until(lambda: admin.get("/api/v1/usage?from=2020-01-01")["data"][0]["requests"] > ROWS, seconds=300, every=1, what="the sums")
    cursor = admin.get("/api/v1/requests?limit=500")["next_cursor"]
    status = admin.get("/api/v1/requests?state=failed&limit=1")["data"][0]["status"]
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 40 * 86_400))
    asked = ["", f"cursor={cursor}", "key=acceptance", "key=seldom", "tag=seldom", "model=rare", "state=failed", f"status={status}",
             "provider=bad&state=failed", f"to={day}", f"from={day}&to={day}&key=acceptance", "model=rare&key=acceptance"]
    found = {}
    for query in asked:
        times = []
        for _ in range(5):
            begun = time.monotonic()
            page = admin.get(f"/api/v1/requests?limit=100&{query}")
            times.append((time.monotonic() - begun) * 1000)
        assert page["data"] or query.startswith("model=rare&key"), query
        found[query] = statistics.median(times)
    insights = admin.get("/api/v1/insights?from=2020-01-01")
    assert insights["total"]["requests"] > ROWS and insights["sample"]["rows"] == 20_000 and not insights["sample"]["whole"]
    print({query: round(took) for query, took in found.items()})
    assert max(found.values()) < 200 * PATIENCE, found
