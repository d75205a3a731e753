"""The client APIs that ask for an answer, and what providers of each dialect answer: whole, and as a stream that has begun."""

import json
import struct
import zlib

TEXT = "well"


def sse(value, name=None):
    return (b"event: " + name.encode() + b"\n" if name else b"") + b"data: " + json.dumps(value).encode() + b"\n\n"


def frame(name, payload, kind="event"):
    """One frame of an AWS event stream."""
    headers = b""
    for key, value in ((f":{kind}-type", name), (":content-type", "application/json"), (":message-type", kind)):
        headers += bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


class Surface:
    """A client API: where it is asked, with what, and how its answers and errors are told."""

    def __init__(self, path, body, stream_path=None, says=None, stream_error=None):
        self.path, self.body, self.stream_path, self.says, self.stream_error = path, body, stream_path or path, says, stream_error

    def request(self, model, stream=False, **more):
        body = {**self.body, **more}
        if "{model}" not in self.path:
            body["model"] = model
            if stream:
                body["stream"] = True
        return (self.stream_path if stream else self.path).format(model=model), body


TURN = [{"role": "user", "content": "Hi."}]
SURFACES = {
    "chat": Surface("/v1/chat/completions", {"messages": TURN},
                    says=lambda body: body["choices"][0]["message"]["content"], stream_error=b'data: {"error":'),
    "responses": Surface("/v1/responses", {"input": "Hi.", "store": False},
                         says=lambda body: body["output"][0]["content"][0]["text"], stream_error=b"event: response.failed"),
    "messages": Surface("/v1/messages", {"messages": TURN, "max_tokens": 99}, says=lambda body: body["content"][0]["text"],
                        stream_error=b"event: error"),
    "gemini": Surface("/v1beta/models/{model}:generateContent", {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
                      "/v1beta/models/{model}:streamGenerateContent?alt=sse",
                      says=lambda body: body["candidates"][0]["content"]["parts"][0]["text"], stream_error=b'{"error":'),
    "converse": Surface("/model/{model}/converse", {"messages": [{"role": "user", "content": [{"text": "Hi."}]}]},
                        "/model/{model}/converse-stream", says=lambda body: body["output"]["message"]["content"][0]["text"],
                        stream_error=b"exception"),
}


class Answer:
    """What a provider answers: the settings of such a provider, a whole answer, and the first events of a stream, with text."""

    def __init__(self, settings, whole, begun, type="text/event-stream"):
        self.settings, self.whole, self.begun, self.type = settings, whole, begun, type


MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
           "content": [{"type": "output_text", "text": TEXT, "annotations": []}]}
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [MESSAGE],
            "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}}
PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
KEYS = {"region": "us-east-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "not-a-real-one"}

PROVIDERS = {
    "chat": Answer(
        {"type": "openai_compatible", "path": "/v1"},
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
         "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
        sse({**CHUNK, "choices": [{"index": 0, "delta": {"role": "assistant", "content": TEXT}, "finish_reason": None}]})),
    "responses": Answer(
        {"type": "openai", "api": "responses", "path": "/v1"}, RESPONSE,
        b"".join(sse({"sequence_number": number, **event}, event["type"]) for number, event in enumerate([
            {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None}},
            {"type": "response.output_item.added", "output_index": 0, "item": {**MESSAGE, "content": [], "status": "in_progress"}},
            {"type": "response.content_part.added", **PLACE, "part": {"type": "output_text", "text": "", "annotations": []}},
            {"type": "response.output_text.delta", **PLACE, "delta": TEXT}]))),
    "messages": Answer(
        {"type": "anthropic", "path": ""},
        {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": TEXT}],
         "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2}},
        b"".join(sse(event, event["type"]) for event in [
            {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                                  "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}}])),
    "gemini": Answer(
        {"type": "gemini", "path": ""},
        {"candidates": [{"content": {"role": "model", "parts": [{"text": TEXT}]}, "finishReason": "STOP", "index": 0}],
         "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}},
        sse({"candidates": [{"content": {"role": "model", "parts": [{"text": TEXT}]}, "index": 0}]})),
    "converse": Answer(
        {"type": "bedrock", "path": "", **KEYS},
        {"output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}}, "stopReason": "end_turn",
         "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 1}},
        frame("messageStart", {"role": "assistant"}) + frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": TEXT}}),
        "application/vnd.amazon.eventstream"),
    "cohere": Answer(
        {"type": "cohere", "path": ""},
        {"id": "1", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [{"type": "text", "text": TEXT}]},
         "usage": {"tokens": {"input_tokens": 3, "output_tokens": 2}}},
        sse({"id": "1", "type": "message-start", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}}})
        + sse({"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}})
        + sse({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": TEXT}}}})),
}
