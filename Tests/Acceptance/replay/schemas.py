"""Whether a body that was sent to a provider is one that the provider's own description allows.

The descriptions are those inside the official packages, so that they are wherever the tests are: botocore's service model, the
request types of openai and anthropic, google-genai's models. Rules that no description holds stand below, each with its source.
"""

import base64
import functools
import re
import sys

import pydantic
import typing_extensions
from pydantic import ConfigDict, TypeAdapter

FORBID = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def problems(api, provider, body):
    checks = {"chat": chat, "responses": responses, "messages": messages, "generateContent": gemini, "streamGenerateContent": gemini,
              "converse": converse, "converse-stream": converse, "cohere-chat": cohere}
    return checks[api](provider, body)[:4]


# -- typed dictionaries of SDKs


@functools.cache
def adapter(name):
    if name == "chat":
        from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming as kind
    elif name == "responses":
        from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming as kind
    else:
        from anthropic.types.message_create_params import MessageCreateParamsNonStreaming as kind
    for module in [module for path, module in sys.modules.items() if path.startswith(("openai.types", "anthropic.types"))]:
        for value in list(vars(module).values()):
            if typing_extensions.is_typeddict(value):
                value.__pydantic_config__ = FORBID
    return TypeAdapter(kind)


def typed(name, body, besides=()):
    body = {member: value for member, value in body.items() if member not in ("stream", *besides)}
    try:
        unfold(adapter(name).validate_python(body))
    except pydantic.ValidationError as error:
        return shortened(error)
    return []


def unfold(value):
    """Iterables of the SDKs' types are checked as they are walked through."""
    if isinstance(value, dict):
        for one in value.values():
            unfold(one)
    elif not isinstance(value, (str, bytes)) and hasattr(value, "__iter__"):
        for one in value:
            unfold(one)


def shortened(error):
    """Of a union every alternative complains; those that got furthest are the likeliest to be meant."""
    found = error.errors(include_url=False, include_input=False)
    deepest = max(len(one["loc"]) for one in found)
    return [f"{'.'.join(map(str, one['loc']))[-110:]}: {one['msg'][:80]}" for one in found if len(one["loc"]) == deepest][:2]


# -- one function an API

# Members beyond OpenAI's that are the provider's own.
OWN = ("random_seed", "safe_prompt", "reasoning", "provider", "thinking", "reasoning_format", "prompt_mode", "top_k", "min_p",
       "repetition_penalty", "parallel_tool_calls", "max_tokens", "temperature", "top_p", "include_reasoning", "usage", "cache_control")


def chat(provider, body):
    found = []
    if provider in ("openai", "azure"):
        # Azure's path says the model.
        found += typed("chat", {"model": "deployment", **body}, besides=OWN if provider == "azure" else ("temperature", "top_p"))
    if provider == "mistral":
        if "max_completion_tokens" in body:
            found.append("mistral has max_tokens only")
        ids = [call["id"] for item in body["messages"] for call in item.get("tool_calls") or []]
        ids += [item["tool_call_id"] for item in body["messages"] if item["role"] == "tool"]
        # langchain 24668: 400 "Tool call id must be a-z, A-Z, 0-9, with a length of 9."
        found += [f"mistral takes ids of nine letters and digits, not {id}" for id in ids if not re.fullmatch(r"[a-zA-Z0-9]{9}", id)]
    return found + linked([call["id"] for item in body["messages"] for call in item.get("tool_calls") or []],
                          [item["tool_call_id"] for item in body["messages"] if item["role"] == "tool"])


def linked(calls, results):
    found = [f"a result for {id}, which nobody called" for id in results if id not in calls]
    return found + (["two calls have one id"] if len(set(calls)) != len(calls) else [])


def responses(provider, body):
    found = typed("responses", body, besides=("temperature", "top_p")) if provider in ("openai", "azure") else []
    if body.get("max_output_tokens") is not None and body["max_output_tokens"] < 16 and provider == "openai":
        found.append("max_output_tokens is at least 16")
    items = body.get("input")
    if isinstance(items, list) and not body.get("previous_response_id"):
        found += linked([item["call_id"] for item in items if item.get("type") == "function_call"],
                        [item["call_id"] for item in items if item.get("type") == "function_call_output"])
    return found


