"""The fields of each client API, each with a value that can be found again."""

import base64
import copy
import json
from dataclasses import dataclass

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoKdHJhaWxlcgo8PC9Sb290IDEgMCBSPj4KJSVFT0YK"
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
SCHEMA = {"type": "object", "properties": {"mark_schema": {"type": "string"}}, "required": ["mark_schema"], "additionalProperties": False}
ADDRESS = "https://example.com/mark.png"


# What stands for the text `mark_text` where texts travel as files.
TEXT = base64.b64encode(b"mark_text").decode()


@dataclass
class Field:
    name: str
    body: dict  # merged into the plain request; lists under `+messages` and the like are put before its last message
    mark: object  # a text in what the provider is sent, or a question to the reader of it
    is_sealed: bool = False  # thoughts, which go back to those only from whom they came


def has(kind, **facts):
    def look(request):
        parts = [part for turn in request.turns for part in turn.parts]
        parts += [inner for part in parts for inner in part.parts]
        return any(part.kind == kind and all(getattr(part, name) == value for name, value in facts.items()) for part in parts)
    return look


def is_strict(request):
    return request.validates or request.tools and request.tools[0].strict


def tool_chat(**more):
    return {"type": "function", "function": {"name": "mark_tool", "description": "mark_description", "parameters": SCHEMA, **more}}


TOOL_RESPONSES = {"type": "function", "name": "mark_tool", "description": "mark_description", "parameters": SCHEMA, "strict": True}
TOOL_MESSAGES = {"name": "mark_tool", "description": "mark_description", "input_schema": SCHEMA}
TOOL_GEMINI = {"functionDeclarations": [{"name": "mark_tool", "description": "mark_description", "parametersJsonSchema": SCHEMA}]}
TOOL_CONVERSE = {"toolSpec": {"name": "mark_tool", "description": "mark_description", "inputSchema": {"json": SCHEMA}}}


def user_chat(*parts):
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look."}, *parts]}]}


def turn_chat(result="mark_result"):
    call = {"id": "call_mark12345", "type": "function", "function": {"name": "mark_tool", "arguments": "{\"mark_schema\":\"mark_argument\"}"}}
    return {"tools": [tool_chat()], "messages": [{"role": "user", "content": "Go."}, {"role": "assistant", "content": None, "tool_calls": [call]},
                                                 {"role": "tool", "tool_call_id": "call_mark12345", "content": result}]}


