import Schema
import Settings

/// `GET /api/v1/schema/{path}` and `/api/v1/vocabulary`: what may be set, with help, defaults and ranges, and what routes and conditions
/// are made of. Forms are made from it.
enum SchemaDesk {
    static func schema(_ call: AdminCall) throws -> AdminAnswer {
        try call.checkQuery([])
        var path = Array(call.path.dropFirst(3))
        if path.count == 1 { path = path[0].split(separator: ".").map(String.init) }
        guard let shape = shape(at: path[...], in: .section(SettingsDocument.descriptions)), isSection(shape) else {
            throw AdminRefusal.unknown("section", path.joined(separator: "."), among: SettingsDocument.descriptions.map(\.name))
        }
        return AdminAnswer(text: JSONSchema.part(of: shape).text() + "\n", type: "application/json")
    }

    static func vocabulary(_ call: AdminCall) throws -> AdminAnswer {
        try call.checkQuery([])
        return AdminAnswer(text: RouteVocabulary.json, type: "application/json")
    }

    /// Names that the author chooses, and places in lists, are any.
    static func shape(at path: ArraySlice<String>, in shape: Shape) -> Shape? {
        guard let name = path.first else { return shape }
        let rest = path.dropFirst()
        switch shape {
        case .section(let fields): return fields.first { $0.name == name }.flatMap { self.shape(at: rest, in: $0.shape) }
        case .names(of: let item), .list(let item): return self.shape(at: rest, in: item)
        case .variants(by: _, let variants):
            return variants.lazy.flatMap(\.fields).first { $0.name == name }.flatMap { self.shape(at: rest, in: $0.shape) }
        case .either(let shapes): return shapes.lazy.compactMap { self.shape(at: path, in: $0) }.first
        default: return nil
        }
    }

    private static func isSection(_ shape: Shape) -> Bool {
        switch shape {
        case .names(of: let item), .list(let item): isSection(item)
        case .section, .variants: true
        default: false
        }
    }
}
