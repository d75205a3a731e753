import Routing
import Schema

/// Operators by their names, with the other names they have elsewhere.
enum Operators {
    /// A test and what is said by its name alone: `not_exists` is `exists: false`.
    struct Written {
        var operation: Comparison.Operation
        var isInverted = false
    }

    static let names = Comparison.Operation.allCases.map(\.rawValue)

    private static let aliases: [String: Written] = [
        "neq": Written(operation: .ne), "!=": Written(operation: .ne), "=": Written(operation: .eq), "==": Written(operation: .eq),
        "equals": Written(operation: .eq), "equal": Written(operation: .eq), "not_equals": Written(operation: .ne), "<>": Written(operation: .ne),
        ">": Written(operation: .gt), ">=": Written(operation: .gte), "<": Written(operation: .lt), "<=": Written(operation: .lte),
        "ge": Written(operation: .gte), "le": Written(operation: .lte), "nin": Written(operation: .notIn), "any": Written(operation: .isIn),
        "greater_than": Written(operation: .gt), "greater_than_or_equal": Written(operation: .gte), "less_than": Written(operation: .lt),
        "less_than_or_equal": Written(operation: .lte), "regex": Written(operation: .matches), "prefix": Written(operation: .startsWith),
        "suffix": Written(operation: .endsWith), "not_exists": Written(operation: .exists, isInverted: true),
    ]

    static func named(_ word: String) -> Written? {
        let word = undollared(word)
        return Comparison.Operation(rawValue: word).map { Written(operation: $0) } ?? aliases[word]
    }

    /// The end of a message about `word`: the nearest one and all there are.
    static func help(for word: String) -> String {
        let near = Spelling.nearest(to: undollared(word).lowercased(), among: names + aliases.keys.sorted())
        return (near.map { "; did you mean `\($0)`? There are " } ?? "; expected one of ") + names.map { "`\($0)`" }.joined(separator: ", ")
    }

    static func undollared(_ name: String) -> String { name.hasPrefix("$") ? String(name.dropFirst()) : name }
}
