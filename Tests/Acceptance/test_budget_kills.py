"""A gateway that is killed under load, again and again: nothing unbilled, nothing billed twice, no budget exceeded, nothing stays held."""

import os
import random
import time

from support import ledger
from support.books import DEAREST, compare, dollars, settings
from support.gateway import wait_until

# `make acceptance` asks for more.
KILLS = int(os.environ.get("SWIFTLET_KILLS", "5"))
SEED = 20265


def test_killed_under_load_again_and_again(gateway, books, crowd):
    chance = random.Random(SEED)
    up = books(pause=0.02)
    limit = 100_000 * DEAREST
    one = gateway({**settings(up, steady=dict(budget=dollars(limit)), tight=dict(budget=dollars(400 * DEAREST)), wide={"rpm": 1_000_000})})
    crowds = [crowd([one], "key-steady", "steady", threads=6), crowd([one], "key-tight", "tight", threads=3),
              crowd([one], "key-wide", "wide", threads=3)]
    for _ in range(KILLS):
        before = [len(each.answered) for each in crowds]
        # A tight budget may be used up by now; who has none goes on.
        wait_until(lambda: all(len(crowds[at].answered) > before[at] + 5 for at in (0, 2)), 60, what="traffic")
        time.sleep(chance.random() * 0.3)
        one.kill()
        found = ledger.read(one.folder)
        spent = sum(row["cost"] for row in found if row["key"] == "tight")
        assert spent <= 400 * DEAREST
        one.start()
    lines = [line for each in crowds for line in each.stop()]
    one.stop()
    rows = ledger.read(one.folder)
    unknown = compare(rows, up, lines)
    assert unknown, "of so many kills some found requests in flight"
    for key, most in (("steady", limit), ("tight", 400 * DEAREST)):
        own = [row for row in rows if row["key"] == key]
        window, = [window for window in ledger.windows(one.folder) if f"{key}/" in window["account"] and "nano" in window["account"]]
        assert window["used"] == sum(row["cost"] for row in own) <= most, "the budget knows what the rows say"
        assert (window["written_off"], window["leased"]) == (0, 0), "nothing stays held"
