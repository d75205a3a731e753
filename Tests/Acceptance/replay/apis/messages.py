"""Anthropic's Messages."""

from ..neutral import Call, Failure, Part, Reply, Request, Tool, Turn, Usage, joined, number, spelled, total

FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "refusal",
          "pause_turn": "pause", "model_context_window_exceeded": "length"}


def source_of(kind, block, out):
    source = block["source"]
    part = Part(kind, name=block.get("title") or "", cached="cache_control" in block)
    if source["type"] == "base64":
        part.media, part.data = source["media_type"], source["data"]
    elif source["type"] == "url":
        part.url = source["url"]
    elif source["type"] == "text":
        part.media, part.text = source.get("media_type") or "text/plain", source["data"]
    else:
        out.native.append(f"{kind} {source['type']}")
        return None
    return part


def part_of(block, out):
    kind = block.get("type")
    if kind == "text":
        return Part("text", block["text"], cached="cache_control" in block)
    if kind in ("image", "document"):
        return source_of(kind, block, out)
    if kind == "thinking":
        return Part("thinking", block["thinking"], signature=block.get("signature") or "")
    if kind == "redacted_thinking":
        return Part("thinking", signature=block["data"], redacted=True)
    if kind == "tool_use":
        return Part("call", id=block["id"], name=block["name"], arguments=spelled(block.get("input")), cached="cache_control" in block)
    if kind == "tool_result":
        content = block.get("content")
        parts = [Part("text", content)] if isinstance(content, str) else [part_of(one, out) for one in content or []]
        return Part("result", id=block["tool_use_id"], parts=[one for one in parts if one], is_error=bool(block.get("is_error")))
    out.native.append(f"content {kind}")
    return None


def request(body):
    out = Request()
    system = body.get("system")
    if system:
        out.system = [system] if isinstance(system, str) else [block["text"] for block in system]
    for item in body.get("messages") or []:
        if not isinstance(item, dict):
            out.native.append("message")
            continue
        content = item.get("content")
        parts = [Part("text", content)] if isinstance(content, str) else [part_of(block, out) for block in content or []]
        parts = [part for part in parts if part]
        results = [part for part in parts if part.kind == "result"]
        others = [part for part in parts if part.kind != "result"]
        out.turns += [Turn("tool", [one]) for one in results]
        if item.get("role") == "system":
            out.system.append(joined(content))
            out.turns.append(Turn("system", others))
        elif others:
            out.turns.append(Turn(item["role"], others))
    for tool in body.get("tools") or []:
        if "input_schema" not in tool:
            out.native.append(f"tool {tool.get('type')}")
        else:
            out.tools.append(Tool(tool["name"], tool.get("description") or "", tool["input_schema"], tool.get("strict")))
    choice = body.get("tool_choice") or {}
    if choice:
        out.choice = ("tool", choice["name"]) if choice["type"] == "tool" else {"any": "required"}.get(choice["type"], choice["type"])
        if choice.get("disable_parallel_tool_use") is not None:
            out.parallel = not choice["disable_parallel_tool_use"]
    out.max_tokens, out.temperature, out.top_p = number(body.get("max_tokens")), body.get("temperature"), body.get("top_p")
    out.stop, out.stream = list(body.get("stop_sequences") or []), bool(body.get("stream"))
    form = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    out.schema = form.get("schema")
    if (body.get("thinking") or {}).get("type") == "enabled":
        out.budget = body["thinking"]["budget_tokens"]
    out.effort = (body.get("output_config") or {}).get("effort")
    for name in ("container", "mcp_servers", "context_management"):
        if body.get(name):
            out.native.append(name)
    return out


def usage_of(raw):
    if not raw:
        return None
    read, written = number(raw.get("cache_read_input_tokens")), number(raw.get("cache_creation_input_tokens"))
    return Usage(input=total(raw.get("input_tokens"), read, written), cached=read, written=written, output=number(raw.get("output_tokens")),
                 reasoning=number((raw.get("output_tokens_details") or {}).get("thinking_tokens")))


def reply(body):
    out = Reply()
    if body.get("type") == "error":
        out.failure = failure(0, body)
        return out
    for block in body.get("content") or []:
        take(out, block)
    out.finish = FINISH.get(body.get("stop_reason"), body.get("stop_reason"))
    out.usage = usage_of(body.get("usage"))
    return out


def take(out, block):
    kind = block.get("type")
    if kind == "text":
        out.text += block.get("text") or ""
    elif kind == "thinking":
        out.thoughts += block.get("thinking") or ""
        if block.get("signature"):
            out.signatures.append(block["signature"])
    elif kind == "redacted_thinking":
        out.signatures.append(block["data"])
    elif kind == "tool_use":
        out.calls.append(Call(block["id"], block["name"], spelled(block.get("input"))))
    else:
        out.native.append(kind)


def stream(events):
    out, blocks, usage = Reply(complete=False), {}, {}
    for name, event in events:
        kind = event.get("type") if isinstance(event, dict) else None
        if kind == "error" or name == "error":
            out.failure = failure(0, event)
        elif kind == "message_start":
            usage.update({key: value for key, value in (event["message"].get("usage") or {}).items() if value is not None})
        elif kind == "content_block_start":
            blocks[event["index"], len(blocks)] = block = dict(event["content_block"])
            block["pieces"] = ""
            blocks["open", event["index"]] = block
        elif kind == "content_block_delta":
            grow(blocks["open", event["index"]], event["delta"])
        elif kind == "message_delta":
            out.finish = FINISH.get(event["delta"].get("stop_reason"), event["delta"].get("stop_reason"))
            usage.update({key: value for key, value in (event.get("usage") or {}).items() if value is not None})
        elif kind == "message_stop":
            out.complete = True
            break  # some recordings have the next reply behind it
    for key, block in blocks.items():
        if key[0] == "open":
            continue
        pieces = block.pop("pieces")
        if pieces:
            block["input"] = pieces
        take(out, block)
    out.usage = usage_of(usage)
    return out


def grow(block, delta):
    kind = delta.get("type")
    if kind == "text_delta":
        block["text"] = (block.get("text") or "") + delta["text"]
    elif kind == "input_json_delta":
        block["pieces"] += delta["partial_json"]
    elif kind == "thinking_delta":
        block["thinking"] = (block.get("thinking") or "") + delta["thinking"]
    elif kind == "signature_delta":
        block["signature"] = (block.get("signature") or "") + delta["signature"]


def failure(status, body):
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return Failure(status, spelled(body))
    return Failure(status, error.get("message") or "", error.get("type") or "", "")
