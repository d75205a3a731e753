/// Puts stand-ins where personal data stood, `[EMAIL_1]`, and back. The same value gets the same number, across all texts of one masking,
/// so that an answer can speak of it.
public struct PersonalDataMasking: Sendable {
    /// Values remembered; what comes after them is masked without a number of its own and cannot be put back.
    public static let maxValues = 1024

    private struct Stand: Sendable {
        var name: [UInt8]
        var value: [UInt8]
    }

    private var stands: [Stand] = []
    private var places: [[UInt8]: Int] = [:]
    private var counts: [PersonalData.Kind: Int] = [:]

    public init() {}

    /// No stand-in is given a name that stands in these texts already: who wrote it there meant something else by it. What a model says
    /// again is meant as it was.
    public mutating func avoid(_ texts: [GuardedText]) {
        for text in texts where text.role != .assistant && text.role != .reply {
            var index = 0
            while let open = text.bytes[index...].firstIndex(of: UInt8(ascii: "[")) {
                index = open + 1
                if let end = Self.end(of: text.bytes, from: open) { avoid(text.bytes[(open + 1)..<(end - 1)]) }
            }
        }
    }

    /// `EMAIL_3`.
    private mutating func avoid(_ name: ArraySlice<UInt8>) {
        guard let line = name.lastIndex(of: UInt8(ascii: "_")), let number = Int(String(decoding: name[(line + 1)...], as: UTF8.self)) else { return }
        let label = String(decoding: name[..<line], as: UTF8.self)
        guard number <= Self.highestAvoided, let kind = PersonalData.Kind.allCases.first(where: { Self.label($0) == label }) else { return }
        counts[kind] = max(counts[kind, default: 0], number)
    }

    /// A number beyond it has no name of this form.
    private static let highestAvoided = 9_999 - maxValues

    public var isEmpty: Bool { stands.isEmpty }
    public var count: Int { stands.count }

    /// The text with stand-ins for `findings`, which are in the order of the text and do not overlap.
    public mutating func mask(_ text: UnsafeBufferPointer<UInt8>, _ findings: [PersonalData.Finding]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + findings.count * 16)
        var at = 0
        for finding in findings where finding.range.lowerBound >= at && finding.range.upperBound <= text.count {
            result.append(contentsOf: text[at..<finding.range.lowerBound])
            result.append(contentsOf: standIn(for: Array(text[finding.range]), finding.kind))
            at = finding.range.upperBound
        }
        result.append(contentsOf: text[at...])
        return result
    }

    public mutating func mask(_ text: [UInt8], _ findings: [PersonalData.Finding]) -> [UInt8] {
        text.withUnsafeBufferPointer { mask($0, findings) }
    }

    /// `[EMAIL_1]`; of a value that was seen the name that it has.
    public mutating func standIn(for value: [UInt8], _ kind: PersonalData.Kind) -> [UInt8] {
        let key = [kind.rawValue] + value
        if let place = places[key] { return stands[place].name }
        guard stands.count < Self.maxValues else { return Array("[\(Self.label(kind))]".utf8) }
        let number = counts[kind, default: 0] + 1
        counts[kind] = number
        let name = Array("[\(Self.label(kind))_\(number)]".utf8)
        places[key] = stands.count
        stands.append(Stand(name: name, value: value))
        return name
    }

    private static func label(_ kind: PersonalData.Kind) -> String { kind.name.uppercased() }

    /// The text with the values back; stand-ins that are none of these stay. Linear: a stand-in is looked for where a bracket opens.
    public func restore(_ text: [UInt8]) -> [UInt8] {
        guard !stands.isEmpty else { return text }
        var names: [[UInt8]: Int] = [:]
        for (place, stand) in stands.enumerated() { names[stand.name] = place }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "["), let end = Self.end(of: text, from: index), let place = names[Array(text[index..<end])] {
                result.append(contentsOf: stands[place].value)
                index = end
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// What a stand-in stands for; nil: it is none of the first `known`.
    func value(of name: some Sequence<UInt8>, among known: Int) -> [UInt8]? { stands.prefix(known).first { $0.name.elementsEqual(name) }?.value }

    /// Whether the value has a stand-in.
    public func knows(_ value: [UInt8], _ kind: PersonalData.Kind) -> Bool { places[[kind.rawValue] + value] != nil }

    /// How many bytes at the end of a piece of a stream may begin a stand-in: they wait for the next piece.
    public func held(_ text: [UInt8]) -> Int {
        guard !stands.isEmpty, let open = text.suffix(Self.longestName - 1).lastIndex(of: UInt8(ascii: "[")) else { return 0 }
        return text[(open + 1)...].allSatisfy(Self.isOfName) ? text.count - open : 0
    }

    /// `[NATIONAL_ID_1024]`.
    static let longestName = 18

    private static func end(of text: [UInt8], from open: Int) -> Int? {
        var index = open + 1
        while index < text.count, index - open < longestName, isOfName(text[index]) { index += 1 }
        return index < text.count && text[index] == UInt8(ascii: "]") ? index + 1 : nil
    }

    static func isOfName(_ byte: UInt8) -> Bool { byte.isUpper || byte.isDigit || byte == UInt8(ascii: "_") }
}
