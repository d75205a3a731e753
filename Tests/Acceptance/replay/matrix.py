"""Every exchange asked for through every surface, and what came of it."""

import collections
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from . import compare, schemas
from .apis import READERS
from .neutral import Call, Part, Request, Tool, Turn
from .server import name_of

PASSED, FAILED, SKIPPED, REFUSED = "pass", "fail", "skip", "not yet"


@dataclass
class Outcome:
    exchange: str
    provider: str
    api: str
    surface: str
    outcome: str
    why: list = field(default_factory=list)

    @property
    def line(self):
        return f"{self.outcome:8} {self.exchange} x {self.surface}: " + "; ".join(self.why)


def question(exchange):
    """What the recorded client asked; where that is unknown, something plain that the recorded reply could answer."""
    asked = exchange.asked
    if asked is None or not any(part.kind != "text" or part.text.strip() for turn in asked.turns for part in turn.parts
                                if turn.role != "system" and part.kind != "thinking"):
        tools = [Tool(name, f"Calls {name}.", {"type": "object", "properties": {}})
                 for name in dict.fromkeys(one.name for one in exchange.said.calls)]
        asked = replace(asked or Request(), turns=[Turn("user", [Part("text", "Say hello.")])], tools=(asked.tools if asked else []) or tools)
    return mended(asked)


def mended(asked):
    """A result whose call is not in the conversation (the provider kept it) cannot be asked of anybody else."""
    known, turns = {call.id for call in asked.calls()}, []
    for turn in asked.turns:
        if turn.role == "tool":
            orphans = [part for part in turn.parts if part.id not in known]
            if orphans:
                turns.append(Turn("assistant", [Part("call", id=part.id, name=part.name or "earlier_call", arguments="{}") for part in orphans]))
                known |= {part.id for part in orphans}
        turns.append(turn)
    return replace(asked, turns=turns)


def unusable(asked):
    """Why a recorded request can be asked of nobody: its recorder spoilt it, or it was meant to be refused."""
    if any(not tool.name for tool in asked.tools):
        return "a tool without a name"
    for part in (inner for turn in asked.turns for one in turn.parts for inner in (one, *one.parts)):
        if part.data and len(part.data.rstrip("=")) % 4 == 1:
            return "base64 that is none"
    return None


def run(exchange, surface, replay):
    """One exchange through one surface."""
    outcome = Outcome(exchange.id, exchange.provider, exchange.api, surface.name, PASSED)
    try:
        request = question(exchange)
        if reason := unusable(request):
            outcome.outcome, outcome.why = SKIPPED, [f"the recorded request has {reason}"]
            return outcome
        replay.take(exchange.key)
        answer = surface.ask(name_of(exchange), request, exchange.is_streamed)
    except Exception as error:  # whatever an SDK throws at its user is a finding, not the end of the run
        kind = type(error).__name__
        # The last two: base64 that was never any; a schema whose types are numbers, which google-genai does not read.
        unsayable = kind in ("ParamValidationError", "ValidationError", "Error") or "has no attribute 'upper'" in str(error)
        outcome.outcome, outcome.why = SKIPPED if unsayable else FAILED, [f"the SDK raised {kind}: {str(error)[:200]}"]
        return outcome
    asked = replay.take(exchange.key)
    if not asked:
        if answer.reply is not None and answer.reply.failure:
            outcome.outcome, outcome.why = REFUSED, [f"{answer.status}: {answer.reply.failure.message[:160]}"]
        else:
            outcome.outcome, outcome.why = FAILED, ["nobody asked the provider"]
        return outcome
    if compare.family(asked[-1].api) != compare.family(exchange.api):
        outcome.outcome, outcome.why = SKIPPED, [f"the provider is asked by {asked[-1].api}, the recording is {exchange.api}"]
        return outcome
    outcome.why = judge(exchange, surface, answer, asked[-1])
    outcome.outcome = FAILED if outcome.why else PASSED
    return outcome


def judge(exchange, surface, answer, asked):
    found = compare.replies(exchange, answer, surface)
    body = asked.json
    loss = answer.headers.get("x-swiftlet-loss")
    sent = READERS[surface.api].request(answer.sent_as_json)
    sent.stream = exchange.is_streamed
    upstream = READERS[exchange.api].request(body)
    found += [f"asked: {one}" for one in compare.requests(sent, upstream, loss, exchange.api)]
    if surface.api != compare.family(exchange.api):
        found += [f"schema: {one}" for one in schemas.problems(exchange.api, exchange.provider, body)]
    return found


def every(exchanges, surfaces, replay, workers=4):
    def all_surfaces(exchange):
        return [run(exchange, surface, replay) for surface in surfaces]

    with ThreadPoolExecutor(workers) as pool:
        return [outcome for outcomes in pool.map(all_surfaces, exchanges) for outcome in outcomes]


def table(outcomes):
    """Counts by provider, API and surface, as Markdown."""
    surfaces = list(dict.fromkeys(one.surface for one in outcomes))
    cells = collections.defaultdict(collections.Counter)
    for one in outcomes:
        cells[f"{one.provider}/{one.api}", one.surface][one.outcome] += 1
        cells["all", one.surface][one.outcome] += 1
    rows = [*sorted({row for row, _ in cells if row != "all"}), "all"]
    lines = ["| recorded | " + " | ".join(surfaces) + " |", "| --- |" + " --- |" * len(surfaces)]
    for row in rows:
        lines.append(f"| {row} | " + " | ".join(cell(cells[row, surface]) for surface in surfaces) + " |")
    return "\n".join(lines)


def cell(counts):
    """`passed of judged`, and what could not be judged."""
    judged = counts[PASSED] + counts[FAILED]
    more = [f"{counts[kind]} {word}" for kind, word in ((SKIPPED, "skipped"), (REFUSED, "not yet")) if counts[kind]]
    return ", ".join([f"{counts[PASSED]}/{judged}"] * bool(judged) + more) or "–"


def reasons(outcomes, most=40):
    """The commonest reasons of what did not pass, with an exchange of each."""
    import re
    counts, samples = collections.Counter(), {}
    for one in outcomes:
        if one.outcome in (FAILED, REFUSED, SKIPPED):
            for why in one.why[:1]:
                kind = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "~", why)[:90]
                name = (one.outcome, f"{compare.family(one.api)} x {one.surface}", kind)
                counts[name] += 1
                samples.setdefault(name, (one.exchange, why))
    return [f"{count:5} {' '.join(name[:2])}: {samples[name][1][:150]}  [{samples[name][0][-60:]}]" for name, count in counts.most_common(most)]


def save(outcomes, path):
    with open(path, "w") as file:
        for one in outcomes:
            file.write(json.dumps(one.__dict__, ensure_ascii=False) + "\n")
