"""Whether an answer says what the provider said, and whether the provider was asked what the client asked."""

import hashlib
import re

from .neutral import canonical, joined, object_of

# What an SDK's answer can hold of usage.
HOLDS = {"chat": ("input", "cached", "output", "reasoning"), "responses": ("input", "cached", "output", "reasoning"),
         "messages": ("input", "cached", "written", "output"), "generateContent": ("input", "cached", "output", "reasoning"),
         "converse": ("input", "cached", "written", "output")}
SAME = {"streamGenerateContent": "generateContent", "converse-stream": "converse"}
SPELLED = ("chat", "responses", "cohere-chat")


def family(api):
    return SAME.get(api, api)


def replies(exchange, answer, surface):
    """Differences between the recorded reply and the SDK's reading of the answer; empty when there are none."""
    said, got = exchange.said, answer.reply
    found = [f"sdk: {one}" for one in answer.complaints]
    if said.failure:
        return found + failures(exchange, said.failure, answer)
    if said.finish == "error" and surface.api == "responses" and got.failure:
        return found  # an answer that the model could not finish is a failed response
    if got.failure:
        return found + [f"error {answer.status}: {got.failure.message[:160]}"]
    if not said.complete:
        return found + ([] if not got.complete else ["a cut stream ended as if it were whole"])
    if said.choices > 1 and surface.api != family(exchange.api):
        return found  # nobody but OpenAI's chat asks for several answers
    if not got.complete:
        found.append("the stream has no end")
    found += texts(said, got)
    found += calls(exchange, said, got, surface)
    found += finishes(exchange, said, got, surface)
    found += usages(said.usage, got.usage, surface)
    return found


def failures(exchange, failure, answer):
    got = answer.reply.failure
    if exchange.status == 200:
        return [] if got or answer.status >= 400 else ["an error after 200 ended as a clean answer"]
    if not got or answer.status < 400:
        return ["a recorded error was answered as a success"]
    want = status_for_client(exchange.status, failure)
    found = [] if answer.status == want else [f"status {answer.status}, expected {want}"]
    if want == exchange.status and failure.message and failure.message[:80] not in got.message:
        found.append(f"message {got.message[:80]!r}, expected {failure.message[:80]!r}")
    if not got.message:
        found.append("an error without a message")
    return found


# What operators have to mend, though some providers say it with 400: their key, their account, their name of the model.
OPERATORS = re.compile(
    r"API key not valid|Incorrect API key|model identifier is invalid|requested model '.*' does not exist|is not a valid model ID"
    r"|Model Not Exist|not authorized to invoke this API operation", re.I)
SPENT = re.compile(r"exceeded your current quota|insufficient_quota", re.I)


def status_for_client(status, failure):
    """502 for what is not the client's doing, 429 for a spent quota, else the provider's own."""
    if status in (401, 403, 404) or (status == 400 and OPERATORS.search(failure.message)):
        return 502
    return 429 if SPENT.search(f"{failure.message} {failure.code}") else status


def brief(text):
    return repr(text if len(text) <= 60 else text[:28] + " ... " + text[-28:])


def texts(said, got):
    found = []
    if said.refusal:
        if said.refusal not in (got.refusal, got.text):
            found.append(f"refusal {brief(got.refusal or got.text)}, expected {brief(said.refusal)}")
    elif got.text not in (said.text, said.plan + said.text):
        found.append(f"text {brief(got.text)}, expected {brief(said.text)}")
    want, have = squeezed(said.thoughts), squeezed(got.thoughts)
    if have not in (want, squeezed(said.plan) + want, want + squeezed(said.plan)):
        found.append(f"thoughts {brief(got.thoughts)}, expected {brief(said.thoughts)}")
    return found


def squeezed(text):
    return re.sub(r"\s+", "", text)


def calls(exchange, said, got, surface):
    want, have = [one.name for one in said.calls], [one.name for one in got.calls]
    if want != have:
        return [f"calls {have}, expected {want}"]
    found = []
    for one, other in zip(said.calls, got.calls):
        value = object_of(one.arguments)
        if value is not None and canonical(object_of(other.arguments)) != canonical(value):
            found.append(f"arguments of {one.name}: {brief(other.arguments)}, expected {brief(one.arguments)}")
        elif exchange.api in SPELLED and surface.api in SPELLED and one.arguments not in ("", "null", other.arguments) \
                and family(exchange.api) != surface.api:
            found.append(f"arguments of {one.name} spelled {brief(other.arguments)}, expected {brief(one.arguments)}")
    ids = [one.id for one in got.calls]
    own = family(exchange.api) == surface.api or "function_call" in said.native  # the deprecated form has no ids
    if not own and (len(set(ids)) != len(ids) or "" in ids):
        found.append(f"ids of calls {ids}")
    return found


