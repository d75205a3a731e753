"""Readers, one file an API: `request(body)`, `reply(body)`, `stream(events)`, `failure(status, body)`."""

from . import chat, cohere, converse, gemini, messages, responses

READERS = {
    "chat": chat, "responses": responses, "messages": messages, "generateContent": gemini, "streamGenerateContent": gemini,
    "converse": converse, "converse-stream": converse, "cohere-chat": cohere,
}
