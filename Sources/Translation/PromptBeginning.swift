import Routing
import Wire

/// Reads how a prompt begins: a digest behind tools and system prompt, behind each message, and within long ones. What only marks a place
/// for the provider's cache (`cache_control`, `cachePoint`) is no part of them, since clients move the marks from turn to turn.
public struct PromptBeginning {
    /// Names of what stands before the conversation, in the order in which it is read, and of the conversation.
    private static let heads: [StaticString] = [
        "tools", "toolConfig", "system", "systemInstruction", "system_instruction", "instructions",
    ]
    private static let lists: [StaticString] = ["messages", "input", "contents"]
    /// Bytes of a message within which more digests are made, at this many, twice as many, and so on.
    private static let step = 8_192

    private let body: UnsafeRawBufferPointer
    private var digest: UInt64 = 0
    private var bytes = 0
    private var parts: [PromptBeginnings.Part] = []
    private var isMarked = false

    /// `body` has been read as a `Call` before, so it is valid. Linear in it.
    /// - Parameter tokens: Of all of it, estimated.
    public static func read(_ body: UnsafeRawBufferPointer, tokens: Int) -> PromptBeginnings {
        var reader = PromptBeginning(body)
        do throws(JSONProblem) { try reader.read() } catch { return PromptBeginnings() }
        return reader.beginnings(tokens: tokens)
    }

    private init(_ body: UnsafeRawBufferPointer) { self.body = body }

    private mutating func read() throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var heads = [JSONScanner?](repeating: nil, count: Self.heads.count)
        var list: JSONScanner?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if let at = Self.heads.firstIndex(where: { scanner.text(name, is: $0) }) {
                heads[at] = scanner
            } else if Self.lists.contains(where: { scanner.text(name, is: $0) }) {
                list = scanner
            }
            try scanner.skip()
        }
        for at in heads.indices {
            guard var head = heads[at] else { continue }
            let start = head.offset
            if let hash = try hash(of: &head) { add(hash ^ UInt64(at), bytes: head.offset - start) }
        }
        if bytes > 0 { mark() }
        guard var list else { return }
        guard try list.peek() == .array else { return try message(&list) }
        try list.enterArray()
        while try list.nextElement() { try message(&list) }
    }

    private mutating func message(_ scanner: inout JSONScanner) throws(JSONProblem) {
        _ = try scanner.peek()
        let start = scanner.offset
        let found = try hash(of: &scanner)
        let length = scanner.offset - start
        let before = (digest, bytes)
        var size = Self.step
        while size < length {
            add(Random.hash(bytes: UnsafeRawBufferPointer(rebasing: body[start..<start + size])), bytes: size)
            mark()
            (digest, bytes) = before
            size *= 2
        }
        guard let found else { return }
        add(found, bytes: length)
        mark()
    }

    private mutating func add(_ hash: UInt64, bytes count: Int) {
        digest = Random.mix(digest ^ hash)
        bytes += count
    }

    private mutating func mark() { parts.append(PromptBeginnings.Part(digest: digest, tokens: bytes)) }

    /// Of one value; nil where there is nothing in it but marks.
    private mutating func hash(of scanner: inout JSONScanner) throws(JSONProblem) -> UInt64? {
        switch try scanner.peek() {
        case .object:
            var (hash, count, marks): (UInt64, Int, Int) = (1, 0, 0)
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "cache_control") || scanner.text(name, is: "cachePoint") {
                    marks += 1
                    try scanner.skip()
                } else {
                    count += 1
                    let value = try self.hash(of: &scanner) ?? 0
                    hash = Random.mix(hash ^ Random.hash(bytes: name.range.of(body)) ^ Random.mix(value))
                }
            }
            if marks > 0 { isMarked = true }
            return count == 0 && marks > 0 ? nil : hash
        case .array:
            var hash: UInt64 = 2
            try scanner.enterArray()
            while try scanner.nextElement() {
                if let element = try self.hash(of: &scanner) { hash = Random.mix(hash ^ element) }
            }
            return hash
        case .string: return Random.hash(bytes: try scanner.string().range.of(body))
        case .number, .bool, .null: return Random.hash(bytes: try scanner.skip().of(body)) ^ 3
        }
    }

    /// The last of them, and of those before the ones at powers of two: a conversation that grew by some messages is still found.
    private func beginnings(tokens: Int) -> PromptBeginnings {
        let recent = PromptBeginnings.most / 2
        let kept = parts.indices.filter { $0 >= parts.count - recent || $0 & ($0 + 1) == 0 }.map { parts[$0] }
        let total = max(1, bytes)
        let scaled = kept.map { part in
            PromptBeginnings.Part(digest: part.digest, tokens: Int((Double(part.tokens) / Double(total) * Double(tokens)).rounded()))
        }
        return PromptBeginnings(parts: scaled.sorted { $0.tokens < $1.tokens }, isMarked: isMarked)
    }
}
