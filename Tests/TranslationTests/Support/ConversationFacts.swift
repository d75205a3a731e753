import Foundation
import Wire

@testable import Translation

/// What a conversation says, in words that do not depend on how a dialect arranges it, each with the paths that a `Loss` may
/// name it by. Left out is what everybody takes for granted, such as `n: 1`.
struct ConversationFacts {
    struct Fact {
        var text: String
        /// Where it stands: `messages[2].content[0]`. Nil: a member of the request.
        var place: String?
        /// Names by which it may be reported: of a member, or of something within its place.
        var names: [String]
    }

    /// In the order in which they are said.
    private(set) var prompt: [Fact] = []
    private(set) var dialog: [Fact] = []
    /// By name.
    private(set) var members: [Fact] = []

    private let conversation: Conversation
    private let origin: Seal.Origin?
    /// Of calls and of the calls that results belong to, by message and part.
    private var numbers: [String: String] = [:]

    /// - Parameter origin: Thoughts that it sealed must survive; others have no place elsewhere.
    init(_ conversation: Conversation, origin: Seal.Origin?) {
        (self.conversation, self.origin) = (conversation, origin)
        number()
        messages()
        ConversationWishes(conversation).facts.forEach { members.append($0) }
        tools()
        members.sort { $0.text < $1.text }
    }

    // MARK: Messages

    /// Ids may be mapped: a call is known by its place among the calls.
    private mutating func number() {
        var calls = 0
        var open: [(id: String?, name: String, number: Int)] = []
        for (at, message) in conversation.messages.enumerated() {
            for (index, part) in message.parts.enumerated() {
                if case .toolCall(let call) = part {
                    open.append((call.id?.string, call.name.string, calls))
                    numbers["\(at).\(index)"] = "\(calls)"
                    calls += 1
                }
                guard case .toolResult(let result) = part else { continue }
                let (id, name) = (result.id?.string, result.name?.string)
                if let found = open.firstIndex(where: { id == nil ? $0.name == name : $0.id == id }) {
                    numbers["\(at).\(index)"] = "\(open.remove(at: found).number)"
                }
            }
        }
    }

    private mutating func messages() {
        var at = 0
        while at < conversation.messages.count {
            switch conversation.messages[at].role {
            case .system, .developer:
                for (place, part) in conversation.messages[at].parts.enumerated() {
                    add(part, "messages[\(at)].content[\(place)]", "prompt", to: &prompt)
                }
                at += 1
            case .assistant: answer(&at)
            case .user, .tool: question(&at)
            }
        }
    }

    /// Results come first, then their media, then the rest, whoever says it in how many messages.
    private mutating func question(_ at: inout Int) {
        var (results, media, rest): ([Fact], [Fact], [Fact]) = ([], [], [])
        while at < conversation.messages.count, [.user, .tool].contains(conversation.messages[at].role) {
            let message = conversation.messages[at]
            for (index, part) in message.parts.enumerated() {
                let place = "messages[\(at)].content[\(index)]"
                if case .toolResult(let result) = part {
                    add(result, place, at, index, &results, &media)
                } else {
                    add(part, place, "user", to: &rest)
                }
            }
            if let name = message.name { rest.append(Fact(text: "name \(name.string)", place: "messages[\(at)]", names: ["name"])) }
            at += 1
        }
        dialog += results + media + rest
    }

    private mutating func add(_ result: ToolResult, _ place: String, _ at: Int, _ index: Int, _ results: inout [Fact], _ media: inout [Fact]) {
        let number = numbers["\(at).\(index)"] ?? "?"
        var text = result.object.map { Self.output(of: $0) } ?? ""
        for (inner, part) in result.parts.enumerated() {
            switch part {
            case .text(let part):
                text += part.text.string
                if part.cache != nil { results.append(Fact(text: "result \(number) cache", place: "messages[\(at)]", names: ["cache_control"])) }
            default: add(part, "\(place).content[\(inner)]", "user", to: &media, within: "messages[\(at)]")
            }
        }
        results.append(Fact(text: "result \(number): \(text)", place: place, names: []))
        let isError = result.isError || result.object.map { Self.isError($0) } ?? false
        if isError { results.append(Fact(text: "result \(number) is an error", place: "messages[\(at)]", names: ["is_error"])) }
        if result.cache != nil { results.append(Fact(text: "result \(number) cache", place: "messages[\(at)]", names: ["cache_control"])) }
    }

    /// Google's members for results that are texts.
    private static func output(of object: JSONSlice) -> String {
        let whole = String(decoding: object.bytes, as: UTF8.self)
        guard let value = try? JSONSerialization.jsonObject(with: Data(object.bytes)) as? [String: Any], value.count == 1 else { return whole }
        return (value["output"] ?? value["error"]) as? String ?? whole
    }

    private static func isError(_ object: JSONSlice) -> Bool {
        ((try? JSONSerialization.jsonObject(with: Data(object.bytes))) as? [String: Any])?.keys.first == "error"
    }

