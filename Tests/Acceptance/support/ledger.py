"""The ledger's file, read from outside."""

import sqlite3

STATES = ["done", "failed", "cancelled", "unknown"]
FAULTS = ["rate_limit", "quota_exceeded", "server_error", "timeout", "unavailable", "auth", "not_found", "context_window", "content_policy",
          "bad_request", "malformed_reply", "cancelled"]


DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def number(request):
    """The row's key of an id as clients see it, req_ and 13 digits."""
    assert request.startswith("req_") and len(request) == 17, request
    value = 0
    for digit in request[4:]:
        value = value * 32 + DIGITS.index(digit)
    return value


def milliseconds(key):
    """When the request of a row began, by its gateway's clock, since 1970."""
    return (key >> 22) + 1_704_067_200_000


def windows(folder):
    """What each account has used, what was written off for gateways that went away, and what is out in slices."""
    with sqlite3.connect(f"file:{folder / 'swiftlet-ledger.db'}?mode=ro", uri=True, timeout=10) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM lease_windows")]


def read(folder):
    """One dictionary a row, names in place of numbers, in the order of ids."""
    with sqlite3.connect(f"file:{folder / 'swiftlet-ledger.db'}?mode=ro", uri=True, timeout=10) as database:
        database.row_factory = sqlite3.Row
        names = dict(database.execute("SELECT id, name FROM names").fetchall())
        rows = [dict(row) for row in database.execute("SELECT * FROM requests ORDER BY id")]
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    return worded(rows, names)


def read_postgres(postgres):
    """The same of a store that gateways share."""
    names = {row["id"]: row["name"] for row in postgres.rows("SELECT id, name FROM names")}
    return worded(postgres.rows("SELECT id, key, model, deployment, route, status, attempts, state, fault, flags, input, cached_input, output, "
                                "reasoning, cost, duration_us FROM requests ORDER BY id"), names)


def worded(rows, names):
    for row in rows:
        for column in ("key", "model", "route", "deployment"):
            row[column] = names.get(row[column])
        row["state"] = STATES[row["state"] or 0]
        row["fault"] = None if row["fault"] is None else FAULTS[row["fault"]]
        for column in ("input", "output", "cost", "cached_input", "reasoning"):
            row[column] = row[column] or 0
    return rows
