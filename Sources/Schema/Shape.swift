/// What a setting may hold, for those who describe settings instead of reading them.
public indirect enum Shape: Sendable {
    case bool, integer, number
    /// A word for the type, an example, and a regular expression where one says it all.
    case text(String, example: String? = nil, pattern: String? = nil)
    case choice([String])
    case list(Shape)
    /// Names chosen by the author.
    case names(of: Shape)
    case section([FieldDescription])
    /// Sections told apart by the setting `by`.
    case variants(by: String, [(name: String, fields: [FieldDescription])])
    case either([Shape])
    /// Checked elsewhere; the word says what it is.
    case free(String)

    /// One value, which has no parts of its own.
    public var isSingle: Bool {
        switch self {
        case .bool, .integer, .number, .text, .choice: true
        case .list, .names, .section, .variants, .either, .free: false
        }
    }

    /// One word or few.
    public var name: String {
        switch self {
        case .bool: "true or false"
        case .integer: "whole number"
        case .number: "number"
        case .text(let name, _, _): name
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let item): "list of \(item.name)"
        case .names(of: let value): "names, each with \(value.name)"
        case .section, .variants: "section"
        case .either(let shapes): shapes.map(\.name).joined(separator: " or ")
        case .free(let name): name
        }
    }
}

public struct FieldDescription: Sendable {
    public var name: String
    public var shape: Shape
    public var help: String
    /// As it would be written; nil: nothing, or a section.
    public var initial: String?
    public var range: String?
    public var bounds: (lower: String, upper: String)?
    public var isRequired: Bool
    /// Accepted, checked, without effect so far.
    public var isNotYet: Bool
}
