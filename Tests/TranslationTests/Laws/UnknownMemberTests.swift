import Foundation
import Testing

@testable import Translation

/// A member that nobody knows, anywhere in a request, is carried along or named: providers invent new ones every week.
@Suite("Unknown members are not lost silently") struct UnknownMemberTests {
    /// What is copied as it stands, or is somebody else's object.
    private static let opaque: Set = [
        "parameters", "schema", "input_schema", "inputSchema", "json", "input", "args", "response", "metadata", "requestMetadata", "logit_bias",
        "parametersJsonSchema", "responseJsonSchema", "audio", "citations", "cache_control", "cachePoint",
    ]

    /// Paths of the objects in `value`, as keys and indices.
    private static func objects(in value: Any, _ path: [String] = []) -> [[String]] {
        if let object = value as? [String: Any] {
            return [path]
                + object.keys.sorted().filter { !opaque.contains($0) || (path.isEmpty && $0 == "input") }
                .flatMap { objects(in: object[$0] ?? [:], path + [$0]) }
        }
        guard let list = value as? [Any] else { return [] }
        return list.indices.flatMap { objects(in: list[$0], path + ["\($0)"]) }
    }

    private static func marked(_ value: Any, _ path: ArraySlice<String>) -> Any {
        if var object = value as? [String: Any] {
            guard let first = path.first else {
                object["mark_name"] = "mark_value"
                return object
            }
            object[first] = marked(object[first] ?? [:], path.dropFirst())
            return object
        }
        guard var list = value as? [Any], let first = path.first.flatMap({ Int($0) }) else { return value }
        list[first] = marked(list[first], path.dropFirst())
        return list
    }

    /// The request for the provider and what is said to be lost; nil: it is refused.
    private static func asked(_ body: [UInt8], _ client: API, _ provider: RequestLawTests.Provider) -> (written: String, loss: String)? {
        body.withUnsafeBytes { raw in
            var loss = Loss()
            guard let conversation = try? client.dialect?.read(raw, Call(api: client)),
                let written = try? provider.api.dialect?.write(conversation, to: provider.target, loss: &loss)
            else { return nil }
            return (String(decoding: written, as: UTF8.self), loss.line)
        }
    }

    @Test("of every client before every provider", arguments: RequestLawTests.clients, RequestLawTests.providers)
    func marks(_ client: API, _ provider: RequestLawTests.Provider) throws {
        guard client != provider.api else { return }  // passes as it is
        var (tried, lost) = (0, Set<String>())
        for seed in 1...120 as ClosedRange<UInt64> where tried < 60 {
            let made = MadeConversation.make(seed: seed, origin: provider.target.origin)
            let body = try RequestLawTests.written(made, in: client, origin: provider.target.origin)
            // Where nothing is lost, nothing can be hidden in what is.
            guard let plain = Self.asked(body, client, provider), plain.loss.isEmpty else { continue }
            let value = try JSONSerialization.jsonObject(with: Data(body))
            for path in Self.objects(in: value) {
                let marked = RecordedExchange.bytes(Self.marked(value, path[...])) ?? []
                guard let (written, loss) = Self.asked(marked, client, provider) else { continue }
                tried += 1
                // Named by itself, or by the whole that only its own dialect understands with it.
                if !written.contains("mark_"), loss.isEmpty {
                    lost.insert(path.map { Int($0) == nil ? $0 : "i" }.joined(separator: "."))
                }
            }
        }
        #expect(lost.isEmpty, "\(lost.sorted())")
        #expect(tried > 5)
    }
}
