"""The anthropic SDK, Messages."""

import anthropic
import httpx2
from anthropic.lib.streaming._messages import accumulate_event

from ..apis import messages
from ..neutral import Reply, object_of
from .answer import Answer, Heads
from .openai_chat import drop

# Fields that the API takes and this version of the SDK has no arguments for.
EXTRA = ("temperature", "top_p")
IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Messages:
    name, api = "anthropic-messages", "messages"

    def __init__(self, url, key):
        self.heads = Heads()
        http = httpx2.Client(event_hooks={"response": [self.heads.hook]}, timeout=60)
        self.client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, http_client=http)

    def body(self, request):
        system = [{"type": "text", "text": text} for text in request.system if text]
        limit = request.max_tokens or 4096
        thinking = None
        if number := request.budget:
            thinking = {"type": "enabled", "budget_tokens": max(int(number), 1024)} if number > 0 else None
            limit = max(limit, thinking["budget_tokens"] + 1024) if thinking else limit
        tools = [drop(name=one.name, description=one.description or None, input_schema=one.schema or {"type": "object"},
                      strict=True if one.strict is True else None) for one in request.tools]
        return drop(system=system, messages=turns(request), tools=tools, tool_choice=choice(request) if tools else None, max_tokens=limit,
                    temperature=min(request.temperature, 1) if request.temperature is not None and not thinking else None,
                    top_p=request.top_p if not thinking else None, stop_sequences=request.stop, thinking=thinking,
                    output_config={"format": {"type": "json_schema", "schema": request.schema}} if request.schema is not None else None)

    def ask(self, model, request, stream):
        body = self.body(request)
        answer = Answer(sent=body)
        try:
            if stream:
                self.streamed(answer, model, body)
            else:
                answer.raw = self.client.messages.create(model=model, **arguments(body)).model_dump(exclude_unset=True, warnings=False)
                answer.reply = messages.reply(answer.raw)
        except anthropic.APIStatusError as error:
            answer.reply = answer.reply or Reply()
            answer.reply.failure = messages.failure(error.status_code, error.body)
            answer.status = error.status_code
        except anthropic.APIError as error:
            answer.reply = answer.reply or Reply(complete=False)
            answer.reply.failure = messages.failure(0, {"error": {"message": str(error)}})
        answer.headers = self.heads.headers
        answer.status = answer.status if answer.status >= 400 else self.heads.status
        return answer

    def streamed(self, answer, model, body):
        events, snapshot, pieces = [], None, {}
        answer.raw = events
        stream = self.client.messages.create(model=model, stream=True, **arguments(body))
        try:
            for event in stream:
                events.append((event.type, event.model_dump(exclude_unset=True, warnings=False)))
                snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=pieces)
        except (TypeError, IndexError, AssertionError, ValueError, AttributeError, RuntimeError) as error:
            answer.complaints.append(f"the SDK's accumulator: {type(error).__name__}: {error}")
        finally:
            answer.reply = messages.stream(events)
        answer.complaints += disorder([event for _, event in events])
        if snapshot is not None and not answer.complaints and not answer.reply.failure:
            whole = messages.reply(snapshot.model_dump(exclude_unset=True, warnings=False))
            if (whole.text, [(one.id, one.name, object_of(one.arguments)) for one in whole.calls]) != \
                    (answer.reply.text, [(one.id, one.name, object_of(one.arguments)) for one in answer.reply.calls]):
                answer.complaints.append("the SDK's accumulated message differs from the events")


def arguments(body):
    return {**{name: value for name, value in body.items() if name not in EXTRA},
            "extra_body": {name: body[name] for name in EXTRA if name in body}}


def disorder(events):
    """What in the order of a Messages stream does not hold: one block after the other, each closed, indices from 0."""
    found, open_block, next_index = [], None, 0
    for at, event in enumerate(events):
        kind = event["type"]
        if kind == "message_start" and at != 0:
            found.append("message_start twice or late")
        elif kind == "content_block_start":
            if open_block is not None or event["index"] != next_index:
                found.append(f"block {event['index']} begins, {open_block} is open, {next_index} is next")
            open_block, next_index = event["index"], event["index"] + 1
        elif kind == "content_block_delta" and event["index"] != open_block:
            found.append(f"delta for block {event['index']}, {open_block} is open")
        elif kind == "content_block_stop":
            if event["index"] != open_block:
                found.append(f"block {event['index']} ends, {open_block} is open")
            open_block = None
        elif kind == "message_delta" and open_block is not None:
            found.append("message_delta within a block")
    if events and events[0]["type"] not in ("message_start", "error", "ping"):
        found.append(f"begins with {events[0]['type']}")
    return found


def block(part):
    if part.kind == "text" and part.text:
        return {"type": "text", "text": part.text}
    if part.kind == "image" and (part.url or part.media in IMAGES):
        source = {"type": "url", "url": part.url} if part.url else {"type": "base64", "media_type": part.media, "data": part.data}
        return {"type": "image", "source": source}
    if part.kind == "document":
        if part.url:
            return {"type": "document", "source": {"type": "url", "url": part.url}}
        if part.data and part.media == "application/pdf":
            return {"type": "document", "source": {"type": "base64", "media_type": part.media, "data": part.data}}
        if part.text:
            return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": part.text}}
    if part.kind == "call":
        value = object_of(part.arguments)
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": value if isinstance(value, dict) else {}}
    if part.kind == "result":
        inner = [one for one in map(block, part.parts) if one]
        return {"type": "tool_result", "tool_use_id": part.id, "content": inner, **({"is_error": True} if part.is_error else {})}
    return None


def turns(request):
    out = []
    for turn in request.turns:
        if turn.role == "system":
            continue
        blocks = [one for one in map(block, turn.parts) if one]
        role = "assistant" if turn.role == "assistant" else "user"
        if not blocks:
            continue
        if out and out[-1]["role"] == role:
            out[-1]["content"] += blocks
        else:
            out.append({"role": role, "content": blocks})
    return out


def choice(request):
    value, more = request.choice, {}
    if request.parallel is False:
        more, value = {"disable_parallel_tool_use": True}, value or "auto"
    if value is None:
        return None
    if isinstance(value, tuple):
        return {"type": "tool", "name": value[1], **more}
    kind = {"required": "any"}.get(value, value)
    return {"type": kind, **(more if kind != "none" else {})}
