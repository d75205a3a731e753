"""Chat completions as OpenAI and forty others speak them; what differs between them stands in wire notes 1 to 20."""

from ..neutral import Call, Failure, Part, Reply, Request, Tool, Turn, Usage, data_url, joined, number, spelled, total

FINISH = {"stop": "stop", "eos": "stop", "end_turn": "stop", "length": "length", "max_tokens": "length", "model_length": "length",
          "tool_calls": "tool_calls", "function_call": "tool_calls", "content_filter": "filter", "error": "error", "refusal": "refusal"}


def media(part):
    kind = part.get("type")
    if kind == "image_url":
        image = part["image_url"]
        url = image if isinstance(image, str) else image["url"]
        if inline := data_url(url):
            return Part("image", media=inline[0], data=inline[1])
        return Part("image", url=url)
    if kind == "file":
        file = part["file"]
        if inline := data_url(file.get("file_data") or ""):
            return Part("document", media=inline[0], data=inline[1], name=file.get("filename") or "")
        return Part("document", url=file.get("file_data") or "", name=file.get("filename") or "")
    if kind == "input_audio":
        return Part("audio", media="audio/" + part["input_audio"]["format"], data=part["input_audio"]["data"])
    if kind == "document_url":
        if inline := data_url(part["document_url"]):
            return Part("document", media=inline[0], data=inline[1])
        return Part("document", url=part["document_url"], media="application/pdf")
    return None


def parts_of(content, out):
    if isinstance(content, str):
        return [Part("text", content)] if content else []
    parts = []
    for part in content or []:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text":
            parts.append(Part("text", part["text"], cached="cache_control" in part))
        elif kind == "refusal":
            parts.append(Part("refusal", part["refusal"]))
        elif kind == "thinking":
            parts.append(Part("thinking", joined(part["thinking"])))
        elif isinstance(part, dict) and (found := media(part)):
            parts.append(found)
        else:
            out.native.append(f"content {kind}")
    return parts


def message(item, out):
    role, content = item.get("role"), item.get("content")
    if role in ("system", "developer"):
        return Turn("system", [Part("text", joined(content))])
    if role == "tool":
        return Turn("tool", [Part("result", id=item.get("tool_call_id") or "", parts=parts_of(content, out))])
    parts = []
    if role == "assistant":
        if thought := item.get("reasoning_content") or item.get("reasoning"):
            parts.append(Part("thinking", thought))
        parts += parts_of(content, out)
        if item.get("refusal"):
            parts.append(Part("refusal", item["refusal"]))
        for call in item.get("tool_calls") or []:
            parts.append(Part("call", id=call["id"], name=call["function"]["name"], arguments=spelled(call["function"].get("arguments"))))
        return Turn("assistant", parts)
    return Turn("user", parts_of(content, out))


def request(body):
    out = Request()
    for item in body.get("messages") or []:
        if not isinstance(item, dict) or item.get("role") not in ("system", "developer", "user", "assistant", "tool"):
            out.native.append("message")
            continue
        turn = message(item, out)
        if turn.role == "system":
            out.system.append(joined(item.get("content")))
        out.turns.append(turn)
    for tool in body.get("tools") or []:
        function = tool.get("function")
        if function is None:
            out.native.append(f"tool {tool.get('type')}")
        else:
            out.tools.append(Tool(function["name"], function.get("description") or "", function.get("parameters"), function.get("strict")))
    out.choice = tool_choice(body.get("tool_choice"))
    out.parallel = body.get("parallel_tool_calls")
    out.max_tokens = number(body.get("max_completion_tokens")) or number(body.get("max_tokens"))
    out.temperature, out.top_p, out.seed = body.get("temperature"), body.get("top_p"), body.get("seed", body.get("random_seed"))
    stop = body.get("stop")
    out.stop = [stop] if isinstance(stop, str) else list(stop or [])
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        out.schema = form["json_schema"].get("schema")
    out.json_mode = form.get("type") == "json_object"
    out.effort = body.get("reasoning_effort")
    out.stream, out.n = bool(body.get("stream")), body.get("n") or 1
    for name in ("functions", "function_call", "logit_bias", "web_search_options", "audio"):
        if body.get(name):
            out.native.append(name)
    return out


def tool_choice(value):
    if value is None or isinstance(value, str):
        return {"any": "required"}.get(value, value)
    if name := (value.get("function") or {}).get("name"):
        return ("tool", name)
    return None


