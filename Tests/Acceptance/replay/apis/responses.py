"""OpenAI's Responses, as xAI, DeepSeek, OpenRouter and Bedrock speak them too."""

from ..neutral import Call, Failure, Part, Reply, Request, Tool, Turn, Usage, data_url, joined, number, spelled


def media(part, out):
    kind = part["type"]
    if kind == "input_image" and part.get("image_url"):
        if inline := data_url(part["image_url"]):
            return Part("image", media=inline[0], data=inline[1])
        return Part("image", url=part["image_url"])
    if kind == "input_file" and part.get("file_data"):
        inline = data_url(part["file_data"]) or ("application/pdf", part["file_data"])
        return Part("document", media=inline[0], data=inline[1], name=part.get("filename") or "")
    if kind == "input_file" and part.get("file_url"):
        return Part("document", url=part["file_url"])
    if kind == "input_audio":
        return Part("audio", media="audio/" + part["input_audio"]["format"], data=part["input_audio"]["data"])
    out.native.append(f"content {kind}")
    return None


def parts_of(content, out):
    if isinstance(content, str):
        return [Part("text", content)] if content else []
    parts = []
    for part in content or []:
        if part["type"] in ("input_text", "output_text", "text"):
            parts.append(Part("text", part["text"]))
        elif part["type"] == "refusal":
            parts.append(Part("refusal", part["refusal"]))
        elif part["type"] == "reasoning_text":
            parts.append(Part("thinking", part["text"]))
        elif found := media(part, out):
            parts.append(found)
    return parts


def item_of(item, out):
    kind = item.get("type") or ("message" if "role" in item else None)
    if kind == "message":
        role = item["role"]
        if role in ("system", "developer"):
            out.system.append(joined(item.get("content")))
            return Turn("system", [Part("text", joined(item.get("content")))])
        return Turn(role, parts_of(item.get("content"), out))
    if kind == "function_call":
        return Turn("assistant", [Part("call", id=item["call_id"], name=item["name"], arguments=spelled(item.get("arguments")))])
    if kind == "function_call_output":
        return Turn("tool", [Part("result", id=item["call_id"], parts=parts_of(item.get("output"), out))])
    if kind == "reasoning":
        return Turn("assistant", [Part("thinking", thoughts_of(item), signature=item.get("encrypted_content") or "", id=item.get("id") or "")])
    out.native.append(f"item {kind}")
    return None


def request(body):
    out = Request()
    if body.get("instructions"):
        out.system.append(body["instructions"])
    given = body.get("input")
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given or []:
        turn = item_of(item, out)
        if turn and turn.parts:
            if out.turns and turn.role == "assistant" == out.turns[-1].role:
                out.turns[-1].parts += turn.parts
            else:
                out.turns.append(turn)
    for tool in body.get("tools") or []:
        if tool.get("type") == "function":
            out.tools.append(Tool(tool["name"], tool.get("description") or "", tool.get("parameters"), tool.get("strict")))
        else:
            out.native.append(f"tool {tool.get('type')}")
    choice = body.get("tool_choice")
    out.choice = ("tool", choice["name"]) if isinstance(choice, dict) and choice.get("name") else choice if isinstance(choice, str) else None
    out.parallel, out.max_tokens = body.get("parallel_tool_calls"), number(body.get("max_output_tokens"))
    out.temperature, out.top_p, out.stream = body.get("temperature"), body.get("top_p"), bool(body.get("stream"))
    form = (body.get("text") or {}).get("format") or {}
    out.schema, out.json_mode = form.get("schema"), form.get("type") == "json_object"
    out.effort = (body.get("reasoning") or {}).get("effort")
    for name in ("previous_response_id", "conversation", "prompt", "background"):
        if body.get(name):
            out.native.append(name)
    return out


def thoughts_of(item):
    parts = [*(item.get("summary") or []), *(item.get("content") or [])]
    return "".join(part.get("text") or "" for part in parts)


def usage_of(raw):
    if not raw:
        return None
    return Usage(input=number(raw.get("input_tokens")), cached=number((raw.get("input_tokens_details") or {}).get("cached_tokens")),
                 written=number((raw.get("input_tokens_details") or {}).get("cache_write_tokens")), output=number(raw.get("output_tokens")),
                 reasoning=number((raw.get("output_tokens_details") or {}).get("reasoning_tokens")))


