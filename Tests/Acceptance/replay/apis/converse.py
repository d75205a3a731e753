"""Bedrock's Converse and ConverseStream."""

import base64

from ..neutral import Call, Failure, Part, Reply, Request, Tool, Turn, Usage, number, spelled, total

FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls", "content_filtered": "filter",
          "guardrail_intervened": "filter", "model_context_window_exceeded": "length", "malformed_tool_use": "error",
          "malformed_model_output": "error"}
KINDS = {"image": "image", "document": "document", "video": "video", "audio": "audio"}
MIMES = {"pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html"}


def encoded(value):
    return base64.b64encode(value).decode() if isinstance(value, (bytes, bytearray)) else value


def media(kind, block, out):
    source, form = block["source"], block.get("format") or ""
    mime = MIMES.get(form, f"application/{form}") if kind == "document" else f"{kind}/{form}"
    if "bytes" in source:
        return Part(kind, media=mime, data=encoded(source["bytes"]), name=block.get("name") or "")
    if "text" in source:
        return Part(kind, media=mime, text=source["text"], name=block.get("name") or "")
    out.native.append(f"{kind} elsewhere")
    return None


def part_of(block, out):
    name, value = next(((name, value) for name, value in block.items() if name != "type"), ("", None))
    if name == "text":
        return Part("text", value)
    if name in KINDS:
        return media(name, value, out)
    if name == "reasoningContent":
        if "redactedContent" in value:
            return Part("thinking", signature=encoded(value["redactedContent"]), redacted=True)
        return Part("thinking", value["reasoningText"]["text"], signature=value["reasoningText"].get("signature") or "")
    if value and str(value.get("type") if isinstance(value, dict) else "").endswith(("server_tool_use", "_result")):
        out.native.append(f"content {value['type']}")
        return None
    if name == "toolUse":
        return Part("call", id=value["toolUseId"], name=value["name"], arguments=spelled(value.get("input")))
    if name == "toolResult":
        parts = [Part("text", spelled(one["json"])) if "json" in one else part_of(one, out) for one in value.get("content") or []]
        return Part("result", id=value["toolUseId"], parts=[one for one in parts if one], is_error=value.get("status") == "error")
    if name == "cachePoint":
        return None
    out.native.append(f"content {name}")
    return None


def request(body):
    out = Request()
    for block in body.get("system") or []:
        if "text" in block:
            out.system.append(block["text"])
        elif "cachePoint" not in block:
            out.native.append("system " + next(iter(block), ""))
    for item in body.get("messages") or []:
        parts = [part_of(block, out) for block in item.get("content") or []]
        parts = [part for part in parts if part]
        out.turns += [Turn("tool", [one]) for one in parts if one.kind == "result"]
        others = [part for part in parts if part.kind != "result"]
        if others:
            out.turns.append(Turn(item["role"], others))
    config = body.get("toolConfig") or {}
    for tool in config.get("tools") or []:
        if spec := tool.get("toolSpec"):
            out.tools.append(Tool(spec["name"], spec.get("description") or "", spec["inputSchema"].get("json"), spec.get("strict")))
        elif "cachePoint" not in tool:
            out.native.append("tool " + next(iter(tool), ""))
    choice = config.get("toolChoice") or {}
    if choice:
        name = next(iter(choice))
        out.choice = ("tool", choice["tool"]["name"]) if name == "tool" else {"any": "required"}.get(name, name)
    inference = body.get("inferenceConfig") or {}
    out.max_tokens, out.temperature, out.top_p = inference.get("maxTokens"), inference.get("temperature"), inference.get("topP")
    out.stop = list(inference.get("stopSequences") or [])
    form = (body.get("outputConfig") or {}).get("textFormat") or {}
    schema = ((form.get("structure") or {}).get("jsonSchema") or {}).get("schema")
    if schema:
        import json
        out.schema = json.loads(schema) if isinstance(schema, str) else schema
    more = body.get("additionalModelRequestFields") or {}
    out.budget = (more.get("thinking") or {}).get("budget_tokens")
    out.effort = (more.get("output_config") or {}).get("effort") or more.get("reasoning_effort")
    if (more.get("tool_choice") or {}).get("disable_parallel_tool_use"):
        out.parallel = False
    for name in ("guardrailConfig", "promptVariables", "additionalModelResponseFieldPaths"):
        if body.get(name):
            out.native.append(name)
    return out


def usage_of(raw):
    if not raw:
        return None
    read, written = number(raw.get("cacheReadInputTokens")), number(raw.get("cacheWriteInputTokens"))
    return Usage(input=total(raw.get("inputTokens"), read, written), cached=read, written=written, output=number(raw.get("outputTokens")))


def take(out, block):
    if "text" in block:
        out.text += block["text"]
    elif reasoning := block.get("reasoningContent"):
        if "redactedContent" in reasoning:
            out.signatures.append(encoded(reasoning["redactedContent"]))
        else:
            out.thoughts += reasoning["reasoningText"].get("text") or ""
            if reasoning["reasoningText"].get("signature"):
                out.signatures.append(reasoning["reasoningText"]["signature"])
    elif call := block.get("toolUse"):
        if call.get("type") == "server_tool_use":
            out.native.append("server_tool_use")
        else:
            out.calls.append(Call(call["toolUseId"], call["name"], spelled(call.get("input"))))
    elif citations := block.get("citationsContent"):
        out.text += "".join(one.get("text") or "" for one in citations.get("content") or [])
        out.native.append("citationsContent")
    else:
        out.native.append(next(iter(block), ""))


def reply(body):
    out = Reply()
    for block in ((body.get("output") or {}).get("message") or {}).get("content") or []:
        take(out, block)
    out.finish = FINISH.get(body.get("stopReason"), body.get("stopReason"))
    out.usage = usage_of(body.get("usage"))
    return out


def stream(events):
    """`events`: (type, value) of frames; an exception frame has its exception's name and `exception` in it."""
    out, blocks = Reply(complete=False), {}
    for name, event in events:
        if name.endswith("Exception"):
            out.failure = Failure(0, event.get("message") or event.get("Message") or "", name)
        elif name == "contentBlockStart":
            blocks.setdefault(event["contentBlockIndex"], {}).update(event.get("start") or {})
        elif name == "contentBlockDelta":
            grow(blocks.setdefault(event["contentBlockIndex"], {}), event["delta"])
        elif name == "messageStop":
            out.finish, out.complete = FINISH.get(event.get("stopReason"), event.get("stopReason")), True
        elif name == "metadata":
            out.usage = usage_of(event.get("usage"))
    for _, block in sorted(blocks.items()):
        if "toolUse" in block:
            block["toolUse"].setdefault("input", "")
        if block:
            take(out, block)
    return out


def grow(block, delta):
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        call = block.setdefault("toolUse", {})
        call["input"] = call.get("input", "") + delta["toolUse"]["input"]
    elif reasoning := delta.get("reasoningContent"):
        whole = block.setdefault("reasoningContent", {})
        if "redactedContent" in reasoning:
            whole["redactedContent"] = reasoning["redactedContent"]
        else:
            inner = whole.setdefault("reasoningText", {})
            for name in ("text", "signature"):
                if name in reasoning:
                    inner[name] = inner.get(name, "") + reasoning[name]


def failure(status, body):
    if not isinstance(body, dict):
        return Failure(status, spelled(body))
    return Failure(status, body.get("message") or body.get("Message") or "", body.get("__type") or "")
