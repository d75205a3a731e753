import Schema

/// `0.3-0.5`, or one number: parts of a whole.
public struct ShareRange: SettingValue {
    public var range: ClosedRange<Double>

    public init(_ range: ClosedRange<Double>) { self.range = range }

    public static let shape = Shape.text("share", example: "0.3-0.5", pattern: "^[0-9.]+(-[0-9.]+)?$")
    public var written: String? {
        range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ShareRange? {
        readWord(node, at: path, &reading, expected: "a share from 0 to 1, or two such as 0.3-0.5") { text in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
            guard let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, 0 <= low, low <= high, high <= 1 else { return nil }
            return ShareRange(low...high)
        }
    }
}
