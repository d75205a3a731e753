"""Requests as coding agents send them, by their public formats: many tools, marks for caches, thinking, a long history.

`claude_code` speaks Messages, `codex` speaks Responses. Each returns the arguments for its SDK.
"""

NAMES = ("Bash", "Read", "Edit", "Write", "Glob", "Grep", "LS", "MultiEdit", "NotebookEdit", "WebFetch", "WebSearch", "TodoWrite", "Task",
         "BashOutput", "KillShell", "ExitPlanMode", "mcp__git__log", "mcp__git__diff", "mcp__jira__search", "mcp__db__query",
         "mcp__browser__open", "mcp__browser__click", "mcp__docs__find", "SlashCommand")
# A signature that some provider is said to have issued earlier; nobody of those who play here did.
FOREIGN = "EqQBCkgIARABGAIiQL8fJgN0dGhpcyBpcyBub3QgYSByZWFsIHNpZ25hdHVyZQ=="


def schema(name):
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": False,
            "properties": {"path": {"type": "string", "description": f"What {name} works on, as an absolute path."},
                           "options": {"type": "object", "properties": {"limit": {"type": "integer", "minimum": 1}, "mode": {
                               "type": "string", "enum": ["fast", "thorough"], "default": "fast"}}},
                           "items": {"type": "array", "items": {"type": "string"}}},
            "required": ["path"]}


def description(name):
    return (f"{name} does what its name says.\n\nUsage:\n- Give the path whole: \"/repo/file\".\n- Never guess; ask.\n" * 12)


def long_text(kilobytes):
    line = "let höhe = [\"a\\tb\": 1, 'x': \"ü€😀\"] // line of a file with \"quotes\" and \\ in it\n"
    return line * (kilobytes * 1024 // len(line.encode()) + 1)


def claude_code(context=40, more_turns=()):
    mark = {"type": "ephemeral"}
    tools = [{"name": name, "description": description(name), "input_schema": schema(name)} for name in NAMES]
    tools[-1]["cache_control"] = mark
    return {
        "max_tokens": 32000,
        "thinking": {"type": "enabled", "budget_tokens": 31999},
        "metadata": {"user_id": "user_0123_account__session_4567"},
        "system": [{"type": "text", "text": "You are a coding agent.", "cache_control": mark},
                   {"type": "text", "text": "Rules:\n" + "- Be brief and right.\n" * 200, "cache_control": mark}],
        "tools": tools,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "<system-reminder>Today is Saturday.</system-reminder>"},
                                         {"type": "text", "text": "Find out why the test fails."}]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "I look at both files."},
                {"type": "tool_use", "id": "toolu_01ReadFirst0000000000001", "name": "Read", "input": {"path": "/repo/a.swift"}},
                {"type": "tool_use", "id": "toolu_01ReadOther0000000000002", "name": "Read", "input": {"path": "/repo/b.swift", "items": []}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_01ReadFirst0000000000001", "content": long_text(context)},
                {"type": "tool_result", "tool_use_id": "toolu_01ReadOther0000000000002", "is_error": True,
                 "content": [{"type": "text", "text": "no such file"}], "cache_control": mark},
                {"type": "text", "text": "Go on."}]},
            *more_turns,
        ],
    }


def claude_code_answers(message):
    """The next turn: what the assistant said goes back as it came, with a result for each call, in the order of calls."""
    blocks = [block for block in message["content"]]
    results = [{"type": "tool_result", "tool_use_id": block["id"], "content": f"done {at}"}
               for at, block in enumerate(one for one in blocks if one["type"] == "tool_use")]
    return [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}]


def codex(context=40, more_items=()):
    tools = [{"type": "function", "name": name.replace("mcp__", "mcp_"), "description": description(name), "strict": False,
              "parameters": schema(name)} for name in NAMES]
    return {
        "instructions": "You are a coding agent running in a terminal.\n" + "- Be brief and right.\n" * 200,
        "tools": tools, "tool_choice": "auto", "parallel_tool_calls": True, "store": False,
        "reasoning": {"effort": "medium", "summary": "auto"}, "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "0199a213-81c0-7800-8aa1-bbab2a035a53",
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions>read only</permissions>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context>bash</environment_context>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Find out why the test fails."}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look at both files."}]},
            {"type": "function_call", "call_id": "call_ReadFirst000000000000001", "name": "Read", "arguments": "{\"path\": \"/repo/a.swift\"}"},
            {"type": "function_call", "call_id": "call_ReadOther000000000000002", "name": "Read", "arguments": "{\"path\":\"/repo/b.swift\"}"},
            {"type": "function_call_output", "call_id": "call_ReadFirst000000000000001", "output": long_text(context)},
            {"type": "function_call_output", "call_id": "call_ReadOther000000000000002", "output": "no such file"},
            *more_items,
        ],
    }


def codex_answers(response):
    """The next turn: the items of the answer as they came, then an output for each call."""
    items = [{name: value for name, value in item.items() if name != "status"} for item in response["output"]]
    outputs = [{"type": "function_call_output", "call_id": item["call_id"], "output": f"done {at}"}
               for at, item in enumerate(one for one in items if one["type"] == "function_call")]
    return items + outputs


def chat(context=40, more_messages=(), tools=len(NAMES)):
    """OpenCode, Cline and others that speak chat completions. `tools`: the size of the catalogue."""
    names = [NAMES[at % len(NAMES)] + ("" if at < len(NAMES) else f"_{at}") for at in range(tools)]
    calls = [{"id": id, "type": "function", "function": {"name": "Read", "arguments": arguments}}
             for id, arguments in (("call_ReadFirst000000000000001", "{\"path\": \"/repo/a.swift\"}"),
                                   ("call_ReadOther000000000000002", "{\"path\":\"/repo/b.swift\",\"items\":[]}"))]
    return {
        "max_tokens": 32000, "stream_options": {"include_usage": True}, "tool_choice": "auto",
        "tools": [{"type": "function", "function": {"name": name.replace("mcp__", "mcp_"), "description": description(name),
                                                    "parameters": schema(name)}} for name in names],
        "messages": [
            {"role": "system", "content": "You are a coding agent.\n" + "- Be brief and right.\n" * 200},
            {"role": "user", "content": [{"type": "text", "text": "Find out why the test fails."}]},
            {"role": "assistant", "content": "I look at both files.", "tool_calls": calls},
            {"role": "tool", "tool_call_id": calls[0]["id"], "content": long_text(context)},
            {"role": "tool", "tool_call_id": calls[1]["id"], "content": "no such file"},
            *more_messages,
        ],
    }


def chat_answers(message):
    """The next turn: what was said goes back, then a result for each call."""
    said = {name: message[name] for name in ("role", "content", "tool_calls") if name in message}
    said["tool_calls"] = [{"id": one["id"], "type": "function", "function": {
        "name": one["function"]["name"], "arguments": one["function"]["arguments"]}} for one in said["tool_calls"]]
    return [said, *({"role": "tool", "tool_call_id": one["id"], "content": f"done {at}"} for at, one in enumerate(said["tool_calls"]))]