def messages(provider, body):
    found = typed("messages", body, besides=("temperature", "top_p", "top_k"))
    open_calls, known = [], []
    for at, item in enumerate(body.get("messages") or []):
        blocks = item["content"] if isinstance(item["content"], list) else []
        results = [block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"]
        calls = [block["id"] for block in blocks if block.get("type") == "tool_use"]
        # 400 "tool_use ids were found without tool_result blocks immediately after", and results have to come first.
        if open_calls and sorted(results) != sorted(open_calls):
            found.append(f"message {at} answers {results}, expected {open_calls}")
        if results and any(block.get("type") != "tool_result" for block in blocks[:len(results)]):
            found.append(f"message {at}: results of tools come first")
        if item["content"] in ("", []):
            found.append(f"message {at} is empty")
        found += [f"id {id} has other characters" for id in calls if not re.fullmatch(r"[a-zA-Z0-9_-]+", id)]
        found += ["thinking without a signature" for block in blocks if block.get("type") == "thinking" and not block.get("signature")]
        known += calls
        open_calls = calls
    if body.get("messages") and body["messages"][0]["role"] != "user":
        found.append("the first message is not the user's")
    return found + linked(known, [])


def gemini(provider, body):
    from google.genai import types
    # The SDK's models take both spellings, as the API does, and no other members.
    members = {"contents": list[types.Content], "systemInstruction": types.Content, "tools": list[types.Tool], "toolConfig": types.ToolConfig,
               "generationConfig": types.GenerationConfig, "safetySettings": list[types.SafetySetting], "cachedContent": str,
               "labels": dict, "model": str, "serviceTier": str}
    found = [f"{name}: no such member" for name in body if name not in members]
    for name, kind in members.items():
        if name in body:
            try:
                TypeAdapter(kind).validate_json(pydantic.TypeAdapter(object).dump_json(body[name]))
            except pydantic.ValidationError as error:
                found += [f"{name}.{one}" for one in shortened(error)]
            except AttributeError as error:  # the models' own validators expect an enumeration's name
                found.append(f"{name}: {error}")
    for item in body.get("contents") or []:
        if item.get("role") not in ("user", "model"):
            found.append(f"role {item.get('role')}")
        for part in item.get("parts") or []:
            if "functionResponse" in part and not part["functionResponse"].get("name"):
                found.append("a result without the function's name")
            if part == {}:
                found.append("an empty part")
    return found


@functools.cache
def service():
    import botocore.loaders
    import botocore.model
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2"))


def converse(provider, body):
    from botocore.validate import ParamValidator
    shape = service().operation_model("Converse").input_shape
    try:
        report = ParamValidator().validate({"modelId": "model", **from_wire(body, shape)}, shape)
    except (ValueError, TypeError) as error:
        return [str(error)]
    found = [line for line in report.generate_report().split("\n") if line]
    names = shape.members["messages"].member.members["content"].member.members["toolUse"].members
    pattern = names["toolUseId"].metadata.get("pattern") or "[a-zA-Z0-9_.:-]+"
    history = False
    for item in body.get("messages") or []:
        for block in item["content"]:
            if "toolUse" in block or "toolResult" in block:
                history = True
                id = (block.get("toolUse") or block.get("toolResult"))["toolUseId"]
                if not re.fullmatch(pattern, id) or len(id) > 64:
                    found.append(f"id {id}")
    if history and not (body.get("toolConfig") or {}).get("tools"):
        found.append("a conversation with calls needs toolConfig")
    roles = [item["role"] for item in body.get("messages") or []]
    if any(one == other for one, other in zip(roles, roles[1:])):
        found.append("two neighbouring messages of one role")
    return found


def from_wire(value, shape):
    """JSON as botocore's validator wants it: blobs as bytes."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {name: from_wire(one, shape.members[name]) if name in shape.members else one for name, one in value.items()}
    if kind == "list" and isinstance(value, list):
        return [from_wire(one, shape.member) for one in value]
    if kind == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return value


COHERE = {"model", "messages", "stream", "tools", "documents", "citation_options", "response_format", "safety_mode", "max_tokens",
          "stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty", "k", "p", "logprobs", "tool_choice", "thinking",
          "strict_tools", "priority", "raw_prompting"}


def cohere(provider, body):
    """By the reference of v2 chat, read 2026-11."""
    found = [f"{name}: no such member" for name in body if name not in COHERE]
    if body.get("tool_choice") not in (None, "REQUIRED", "NONE"):
        found.append(f"tool_choice {body['tool_choice']}")
    found += [f"role {item.get('role')}" for item in body["messages"] if item.get("role") not in ("system", "user", "assistant", "tool")]
    return found + linked([call["id"] for item in body["messages"] for call in item.get("tool_calls") or []],
                          [item["tool_call_id"] for item in body["messages"] if item["role"] == "tool"])
