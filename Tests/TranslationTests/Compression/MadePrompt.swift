import Routing
import Translation

/// A conversation made up by a seed, and the same in every dialect. Each message has a word of its own, so that what is left can be told.
struct MadePrompt {
    struct Called {
        var id: String
        var arguments: String
        var result: String
    }

    struct Round {
        var thinking: String?
        var calls: [Called]
    }

    struct Turn {
        var user: String
        var rounds: [Round]
        var answer: String?
    }

    var system: String?
    var turns: [Turn]
    /// Reuses ids from turn to turn, as some clients do.
    var repeatsIDs: Bool

    init(seed: UInt64) {
        var random = Random(seed: seed)
        var count = 0
        func word(_ name: String) -> String {
            count += 1
            return "\(name)\(count)"
        }
        func filler(_ random: inout Random) -> String { String(repeating: "lorem ipsum ", count: random.below(40)) }
        let repeats = random.below(4) == 0
        repeatsIDs = repeats
        system = random.below(4) == 0 ? nil : "system0 " + filler(&random)
        let most = 1 + random.below(8)
        turns = (0..<most).map { turn in
            let rounds = random.below(3) == 0 ? random.below(6) : 0
            var made = Turn(user: word("user") + " " + filler(&random), rounds: [], answer: nil)
            made.rounds = (0..<rounds).map { round in
                let thinking = random.below(3) == 0 ? word("thought") : nil
                let calls = (0...random.below(3)).map { call in
                    let name = word("call")
                    let place = "{\n  \"path\" : \"a \\\"b\\\" \\\\ \(filler(&random))\",\n\t\"n\": 1.50, \"e\": 1E+2\n}"
                    let result =
                        random.below(2) == 0 ? "{ \"\(name)\": [ 1.0, true, \"x  y\" ] ,\n \"t\" : \"\(filler(&random))\" }\n" : "\(name) is done"
                    return Called(id: repeats ? "call_\(round)_\(call)" : "id_\(name)", arguments: place, result: result)
                }
                return Round(thinking: thinking, calls: calls)
            }
            let isLast = turn == most - 1
            if !isLast || random.below(3) == 0 { made.answer = word("answer") + " " + filler(&random) }
            return made
        }
    }

    // MARK: Dialects

    func body(_ api: API, seed: UInt64) -> String {
        var printer = LoosePrinter(seed: seed)
        return printer.print(value(api))
    }

    private func value(_ api: API) -> LooseJSON {
        let tools = LooseJSON.array([.object([("name", .text("look")), ("limit", .raw("1.00"))])])
        switch api {
        case .responses: return .object([("model", .text("m")), ("input", .array(items)), ("tools", tools)] + instructions("instructions"))
        case .messages:
            return .object([("model", .text("m")), ("max_tokens", .raw("10")), ("messages", .array(blocks))] + instructions("system"))
        case .generateContent:
            let system: [(String, LooseJSON)] = self.system.map { [("systemInstruction", .object([("parts", .array([Self.text($0)]))]))] } ?? []
            return .object([("contents", .array(contents))] + system)
        case .converse:
            let system: [(String, LooseJSON)] = self.system.map { [("system", .array([Self.text($0)]))] } ?? []
            return .object([("messages", .array(converse))] + system)
        default: return .object([("model", .text("m")), ("messages", .array(chat)), ("tools", tools)])
        }
    }

    private func instructions(_ name: String) -> [(String, LooseJSON)] { system.map { [(name, .text($0))] } ?? [] }
    private static func text(_ text: String) -> LooseJSON { .object([("text", .text(text))]) }

    private var chat: [LooseJSON] {
        var list: [LooseJSON] = []
        func say(_ role: String, _ text: String) { list.append(.object([("role", .text(role)), ("content", .text(text))])) }
        if let system { say("system", system) }
        for turn in turns {
            say("user", turn.user)
            for round in turn.rounds {
                let calls = round.calls.map { call in
                    LooseJSON.object([
                        ("id", .text(call.id)), ("type", .text("function")),
                        ("function", .object([("name", .text("look")), ("arguments", .text(call.arguments))])),
                    ])
                }
                list.append(.object([("role", .text("assistant")), ("content", .raw("null")), ("tool_calls", .array(calls))]))
                for call in round.calls {
                    list.append(.object([("role", .text("tool")), ("tool_call_id", .text(call.id)), ("content", .text(call.result))]))
                }
            }
            if let answer = turn.answer { say("assistant", answer) }
        }
        return list
    }

