"""A provider that keeps books of its own: what it was asked, by whom, how many at once, and what it bills for it."""

import threading
import time
import zlib

from . import ledger
from .upstream import Upstream, chunk, event

INPUT = 12
# Nano-dollars a token, at 1 and 2 dollars a million.
PRICES = {"input_price": 1, "output_price": 2}
USD = 1_000_000_000


def output(mark):
    return 1 + zlib.crc32(mark.encode()) % 7


def bill(mark):
    """Nano-dollars of one request; no two marks in a row cost the same, so that rows cannot be taken for each other's."""
    return INPUT * 1_000 + output(mark) * 2_000


# More than any request comes to.
DEAREST = INPUT * 1_000 + 7 * 2_000


class Books(Upstream):
    """Answers with as many tokens as the request's text stands for. Who asks is the text up to the first dot."""

    def __init__(self, pause=0.0):
        self.pause = pause
        self.lock = threading.Lock()
        self.served, self.inside, self.most = [], {}, {}
        super().__init__(self.look_after)

    def look_after(self, peer, request):
        body = request.json
        mark = body["messages"][-1]["content"]
        who = mark.split(".")[0]
        with self.lock:
            self.served.append((mark, time.time()))
            self.inside[who] = self.inside.get(who, 0) + 1
            self.most[who] = max(self.most.get(who, 0), self.inside[who])
        if self.pause:
            time.sleep(self.pause)
        # Before the answer: whoever has read it may ask again before this thread goes on.
        with self.lock:
            self.inside[who] -= 1
        self.answer(peer, mark, bool(body.get("stream")))

    def answer(self, peer, mark, streams):
        usage = {"prompt_tokens": INPUT, "completion_tokens": output(mark), "total_tokens": INPUT + output(mark)}
        if not streams:
            return peer.answer({
                "id": mark, "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * output(mark)}, "finish_reason": "stop"}]})
        peer.start_stream()
        for _ in range(output(mark)):
            peer.piece(event(chunk("word ")))
        last = {**chunk(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        peer.piece(event(last) + event({**chunk(""), "choices": [], "usage": usage}) + event(b"[DONE]"))
        peer.end_stream()

    def marks(self, who=None):
        with self.lock:
            return [mark for mark, _ in self.served if who is None or mark.split(".")[0] == who]

    def times(self, who):
        with self.lock:
            return [at for mark, at in self.served if mark.split(".")[0] == who]

    def total(self, who=None):
        return sum(bill(mark) for mark in self.marks(who))


def settings(up, **keys):
    return {
        "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m", **PRICES}]}},
        "keys": {name: {"key": f"key-{name}", **of} for name, of in keys.items()}, "router": {"cooldowns": False}}


def dollars(amount, **more):
    return {"amount": amount / USD, "period": "month", **more}


def compare(rows, up, lines):
    """The clients' answers, the provider's books and the ledger, against each other. Returns rows of requests nobody knows the end of."""
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    answered = [line for line in lines if line["status"] == 200]
    for line in answered:
        row = by_id.get(ledger.number(line["id"]))
        assert row, f"no row of {line}"
        assert (row["state"], row["cost"]) == ("done", bill(line["mark"])), (row, line)
    ids = [line["id"] for line in answered]
    assert len(set(ids)) == len(ids)
    sent = up.marks()
    assert len(set(sent)) == len(sent), "nothing was asked twice"
    reached = [row for row in rows if row["attempts"] or row["state"] == "unknown"]
    unknown = [row for row in rows if row["state"] == "unknown"]
    # A request that was noted and then not sent has a row and no entry at the provider; never the other way round.
    counts = {"rows": len(reached), "of these unknown": len(unknown), "at the provider": len(sent), "answered": len(answered)}
    assert len(reached) - len(unknown) <= len(sent) <= len(reached), counts
    done = sum(row["cost"] for row in rows if row["state"] != "unknown")
    assert done <= up.total() <= sum(row["cost"] for row in rows), "what the provider bills is in the ledger"
    assert all(row["cost"] > 0 for row in unknown), "what nobody knows the end of is charged with what it held"
    return unknown
