"""The openai SDK, chat completions."""

import openai
import httpx2
from openai.lib.streaming.chat import ChatCompletionStreamState

from ..apis import chat
from ..neutral import Reply, joined
from .answer import Answer, Heads


class Chat:
    name, api = "openai-chat", "chat"

    def __init__(self, url, key):
        self.heads = Heads()
        http = httpx2.Client(event_hooks={"response": [self.heads.hook]}, timeout=60)
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, http_client=http)

    def body(self, request):
        return {**drop(messages=messages(request), tools=tools(request), tool_choice=choice(request.choice) if request.tools else None,
                       parallel_tool_calls=request.parallel if request.tools else None, max_completion_tokens=request.max_tokens,
                       temperature=request.temperature, top_p=request.top_p, stop=request.stop or None, seed=request.seed,
                       n=request.n if request.n > 1 else None, reasoning_effort=request.effort), **form(request)}

    def ask(self, model, request, stream):
        body = self.body(request)
        answer = Answer(sent=body)
        try:
            if stream:
                self.streamed(answer, model, body)
            else:
                answer.raw = self.client.chat.completions.create(model=model, **body).model_dump(exclude_unset=True, warnings=False)
                answer.reply = chat.reply(answer.raw)
        except openai.APIStatusError as error:
            answer.reply = Reply(failure=chat.failure(error.status_code, error.body))
            answer.status = error.status_code
        except openai.APIError as error:
            answer.reply = answer.reply or Reply(complete=False)
            answer.reply.failure = chat.failure(0, error.body if isinstance(error.body, dict) else {"message": str(error)})
        answer.headers = self.heads.headers
        answer.status = answer.status if answer.status >= 400 else self.heads.status
        return answer

    def streamed(self, answer, model, body):
        chunks, state = [], ChatCompletionStreamState()
        answer.raw = chunks
        stream = self.client.chat.completions.create(model=model, stream=True, stream_options={"include_usage": True}, **body)
        try:
            for chunk in stream:
                chunks.append(("", chunk.model_dump(exclude_unset=True, warnings=False)))
                if not answer.complaints:
                    self.accumulate(state, chunk, answer)
        finally:
            answer.reply = chat.stream(chunks)
        if not answer.complaints and not answer.reply.failure:
            whole = chat.reply(state.current_completion_snapshot.model_dump(exclude_unset=True, warnings=False))
            # The SDK's own accumulation and ours are two readings of one stream.
            if (whole.text, [(one.id, one.name, one.arguments) for one in whole.calls]) != \
                    (answer.reply.text, [(one.id, one.name, one.arguments) for one in answer.reply.calls]):
                answer.complaints.append("the SDK's accumulated message differs from the chunks")

    @staticmethod
    def accumulate(state, chunk, answer):
        try:
            state.handle_chunk(chunk)
        except (TypeError, IndexError, AssertionError, ValueError, AttributeError, RuntimeError) as error:
            answer.complaints.append(f"the SDK's accumulator: {type(error).__name__}: {error}")


def drop(**fields):
    return {name: value for name, value in fields.items() if value is not None and value != []}


def content(parts):
    out = []
    for part in parts:
        if part.kind == "text":
            out.append({"type": "text", "text": part.text})
        elif part.kind == "image":
            out.append({"type": "image_url", "image_url": {"url": part.url or f"data:{part.media};base64,{part.data}"}})
        elif part.kind == "document" and part.data:
            out.append({"type": "file", "file": {"filename": part.name or "document.pdf",
                                                 "file_data": f"data:{part.media};base64,{part.data}"}})
        elif part.kind == "audio" and part.data:
            form = {"mpeg": "mp3"}.get(part.media.split("/")[-1], part.media.split("/")[-1])
            out.append({"type": "input_audio", "input_audio": {"data": part.data, "format": form}})
    return out


def plain(parts):
    return joined([{"text": part.text} for part in parts if part.kind == "text"])


def messages(request):
    out = []
    if not any(turn.role == "system" for turn in request.turns):
        out += [{"role": "system", "content": text} for text in request.system]
    for turn in request.turns:
        if turn.role == "system":
            out.append({"role": "system", "content": plain(turn.parts)})
        elif turn.role == "user":
            parts = content(turn.parts)
            if parts:
                only = len(parts) == 1 and parts[0]["type"] == "text"
                out.append({"role": "user", "content": parts[0]["text"] if only else parts})
        elif turn.role == "tool":
            out += [{"role": "tool", "tool_call_id": one.id, "content": plain(one.parts)} for one in turn.parts]
        else:
            calls = [{"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
                     for one in turn.parts if one.kind == "call"]
            text = plain(turn.parts)
            if text or calls:
                out.append({"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})})
    return out


def tools(request):
    return [{"type": "function", "function": drop(name=one.name, description=one.description or None, parameters=one.schema,
                                                  strict=one.strict if isinstance(one.strict, bool) else None)}
            for one in request.tools]


def choice(value):
    return {"type": "function", "function": {"name": value[1]}} if isinstance(value, tuple) else value


def form(request):
    if request.schema is not None:
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": request.schema}}}
    return {"response_format": {"type": "json_object"}} if request.json_mode else {}
