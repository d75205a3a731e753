"""The google-genai SDK, generateContent."""

import base64

import httpx2
from google import genai
from google.genai import errors, types

from ..apis import gemini
from ..neutral import Reply, object_of
from .answer import Answer, Heads
from .openai_chat import drop, plain


class GenerateContent:
    name, api = "gemini-content", "generateContent"

    def __init__(self, url, key):
        self.heads = Heads()
        http = httpx2.Client(event_hooks={"response": [self.heads.hook]}, timeout=60)
        options = types.HttpOptions(base_url=url, httpx_client=http, timeout=60_000)
        self.client = genai.Client(api_key=key, vertexai=False, http_options=options)

    def body(self, request):
        config = drop(
            system_instruction=[{"text": text} for text in request.system if text] or None,
            max_output_tokens=request.max_tokens, temperature=request.temperature, top_p=request.top_p, stop_sequences=request.stop,
            seed=request.seed, response_json_schema=request.schema,
            response_mime_type="application/json" if request.schema is not None or request.json_mode else None,
            tools=[{"function_declarations": [drop(name=one.name, description=one.description or None, parameters_json_schema=one.schema)
                                              for one in request.tools]}] if request.tools else None,
            tool_config=choice(request.choice) if request.tools else None,
            thinking_config={"thinking_budget": int(request.budget), "include_thoughts": True} if request.budget else None)
        return {"contents": contents(request), "config": config}

    def ask(self, model, request, stream):
        body = self.body(request)
        answer = Answer(sent=body)
        try:
            config = types.GenerateContentConfig(**body["config"], automatic_function_calling={"disable": True})
            if stream:
                chunks = []
                answer.raw = chunks
                try:
                    for chunk in self.client.models.generate_content_stream(model=model, contents=body["contents"], config=config):
                        chunks.append(("", dumped(chunk)))
                finally:
                    answer.reply = gemini.stream(chunks)
            else:
                answer.raw = dumped(self.client.models.generate_content(model=model, contents=body["contents"], config=config))
                answer.reply = gemini.reply(answer.raw)
        except errors.APIError as error:
            answer.reply = answer.reply or Reply()
            answer.reply.failure = gemini.failure(error.code, error.details)
            if not answer.reply.complete or stream is False:
                answer.status = error.code or 0
        answer.headers = self.heads.headers
        answer.status = answer.status if answer.status >= 400 else self.heads.status
        return answer


def dumped(value):
    value = value.model_dump(exclude_unset=True, mode="python", warnings=False,
                             exclude={"sdk_http_response", "parsed", "automatic_function_calling_history"})
    return plain_values(value)


def plain_values(value):
    if isinstance(value, dict):
        return {name: plain_values(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [plain_values(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return getattr(value, "value", value)


def choice(value):
    if value is None:
        return None
    if isinstance(value, tuple):
        return {"function_calling_config": {"mode": "ANY", "allowed_function_names": [value[1]]}}
    return {"function_calling_config": {"mode": {"auto": "AUTO", "none": "NONE", "required": "ANY"}[value]}}


def media(part):
    if part.data:
        return {"inline_data": {"mime_type": part.media, "data": part.data}}
    if part.url:
        guess = {"image": "image/png", "document": "application/pdf"}.get(part.kind, "application/octet-stream")
        return {"file_data": {"file_uri": part.url, "mime_type": part.media or guess}}
    return None


def contents(request):
    out, names = [], {call.id: call.name for call in request.calls()}
    for turn in request.turns:
        parts = []
        for part in turn.parts:
            if turn.role == "system" or (part.kind == "text" and not part.text):
                continue
            if part.kind == "text":
                parts.append({"text": part.text})
            elif part.kind == "call":
                value = object_of(part.arguments)
                parts.append({"function_call": {"id": part.id, "name": part.name, "args": value if isinstance(value, dict) else {}}})
            elif part.kind == "result":
                key = "error" if part.is_error else "output"
                parts.append({"function_response": {"id": part.id, "name": names.get(part.id) or part.name or "unknown",
                                                    "response": {key: plain(part.parts)}}})
            elif part.kind in ("image", "document", "audio", "video") and (found := media(part)):
                parts.append(found)
        role = "model" if turn.role == "assistant" else "user"
        if parts and out and out[-1]["role"] == role:
            out[-1]["parts"] += parts
        elif parts:
            out.append({"role": role, "parts": parts})
    return out