CHAT = [
    Field("system message", {"messages": [{"role": "system", "content": "mark_system"}, {"role": "user", "content": "Hi."}]}, "mark_system"),
    Field("developer message", {"messages": [{"role": "developer", "content": "mark_system"}, {"role": "user", "content": "Hi."}]}, "mark_system"),
    Field("image, base64", user_chat({"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}), PIXEL),
    Field("image, URL", user_chat({"type": "image_url", "image_url": {"url": ADDRESS}}), ADDRESS),
    Field("file, base64", user_chat({"type": "file", "file": {"filename": "mark.pdf", "file_data": "data:application/pdf;base64," + PDF}}), PDF),
    Field("audio", user_chat({"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}}), WAV),
    Field("messages[].name", {"messages": [{"role": "user", "name": "mark_name", "content": "Hi."}]}, "mark_name"),
    Field("tools", {"tools": [tool_chat()]}, "mark_schema"),
    Field("tools[].strict", {"tools": [tool_chat(strict=True)]}, is_strict),
    Field("tool_choice required", {"tools": [tool_chat()], "tool_choice": "required"}, lambda request: request.choice == "required"),
    Field("tool_choice none", {"tools": [tool_chat()], "tool_choice": "none"}, lambda request: request.choice == "none" or not request.tools),
    Field("tool_choice, one tool", {"tools": [tool_chat()], "tool_choice": {"type": "function", "function": {"name": "mark_tool"}}},
          lambda request: request.choice in (("tool", "mark_tool"), "required")),
    Field("parallel_tool_calls false", {"tools": [tool_chat()], "parallel_tool_calls": False}, lambda request: request.parallel is False),
    Field("calls and results", turn_chat(), lambda request: has("result")(request) and has("call", name="mark_tool")(request)),
    Field("response_format json_schema", {"response_format": {"type": "json_schema", "json_schema": {"name": "mark", "schema": SCHEMA}}},
          "mark_schema"),
    Field("response_format json_object", {"response_format": {"type": "json_object"}}, lambda request: request.json_mode),
    Field("max_completion_tokens", {"max_completion_tokens": 3217}, "3217"),
    Field("max_tokens", {"max_tokens": 3217}, "3217"),
    Field("temperature", {"temperature": 0.4375}, "0.4375"), Field("top_p", {"top_p": 0.8125}, "0.8125"),
    Field("stop", {"stop": ["mark_stop"]}, "mark_stop"), Field("seed", {"seed": 902107}, "902107"),
    Field("n", {"n": 2}, lambda request: request.n == 2), Field("presence_penalty", {"presence_penalty": 0.4375}, "0.4375"),
    Field("frequency_penalty", {"frequency_penalty": 0.4375}, "0.4375"), Field("logit_bias", {"logit_bias": {"50256": -73}}, "-73"),
    Field("logprobs", {"logprobs": True, "top_logprobs": 3}, "ogprobs"), Field("user", {"user": "mark_user"}, "mark_user"),
    Field("metadata", {"metadata": {"mark": "mark_metadata"}}, "mark_metadata"),
    Field("service_tier", {"service_tier": "flex"}, "flex"),
    Field("reasoning_effort", {"reasoning_effort": "high"}, lambda request: request.effort or request.budget),
    Field("prediction", {"prediction": {"type": "content", "content": "mark_prediction"}}, "mark_prediction"),
    Field("verbosity", {"verbosity": "low"}, "verbosity"),
    Field("prompt_cache_key", {"prompt_cache_key": "mark_cache"}, "mark_cache"),
    Field("safety_identifier", {"safety_identifier": "mark_safety"}, "mark_safety"),
    Field("modalities audio", {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}, "alloy"),
    Field("tool_choice, allowed tools", {"tools": [tool_chat()], "tool_choice": {"type": "allowed_tools", "allowed_tools": {
        "mode": "auto", "tools": [{"type": "function", "function": {"name": "mark_tool"}}]}}}, "mark_tool"),
    Field("reasoning_content", {"messages": [{"role": "user", "content": "Go."}, {
        "role": "assistant", "content": "Done.", "reasoning_content": "mark_thought"}, {"role": "user", "content": "More."}]}, "mark_thought", True),
    Field("unknown field", {"mark_unknown": 1}, "mark_unknown"),
]


def user_responses(*parts):
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Look."}, *parts]}]}


RESPONSES = [
    Field("instructions", {"instructions": "mark_system"}, "mark_system"),
    Field("image, base64", user_responses({"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64," + PIXEL}), PIXEL),
    Field("image, URL", user_responses({"type": "input_image", "detail": "auto", "image_url": ADDRESS}), ADDRESS),
    Field("file, base64", user_responses({"type": "input_file", "filename": "mark.pdf", "file_data": "data:application/pdf;base64," + PDF}), PDF),
    Field("tools", {"tools": [TOOL_RESPONSES]}, "mark_schema"),
    Field("web_search", {"tools": [{"type": "web_search"}]}, "web_search"),
    Field("tool_choice required", {"tools": [TOOL_RESPONSES], "tool_choice": "required"}, lambda request: request.choice == "required"),
    Field("parallel_tool_calls false", {"tools": [TOOL_RESPONSES], "parallel_tool_calls": False}, lambda request: request.parallel is False),
    Field("calls and results", {"tools": [TOOL_RESPONSES], "input": [
        {"role": "user", "content": "Go."},
        {"type": "function_call", "call_id": "call_mark12345", "name": "mark_tool", "arguments": "{\"mark_schema\":\"mark_argument\"}"},
        {"type": "function_call_output", "call_id": "call_mark12345", "output": "mark_result"}]},
        lambda request: has("result")(request) and has("call", name="mark_tool")(request)),
    Field("text.format json_schema", {"text": {"format": {"type": "json_schema", "name": "mark", "schema": SCHEMA, "strict": True}}}, "mark_schema"),
    Field("max_output_tokens", {"max_output_tokens": 3217}, "3217"), Field("temperature", {"temperature": 0.4375}, "0.4375"),
    Field("top_p", {"top_p": 0.8125}, "0.8125"), Field("reasoning.effort", {"reasoning": {"effort": "high"}},
                                                       lambda request: request.effort or request.budget),
    Field("user", {"user": "mark_user"}, "mark_user"), Field("metadata", {"metadata": {"mark": "mark_metadata"}}, "mark_metadata"),
    Field("service_tier", {"service_tier": "flex"}, "flex"), Field("truncation auto", {"truncation": "auto"}, "truncation"),
    Field("top_logprobs", {"top_logprobs": 3, "include": ["message.output_text.logprobs"]}, "ogprobs"),
    Field("tools[].strict", {"tools": [TOOL_RESPONSES]}, is_strict),
    Field("tool_choice none", {"tools": [TOOL_RESPONSES], "tool_choice": "none"},
          lambda request: request.choice == "none" or not request.tools),
    Field("tool_choice, one tool", {"tools": [TOOL_RESPONSES], "tool_choice": {"type": "function", "name": "mark_tool"}},
          lambda request: request.choice in (("tool", "mark_tool"), "required")),
    Field("result with an image", {"tools": [TOOL_RESPONSES], "input": [
        {"role": "user", "content": "Go."},
        {"type": "function_call", "call_id": "call_mark12345", "name": "mark_tool", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_mark12345", "output": [
            {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64," + PIXEL}]}]}, PIXEL),
    Field("text.format json_object", {"text": {"format": {"type": "json_object"}}}, lambda request: request.json_mode),
    Field("text.verbosity", {"text": {"verbosity": "low"}}, "verbosity"),
    Field("prompt_cache_key", {"prompt_cache_key": "mark_cache"}, "mark_cache"),
    Field("safety_identifier", {"safety_identifier": "mark_safety"}, "mark_safety"),
    Field("unknown field", {"mark_unknown": 1}, "mark_unknown"),
]


def user_messages(*parts):
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look."}, *parts]}]}


def turn_messages(**more):
    return {"tools": [TOOL_MESSAGES], "messages": [
        {"role": "user", "content": "Go."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_mark12345", "name": "mark_tool", "input": {"mark_schema": "x"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_mark12345", "content": "mark_result", **more}]}]}


def source(kind, media, data):
    return {"type": kind, "source": {"type": "base64", "media_type": media, "data": data}}


MESSAGES = [
    Field("system", {"system": "mark_system"}, "mark_system"),
    Field("system, cache_control", {"system": [{"type": "text", "text": "mark_system", "cache_control": {"type": "ephemeral"}}]}, "ache"),
    Field("image, base64", user_messages(source("image", "image/png", PIXEL)), PIXEL),
    Field("image, URL", user_messages({"type": "image", "source": {"type": "url", "url": ADDRESS}}), ADDRESS),
    Field("document, base64", user_messages(source("document", "application/pdf", PDF)), PDF),
    Field("document, text", user_messages({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "mark_text"}}),
          lambda request: has("text", text="mark_text")(request) or has("document", data=TEXT)(request) or has("document", text="mark_text")(request)
          or "documents" in request.native),
    Field("messages, cache_control", user_messages({"type": "text", "text": "mark_text", "cache_control": {"type": "ephemeral"}}), "ache"),
    Field("document, citations", user_messages({**source("document", "application/pdf", PDF), "citations": {"enabled": True}}), "citations"),
    Field("tools", {"tools": [TOOL_MESSAGES]}, "mark_schema"),
    Field("tools[].cache_control", {"tools": [{**TOOL_MESSAGES, "cache_control": {"type": "ephemeral"}}]}, "ache"),
    Field("tools[].strict", {"tools": [{**TOOL_MESSAGES, "strict": True}]}, is_strict),
    Field("server tools", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "web_search"),
    Field("tool_choice any", {"tools": [TOOL_MESSAGES], "tool_choice": {"type": "any"}}, lambda request: request.choice == "required"),
    Field("tool_choice none", {"tools": [TOOL_MESSAGES], "tool_choice": {"type": "none"}},
          lambda request: request.choice == "none" or not request.tools),
    Field("output_config.effort", {"output_config": {"effort": "high"}}, lambda request: request.effort or request.budget),
    Field("thinking, signature of Anthropic", {"messages": [{"role": "user", "content": "Go."}, {
        "role": "assistant", "content": [{"type": "thinking", "thinking": "mark_thought", "signature": "bWFya19zaWduYXR1cmU="},
                                         {"type": "text", "text": "Done."}]}, {"role": "user", "content": "More."}]}, "bWFya19zaWduYXR1cmU=", True),
    Field("tool_choice, one tool", {"tools": [TOOL_MESSAGES], "tool_choice": {"type": "tool", "name": "mark_tool"}},
          lambda request: request.choice in (("tool", "mark_tool"), "required")),
    Field("disable_parallel_tool_use", {"tools": [TOOL_MESSAGES], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
          lambda request: request.parallel is False),
    Field("calls and results", turn_messages(), lambda request: has("result")(request) and has("call", name="mark_tool")(request)),
    Field("tool_result, is_error", turn_messages(is_error=True), has("result", is_error=True)),
    Field("tool_result, image", turn_messages(content=[source("image", "image/png", PIXEL)]), PIXEL),
    Field("thinking", {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 4000}, lambda request: request.effort or request.budget),
    Field("output_config.format", {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, "mark_schema"),
    Field("max_tokens", {"max_tokens": 3217}, "3217"), Field("temperature", {"temperature": 0.4375}, "0.4375"),
    Field("top_p", {"top_p": 0.8125}, "0.8125"), Field("top_k", {"top_k": 37}, "37"),
    Field("stop_sequences", {"stop_sequences": ["mark_stop"]}, "mark_stop"),
    Field("metadata.user_id", {"metadata": {"user_id": "mark_user"}}, "mark_user"),
    Field("service_tier", {"service_tier": "standard_only"}, "ervice"), Field("unknown field", {"mark_unknown": 1}, "mark_unknown"),
]


def user_gemini(*parts):
    return {"contents": [{"role": "user", "parts": [{"text": "Look."}, *parts]}]}


GEMINI = [
    Field("systemInstruction", {"systemInstruction": {"parts": [{"text": "mark_system"}]}}, "mark_system"),
    Field("inlineData, image", user_gemini({"inlineData": {"mimeType": "image/png", "data": PIXEL}}), PIXEL),
    Field("inlineData, PDF", user_gemini({"inlineData": {"mimeType": "application/pdf", "data": PDF}}), PDF),
    Field("inlineData, audio", user_gemini({"inlineData": {"mimeType": "audio/wav", "data": WAV}}), WAV),
    Field("fileData, image", user_gemini({"fileData": {"mimeType": "image/png", "fileUri": ADDRESS}}), ADDRESS),
    Field("functionDeclarations", {"tools": [TOOL_GEMINI]}, "mark_schema"),
    Field("googleSearch", {"tools": [{"googleSearch": {}}]}, "oogle"),
    Field("functionCallingConfig ANY", {"tools": [TOOL_GEMINI], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
          lambda request: request.choice == "required"),
    Field("calls and results", {"tools": [TOOL_GEMINI], "contents": [
        {"role": "user", "parts": [{"text": "Go."}]},
        {"role": "model", "parts": [{"functionCall": {"name": "mark_tool", "args": {"mark_schema": "x"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "mark_tool", "response": {"output": "mark_result"}}}]}]},
        lambda request: has("result")(request) and has("call", name="mark_tool")(request)),
    Field("maxOutputTokens", {"generationConfig": {"maxOutputTokens": 3217}}, "3217"),
    Field("temperature", {"generationConfig": {"temperature": 0.4375}}, "0.4375"), Field("topP", {"generationConfig": {"topP": 0.8125}}, "0.8125"),
    Field("topK", {"generationConfig": {"topK": 37}}, "37"),
    Field("stopSequences", {"generationConfig": {"stopSequences": ["mark_stop"]}}, "mark_stop"),
    Field("seed", {"generationConfig": {"seed": 902107}}, "902107"), Field("candidateCount", {"generationConfig": {"candidateCount": 2}},
                                                                           lambda request: request.n == 2),
    Field("presencePenalty", {"generationConfig": {"presencePenalty": 0.4375}}, "0.4375"),
    Field("responseJsonSchema", {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}}, "mark_schema"),
    Field("functionCallingConfig NONE", {"tools": [TOOL_GEMINI], "toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
          lambda request: request.choice == "none" or not request.tools),
    Field("allowedFunctionNames", {"tools": [TOOL_GEMINI], "toolConfig": {"functionCallingConfig": {
        "mode": "ANY", "allowedFunctionNames": ["mark_tool"]}}}, lambda request: request.choice in (("tool", "mark_tool"), "required")),
    Field("functionResponse, image", {"tools": [TOOL_GEMINI], "contents": [
        {"role": "user", "parts": [{"text": "Go."}]},
        {"role": "model", "parts": [{"functionCall": {"name": "mark_tool", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "mark_tool", "response": {"output": "mark_result"}, "parts": [
            {"inlineData": {"mimeType": "image/png", "data": PIXEL}}]}}]}]}, PIXEL),
    Field("functionResponse, error", {"tools": [TOOL_GEMINI], "contents": [
        {"role": "user", "parts": [{"text": "Go."}]},
        {"role": "model", "parts": [{"functionCall": {"name": "mark_tool", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "mark_tool", "response": {"error": "mark_result"}}}]}]}, "mark_result"),
    Field("frequencyPenalty", {"generationConfig": {"frequencyPenalty": 0.4375}}, "0.4375"),
    Field("responseLogprobs", {"generationConfig": {"responseLogprobs": True, "logprobs": 3}}, "ogprobs"),
    Field("responseMimeType JSON", {"generationConfig": {"responseMimeType": "application/json"}}, lambda request: request.json_mode),
    Field("thinkingLevel", {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}, lambda request: request.effort or request.budget),
    Field("thinkingBudget", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 2048}}}, lambda request: request.effort or request.budget),
    Field("safetySettings", {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]}, "HARASSMENT"),
    Field("labels", {"labels": {"mark": "mark_label"}}, "mark_label"), Field("unknown field", {"mark_unknown": 1}, "mark_unknown"),
]


def user_converse(*parts):
    return {"messages": [{"role": "user", "content": [{"text": "Look."}, *parts]}]}


def converse_result(*content, **more):
    return {"toolConfig": {"tools": [TOOL_CONVERSE]}, "messages": [
        {"role": "user", "content": [{"text": "Go."}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "tooluse_mark", "name": "mark_tool", "input": {"mark_schema": "x"}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "tooluse_mark", "content": list(content), **more}}]}]}


CONVERSE = [
    Field("system", {"system": [{"text": "mark_system"}]}, "mark_system"),
    Field("cachePoint", {"system": [{"text": "mark_system"}, {"cachePoint": {"type": "default"}}]}, "ache"),
    Field("image", user_converse({"image": {"format": "png", "source": {"bytes": PIXEL}}}), PIXEL),
    Field("document", user_converse({"document": {"format": "pdf", "name": "mark", "source": {"bytes": PDF}}}), PDF),
    Field("toolConfig", {"toolConfig": {"tools": [TOOL_CONVERSE]}}, "mark_schema"),
    Field("toolChoice any", {"toolConfig": {"tools": [TOOL_CONVERSE], "toolChoice": {"any": {}}}}, lambda request: request.choice == "required"),
    Field("toolChoice, one tool", {"toolConfig": {"tools": [TOOL_CONVERSE], "toolChoice": {"tool": {"name": "mark_tool"}}}},
          lambda request: request.choice in (("tool", "mark_tool"), "required")),
    Field("calls and results", {"toolConfig": {"tools": [TOOL_CONVERSE]}, "messages": [
        {"role": "user", "content": [{"text": "Go."}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "tooluse_mark", "name": "mark_tool", "input": {"mark_schema": "x"}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "tooluse_mark", "content": [{"text": "mark_result"}]}}]}]},
        lambda request: has("result")(request) and has("call", name="mark_tool")(request)),
    Field("maxTokens", {"inferenceConfig": {"maxTokens": 3217}}, "3217"),
    Field("temperature", {"inferenceConfig": {"temperature": 0.4375}}, "0.4375"),
    Field("topP", {"inferenceConfig": {"topP": 0.8125}}, "0.8125"), Field("stopSequences", {"inferenceConfig": {"stopSequences": ["mark_stop"]}},
                                                                          "mark_stop"),
    Field("cachePoint in tools", {"toolConfig": {"tools": [TOOL_CONVERSE, {"cachePoint": {"type": "default"}}]}}, "ache"),
    Field("toolResult, error", converse_result({"text": "mark_result"}, status="error"), has("result", is_error=True)),
    Field("toolResult, image", converse_result({"image": {"format": "png", "source": {"bytes": PIXEL}}}), PIXEL),
    Field("toolResult, JSON", converse_result({"json": {"mark": "mark_result"}}), "mark_result"),
    Field("outputConfig JSON schema", {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {
        "name": "mark", "schema": json.dumps(SCHEMA)}}}}}, "mark_schema"),
    Field("reasoning of Claude", {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}},
                                  "inferenceConfig": {"maxTokens": 4000}}, lambda request: request.effort or request.budget),
    Field("additionalModelRequestFields", {"additionalModelRequestFields": {"mark_additional": 1}}, "mark_additional"),
    Field("guardrailConfig", {"guardrailConfig": {"guardrailIdentifier": "mark_guardrail", "guardrailVersion": "1"}}, "mark_guardrail"),
    Field("requestMetadata", {"requestMetadata": {"mark": "mark_metadata"}}, "mark_metadata"),
    Field("serviceTier", {"serviceTier": {"type": "flex"}}, "flex"),
]

OF = {"openai-chat": CHAT, "openai-responses": RESPONSES, "anthropic-messages": MESSAGES, "gemini-content": GEMINI, "bedrock-converse": CONVERSE}
PLAIN = {
    "openai-chat": {"messages": [{"role": "user", "content": "Hi."}]}, "openai-responses": {"input": "Hi.", "store": False},
    "anthropic-messages": {"max_tokens": 1000, "messages": [{"role": "user", "content": "Hi."}]},
    "gemini-content": {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
    "bedrock-converse": {"messages": [{"role": "user", "content": [{"text": "Hi."}]}]},
}
PATHS = {"openai-chat": "/v1/chat/completions", "openai-responses": "/v1/responses", "anthropic-messages": "/v1/messages",
         "gemini-content": "/v1beta/models/{}:generateContent", "bedrock-converse": "/model/{}/converse"}


def request(surface, model, field):
    """Path and body."""
    body = {**copy.deepcopy(PLAIN[surface]), **field.body}
    if "{}" not in PATHS[surface]:
        body["model"] = model
    return PATHS[surface].format(model.replace(":", "%3A")), body
