import Foundation
import Routing
import Testing
import Wire

@testable import Translation

/// What every shorter prompt has to be, whichever way it became shorter: what the providers refuse otherwise.
struct PromptLaws {
    private struct Spoken {
        var isAssistant: Bool
        var calls: [String] = []
        var results: [String] = []
        var isReasoning = false
        /// The message without white space: it stands in the original like this.
        var text: String
    }

    private let api: API
    private let before: [Spoken]
    private let after: [Spoken]
    private let systemBefore: [String]
    private let systemAfter: [String]

    init(_ api: API, before: [UInt8], after: [UInt8]) throws {
        self.api = api
        (self.before, systemBefore) = try Self.read(api, before)
        (self.after, systemAfter) = try Self.read(api, after)
    }

    func check(seed: UInt64) {
        let seeded: Comment = "seed \(seed), \(api)"
        #expect(systemBefore == systemAfter, seeded)
        #expect(before.first?.text == after.first?.text, seeded)
        #expect(before.last?.text == after.last?.text, seeded)
        // In order, and nothing new.
        var rest = before[...]
        for message in after {
            let found = rest.firstIndex { $0.text == message.text }
            #expect(found != nil, seeded)
            if let found { rest = rest[(found + 1)...] }
        }
        #expect(before.flatMap(\.calls).isEmpty || pairs(seeded))
        for (index, message) in after.enumerated().dropFirst() {
            let previous = after[index - 1]
            switch api {
            case .messages, .generateContent, .converse: #expect(previous.isAssistant != message.isAssistant, seeded)
            case .responses: #expect(!previous.isReasoning || message.isAssistant, seeded)
            default: break
            }
        }
    }

    /// Each result follows its call with nothing but other results between, and each call that had results has them all.
    private func pairs(_ seeded: Comment) -> Bool {
        var isWhole = true
        var open: [String] = []
        for message in after {
            if !message.results.isEmpty {
                for id in message.results {
                    guard let place = open.firstIndex(of: id) else {
                        Issue.record("a result of \(id) without its call: \(seeded)")
                        isWhole = false
                        continue
                    }
                    open.remove(at: place)
                }
            } else if message.calls.isEmpty, !open.isEmpty {
                Issue.record("\(open) are left open: \(seeded)")
                isWhole = false
                open = []
            }
            open += message.calls
        }
        return isWhole && open.isEmpty
    }

    // MARK: Reading

    private static func read(_ api: API, _ body: [UInt8]) throws -> (spoken: [Spoken], system: [String]) {
        let root = try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        let name = api == .generateContent ? "contents" : api == .responses ? "input" : "messages"
        var system = ["system", "systemInstruction", "instructions", "tools", "model"].compactMap { root[$0].map(tight) }
        var spoken: [Spoken] = []
        for message in try #require(root[name] as? [[String: Any]]) {
            if message["role"] as? String == "system" { system.append(tight(message)) } else { spoken.append(read(message)) }
        }
        return (spoken, system)
    }

    private static func read(_ message: [String: Any]) -> Spoken {
        let role = message["role"] as? String
        let type = message["type"] as? String
        var spoken = Spoken(
            isAssistant: role == "assistant" || role == "model" || type == "function_call" || type == "reasoning", text: tight(message))
        spoken.isReasoning = type == "reasoning"
        let id = message["call_id"] as? String ?? ""
        if type == "function_call" { spoken.calls = [id] }
        if type == "function_call_output" { spoken.results = [id] }
        if role == "tool" { spoken.results = [message["tool_call_id"] as? String ?? ""] }
        spoken.calls += (message["tool_calls"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        for part in message["content"] as? [[String: Any]] ?? message["parts"] as? [[String: Any]] ?? [] {
            if part["type"] as? String == "tool_use" { spoken.calls.append(part["id"] as? String ?? "") }
            if part["type"] as? String == "tool_result" { spoken.results.append(part["tool_use_id"] as? String ?? "") }
            if let use = part["toolUse"] as? [String: Any] { spoken.calls.append(use["toolUseId"] as? String ?? "") }
            if let result = part["toolResult"] as? [String: Any] { spoken.results.append(result["toolUseId"] as? String ?? "") }
            // Gemini's have no ids: they answer one another in order.
            if part["functionCall"] != nil { spoken.calls.append("it") }
            if part["functionResponse"] != nil { spoken.results.append("it") }
        }
        return spoken
    }

    /// Without white space of any kind, which the first step may take out of texts.
    private static func tight(_ value: Any) -> String {
        let data = (try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])) ?? Data()
        let text = String(decoding: data, as: UTF8.self)
        return ["\\n", "\\t", "\\r", " "].reduce(text) { $0.replacingOccurrences(of: $1, with: "") }
    }
}

/// The tokens of a JSON text, each as its bytes, and those of texts in it that are JSON themselves.
enum JSONTokens {
    static func of(_ bytes: [UInt8], nested: Bool = true) -> [[UInt8]] {
        var tokens: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            var end = at + 1
            switch bytes[at] {
            case 0x20, 0x0a, 0x0d, 0x09:
                at += 1
                continue
            case UInt8(ascii: "\""):
                while bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
                end += 1
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"): break
            default:
                let stops = Array(",:]} \n\r\t".utf8)
                while end < bytes.count, !stops.contains(bytes[end]) { end += 1 }
            }
            let token = Array(bytes[at..<end])
            at = end
            guard nested, token.first == UInt8(ascii: "\""), let inner = container(token) else {
                tokens.append(token)
                continue
            }
            tokens.append(Array("<".utf8))
            tokens += of(inner, nested: false)
            tokens.append(Array(">".utf8))
        }
        return tokens
    }

    private static func container(_ token: [UInt8]) -> [UInt8]? {
        var plain: [UInt8] = []
        token.dropFirst().dropLast().withUnsafeBytes { JSONEscapes.decode($0) { plain.append($0) } }
        guard let first = plain.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
        return plain.withUnsafeBytes { raw in (try? JSONScanner.validate(raw)) != nil } ? plain : nil
    }
}
