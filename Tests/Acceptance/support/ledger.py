"""The ledger's file, read from outside."""

import sqlite3

STATES = ["done", "failed", "cancelled", "unknown"]
FAULTS = ["rate_limit", "quota_exceeded", "server_error", "timeout", "unavailable", "auth", "not_found", "context_window", "content_policy",
          "bad_request", "malformed_reply", "cancelled"]


def read(folder):
    """One dictionary a row, names in place of numbers, in the order of ids."""
    with sqlite3.connect(f"file:{folder / 'swiftlet-ledger.db'}?mode=ro", uri=True, timeout=10) as database:
        database.row_factory = sqlite3.Row
        names = dict(database.execute("SELECT id, name FROM names").fetchall())
        rows = [dict(row) for row in database.execute("SELECT * FROM requests ORDER BY id")]
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    for row in rows:
        for column in ("key", "model", "route", "deployment"):
            row[column] = names.get(row[column])
        row["state"] = STATES[row["state"] or 0]
        row["fault"] = None if row["fault"] is None else FAULTS[row["fault"]]
        for column in ("input", "output", "cost", "cached_input", "reasoning"):
            row[column] = row[column] or 0
    return rows
