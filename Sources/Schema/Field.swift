/// One setting of `Owner`: its name, where its value goes, what it may be, what it is for. Everything that reads or describes
/// settings is a reading of this one line.
public struct Field<Owner>: Sendable {
    public let name: String
    let help: String
    let shape: Shape
    var range: (lower: String, upper: String)?
    var isRequired = false
    var isNotYet = false
    let read: @Sendable (inout Owner, Node, String, inout Reading) -> Void
    let initial: @Sendable (Owner) -> String?

    private init<Value: SettingValue>(
        _ name: String, _ keyPath: any WritableKeyPath<Owner, Value> & Sendable, _ help: String,
        check: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        self.name = name
        self.help = help
        shape = Value.shape
        initial = { $0[keyPath: keyPath].written }
        read = { owner, node, path, reading in
            // Nothing written means the initial value, but for what can be nothing.
            if node.isNull, !(Value.self is any Absent.Type) { return }
            guard let value = Value.read(node, at: path, &reading) else { return }
            if let expected = check(value) { reading.refuse(node, at: path, expected: expected) }
            owner[keyPath: keyPath] = value
        }
    }

    public static func setting<Value: SettingValue>(
        _ name: String, _ keyPath: any WritableKeyPath<Owner, Value> & Sendable, _ help: String
    ) -> Field {
        Field(name, keyPath, help)
    }

    /// With the range that the value must be in.
    public static func setting<Value: SettingValue & Comparable>(
        _ name: String, _ keyPath: any WritableKeyPath<Owner, Value> & Sendable, in range: ClosedRange<Value>, _ help: String
    ) -> Field {
        let said = (range.lowerBound.written ?? "", range.upperBound.written ?? "")
        var field = Field(name, keyPath, help) { range.contains($0) ? nil : "\(said.0) to \(said.1)" }
        field.range = said
        return field
    }

    public static func setting<Value: SettingValue & Comparable>(
        _ name: String, _ keyPath: any WritableKeyPath<Owner, Value?> & Sendable, in range: ClosedRange<Value>, _ help: String
    ) -> Field {
        let said = (range.lowerBound.written ?? "", range.upperBound.written ?? "")
        var field = Field(name, keyPath, help) { $0.map(range.contains) ?? true ? nil : "\(said.0) to \(said.1)" }
        field.range = said
        return field
    }

    /// A document without it is refused.
    public var required: Field {
        var field = self
        field.isRequired = true
        return field
    }

    /// Read and checked, but without effect so far; using it is worth a warning.
    public var notYet: Field {
        var field = self
        field.isNotYet = true
        return field
    }

    /// The same setting for an owner that has this one within itself.
    public func within<Outer>(_ keyPath: any WritableKeyPath<Outer, Owner> & Sendable) -> Field<Outer> {
        Field<Outer>(of: self, within: keyPath)
    }

    private init<Inner>(of inner: Field<Inner>, within keyPath: any WritableKeyPath<Owner, Inner> & Sendable) {
        name = inner.name
        help = inner.help
        shape = inner.shape
        range = inner.range
        isRequired = inner.isRequired
        isNotYet = inner.isNotYet
        read = { owner, node, path, reading in inner.read(&owner[keyPath: keyPath], node, path, &reading) }
        initial = { inner.initial($0[keyPath: keyPath]) }
    }

    func description(of owner: Owner) -> FieldDescription {
        FieldDescription(
            name: name, shape: shape, help: help, initial: initial(owner), range: range.map { "\($0.lower) to \($0.upper)" }, bounds: range,
            isRequired: isRequired, isNotYet: isNotYet)
    }
}

/// What can be nothing.
private protocol Absent {}
extension Optional: Absent {}
