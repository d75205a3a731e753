"""Exceptions: what does not pass and why, as the document of compatibility says it."""

import fnmatch
import json
import pathlib

FOLDER = pathlib.Path(__file__).parent


class Listed:
    """Rows of exceptions.json: `exchange` and `surface` are patterns, `finding` a part of what is found, `reason` ours."""

    def __init__(self, path=FOLDER / "exceptions.json"):
        self.rows = json.loads(path.read_text())
        self.used = set()

    def reason(self, outcome, finding):
        for at, row in enumerate(self.rows):
            if fnmatch.fnmatchcase(outcome.exchange, row["exchange"]) and fnmatch.fnmatchcase(outcome.surface, row["surface"]) \
                    and row["finding"] in finding:
                self.used.add(at)
                return row["reason"]
        return None

    def unlisted(self, outcome):
        """Findings of a failed outcome that no row explains."""
        return [one for one in outcome.why if self.reason(outcome, one) is None]
