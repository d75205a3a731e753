/// The name of something that conditions may ask for, like `request.model` or `tags.customer_tier`. Only names that the registry
/// `Fields` knows exist.
public struct FieldName: Hashable, Sendable {
    public let text: String

    /// Nil: there is no such field; `Fields.help(for:)` says what may have been meant.
    public init?(_ text: String) {
        guard Fields.row(of: text) != nil else { return nil }
        self.text = text
    }

    /// What the registry says of it.
    public var row: Fields.Row {
        guard let row = Fields.row(of: text) else { preconditionFailure("a field's name is made from a row") }
        return row
    }

    /// The part that the row leaves open: `customer_tier` of `tags.customer_tier`. Empty where it leaves none.
    public var part: String { row.part(of: text) ?? "" }
}

extension FieldName: CustomStringConvertible {
    public var description: String { text }
}
