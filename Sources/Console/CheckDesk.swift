import Schema
import Settings
import Wire

/// `POST /api/v1/settings/check`: what changes would come to. Nothing is saved, and nothing is put in force.
struct CheckDesk: Sendable {
    let book: SettingsBook

    private static let most = 100

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        guard call.method == "POST" else { throw AdminRefusal.wrongMethod("POST") }
        let body = try call.object(["changes"])
        guard let items = body["changes"]?.items, !items.isEmpty, items.count <= Self.most else {
            throw AdminRefusal(400, "invalid_value", "`changes` must be a list of 1 to \(Self.most) objects with `path` and `value`")
        }
        let changes = try items.map { item in
            let path = try Self.path(item)
            try SettingsDesk.checkMay(call, path)
            return (path: path, value: item["value"].flatMap { $0.isNull ? nil : $0 })
        }
        let found = try await book.proposed(call.mark("settings.check", "")) { document, overlay in
            for change in changes { overlay.set(change.path, to: change.value?.uncovered(by: Overlay.get(change.path, in: document))) }
        }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("ok", found.problems.errors.isEmpty)
                whole.key("problems")
                whole.array { list in for problem in found.problems { Self.write(problem, &list) } }
                whole.key("data")
                SettingsDiff.write(SettingsDiff.between(found.before, found.after), to: &whole)
            }
        }
    }

    /// Like `policies.default`, or a list of names where one has a dot in it.
    private static func path(_ item: Node) throws -> [String] {
        let path = item["path"]?.items?.compactMap(\.scalar) ?? item["path"]?.scalar?.split(separator: ".").map(String.init) ?? []
        guard !path.isEmpty, path.allSatisfy({ !$0.isEmpty }) else {
            throw AdminRefusal(400, "invalid_value", "`path` is missing: where the setting stands, such as policies.default")
        }
        return path
    }

    private static func write(_ problem: Problem, _ list: inout JSONWriter) {
        list.object { line in
            line.member("path", problem.path)
            line.member("message", problem.message)
            line.member("severity", problem.severity == .error ? "error" : "warning")
        }
    }
}
