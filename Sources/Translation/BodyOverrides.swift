import Wire

/// Members that a deployment or a rule sets in the bodies sent to it, in place of the client's.
///
/// `model`, `stream`, `stream_options` and members with a null are none: the first is the deployment's own, the others decide how
/// the reply is read.
public struct BodyOverrides: Sendable {
    private struct Member: Sendable {
        /// Decoded.
        var name: [UInt8]
        /// As written, the name with its quotes and the value: `"temperature":0`.
        var text: [UInt8]
    }

    private var members: [Member] = []
    /// Names that are taken out and not set.
    private var removed: [[UInt8]] = []

    private static let reserved: [[UInt8]] = ["model", "stream", "stream_options"].map { Array($0.utf8) }

    public static let none = BodyOverrides()

    private init() {}

    /// `json` is the text of an object; of a name that occurs twice the last counts.
    public init(_ json: [UInt8]) throws(JSONProblem) {
        var members: [Member] = []
        var problem: JSONProblem?
        json.withUnsafeBytes { raw in
            do throws(JSONProblem) {
                try Self.forEachMember(of: raw) { name, value in
                    let isNull = raw[Int(value.start)] == UInt8(ascii: "n")
                    if isNull || Self.reserved.contains(name) { return }
                    var text: [UInt8] = []
                    JSONWriter.append(String(decoding: name, as: UTF8.self), to: &text)
                    text.append(UInt8(ascii: ":"))
                    text += value.of(raw)
                    members.removeAll { $0.name == name }
                    members.append(Member(name: name, text: text))
                }
            } catch { problem = error }
        }
        if let problem { throw problem }
        self.members = members
    }

    /// What a provider itself demands: one text set, some members taken out.
    public init(setting name: String, to text: String, removing removed: [String] = []) {
        var member: [UInt8] = []
        JSONWriter.append(name, to: &member)
        member.append(UInt8(ascii: ":"))
        JSONWriter.append(text, to: &member)
        members = [Member(name: Array(name.utf8), text: member)]
        self.removed = removed.map { Array($0.utf8) }
    }

    public var isEmpty: Bool { members.isEmpty && removed.isEmpty }

    /// Of two with the same name, the one of `other` counts.
    public func merged(with other: BodyOverrides) -> BodyOverrides {
        var merged = self
        merged.members.removeAll { own in other.members.contains { $0.name == own.name } }
        merged.members += other.members
        merged.removed += other.removed
        return merged
    }

    /// `body`, an object, with these members in place of its own of the same names. `max_tokens` also takes the place of
    /// `max_completion_tokens`, and the other way round: providers refuse both.
    public func applied(to body: UnsafeRawBufferPointer) throws(JSONProblem) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "{")]
        out.reserveCapacity(body.count + members.reduce(0) { $0 + $1.text.count + 1 })
        try Self.forEachMember(of: body) { name, value in
            guard !replaces(name) else { return }
            if out.count > 1 { out.append(UInt8(ascii: ",")) }
            JSONWriter.append(String(decoding: name, as: UTF8.self), to: &out)
            out.append(UInt8(ascii: ":"))
            out += value.of(body)
        }
        for member in members {
            if out.count > 1 { out.append(UInt8(ascii: ",")) }
            out += member.text
        }
        out.append(UInt8(ascii: "}"))
        return out
    }

    private static let limits: [[UInt8]] = ["max_tokens", "max_completion_tokens"].map { Array($0.utf8) }

    private func replaces(_ name: [UInt8]) -> Bool {
        removed.contains(name) || members.contains { $0.name == name || (Self.limits.contains(name) && Self.limits.contains($0.name)) }
    }

    private static func forEachMember(
        of body: UnsafeRawBufferPointer, _ each: (_ name: [UInt8], _ value: ByteRange) -> Void
    ) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            var name: [UInt8] = []
            JSONEscapes.decode(key.range.of(body)) { name.append($0) }
            each(name, try scanner.skip())
        }
        try scanner.finish()
    }
}
