/// The JSON Schema (draft 2020-12) of a section: editors complete and check documents with it.
public enum JSONSchema {
    public static func page(title: String, _ fields: [FieldDescription]) -> String {
        var members: [(String, JSONText)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")), ("title", .string(title)),
        ]
        members += object(fields)
        return JSONText.object(members).text() + "\n"
    }

    /// What may stand in a setting, for a form of it: one that is a single value has its help and default, too.
    public static func part(of field: FieldDescription) -> JSONText {
        field.shape.isSingle ? property(field) : part(of: field.shape)
    }

    /// What may stand in a part of an item, as a change of it has: nothing is required. `name` stands beside the item's settings; what is
    /// a single value is no object.
    public static func part(of shape: Shape) -> JSONText {
        let name = ("name", JSONText.object([("type", .string("string")), ("description", .string("Its name, which it keeps."))]))
        switch shape {
        case .names(of: let item), .list(let item): return part(of: item)
        case .section(let fields):
            let properties = fields.filter { $0.name != "name" }.map { ($0.name, property($0)) }
            return .object([
                ("type", .string("object")), ("properties", .object([name] + properties)), ("additionalProperties", .bool(false)),
            ])
        case .variants(by: _, let variants):
            // What any of them has.
            var properties = [name, ("type", .object([("enum", .list(variants.map { .string($0.name) }))]))]
            for field in variants.flatMap(\.fields) where !properties.contains(where: { $0.0 == field.name }) {
                properties.append((field.name, property(field)))
            }
            return .object([("type", .string("object")), ("properties", .object(properties)), ("additionalProperties", .bool(false))])
        case .bool, .integer, .number, .text, .choice: return .object(schema(shape))
        case .either, .free: return .object([("type", .string("object")), ("properties", .object([name]))])
        }
    }

    private static func object(_ fields: [FieldDescription], besides: [(String, JSONText)] = []) -> [(String, JSONText)] {
        var members: [(String, JSONText)] = [
            ("type", .string("object")), ("properties", .object(besides + fields.map { ($0.name, property($0)) })),
            ("additionalProperties", .bool(false)),
        ]
        let required = fields.filter(\.isRequired).map { JSONText.string($0.name) } + besides.map { .string($0.0) }
        if !required.isEmpty { members.append(("required", .list(required))) }
        return members
    }

    private static func property(_ field: FieldDescription) -> JSONText {
        var members = [("description", JSONText.string(field.help + (field.isNotYet ? " Accepted, but not effective yet." : "")))]
        switch field.shape {
        case .bool, .choice: if let initial = field.initial { members.append(("default", value(initial, field.shape))) }
        case .integer, .number:
            if let bounds = field.bounds { members += [("minimum", .number(bounds.lower)), ("maximum", .number(bounds.upper))] }
            if let initial = field.initial { members.append(("default", .number(initial))) }
        case .text: if let initial = field.initial, !initial.isEmpty { members.append(("default", .string(initial))) }
        default: break
        }
        // What can be left out can also be written as nothing.
        let inner = schema(field.shape)
        if field.isRequired { return .object(members + inner) }
        if case .string(let type)? = inner.first(where: { $0.0 == "type" })?.1, !inner.contains(where: { $0.0 == "enum" }) {
            let others = inner.filter { $0.0 != "type" }
            return .object(members + [("type", .list([.string(type), .string("null")]))] + others)
        }
        return .object(members + [("anyOf", .list([.object(inner), .object([("type", .string("null"))])]))])
    }

    private static func value(_ written: String, _ shape: Shape) -> JSONText {
        if case .bool = shape { .bool(written == "true") } else { .string(written) }
    }

    private static func schema(_ shape: Shape) -> [(String, JSONText)] {
        switch shape {
        case .bool: return [("type", .string("boolean"))]
        case .integer: return [("type", .string("integer"))]
        case .number: return [("type", .string("number"))]
        case .text(let word, let example, let pattern):
            // A plain number is a duration in seconds, or a size in bytes.
            var members: [(String, JSONText)] = [
                ("type", word == "duration" || word == "size" ? .list([.string("string"), .string("number")]) : .string("string"))
            ]
            if let pattern { members.append(("pattern", .string(pattern))) }
            if let example { members.append(("examples", .list([.string(example)]))) }
            return members
        case .choice(let names): return [("enum", .list(names.map { .string($0) }))]
        case .list(let item):
            // A lone value is a list of one.
            let one = JSONText.object(schema(item))
            return [("anyOf", .list([.object([("type", .string("array")), ("items", one)]), one]))]
        case .names(of: let value): return [("type", .string("object")), ("additionalProperties", .object(schema(value)))]
        case .section(let fields): return object(fields)
        case .variants(by: let name, let variants):
            // Variants with the same settings are one.
            var alike: [(names: [String], fields: [FieldDescription])] = []
            for variant in variants {
                if let index = alike.firstIndex(where: { $0.fields.map(\.name) == variant.fields.map(\.name) }) {
                    alike[index].names.append(variant.name)
                } else {
                    alike.append(([variant.name], variant.fields))
                }
            }
            let all = alike.map { group in
                JSONText.object(object(group.fields, besides: [(name, .object([("enum", .list(group.names.map { .string($0) }))]))]))
            }
            return [("type", .string("object")), ("oneOf", .list(all))]
        case .either(let shapes): return [("anyOf", .list(shapes.map { .object(schema($0)) }))]
        case .free: return []
        }
    }
}