def finishes(exchange, said, got, surface):
    want, have = said.finish, got.finish
    if want in (None, "error", "other", "pause") or not isinstance(want, str):
        return []
    declined = {"filter": "declined", "refusal": "declined"}
    want, have = declined.get(want, want), declined.get(have, have)
    if said.refusal:
        want = {"declined", want}
    elif said.calls and want in ("stop", "tool_calls"):
        # Gemini says STOP with calls, OpenAI too where a function was forced.
        own = family(exchange.api) == surface.api
        forced = exchange.api == "chat" and want == "stop"
        want = {"stop", "tool_calls"} if own or forced or surface.api == "generateContent" else {"tool_calls"}
    elif want == "tool_calls":
        want = {"stop", "tool_calls"}
    else:
        want = {want}
    return [] if have in want else [f"finish {have}, expected {' or '.join(sorted(want))}"]


def usages(want, have, surface):
    if want is None or want.input is None:
        return []
    if have is None:
        return ["no usage"]
    found = []
    for name in HOLDS[surface.api]:
        wanted, got = getattr(want, name), getattr(have, name)
        if wanted is None or (name not in ("input", "output") and not wanted and got is None):
            continue
        if wanted != got:
            found.append(f"usage {name} {got}, expected {wanted}")
    return found


# -- requests


def flat(request):
    """A conversation as a list of what must arrive, in order: (role, kind, value); neighbouring texts of a role joined."""
    out, ordinal = [], {}
    for turn in request.turns:
        if turn.role == "system":
            continue
        for part in turn.parts:
            if part.kind == "thinking" or (part.kind == "text" and not part.text.strip()):
                continue
            if part.kind == "call":
                ordinal[part.id] = len(ordinal)
                value = object_of(part.arguments)
                out.append(("assistant", "call", (part.name, canonical(value))))
            elif part.kind == "result":
                out.append(("tool", "result", (ordinal.get(part.id, part.id), joined([{"text": one.text} for one in part.parts]).strip())))
                out += [("tool", one.kind, identity(one)) for one in part.parts if one.kind != "text"]
            elif part.kind == "text" and out and out[-1][:2] == (turn.role, "text"):
                out[-1] = (turn.role, "text", out[-1][2] + squeezed(part.text))
            elif part.kind == "text":
                out.append((turn.role, "text", squeezed(part.text)))
            else:
                out.append((turn.role, part.kind, identity(part)))
    return out


def identity(part):
    content = part.data or part.url or part.text
    return hashlib.sha256(content.encode()).hexdigest()[:12] + f" {part.url[:40]}"


def requests(client, upstream, loss, api):
    """What of the client's request did not reach the provider and was not reported as lost."""
    found, lost = [], loss or ""
    if squeezed("".join(client.system)) != squeezed("".join(upstream.system)):
        found.append(f"system {brief(' '.join(upstream.system))}, expected {brief(' '.join(client.system))}")
    want, have = flat(client), flat(upstream)
    if want != have and not ("messages" in lost or "input" in lost or "contents" in lost):
        at = next((at for at, (one, other) in enumerate(zip(want, have)) if one != other), min(len(want), len(have)))
        found.append(f"message item {at}: {brief(str(have[at:at + 1]))}, expected {brief(str(want[at:at + 1]))}")
    none = client.choice == "none"
    for name, wanted, got in (
        ("tools", [(one.name, one.description) for one in client.tools], [(one.name, one.description) for one in upstream.tools]),
        ("max_tokens", client.max_tokens, upstream.max_tokens),
        ("temperature", client.temperature, upstream.temperature), ("top_p", client.top_p, upstream.top_p),
        ("stop", client.stop, upstream.stop), ("tool_choice", client.choice, upstream.choice),
        ("stream", client.stream, upstream.stream if api in ("chat", "responses", "messages", "cohere-chat") else client.stream),
    ):
        if name == "tool_choice" and (wanted in (None, "auto", "none") or not client.tools):
            continue
        if name == "tools" and none and not got:
            continue
        if wanted not in (None, 0, [], got) and not mentions(lost, name):
            found.append(f"{name} {brief(str(got))}, expected {brief(str(wanted))}")
    if client.schema is not None and upstream.schema is None and not mentions(lost, "format", "schema") and not upstream.tools:
        found.append("the schema of the answer is missing")
    return found


WORDS = {"stop": ("stop",), "tool_choice": ("tool_choice", "toolChoice", "toolConfig"), "tools": ("tools", "toolConfig"),
         "max_tokens": ("max_", "maxTokens", "maxOutputTokens"), "top_p": ("top_p", "topP"), "temperature": ("temperature",)}


def mentions(lost, *names):
    return any(word in lost for name in names for word in WORDS.get(name, (name,)))
