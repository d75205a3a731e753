/// What is put in the place of a match: text, with `$1`, `${2}`, `${name}` for what groups took, `$0` for all of it, `$$` for a dollar.
public struct Replacement: Hashable, Sendable {
    private enum Part: Hashable {
        case text([UInt8])
        case group(Int)
    }

    private var parts: [Part] = []

    /// `text` as it stands.
    public init(text: String) { parts = [.text(Array(text.utf8))] }

    /// Refused, if it asks for a group that `term` has not.
    public init(_ source: String, for term: SearchTerm) throws(PatternError) {
        var plain: [UInt8] = []
        let scalars = Array(source.unicodeScalars)
        var at = 0
        while at < scalars.count {
            if scalars[at] == "$", let (part, next) = try Self.reference(scalars, at, term) {
                if !plain.isEmpty { parts.append(.text(plain)) }
                plain = []
                parts.append(part)
                at = next
            } else {
                // Two dollars are one.
                if scalars[at] == "$", at + 1 < scalars.count, scalars[at + 1] == "$" { at += 1 }
                plain += Array(String(scalars[at]).utf8)
                at += 1
            }
        }
        if !plain.isEmpty || parts.isEmpty { parts.append(.text(plain)) }
    }

    /// Whether it is the same for every match.
    var isPlain: Bool { parts.allSatisfy { if case .text = $0 { true } else { false } } }

    /// What stands behind a `$`, unless that stands for itself.
    private static func reference(_ scalars: [Unicode.Scalar], _ at: Int, _ term: SearchTerm) throws(PatternError) -> (Part, Int)? {
        var next = at + 1
        let isBraced = next < scalars.count && scalars[next] == "{"
        if isBraced { next += 1 }
        var name = ""
        while next < scalars.count, isBraced ? scalars[next] != "}" : scalars[next].digit != nil && name.count < 2 {
            name.unicodeScalars.append(scalars[next])
            next += 1
        }
        if isBraced {
            guard next < scalars.count else { throw PatternError(message: "`${` is not closed: expected `}`", position: at + 1) }
            next += 1
        } else if name.isEmpty {
            return nil
        }
        guard let number = Int(name) ?? term.groupNames[name], number >= 0, number <= term.groupCount else {
            let has =
                term.groupCount == 0 ? "the pattern has none" : term.groupCount == 1 ? "the pattern has one" : "the pattern has \(term.groupCount)"
            let names = term.groupNames.keys.sorted().map { "`\($0)`" }.joined(separator: ", ")
            throw PatternError(message: "there is no group `\(name)`: \(has)\(names.isEmpty ? "" : ", named \(names)")", position: at + 1)
        }
        return (.group(number), next)
    }

    /// Writes what replaces the match in `range`.
    func write(_ range: Range<Int>, in text: TextPiece, _ term: SearchTerm, into output: inout [UInt8]) {
        let groups = isPlain ? [] : term.groups.map { PatternGroups.ranges($0, count: term.groupCount, of: range, in: text) } ?? []
        for part in parts {
            switch part {
            case .text(let bytes): output += bytes
            case .group(let number):
                guard let taken = number == 0 ? range : groups[number - 1] else { continue }
                output += text.bytes[(taken.lowerBound - text.base)..<(taken.upperBound - text.base)]
            }
        }
    }
}
