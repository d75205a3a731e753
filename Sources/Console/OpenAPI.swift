import Schema
import Settings

/// The description of the admin API (OpenAPI 3.1), made of the routes that answer it and of the settings that it edits.
enum OpenAPI {
    static let answer = AdminAnswer(text: text, type: "application/json")

    static let text: String =
        JSONText.object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                .object([
                    ("title", .string("Swiftlet admin API")), ("version", .string("1")),
                    ("description", .string("Everything that operators look at and change. Names in paths may have slashes in them.")),
                ])
            ),
            ("paths", .object(paths)),
            (
                "components",
                .object([
                    ("securitySchemes", .object([("token", .object([("type", .string("http")), ("scheme", .string("bearer"))]))])),
                    ("schemas", .object(schemas)),
                ])
            ),
        ]).text() + "\n"

    // MARK: Paths

    private static var paths: [(String, JSONText)] {
        var order: [String] = []
        for route in AdminRoutes.all where !order.contains(route.path) { order.append(route.path) }
        return order.map { path in
            let operations = AdminRoutes.all.filter { $0.path == path }.map { ($0.method.lowercased(), operation($0)) }
            return (path, .object(parameters(ofPath: path) + operations))
        }
    }

    private static func parameters(ofPath path: String) -> [(String, JSONText)] {
        let names = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        guard !names.isEmpty else { return [] }
        let all = names.map { name in
            JSONText.object([
                ("name", .string(name)), ("in", .string("path")), ("required", .bool(true)),
                ("schema", .object([("type", .string("string")), ("minLength", .number("1"))])),
            ])
        }
        return [("parameters", .list(all))]
    }

    private static func operation(_ route: AdminRoute) -> JSONText {
        let roles = route.right.roles.map(\.rawValue)
        var members: [(String, JSONText)] = [
            ("operationId", .string(id(of: route))), ("summary", .string(route.summary)),
            ("x-roles", .list(roles.map { .string($0) })),
            ("security", .list(route.right == .nothing ? [] : [.object([("token", .list([]))])])),
        ]
        if !route.query.isEmpty {
            let parameters = route.query.map { parameter in
                JSONText.object([
                    ("name", .string(parameter.name)), ("in", .string("query")), ("description", .string(parameter.help)),
                    ("schema", type(parameter.schema)),
                ])
            }
            members.append(("parameters", .list(parameters)))
        }
        if let body = body(route) { members.append(("requestBody", body)) }
        members.append(("responses", .object(responses(route))))
        return .object(members)
    }

    /// Like `post_keys_rotate`.
    private static func id(of route: AdminRoute) -> String {
        // Some of other routers' paths have the names of ours, and stand below /v1.
        let usual = route.path.hasPrefix("/api/v1/") ? 2 : 0
        let words = route.path.split(separator: "/").dropFirst(usual)
            .map { word in word.hasPrefix("{") ? "one" : String(word.filter { $0.isLetter || $0.isNumber || $0 == "_" }) }
        return ([route.method.lowercased()] + words).joined(separator: "_")
    }

    private static func body(_ route: AdminRoute) -> JSONText? {
        let schema: JSONText
        var isRequired = true
        switch route.body {
        case .none: return nil
        case .anything: schema = .object([])
        case .item(let section): schema = reference(section)
        case .members(let members, let required):
            isRequired = required > 0
            var object: [(String, JSONText)] = [
                ("type", .string("object")),
                (
                    "properties",
                    .object(
                        members.map { member in
                            guard case .object(let type) = type(member.schema) else { return (member.name, .object([])) }
                            return (member.name, .object([("description", .string(member.help))] + type))
                        })
                ), ("additionalProperties", .bool(false)),
            ]
            if required > 0 { object.append(("required", .list(members.prefix(required).map { .string($0.name) }))) }
            schema = .object(object)
        }
        return .object([
            ("required", .bool(isRequired)), ("content", .object([("application/json", .object([("schema", schema)]))])),
        ])
    }

    private static func responses(_ route: AdminRoute) -> [(String, JSONText)] {
        var good: [(String, JSONText)] = [("description", .string(route.status == 204 ? "Done." : "As asked."))]
        if route.status != 204 {
            var content: [(String, JSONText)] = [(route.type, .object([("schema", .object([]))]))]
            if route.path == "/api/v1/usage" { content.append(("text/csv", .object([("schema", .object([("type", .string("string"))]))]))) }
            good.append(("content", .object(content)))
        }
        let error = JSONText.object([
            ("description", .string("Why not.")), ("content", .object([("application/json", .object([("schema", reference("error"))]))])),
        ])
        return [("\(route.status)", .object(good)), ("default", error)]
    }

    private static func type(_ name: String) -> JSONText {
        switch name {
        case "any": .object([])
        case "array": .object([("type", .string("array")), ("items", .object([("type", .string("string"))]))])
        // Numbers of versions are taken as texts too.
        case "integer": .object([("type", .list([.string("integer"), .string("string")]))])
        default: .object([("type", .string(name))])
        }
    }

    // MARK: Schemas

    private static func reference(_ name: String) -> JSONText { .object([("$ref", .string("#/components/schemas/\(name)"))]) }

    private static var schemas: [(String, JSONText)] {
        let sections = Set(Collections.sections.values).union([PriceDesk.section]).sorted().map { section in
            let field = SettingsDocument.descriptions.first { $0.name == section }
            return (section, JSONSchema.part(of: field?.shape ?? .free(section)))
        }
        return sections + [("pass_through", JSONSchema.part(of: PassThroughEndpoint.shape)), ("error", error)]
    }

    private static let error: JSONText = {
        let text = JSONText.object([("type", .string("string"))])
        let problem = JSONText.object([("type", .string("object")), ("properties", .object([("path", text), ("message", text)]))])
        let members: [(String, JSONText)] = [
            ("type", text), ("code", text), ("message", text), ("request_id", text),
            ("problems", .object([("type", .string("array")), ("items", problem)])),
        ]
        return .object([
            ("type", .string("object")),
            ("properties", .object([("error", .object([("type", .string("object")), ("properties", .object(members))]))])),
        ])
    }()
}
