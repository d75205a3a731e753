"""Cohere's v2 chat."""

from ..neutral import Call, Failure, Reply, Usage, number, spelled, total
from . import chat

FINISH = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls", "ERROR": "error",
          "ERROR_TOXIC": "filter", "TIMEOUT": "error"}


def request(body):
    out = chat.request({**body, "tool_choice": {"REQUIRED": "required", "NONE": "none"}.get(body.get("tool_choice"))})
    out.stop, out.top_p = list(body.get("stop_sequences") or []), body.get("p")
    form = body.get("response_format") or {}
    out.schema = form.get("json_schema") or form.get("schema")
    out.json_mode = form.get("type") == "json_object" and not out.schema
    thinking = body.get("thinking") or {}
    out.budget, out.effort = thinking.get("token_budget"), "on" if thinking.get("type") == "enabled" else None
    if body.get("strict_tools"):
        for tool in out.tools:
            tool.strict = True
    if body.get("documents"):
        out.native.append("documents")
    return out


def usage_of(raw):
    if not raw:
        return None
    tokens = raw.get("tokens") or raw.get("billed_units") or {}
    # Images are counted beside the text; with them the sum is what is billed and more.
    return Usage(input=total(tokens.get("input_tokens"), tokens.get("image_tokens")), cached=number(raw.get("cached_tokens")),
                 output=number(tokens.get("output_tokens")),
                 reasoning=number(tokens.get("reasoning_tokens")))


def take(out, block):
    if block.get("type") == "thinking" or "thinking" in block:
        out.thoughts += block.get("thinking") or ""
    elif "text" in block:
        out.text += block.get("text") or ""
    elif block.get("type") is not None:
        out.native.append(block["type"])


def reply(body):
    out = Reply()
    message = body.get("message")
    if not isinstance(message, dict):
        out.failure = failure(0, body)
        return out
    for block in message.get("content") or []:
        take(out, block)
    out.plan = message.get("tool_plan") or ""
    for call in message.get("tool_calls") or []:
        out.calls.append(Call(call["id"], call["function"]["name"], spelled(call["function"].get("arguments"))))
    if message.get("citations"):
        out.native.append("citations")
    out.finish = FINISH.get(body.get("finish_reason"), "other")
    out.usage = usage_of(body.get("usage"))
    return out


def stream(events):
    out = Reply(complete=False)
    for name, event in events:
        if not isinstance(event, dict):
            continue
        kind = event.get("type") or name
        delta = event.get("delta") or {}
        message = delta.get("message") or {}
        if kind in ("content-start", "content-delta"):
            content = message.get("content") or {}
            for block in content if isinstance(content, list) else [content]:
                take(out, block)
        elif kind == "tool-plan-delta":
            out.plan += message.get("tool_plan") or ""
        elif kind == "tool-call-start":
            call = message["tool_calls"]
            out.calls.append(Call(call["id"], call["function"]["name"], call["function"].get("arguments") or ""))
        elif kind == "tool-call-delta":
            out.calls[-1].arguments += message["tool_calls"]["function"]["arguments"]
        elif kind == "citation-start":
            out.native.append("citations")
        elif kind == "message-end":
            out.finish, out.complete = FINISH.get(delta.get("finish_reason"), "other"), True
            out.usage = usage_of(delta.get("usage"))
            if delta.get("error"):
                out.failure = Failure(0, spelled(delta["error"]))
    return out


def failure(status, body):
    if not isinstance(body, dict):
        return Failure(status, spelled(body))
    return Failure(status, body.get("message") or "", body.get("error_type") or "")