    private var items: [LooseJSON] {
        var list: [LooseJSON] = []
        for turn in turns {
            list.append(.object([("role", .text("user")), ("content", .text(turn.user))]))
            for round in turn.rounds {
                if let thinking = round.thinking {
                    list.append(
                        .object([
                            ("type", .text("reasoning")), ("id", .text("rs_\(thinking)")), ("summary", .array([])),
                            ("encrypted_content", .text("{ }")),
                        ]))
                }
                for call in round.calls {
                    list.append(
                        .object([
                            ("type", .text("function_call")), ("call_id", .text(call.id)), ("name", .text("look")),
                            ("arguments", .text(call.arguments)),
                        ]))
                }
                for call in round.calls {
                    list.append(.object([("type", .text("function_call_output")), ("call_id", .text(call.id)), ("output", .text(call.result))]))
                }
            }
            if let answer = turn.answer {
                list.append(.object([("type", .text("message")), ("role", .text("assistant")), ("content", .array([Self.said(answer)]))]))
            }
        }
        return list
    }

    private static func said(_ text: String) -> LooseJSON {
        .object([("type", .text("output_text")), ("text", .text(text)), ("annotations", .array([]))])
    }

    private var blocks: [LooseJSON] {
        rounds(assistant: "assistant") { call in
            .object([("type", .text("tool_use")), ("id", .text(call.id)), ("name", .text("look")), ("input", .raw(call.arguments))])
        } result: { call in
            .object([("type", .text("tool_result")), ("tool_use_id", .text(call.id)), ("content", .text(call.result))])
        } thought: { thought in
            .object([("type", .text("thinking")), ("thinking", .text(thought)), ("signature", .text("s"))])
        } text: {
            .object([("type", .text("text")), ("text", .text($0))])
        }
    }

    private var contents: [LooseJSON] {
        rounds(assistant: "model", "parts") { call in
            .object([("functionCall", .object([("name", .text("look")), ("args", .raw(call.arguments))])), ("thoughtSignature", .text("s"))])
        } result: { call in
            .object([("functionResponse", .object([("name", .text("look")), ("response", .object([("output", .text(call.result))]))]))])
        } thought: { _ in
            nil
        } text: {
            Self.text($0)
        }
    }

    private var converse: [LooseJSON] {
        rounds(assistant: "assistant") { call in
            .object([("toolUse", .object([("toolUseId", .text(call.id)), ("name", .text("look")), ("input", .raw(call.arguments))]))])
        } result: { call in
            .object([("toolResult", .object([("toolUseId", .text(call.id)), ("content", .array([Self.text(call.result)]))]))])
        } thought: { _ in
            nil
        } text: {
            Self.text($0)
        }
    }

    private func rounds(
        assistant: String, _ member: String = "content", call: (Called) -> LooseJSON, result: (Called) -> LooseJSON, thought: (String) -> LooseJSON?,
        text: (String) -> LooseJSON
    ) -> [LooseJSON] {
        var list: [LooseJSON] = []
        func say(_ role: String, _ parts: [LooseJSON]) { list.append(.object([("role", .text(role)), (member, .array(parts))])) }
        for turn in turns {
            // Alternation: a turn that ended with results and no answer takes the next words into the same message; none does but the last.
            say("user", [text(turn.user)])
            for round in turn.rounds {
                say(assistant, [round.thinking.flatMap(thought)].compactMap { $0 } + round.calls.map(call))
                say("user", round.calls.map(result))
            }
            if let answer = turn.answer { say(assistant, [text(answer)]) }
        }
        return list
    }
}

indirect enum LooseJSON {
    case object([(String, LooseJSON)])
    case array([LooseJSON])
    case text(String)
    case raw(String)
}

/// Prints with white space wherever JSON allows it, and escapes where it need not.
struct LoosePrinter {
    private var random: Random
    private var out = ""

    init(seed: UInt64) { random = Random(seed: seed) }

    mutating func print(_ value: LooseJSON) -> String {
        write(value)
        return out
    }

    private mutating func space() { out += ["", "", " ", "\n", "\t ", "\r\n  "][random.below(6)] }

    private mutating func write(_ value: LooseJSON) {
        switch value {
        case .object(let members):
            out += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { out += "," }
                space()
                write(.text(member.0))
                space()
                out += ":"
                space()
                write(member.1)
            }
            space()
            out += "}"
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                space()
                write(item)
            }
            space()
            out += "]"
        case .text(let text):
            out += "\""
            for scalar in text.unicodeScalars { out += written(scalar) }
            out += "\""
        case .raw(let text): out += text
        }
    }

    private mutating func written(_ scalar: Unicode.Scalar) -> String {
        let isRare = random.below(50) == 0 && scalar.value < 0x80
        switch scalar {
        case "\"": return isRare ? "\\u0022" : "\\\""
        case "\\": return isRare ? "\\u005c" : "\\\\"
        case "\n": return isRare ? "\\u000A" : "\\n"
        case "\t": return "\\t"
        case " ": return isRare ? "\\u0020" : " "
        case "/": return isRare ? "\\/" : "/"
        default: return String(scalar)
        }
    }
}