def usage_of(raw):
    if not isinstance(raw, dict):
        return None
    details, out_details = raw.get("prompt_tokens_details") or {}, raw.get("completion_tokens_details") or {}
    reasoning = number(out_details.get("reasoning_tokens"))
    if reasoning is None:
        reasoning = number(raw.get("reasoning_tokens"))
    usage = Usage(
        input=number(raw.get("prompt_tokens")), output=number(raw.get("completion_tokens")), reasoning=reasoning,
        cached=next((number(value) for value in (details.get("cached_tokens"), raw.get("prompt_cache_hit_tokens"), raw.get("cached_tokens"),
                                                 raw.get("num_cached_tokens")) if number(value) is not None), None),
        written=number(details.get("cache_write_tokens")))
    # Mistral leaves seconds of sound out of prompt_tokens, but not out of the total.
    sound, said = number(details.get("audio_tokens")), total(usage.input, usage.output)
    if sound and said is not None and number(raw.get("total_tokens")) == said + sound:
        usage.input += sound
    # Grok on Azure counts what it read from its cache beside the prompt: it can be the larger number.
    if usage.cached and usage.input is not None and usage.cached > usage.input:
        usage.input += usage.cached
    everything = number(raw.get("total_tokens"))
    # xAI leaves reasoning out of completion_tokens but not out of the total.
    if reasoning and everything and usage.input is not None and usage.output is not None \
            and everything == usage.input + usage.output + reasoning:
        usage.output += reasoning
    return usage


def thoughts_of(item):
    for name in ("reasoning_content", "reasoning"):
        if isinstance(item.get(name), str) and item[name]:
            return item[name]
    content = item.get("content")
    if isinstance(content, list):
        return "".join(joined(part.get("thinking")) for part in content if part.get("type") == "thinking")
    return "".join(detail.get("text") or detail.get("summary") or "" for detail in item.get("reasoning_details") or []
                   if isinstance(detail, dict))


def text_of(content):
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    return content or ""


def signatures_of(item):
    return [detail["signature"] for detail in item.get("reasoning_details") or [] if isinstance(detail, dict) and detail.get("signature")]


def reply(body):
    out = Reply()
    if body.get("error") and not body.get("choices"):
        out.failure = failure(0, body)
        return out
    out.choices = len(body.get("choices") or [])
    for choice in (body.get("choices") or [])[:1]:
        item = choice.get("message") or {}
        out.text, out.thoughts, out.refusal = text_of(item.get("content")), thoughts_of(item), item.get("refusal") or ""
        out.signatures = signatures_of(item)
        for call in item.get("tool_calls") or []:
            out.calls.append(Call(call.get("id") or "", call["function"]["name"], spelled(call["function"].get("arguments"))))
        if old := item.get("function_call"):
            out.calls.append(Call("", old["name"], spelled(old.get("arguments"))))
            out.native.append("function_call")
        if item.get("audio"):
            out.native.append("audio")
        out.logprobs = bool(choice.get("logprobs"))
        out.finish = FINISH.get(choice.get("finish_reason"), choice.get("finish_reason"))
    out.usage = usage_of(body.get("usage"))
    return out


def stream(events):
    """`events`: (name, value) with value None for [DONE]."""
    out, calls, by_id, by_index, open_call, seen = Reply(complete=False), [], {}, {}, None, set()
    for name, chunk in events:
        if chunk is None:
            out.complete = True
            continue
        if name == "error" or (isinstance(chunk, dict) and chunk.get("error")):
            out.failure = failure(0, chunk)
            continue
        for raw in (chunk.get("usage"), (chunk.get("x_groq") or {}).get("usage")):
            out.usage = usage_of(raw) or out.usage
        for choice in chunk.get("choices") or []:
            seen.add(choice.get("index", 0))
            if choice.get("index", 0) != 0:
                continue
            if choice.get("finish_reason"):
                out.finish, out.complete = FINISH.get(choice["finish_reason"], choice["finish_reason"]), True
            out.logprobs = out.logprobs or bool(choice.get("logprobs"))
            delta = choice.get("delta") or choice.get("message") or {}
            out.text += text_of(delta.get("content"))
            out.thoughts += thoughts_of(delta)
            out.signatures += signatures_of(delta)
            out.refusal += delta.get("refusal") or ""
            for piece in delta.get("tool_calls") or []:
                function, id, index = piece.get("function") or {}, piece.get("id"), piece.get("index")
                if id and id in by_id:
                    call = by_id[id]
                elif not id and index is not None and index in by_index:
                    call = by_index[index]
                elif not id and not function.get("name") and open_call is not None:
                    call = open_call
                else:
                    call = Call(id or "", function.get("name") or "")
                    calls.append(call)
                if id:
                    by_id[id] = call
                if index is not None:
                    by_index[index] = call
                open_call = call
                call.name = call.name or function.get("name") or ""
                arguments = function.get("arguments")
                call.arguments += "" if arguments is None else spelled(arguments)
    out.calls, out.choices = calls, len(seen) or 1
    return out


def failure(status, body):
    if not isinstance(body, dict):
        return Failure(status, str(body))
    error = body.get("error", body)
    if isinstance(error, str):
        return Failure(status, error, code=str(body.get("code") or ""))
    if not isinstance(error, dict):
        return Failure(status, spelled(body))
    message = error.get("message") or error.get("detail") or body.get("message") or ""
    return Failure(status, message if isinstance(message, str) else spelled(message), str(error.get("type") or ""), str(error.get("code") or ""))
