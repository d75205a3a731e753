"""Replies of providers in each dialect with given texts: whole, and as streams cut into given pieces."""

import json

from support.dialects import CHUNK, MESSAGE, PLACE, PROVIDERS, RESPONSE, frame, sse


def whole(provider, text):
    """The whole answer of a provider of that dialect, saying `text`."""
    return json.loads(json.dumps(PROVIDERS[provider].whole).replace('"well"', json.dumps(text)))


def _chat(pieces):
    for piece in pieces:
        yield sse({**CHUNK, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
    yield sse({**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    yield sse({**CHUNK, "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
    yield b"data: [DONE]\n\n"


def _responses(pieces):
    text = "".join(pieces)
    done = {**MESSAGE, "content": [{"type": "output_text", "text": text, "annotations": []}]}
    events = [
        {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**MESSAGE, "content": [], "status": "in_progress"}},
        {"type": "response.content_part.added", **PLACE, "part": {"type": "output_text", "text": "", "annotations": []}},
        *({"type": "response.output_text.delta", **PLACE, "delta": piece, "logprobs": []} for piece in pieces),
        {"type": "response.output_text.done", **PLACE, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **PLACE, "part": done["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": {**RESPONSE, "output": [done]}}]
    for number, event in enumerate(events):
        yield sse({"sequence_number": number, **event}, event["type"])


def _messages(pieces):
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None, "stop_sequence": None,
               "usage": {"input_tokens": 3, "output_tokens": 1}}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}, {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}} for piece in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"}]
    for event in events:
        yield sse(event, event["type"])


def _gemini(pieces):
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        more = {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}} if last else {}
        yield sse({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0,
                                   **({"finishReason": "STOP"} if last else {})}], **more})


def _converse(pieces):
    yield frame("messageStart", {"role": "assistant"})
    for piece in pieces:
        yield frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
    yield frame("contentBlockStop", {"contentBlockIndex": 0})
    yield frame("messageStop", {"stopReason": "end_turn"})
    yield frame("metadata", {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 1}})


STREAMS = {"chat": _chat, "responses": _responses, "messages": _messages, "gemini": _gemini, "converse": _converse}


def answering(provider, pieces):
    """Answers every request with these pieces: in a stream where one is asked for."""
    def handle(peer, request):
        streams = request.json.get("stream") or any(word in request.path for word in (":streamGenerateContent", "/converse-stream"))
        if not streams:
            return peer.answer(whole(provider, "".join(pieces)))
        peer.head(content_type=PROVIDERS[provider].type, transfer_encoding="chunked")
        for event in STREAMS[provider](pieces):
            peer.piece(event)
        peer.end_stream()
    return handle


def frames(data):
    """The payloads of an AWS event stream."""
    while data:
        total, headers = int.from_bytes(data[:4]), int.from_bytes(data[4:8])
        yield json.loads(data[12 + headers:total - 4] or b"{}")
        data = data[total:]