def reply(body):
    out = Reply()
    for item in body.get("output") or []:
        kind = item.get("type")
        if kind == "message":
            for part in item.get("content") or []:
                if part["type"] == "refusal":
                    out.refusal += part["refusal"]
                else:
                    out.text += part.get("text") or ""
                    out.logprobs = out.logprobs or bool(part.get("logprobs"))
        elif kind == "reasoning":
            out.thoughts += thoughts_of(item)
            if item.get("encrypted_content"):
                out.signatures.append(item["encrypted_content"])
        elif kind == "function_call":
            out.calls.append(Call(item["call_id"], item["name"], spelled(item.get("arguments"))))
        else:
            out.native.append(kind)
    status = body.get("status")
    if status == "incomplete":
        reason = (body.get("incomplete_details") or {}).get("reason")
        out.finish = {"max_output_tokens": "length", "max_tokens": "length", "content_filter": "filter"}.get(reason, "other")
    elif status == "failed" or (body.get("error") and not body.get("output")):
        out.failure = failure(0, body)
    elif status in ("queued", "in_progress"):
        out.native.append(f"status {status}")
    else:
        out.finish = "tool_calls" if out.calls else "refusal" if out.refusal else "stop"
    out.usage = usage_of(body.get("usage"))
    return out


def stream(events):
    """The final object says everything; what came before has to agree with it: see `disagreements`."""
    final, failed = None, None
    for name, event in events:
        if not isinstance(event, dict):
            continue
        kind = event.get("type") or name
        if kind in ("response.completed", "response.incomplete", "response.failed", "response.done"):
            final = event["response"]
        elif kind == "error":
            failed = failure(0, event if isinstance(event.get("error"), dict) else {"error": event})
    if final is None:
        out = Reply(complete=False)
        texts = [event.get("delta") or "" for _, event in events if isinstance(event, dict) and event.get("type") == "response.output_text.delta"]
        out.text = "".join(texts)
    else:
        out = reply(final)
        if not final.get("output"):
            done = [event["item"] for _, event in events if isinstance(event, dict) and event.get("type") == "response.output_item.done"]
            out = reply({**final, "output": done})
    out.failure = out.failure or failed
    return out


def disagreements(events):
    """What in the order or the content of a Responses stream does not hold."""
    events = [event for _, event in events if isinstance(event, dict)]
    found, texts, arguments, open_items, last = [], {}, {}, set(), -1
    for event in events:
        kind, at = event.get("type"), (event.get("item_id"), event.get("content_index", 0))
        if number(event.get("sequence_number")) is None or event["sequence_number"] <= last:
            found.append(f"sequence_number {event.get('sequence_number')} after {last}")
        last = event.get("sequence_number") if number(event.get("sequence_number")) is not None else last
        if kind == "response.output_item.added":
            open_items.add(event["output_index"])
        elif kind == "response.output_item.done":
            if event["output_index"] not in open_items:
                found.append(f"item {event['output_index']} done before it was added")
            open_items.discard(event["output_index"])
        elif kind == "response.output_text.delta":
            texts[at] = texts.get(at, "") + event["delta"]
        elif kind == "response.output_text.done" and texts.get(at, "") != event["text"]:
            found.append("text deltas differ from the done text")
        elif kind == "response.function_call_arguments.delta":
            arguments[at[0]] = arguments.get(at[0], "") + event["delta"]
        elif kind == "response.function_call_arguments.done" and arguments.get(at[0], "") != event["arguments"]:
            found.append("argument deltas differ from the done arguments")
    if events and events[0].get("type") not in ("response.created", "error"):
        found.append(f"begins with {events[0].get('type')}")
    if open_items and events[-1].get("type") == "response.completed":
        found.append("completed with open items")
    return found


def failure(status, body):
    if not isinstance(body, dict):
        return Failure(status, spelled(body))
    error = body.get("error")
    if isinstance(error, str):
        return Failure(status, error, code=str(body.get("code") or ""))
    error = error if isinstance(error, dict) else {}
    return Failure(status, error.get("message") or "", str(error.get("type") or ""), str(error.get("code") or ""))
