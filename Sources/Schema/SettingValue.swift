/// What a setting can hold.
public protocol SettingValue: Sendable {
    /// Nil when it could not be read; then `reading` has a problem more.
    static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Self?
    static var shape: Shape { get }
    /// As it would be written in a document. Nil: nothing to show, or too much.
    var written: String? { get }
}

extension SettingValue {
    public var written: String? { nil }

    /// For values of one word.
    public static func readWord(_ node: Node, at path: String, _ reading: inout Reading, expected: String, _ parse: (String) -> Self?) -> Self? {
        if let value = node.scalar.flatMap(parse) { return value }
        reading.refuse(node, at: path, expected: expected)
        return nil
    }
}

extension Bool: SettingValue {
    public static let shape = Shape.bool
    public var written: String? { self ? "true" : "false" }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Bool? {
        readWord(node, at: path, &reading, expected: "true or false") { text in
            switch text.lowercased() {
            case "true", "yes", "on": true
            case "false", "no", "off": false
            default: nil
            }
        }
    }
}

extension Int: SettingValue {
    public static let shape = Shape.integer
    public var written: String? { description }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Int? {
        readWord(node, at: path, &reading, expected: "a whole number") { Int($0.filter { $0 != "_" }) }
    }
}

extension UInt64: SettingValue {
    public static let shape = Shape.integer
    public var written: String? { description }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> UInt64? {
        readWord(node, at: path, &reading, expected: "a whole number of 0 or more") { UInt64($0) }
    }
}

extension Double: SettingValue {
    public static let shape = Shape.number
    public var written: String? { self == rounded() && abs(self) < 1e15 ? Int(self).description : description }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Double? {
        readWord(node, at: path, &reading, expected: "a number") { Double($0).flatMap { $0.isFinite ? $0 : nil } }
    }
}

extension String: SettingValue {
    public static let shape = Shape.text("text")
    public var written: String? { self }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> String? {
        if let text = node.scalar { return text }
        reading.problem(path, node.line, "expected text, found \(node.kind)")
        return nil
    }
}

/// A part of a document that is checked elsewhere.
extension Node: SettingValue {
    public static let shape = Shape.free("anything")
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Node? { node }
}

/// A word out of a few: an enum of strings.
public protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
    public static var shape: Shape { .choice(allCases.map(\.rawValue)) }
    public var written: String? { rawValue }
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Self? { readChoice(node, at: path, &reading) }

    public static func readChoice(_ node: Node, at path: String, _ reading: inout Reading) -> Self? {
        let names = allCases.map(\.rawValue)
        guard let text = node.scalar else {
            reading.refuse(node, at: path, expected: names.joined(separator: ", "))
            return nil
        }
        if let value = Self(rawValue: text) { return value }
        reading.problem(path, node.line, "`\(text.prefix(60))` is not known\(Spelling.help(for: text, among: names))")
        return nil
    }
}
