import Testing

@testable import Gateway

/// A stream as it comes and as it goes on, where guards mask: event by event, written by hand.
struct ScriptedStream: Sendable, CustomTestStringConvertible {
    var name: String
    var form: ReplyForm
    var framing = ReplyEvents.Framing.events
    var came: [String]
    /// What goes on, written by hand.
    var goes: [String]
    var testDescription: String { name }

    /// The same, of nobody's dialect: as pass-through endpoints give them.
    static let nobodys = all.filter { $0.framing == .events }.map { stream in
        var other = stream
        (other.name, other.form) = ("\(stream.name), nobody's", .anything)
        // Nobody knows that these are the client's own.
        other.goes = stream.goes.map { line in
            line.split(separator: #""instructions":"anna@firma.example""#, omittingEmptySubsequences: false).joined(
                separator: #""instructions":"[EMAIL_1]""#)
        }
        return other
    }

    static let all: [ScriptedStream] = [
        ScriptedStream(
            name: "chat", form: .choices,
            came: [
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"Is it anna@fi"},"finish_reason":null}],"obfuscation":"x1"}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"rma.example?"},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"content":"Write \"to\" ot"},"finish_reason":null}]}"#,
                ": keep-alive",
                #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":"The bl"},"finish_reason":null}]}"#,
                #"""
                data: {"id":"c1","choices":[{"delta":{"content":"to@fi"},"index":0,"logprobs":{"content":[{"token":"to@fi"}]},\#
                "finish_reason":null}]}
                """#,
                #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":"ue h"},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"content":"rma.ex\u0061mple"},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":"eron\n."},"finish_reason":"stop"}]}"#,
                #"""
                data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","function":{"name":"mail",\#
                "arguments":""}}]}}]}
                """#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"to\":\"an"}}]}}]}"#,
                #"""
                data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"t2","function":{"name":"f",\#
                "arguments":"{\"n\":4111"}}]}}]}
                """#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"na@firma.example\"}"}}]}}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"111111111111}"}}]}}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
                #"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#, "data: [DONE]",
            ],
            goes: [
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"Is it [EMAIL_1]"},"finish_reason":null}],"obfuscation":"x1"}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"?"},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"content":"Write \"to\" [EMAIL_2]"},"finish_reason":null}]}"#,
                ": keep-alive",
                #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":"The [KEYWORD]"},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"delta":{"content":""},"index":0,"logprobs":null,"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":""},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}]}"#,
                #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":"\n."},"finish_reason":"stop"}]}"#,
                #"""
                data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","function":{"name":"mail",\#
                "arguments":""}}]}}]}
                """#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"to\":\"[EMAIL_1]"}}]}}]}"#,
                #"""
                data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"t2","function":{"name":"f",\#
                "arguments":"{\"n\":\"[CARD_1]\""}}]}}]}
                """#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"}"}}]}}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]}}]}"#,
                #"data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
                #"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#, "data: [DONE]",
            ]),
        ScriptedStream(
            name: "completions", form: .choices,
            came: [
                #"data: {"choices":[{"index":0,"text":"ask an"}]}"#,
                #"data: {"choices":[{"index":0,"text":"na@firma.example","finish_reason":"length"}]}"#,
                "data: [DONE]",
            ],
            goes: [
                #"data: {"choices":[{"index":0,"text":"ask [EMAIL_1]"}]}"#, #"data: {"choices":[{"index":0,"text":"","finish_reason":"length"}]}"#,
                "data: [DONE]",
            ]),
        ScriptedStream(
            name: "messages", form: .messages,
            came: [
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"content\":[],\"usage\":{\"input_tokens\":1}}}",
                #"data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
                #"data: {"type":"ping"}"#,
                #"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"anna@firma"}}"#,
                #"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":".example"}}"#,
                #"data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
                #"data: {"type":"content_block_stop","index":0}"#,
                #"data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":"A bl"}}"#,
                #"data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"ue heron"}}"#,
                #"data: {"type":"content_block_stop","index":1}"#,
                #"data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"mail","input":{}}}"#,
                #"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
                #"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"to\": \"anna@fi"}}"#,
                #"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"rma.example\"}"}}"#,
                #"data: {"type":"content_block_stop","index":2}"#,
                #"data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#, #"data: {"type":"message_stop"}"#,
            ],
            goes: [
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"content\":[],\"usage\":{\"input_tokens\":1}}}",
                #"data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
                #"data: {"type":"ping"}"#,
                #"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"[EMAIL_1]"}}"#,
                #"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":""}}"#,
                #"data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":""}}"#,
                #"data: {"type":"content_block_stop","index":0}"#,
                #"data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":"A [KEYWORD]"}}"#,
                #"data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":""}}"#,
                #"data: {"type":"content_block_stop","index":1}"#,
                #"data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"mail","input":{}}}"#,
                #"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
                #"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"to\": \"[EMAIL_1]"}}"#,
                #"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"}"}}"#,
                #"data: {"type":"content_block_stop","index":2}"#,
                #"data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#, #"data: {"type":"message_stop"}"#,
            ]),
        ScriptedStream(
            name: "responses", form: .responses,
            came: [
                #"data: {"type":"response.created","sequence_number":0,"response":{"id":"r","instructions":"anna@firma.example","output":[]}}"#,
                #"""
                data: {"type":"response.output_text.delta","sequence_number":1,"output_index":0,"content_index":0,"delta":"to anna@",\#
                "logprobs":[]}
                """#,
                #"""
                data: {"type":"response.output_text.delta","sequence_number":2,"output_index":0,"content_index":0,"delta":"firma.example",\#
                "logprobs":[{"token":"f"}]}
                """#,
                #"data: {"type":"response.output_text.done","sequence_number":3,"output_index":0,"content_index":0,"text":"to anna@firma.example"}"#,
                #"""
                data: {"type":"response.output_item.done","sequence_number":4,"output_index":0,"item":{"type":"message",\#
                "content":[{"type":"output_text","text":"to anna@firma.example","annotations":[]}]}}
                """#,
                #"data: {"type":"response.function_call_arguments.delta","sequence_number":5,"output_index":1,"delta":"{\"c\":41111111"}"#,
                #"data: {"type":"response.function_call_arguments.delta","sequence_number":6,"output_index":1,"delta":"11111111}"}"#,
                #"""
                data: {"type":"response.function_call_arguments.done","sequence_number":7,"output_index":1,\#
                "arguments":"{\"c\":4111111111111111}"}
                """#,
                #"""
                data: {"type":"response.completed","sequence_number":8,"response":{"id":"r","instructions":"anna@firma.example",\#
                "output":[{"type":"message","content":[{"type":"output_text","text":"to anna@firma.example"}]},{"type":"function_call",\#
                "arguments":"{\"c\":4111111111111111}"}]}}
                """#,
            ],
            goes: [
                #"data: {"type":"response.created","sequence_number":0,"response":{"id":"r","instructions":"anna@firma.example","output":[]}}"#,
                #"""
                data: {"type":"response.output_text.delta","sequence_number":1,"output_index":0,"content_index":0,"delta":"to [EMAIL_1]",\#
                "logprobs":[]}
                """#,
                #"data: {"type":"response.output_text.delta","sequence_number":2,"output_index":0,"content_index":0,"delta":"","logprobs":[]}"#,
                #"data: {"type":"response.output_text.done","sequence_number":3,"output_index":0,"content_index":0,"text":"to [EMAIL_1]"}"#,
                #"""
                data: {"type":"response.output_item.done","sequence_number":4,"output_index":0,"item":{"type":"message",\#
                "content":[{"type":"output_text","text":"to [EMAIL_1]","annotations":[]}]}}
                """#,
                #"data: {"type":"response.function_call_arguments.delta","sequence_number":5,"output_index":1,"delta":"{\"c\":\"[CARD_1]\""}"#,
                #"data: {"type":"response.function_call_arguments.delta","sequence_number":6,"output_index":1,"delta":"}"}"#,
                #"data: {"type":"response.function_call_arguments.done","sequence_number":7,"output_index":1,"arguments":"{\"c\":\"[CARD_1]\"}"}"#,
                #"""
                data: {"type":"response.completed","sequence_number":8,"response":{"id":"r","instructions":"anna@firma.example",\#
                "output":[{"type":"message","content":[{"type":"output_text","text":"to [EMAIL_1]"}]},{"type":"function_call",\#
                "arguments":"{\"c\":\"[CARD_1]\"}"}]}}
                """#,
            ]),
        ScriptedStream(
            name: "generateContent", form: .generateContent,
            came: [
                #"data: {"candidates":[{"content":{"parts":[{"text":"who is anna@","thought":true}],"role":"model"}}]}"#,
                #"data: {"candidates":[{"content":{"parts":[{"text":"firma.example","thought":true},{"text":"A blue"}]}}]}"#,
                #"""
                data: {"candidates":[{"content":{"parts":[{"text":" heron"},{"functionCall":{"name":"f","args":{"to":["anna@firma.example"],\#
                "n":4111111111111111}}}]},"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":3}}
                """#,
            ],
            goes: [
                #"data: {"candidates":[{"content":{"parts":[{"text":"who is [EMAIL_1]","thought":true}],"role":"model"}}]}"#,
                #"data: {"candidates":[{"content":{"parts":[{"text":"","thought":true},{"text":"A [KEYWORD]"}]}}]}"#,
                #"""
                data: {"candidates":[{"content":{"parts":[{"text":""},{"functionCall":{"name":"f","args":{"to":["[EMAIL_1]"],\#
                "n":"[CARD_1]"}}}]},"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":3}}
                """#,
            ]),
    ]
}
