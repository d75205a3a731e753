"""Recorded answers of real providers, read by the official SDKs through Swiftlet."""

import json
import os

import pytest
from replay import compatibility, corpus, matrix, sample, surfaces
from replay.listed import Listed
from replay.server import Replay
from replay.settings import settings
from support.gateway import KEY, Gateway

EVERYTHING = os.environ.get("SWIFTLET_REPLAY") == "all"
# How the gateway answers on a path, or for a provider type, that it does not offer.
NOT_OFFERED = ("404:", "405:", "503: no deployment may serve this request now: the nearest is paused")


class Stage:
    """One provider that plays, one gateway in front, one of each SDK."""

    def __init__(self, folder, exchanges):
        self.exchanges = exchanges
        self.replay = Replay(exchanges)
        self.gateway = Gateway(folder, settings(exchanges, self.replay.origin))
        self.surfaces = [kind(self.gateway.url, KEY) for kind in surfaces.ALL.values()]

    def run(self, exchanges=None, cut=0):
        self.replay.cut = cut
        return matrix.every(exchanges or self.exchanges, self.surfaces, self.replay)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    one = Stage(tmp_path_factory.mktemp("replay"), corpus.load(all_of_them=EVERYTHING))
    yield one
    one.gateway.end()
    one.replay.close()


@pytest.fixture(scope="module")
def outcomes(stage):
    found = stage.run()
    print("\n" + matrix.table(found))
    return found


def failed(outcome):
    return outcome.outcome == matrix.FAILED or (outcome.outcome == matrix.REFUSED and not outcome.why[0].startswith(NOT_OFFERED))


@pytest.mark.parametrize("surface", list(surfaces.ALL))
def test_sdks_read_what_providers_said(outcomes, surface):
    listed = Listed()
    lines = [one.line for one in outcomes if one.surface == surface and failed(one) and listed.unlisted(one)]
    assert not lines, f"{len(lines)} of them:\n" + "\n".join(lines[:60])


def test_nearly_all_pass(outcomes):
    """Exceptions count as failures here: the list must not grow long. The sample is of rarities, so it may have more of them."""
    passed = sum(one.outcome == matrix.PASSED for one in outcomes)
    judged = passed + sum(map(failed, outcomes))
    assert passed >= (0.99 if EVERYTHING else 0.93) * judged, f"{passed} of {judged} pass"


@pytest.mark.parametrize("cut", [1, 7])
def test_however_a_stream_is_cut(stage, outcomes, cut):
    """Whole streams at every byte where they are short, every seventh where they are long."""
    limit = 8_000 if cut == 1 else 60_000
    some = [one for one in stage.exchanges if one.is_streamed and sum(map(len, one.parts)) <= limit]
    # Recordings of several streams in one file: how many follow the first in one read is chance, what is wrong with them not.
    before = {(one.exchange, one.surface): (one.outcome, set(one.why)) for one in outcomes}
    again = {(one.exchange, one.surface): (one.outcome, set(one.why)) for one in stage.run(some, cut)}
    different = [f"{name}: {again[name]} cut, {before[name]} in events" for name in again if again[name] != before[name]]
    assert len(again) >= 100 and not different, "\n".join(different[:20])


def test_readers_read_the_sample_as_written():
    """The expectations that tests of both languages hold answers to are those of the readers here."""
    written = json.loads((corpus.SAMPLE / "expected.json").read_text())
    read = {one.id: json.loads(json.dumps(sample.expected(one))) for one in corpus.load(corpus.SAMPLE)}
    assert written == read


def test_the_document_is_what_is_generated():
    assert compatibility.DOCUMENT.read_text() == compatibility.document(), "run `python -m replay.compatibility` in Tests/Acceptance"
