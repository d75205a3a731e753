"""boto3, Converse and ConverseStream."""

import base64
import re

import boto3
import botocore.exceptions
from botocore import UNSIGNED
from botocore.config import Config

from ..apis import converse
from ..neutral import Reply, object_of
from .answer import Answer
from .openai_chat import drop

FORMATS = {"application/pdf": "pdf", "text/plain": "txt", "text/markdown": "md", "text/csv": "csv", "text/html": "html"}


class Converse:
    name, api = "bedrock-converse", "converse"

    def __init__(self, url, key):
        # boto3 sends a bearer token over TLS only (AWS_BEARER_TOKEN_BEDROCK); on loopback the key travels in a header of its own.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=16, signature_version=UNSIGNED)
        self.client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=url, config=config)
        self.client.meta.events.register("before-send.bedrock-runtime", lambda request, **_: request.headers.__setitem__("x-api-key", key))

    def body(self, request):
        inference = drop(maxTokens=request.max_tokens, temperature=min(request.temperature, 1) if request.temperature is not None else None,
                         topP=request.top_p, stopSequences=request.stop)
        specs = [{"toolSpec": drop(name=one.name, description=one.description or None, inputSchema={"json": one.schema or {"type": "object"}},
                                   strict=True if one.strict is True else None)} for one in request.tools]
        config = drop(tools=specs, toolChoice=choice(request.choice)) if specs else None
        more = {"thinking": {"type": "enabled", "budget_tokens": int(request.budget)}} if request.budget and request.budget > 0 else None
        return drop(system=[{"text": text} for text in request.system if text], messages=turns(request), toolConfig=config,
                    inferenceConfig=inference or None, additionalModelRequestFields=more)

    def ask(self, model, request, stream):
        body = self.body(request)
        answer = Answer(sent=body)
        try:
            if stream:
                whole = self.client.converse_stream(modelId=model, **body)
                answer.headers = whole["ResponseMetadata"]["HTTPHeaders"]
                events = []
                answer.raw = events
                try:
                    for event in whole["stream"]:
                        events.append(next(iter(event.items())))
                finally:
                    answer.reply = converse.stream(events)
                answer.complaints += disorder(events)
            else:
                answer.raw = self.client.converse(modelId=model, **body)
                answer.headers = answer.raw["ResponseMetadata"]["HTTPHeaders"]
                answer.reply = converse.reply(answer.raw)
        except botocore.exceptions.EventStreamError as error:
            answer.reply = answer.reply or Reply(complete=False)
            answer.reply.failure = converse.failure(0, {**error.response["Error"], "message": error.response["Error"]["Message"]})
        except botocore.exceptions.ClientError as error:
            meta = error.response["ResponseMetadata"]
            answer.status, answer.headers = meta["HTTPStatusCode"], meta["HTTPHeaders"]
            answer.reply = Reply(failure=converse.failure(answer.status, {"message": error.response["Error"]["Message"],
                                                                          "__type": error.response["Error"]["Code"]}))
        return answer


def disorder(events):
    found, open_blocks = [], set()
    if events and events[0][0] != "messageStart":
        found.append(f"begins with {events[0][0]}")
    for name, event in events:
        if name == "contentBlockStart":
            open_blocks.add(event["contentBlockIndex"])
        elif name == "contentBlockStop":
            open_blocks.discard(event["contentBlockIndex"])
        elif name == "messageStop" and open_blocks:
            found.append("messageStop with open blocks")
    return found


def choice(value):
    if isinstance(value, tuple):
        return {"tool": {"name": value[1]}}
    return {"auto": {"auto": {}}, "required": {"any": {}}}.get(value)


def block(part, at=0):
    if part.kind == "text" and part.text.strip():
        return {"text": part.text}
    if part.kind == "image" and part.data:
        return {"image": {"format": part.media.split("/")[-1].replace("jpg", "jpeg"), "source": {"bytes": base64.b64decode(part.data)}}}
    if part.kind == "document" and part.data and part.media in FORMATS:
        name = re.sub(r"[^A-Za-z0-9 \-()\[\]]", " ", part.name or f"document {at}")
        return {"document": {"format": FORMATS[part.media], "name": name, "source": {"bytes": base64.b64decode(part.data)}}}
    if part.kind == "call":
        value = object_of(part.arguments)
        return {"toolUse": {"toolUseId": part.id, "name": part.name, "input": value if isinstance(value, dict) else {}}}
    if part.kind == "result":
        inner = [one for one in map(block, part.parts) if one]
        return {"toolResult": {"toolUseId": part.id, "content": inner, **({"status": "error"} if part.is_error else {})}}
    return None


def turns(request):
    out = []
    for turn in request.turns:
        if turn.role == "system":
            continue
        blocks = [one for one in map(block, turn.parts) if one]
        role = "assistant" if turn.role == "assistant" else "user"
        if blocks and out and out[-1]["role"] == role:
            out[-1]["content"] += blocks
        elif blocks:
            out.append({"role": role, "content": blocks})
    return out
