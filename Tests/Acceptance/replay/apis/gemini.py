"""Gemini's generateContent and streamGenerateContent. Both spellings of members, as Google reads both."""

from ..neutral import Call, Failure, Part, Reply, Request, Tool, Turn, Usage, number, spelled, total

FINISH = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "filter", "RECITATION": "filter", "BLOCKLIST": "filter",
          "PROHIBITED_CONTENT": "filter", "SPII": "filter", "IMAGE_SAFETY": "filter", "MALFORMED_FUNCTION_CALL": "error",
          "FINISH_REASON_UNSPECIFIED": None, "LANGUAGE": "filter", "UNEXPECTED_TOOL_CALL": "error"}
FREE = {"args", "response", "schema", "parametersJsonSchema", "responseJsonSchema", "parameters", "responseSchema"}


def camel(value, inside=""):
    """Member names in camelCase, but for members whose content is the caller's."""
    if isinstance(value, list):
        return [camel(one, inside) for one in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, content in value.items():
        head, *tail = name.split("_")
        name = head + "".join(word[:1].upper() + word[1:] for word in tail)
        out[name] = content if name in FREE else camel(content, name)
    return out


def media(part):
    inline, file = part.get("inlineData"), part.get("fileData")
    kind = ((inline or file).get("mimeType") or "").split("/")[0]
    kind = kind if kind in ("image", "audio", "video") else "document"
    if inline:
        return Part(kind, media=inline.get("mimeType") or "", data=inline["data"].replace("-", "+").replace("_", "/"))
    return Part(kind, media=file.get("mimeType") or "", url=file["fileUri"])


class Ids:
    """Gemini often gives calls no ids: results belong to the first unanswered call of their name."""

    def __init__(self):
        self.open, self.count = [], 0

    def call(self, call):
        self.count += 1
        id = call.get("id") or f"call_{self.count}"
        self.open.append((id, call.get("name")))
        return id

    def result(self, result):
        for at, (id, name) in enumerate(self.open):
            if result.get("id") == id or (not result.get("id") and name == result.get("name")):
                return self.open.pop(at)[0]
        return result.get("id") or "call_unknown"


def result_of(result, id):
    response = result.get("response") or {}
    is_error = set(response) == {"error"}
    # One member named output, result or error is the plain result; anything else is an object that is the result.
    if len(response) == 1 and next(iter(response)) in ("output", "result", "error", "return_value", "content"):
        value = next(iter(response.values()))
        text = value if isinstance(value, str) else spelled(value)
    else:
        text = spelled(response)
    parts = [Part("text", text)] + [media(one) for one in result.get("parts") or [] if "inlineData" in one or "fileData" in one]
    return Part("result", id=id, name=result.get("name") or "", parts=parts, is_error=is_error)


def part_of(part, ids, out):
    signature = part.get("thoughtSignature") or ""
    if "text" in part:
        return Part("thinking" if part.get("thought") else "text", part["text"], signature=signature)
    if "inlineData" in part or "fileData" in part:
        return media(part)
    if call := part.get("functionCall"):
        return Part("call", id=ids.call(call), name=call["name"], arguments=spelled(call.get("args")), signature=signature)
    if result := part.get("functionResponse"):
        return result_of(result, ids.result(result))
    out.native.append("content " + next(iter(part), ""))
    return None


def request(body):
    body, out, ids = camel(body), Request(), Ids()
    system = body.get("systemInstruction")
    if system:
        texts = [part.get("text") or "" for part in system.get("parts") or []]
        out.system = [text for text in texts if text]
    contents = body.get("contents") or []
    for item in contents if isinstance(contents, list) else [contents]:
        parts = [part_of(part, ids, out) for part in item.get("parts") or []]
        parts = [part for part in parts if part]
        out.turns += [Turn("tool", [one]) for one in parts if one.kind == "result"]
        others = [part for part in parts if part.kind != "result"]
        if others:
            out.turns.append(Turn("assistant" if item.get("role") == "model" else "user", others))
    for tool in body.get("tools") or []:
        for one in tool.get("functionDeclarations") or []:
            out.tools.append(Tool(one["name"], one.get("description") or "", one.get("parametersJsonSchema") or one.get("parameters")))
        out.native += [f"tool {name}" for name in tool if name != "functionDeclarations"]
    config = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    if config:
        names = config.get("allowedFunctionNames") or []
        out.choice = {"AUTO": "auto", "NONE": "none", "ANY": "required", "VALIDATED": "auto"}.get(config.get("mode"))
        out.validates = config.get("mode") in ("VALIDATED", "ANY")
        if out.choice == "required" and len(names) == 1:
            out.choice = ("tool", names[0])
    config = body.get("generationConfig") or {}
    out.max_tokens, out.temperature, out.top_p = config.get("maxOutputTokens"), config.get("temperature"), config.get("topP")
    out.stop, out.seed, out.n = list(config.get("stopSequences") or []), config.get("seed"), config.get("candidateCount") or 1
    out.schema = config.get("responseJsonSchema") or config.get("responseSchema")
    out.json_mode = config.get("responseMimeType") == "application/json" and not out.schema
    thinking = config.get("thinkingConfig") or {}
    out.budget, out.effort = thinking.get("thinkingBudget"), thinking.get("thinkingLevel")
    for name in ("cachedContent", "safetySettings", "modelArmorConfig"):
        if body.get(name):
            out.native.append(name)
    if set(config.get("responseModalities") or []) - {"TEXT"}:
        out.native.append("responseModalities")
    return out


def usage_of(raw):
    if not raw:
        return None
    return Usage(input=total(raw.get("promptTokenCount"), raw.get("toolUsePromptTokenCount")), cached=number(raw.get("cachedContentTokenCount")),
                 output=total(raw.get("candidatesTokenCount"), raw.get("thoughtsTokenCount")), reasoning=number(raw.get("thoughtsTokenCount")))


def take(out, body):
    body = camel(body)
    out.usage = usage_of(body.get("usageMetadata")) or out.usage
    if (body.get("promptFeedback") or {}).get("blockReason"):
        out.finish = "filter"
    candidates = body.get("candidates") or []
    out.choices = max(out.choices, len(candidates))
    for candidate in candidates[:1]:
        for part in (candidate.get("content") or {}).get("parts") or []:
            if part.get("thoughtSignature"):
                out.signatures.append(part["thoughtSignature"])
            if "text" in part and part.get("thought"):
                out.thoughts += part["text"]
            elif "text" in part:
                out.text += part["text"]
            elif "functionCall" in part:
                call = part["functionCall"]
                out.calls.append(Call(call.get("id") or "", call.get("name") or "", spelled(call.get("args"))))
            elif "inlineData" in part:
                out.media.append(part["inlineData"]["data"])
            else:
                out.native += [name for name in part if name not in ("thoughtSignature", "thought")]
        if candidate.get("finishReason"):
            out.finish = FINISH.get(candidate["finishReason"], "other")
            out.complete = True


def reply(body):
    if isinstance(body, list):
        return stream([("", one) for one in body])
    out = Reply(choices=0)
    if body.get("error"):
        out.failure = failure(0, body)
        return out
    take(out, body)
    if not out.choices and out.finish is None:
        out.finish = "filter"
    return out


def stream(events):
    out = Reply(complete=False)
    for name, event in events:
        if not isinstance(event, dict):
            continue
        if event.get("error"):
            out.failure = failure(0, event)
        else:
            take(out, event)
    return out


def failure(status, body):
    if isinstance(body, list):
        body = body[0] if body else {}
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return Failure(status, spelled(body))
    return Failure(status, error.get("message") or "", error.get("status") or "", str(error.get("code") or ""))