    /// Thoughts, what was said in one text, calls: some dialects keep these apart.
    private mutating func answer(_ at: inout Int) {
        var (thoughts, said, marks, calls): ([Fact], String, [Fact], [Fact]) = ([], "", [], [])
        let first = at
        while at < conversation.messages.count, conversation.messages[at].role == .assistant {
            for (index, part) in conversation.messages[at].parts.enumerated() {
                let place = "messages[\(at)].content[\(index)]"
                switch part {
                case .text(let text):
                    said += text.text.string
                    if text.cache != nil { marks.append(Fact(text: "said cache", place: "messages[\(at)]", names: ["cache_control"])) }
                case .refusal(let text): said += text.string
                case .toolCall(let call):
                    let number = numbers["\(at).\(index)"] ?? "?"
                    let arguments = call.arguments.string
                    calls.append(Fact(text: "call \(number) \(call.name.string) \(arguments.isEmpty ? "{}" : arguments)", place: place, names: []))
                    if call.cache != nil { calls.append(Fact(text: "call \(number) cache", place: "messages[\(at)]", names: ["cache_control"])) }
                case .reasoning(let reasoning):
                    guard let seal = reasoning.seal, seal.origin == origin else { continue }
                    thoughts.append(Fact(text: "thought \(reasoning.text.string) \(seal.data.string)", place: place, names: []))
                default: add(part, place, "assistant", to: &calls)
                }
            }
            at += 1
        }
        dialog += thoughts
        if !said.isEmpty { dialog.append(Fact(text: "said \(said)", place: "messages[\(first)]", names: [])) }
        dialog += marks + calls
    }

    private func add(_ part: Translation.Part, _ place: String, _ who: String, to facts: inout [Fact], within: String? = nil) {
        switch part {
        case .text(let text):
            if !text.text.isEmpty { facts.append(Fact(text: "\(who): \(text.text.string)", place: place, names: [])) }
            if text.cache != nil { facts.append(Fact(text: "\(who) cache", place: within ?? place, names: ["cache_control"])) }
        case .media(let media): add(media, within ?? place, who, to: &facts)
        case .refusal(let text): facts.append(Fact(text: "\(who): \(text.string)", place: place, names: []))
        case .native(let type, _): facts.append(Fact(text: "native \(type.string)", place: place, names: []))
        case .reasoning, .toolCall, .toolResult: break
        }
    }

    private func add(_ media: Media, _ place: String, _ who: String, to facts: inout [Fact]) {
        func attribute(_ name: String, _ value: String?) {
            if let value { facts.append(Fact(text: "\(media.kind) \(name) \(value)", place: place, names: [name, "image_url.\(name)"])) }
        }
        var text: String?
        if case .text(let plain) = media.source { text = plain.string }
        if case .base64(let data) = media.source, media.kind == .document, media.type?.isText == true {
            text = Base64.decode(data).map { String(decoding: $0, as: UTF8.self) }
        }
        if let text {
            facts.append(Fact(text: "\(who): \(text)", place: place, names: []))
        } else {
            facts.append(Fact(text: "\(who) \(media.kind) \(Self.text(media.source, media.type))", place: place, names: []))
        }
        attribute("detail", media.detail?.string == "auto" ? nil : media.detail?.string)
        // One dialect has few characters for names.
        let name = media.name?.string.replacing("_", with: "-")
        if let name, !["document.pdf", "document.txt"].contains(name), !name.hasPrefix("document-") {
            facts.append(Fact(text: "\(media.kind) name \(name)", place: place, names: ["title", "filename", "name"]))
        }
        attribute("context", media.context?.string)
        attribute("citations", media.citations.map { String(decoding: $0.bytes, as: UTF8.self) })
        if media.cache != nil { facts.append(Fact(text: "\(media.kind) cache", place: place, names: ["cache_control"])) }
    }

    private static func text(_ source: Media.Source, _ type: TextSlice?) -> String {
        switch source {
        case .url(let url): "at \(url.string)"
        case .base64(let data): "\((type?.string ?? "?").replacing("mp3", with: "mpeg")) \(data.string)"
        case .file(let id): "file \(id.string)"
        case .text(let text): "text \(text.string)"
        case .location(let place): "in \(place.string)"
        }
    }

    // MARK: Tools

    /// A choice among some tools is the same as offering only those.
    private mutating func tools() {
        // Tools that may not be called are as none.
        if case .some(.none) = conversation.toolChoice { return }
        var allowed: Set<String>?
        var choice = ""
        switch conversation.toolChoice {
        case .among(let names, let isRequired):
            allowed = Set(names.map(\.string))
            if isRequired { choice = "required" }
        case .required: choice = "required"
        case .named(let name): choice = "named \(name.string)"
        case .some(.none), .auto, nil: break
        }
        if !choice.isEmpty { members.append(Fact(text: "tool_choice \(choice)", place: nil, names: ["tool_choice"])) }
        for (index, tool) in conversation.tools.enumerated() {
            let name = tool.name.string
            guard allowed?.contains(name) ?? true else { continue }
            func add(_ text: String, _ names: [String]) {
                members.append(Fact(text: "tool \(name) \(text)", place: nil, names: names.map { "tools[\(index)].\($0)" } + ["tools[\(index)]"]))
            }
            let schema = tool.schema.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
            add(["", #"{"type":"object","properties":{}}"#, #"{"type":"object"}"#].contains(schema) ? "without arguments" : schema, [])
            if let description = tool.description { add("described \(description.string)", ["description"]) }
            if tool.strict == true { add("strict", ["strict"]) }
            if tool.cache != nil { add("cache", ["cache_control"]) }
        }
        if conversation.parallelTools == false, !conversation.tools.isEmpty {
            members.append(Fact(text: "no parallel calls", place: nil, names: ["parallel_tool_calls"]))
        }
    }
}
