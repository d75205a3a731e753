import Foundation

/// Checks JSON against the part of JSON Schema that OpenAPI descriptions use: types, members, enumerations, unions, references.
struct SchemaCheck {
    let schemas: [String: Any]

    init(_ document: URL) throws {
        let whole = try JSONSerialization.jsonObject(with: Data(contentsOf: document)) as? [String: Any]
        schemas = whole?["schemas"] as? [String: Any] ?? [:]
    }

    /// What is wrong with `value`, by path.
    func problems(_ value: Any, as name: String) -> [String] { problems(value, schemas[name] as? [String: Any] ?? [:], name) }

    private func problems(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            guard let target = schemas[name] as? [String: Any] else { return ["\(path): no schema \(name)"] }
            return problems(value, target, path)
        }
        var found: [String] = []
        for case let part as [String: Any] in schema["allOf"] as? [Any] ?? [] { found += problems(value, part, path) }
        for union in ["oneOf", "anyOf"] {
            guard let options = schema[union] as? [[String: Any]] else { continue }
            let tried = options.map { problems(value, $0, path) }
            if !tried.contains(where: \.isEmpty) {
                found.append("\(path): none of \(options.count) fits; \(tried.min { $0.count < $1.count }?.first ?? "")")
            }
        }
        if let allowed = schema["enum"] as? [String], !allowed.contains(value as? String ?? "") { found.append("\(path): is none of \(allowed)") }
        if let type = schema["type"] as? String, !Self.fits(value, type) { found.append("\(path): is no \(type)") }
        if let members = value as? [String: Any] {
            for case let name as String in schema["required"] as? [Any] ?? [] where members[name] == nil {
                found.append("\(path).\(name): is missing")
            }
            for (name, part) in schema["properties"] as? [String: Any] ?? [:] {
                if let member = members[name], let part = part as? [String: Any] { found += problems(member, part, "\(path).\(name)") }
            }
        }
        if let list = value as? [Any], let element = schema["items"] as? [String: Any] {
            for (i, item) in list.enumerated() { found += problems(item, element, "\(path)[\(i)]") }
        }
        return found
    }

    private static func fits(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "null": value is NSNull
        case "boolean": (value as? NSNumber).map { isBool($0) } ?? false
        case "integer": (value as? NSNumber).map { !isBool($0) && $0.doubleValue == $0.doubleValue.rounded() } ?? false
        case "number": (value as? NSNumber).map { !isBool($0) } ?? false
        default: false
        }
    }

    private static func isBool(_ number: NSNumber) -> Bool {
        number === NSNumber(value: true) || number === NSNumber(value: false) || String(cString: number.objCType) == "c"
    }
}
