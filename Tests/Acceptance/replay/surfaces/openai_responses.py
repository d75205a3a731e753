"""The openai SDK, Responses."""

import openai
import httpx2

from ..apis import responses
from ..neutral import Reply
from .answer import Answer, Heads
from .openai_chat import drop, plain


class Responses:
    name, api = "openai-responses", "responses"

    def __init__(self, url, key):
        self.heads = Heads()
        http = httpx2.Client(event_hooks={"response": [self.heads.hook]}, timeout=60)
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, http_client=http)

    def body(self, request):
        choice = {"type": "function", "name": request.choice[1]} if isinstance(request.choice, tuple) else request.choice
        tools = [{"type": "function", "name": one.name, "description": one.description or None, "parameters": one.schema or {},
                  "strict": one.strict if isinstance(one.strict, bool) else False} for one in request.tools]
        limit = max(request.max_tokens, 16) if request.max_tokens else None
        return drop(input=items(request), tools=tools, tool_choice=choice if tools else None,
                    parallel_tool_calls=request.parallel if tools else None, max_output_tokens=limit, temperature=request.temperature,
                    top_p=request.top_p, reasoning={"effort": request.effort} if request.effort else None, text=form(request), store=False)

    def ask(self, model, request, stream):
        body = self.body(request)
        answer = Answer(sent=body)
        try:
            if stream:
                self.streamed(answer, model, body)
            else:
                whole = self.client.responses.create(model=model, **body)
                answer.raw = whole.model_dump(exclude_unset=True, warnings=False)
                answer.reply = responses.reply(answer.raw)
                if not answer.reply.refusal and not answer.raw.get("background") and whole.output_text != answer.reply.text:
                    answer.complaints.append("output_text differs from the items")
        except openai.APIStatusError as error:
            answer.reply = Reply(failure=responses.failure(error.status_code, {"error": error.body}))
            answer.status = error.status_code
        except openai.APIError as error:
            answer.reply = answer.reply or Reply(complete=False)
            answer.reply.failure = responses.failure(0, {"error": error.body if isinstance(error.body, dict) else {"message": str(error)}})
        answer.headers = self.heads.headers
        answer.status = answer.status if answer.status >= 400 else self.heads.status
        return answer

    def streamed(self, answer, model, body):
        events = []
        answer.raw = events
        try:
            for event in self.client.responses.create(model=model, stream=True, **body):
                events.append((event.type, event.model_dump(exclude_unset=True, warnings=False)))
        finally:
            answer.reply = responses.stream(events)
        answer.complaints += responses.disagreements(events)


def media(part):
    if part.kind == "text":
        return {"type": "input_text", "text": part.text}
    if part.kind == "image":
        return {"type": "input_image", "detail": "auto", "image_url": part.url or f"data:{part.media};base64,{part.data}"}
    if part.kind == "document" and part.data:
        return {"type": "input_file", "filename": part.name or "document.pdf", "file_data": f"data:{part.media};base64,{part.data}"}
    if part.kind == "document" and part.url:
        return {"type": "input_file", "file_url": part.url}
    return None


def items(request):
    out = []
    if not any(turn.role == "system" for turn in request.turns):
        out += [{"role": "system", "content": text} for text in request.system]
    for turn in request.turns:
        if turn.role == "system":
            out.append({"role": "system", "content": plain(turn.parts)})
        elif turn.role == "user":
            parts = [one for one in map(media, turn.parts) if one]
            if parts:
                out.append({"role": "user", "content": parts})
        elif turn.role == "tool":
            for one in turn.parts:
                parts = [found for found in map(media, one.parts) if found]
                only = all(found["type"] == "input_text" for found in parts)
                out.append({"type": "function_call_output", "call_id": one.id, "output": plain(one.parts) if only else parts})
        else:
            for part in turn.parts:
                if part.kind == "text":
                    out.append({"role": "assistant", "content": part.text})
                elif part.kind == "call":
                    out.append({"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments})
    return out


def form(request):
    if request.schema is not None:
        return {"format": {"type": "json_schema", "name": "answer", "schema": request.schema, "strict": False}}
    return {"format": {"type": "json_object"}} if request.json_mode else None
