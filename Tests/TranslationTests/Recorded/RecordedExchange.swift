import Foundation
import Testing

@testable import Translation

/// A recorded exchange with a real provider and what it means. Format: `Tests/Fixtures/wire/README.md`.
struct RecordedExchange: Sendable, CustomTestStringConvertible {
    var id: String
    var provider: String
    var api: API
    /// The body of the request, as recorded; nil where it was not.
    var request: [UInt8]?
    var status: Int
    /// Of a stream; nil: the reply is whole.
    var framing: Framing?
    var reply: [UInt8]
    var meaning: Meaning

    var testDescription: String { id }

    /// What a reply says, by readers that share nothing with ours.
    struct Meaning: Equatable, Sendable {
        var text = ""
        var thoughts = ""
        /// Name and arguments; these as canonical JSON, or nil where they are none.
        var calls: [Call] = []
        var finish: String?
        var refusal = ""
        var inputTokens: Int?
        var outputTokens: Int?
        var cachedTokens: Int?
        var failed = false

        struct Call: Equatable, Sendable {
            var name: String
            var arguments: String?
        }
    }

    static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "../../Fixtures/wire").standardizedFileURL

    /// Those whose dialect we read, successes and failures; `SWIFTLET_RECORDED` names another folder of the same form.
    static let all: [RecordedExchange] = {
        let folder = ProcessInfo.processInfo.environment["SWIFTLET_RECORDED"].map { URL(filePath: $0) } ?? Self.folder
        let meanings = object(at: folder.appending(path: "expected.json")) ?? [:]
        return meanings.keys.sorted().compactMap { id in
            guard let meaning = meanings[id] as? [String: Any], let provider = id.split(separator: ".").first else { return nil }
            guard let value = object(at: folder.appending(path: "\(provider)/\(id).json")) else { return nil }
            return RecordedExchange(id: id, value, meaning)
        }
    }()

    private static func object(at place: URL) -> [String: Any]? {
        guard let data = try? Data(contentsOf: place) else { return nil }  // no such file: the caller's list gets shorter, and is counted
        return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
    }

    private static let apis: [String: API] = [
        "chat": .chatCompletions, "responses": .responses, "messages": .messages, "generateContent": .generateContent,
        "streamGenerateContent": .generateContent, "converse": .converse, "converse-stream": .converse, "cohere-chat": .cohereChat,
    ]

    private init?(id: String, _ value: [String: Any], _ meaning: [String: Any]) {
        guard let api = (value["api"] as? String).flatMap({ Self.apis[$0] }), api.dialect != nil else { return nil }
        guard let response = value["response"] as? [String: Any], let status = response["status"] as? Int else { return nil }
        self.id = id
        self.api = api
        self.status = status
        provider = value["provider"] as? String ?? ""
        request = ((value["request"] as? [String: Any])?["body"] as? [String: Any]).flatMap { Self.bytes($0) }
        self.meaning = Meaning(meaning)
        if let stream = response["stream"] as? [String: Any], let parts = stream["parts"] as? [String] {
            framing = stream["framing"] as? String == "eventstream" ? .eventStream : .events
            let isBase64 = stream["encoding"] as? String == "base64"
            reply = parts.flatMap { isBase64 ? Array(Data(base64Encoded: $0) ?? Data()) : Array($0.utf8) }
        } else {
            framing = response["body"] is [Any] ? .array : nil
            reply = Self.bytes(response["body"] ?? [:]) ?? []
        }
    }

    static func bytes(_ value: Any) -> [UInt8]? {
        guard JSONSerialization.isValidJSONObject(value) else { return nil }
        return (try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])).map { Array($0) }
    }
}

extension RecordedExchange.Meaning {
    init(_ value: [String: Any]) {
        text = value["text"] as? String ?? ""
        thoughts = (value["plan"] as? String ?? "") + (value["thoughts"] as? String ?? "")
        finish = value["finish"] as? String
        refusal = value["refusal"] as? String ?? ""
        failed = value["failure"] != nil
        for case let call as [String: Any] in value["calls"] as? [Any] ?? [] {
            calls.append(Call(name: call["name"] as? String ?? "", arguments: Self.canonical(call["arguments"] as? String ?? "")))
        }
        let usage = value["usage"] as? [String: Any] ?? [:]
        (inputTokens, outputTokens, cachedTokens) = (usage["input"] as? Int, usage["output"] as? Int, usage["cached"] as? Int)
    }

    static func canonical(_ arguments: String) -> String? {
        guard let value = try? JSONSerialization.jsonObject(with: Data((arguments.isEmpty ? "{}" : arguments).utf8)) else { return nil }
        return RecordedExchange.bytes(value).map { String(decoding: $0, as: UTF8.self) }
    }
}
