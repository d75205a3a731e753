import Gateway
import Schema
import Settings
import Storage
import Wire

/// `/api/v1/settings/versions`, `diff`, `export` and `rollback`: what was changed through the API, as it was and as it is.
struct VersionDesk: Sendable {
    let book: SettingsBook
    let store: any Store

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        switch (call.method, call.path[3], call.path.count) {
        case ("GET", "versions", 4): return try await list(call)
        case ("GET", "versions", 5): return try await one(call)
        case ("GET", "diff", 4): return try await diff(call)
        case ("GET", "export", 4): return try await export(call)
        case ("POST", "rollback", 4): return try await rollback(call)
        default: throw AdminRefusal.unknown("path", call.path.joined(separator: "/"))
        }
    }

    // MARK: Looking

    private func list(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(["cursor", "limit"])
        let (limit, cursor, store) = (try call.limit(100, most: 1_000), try call.cursor(), store)
        let versions = try await blocking { try store.settingsVersions(before: cursor, limit: limit + 1) }
        let running = await book.version
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for version in versions.prefix(limit) { list.object { Self.write(version, &$0) } } }
                whole.member("next_cursor", orNull: versions.count > limit ? "\(versions[limit - 1].version)" : nil)
                whole.member("running", running)
            }
        }
    }

    private func one(_ call: AdminCall) async throws -> AdminAnswer {
        let (version, overlay) = try await overlay(of: call.path[4])
        return AdminAnswer { whole in
            whole.object { whole in
                if let version { Self.write(version, &whole) } else { whole.member("version", 0) }
                whole.key("settings")
                whole.object { settings in
                    for (path, node) in overlay.inOrder {
                        settings.key(path.joined(separator: "."))
                        if let node { node.covered(at: path).write(to: &settings) } else { settings.null() }
                    }
                }
            }
        }
    }

    /// From the file to what runs; or between versions, each above the file as it is now.
    private func diff(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(["from", "to"])
        let base = await book.file
        var (old, new) = (base, await book.document)
        if let from = call.query["from"] { old = try await overlay(of: from).overlay.applied(to: base) }
        if let to = call.query["to"] { new = try await overlay(of: to).overlay.applied(to: base) }
        let changes = SettingsDiff.between(old, new)
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                SettingsDiff.write(changes, to: &whole)
            }
        }
    }

    /// What would make the same gateway out of one file.
    private func export(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery([])
        let document = await book.document
        try await book.note(call.mark("settings.export", ""))
        return AdminAnswer { document.exported().write(to: &$0) }
    }

    // MARK: Back

    /// Keys and tokens that were handed out are not brought back, nor taken back, by the way.
    private static let kept = ["keys", "admin"]

    private func rollback(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(["version", "include"])
        guard let text = body["version"]?.scalar else { throw AdminRefusal(400, "invalid_value", "`version` is missing: see /settings/versions") }
        let included = (body["include"]?.items ?? []).compactMap(\.scalar)
        for name in included where !Self.kept.contains(name) {
            throw AdminRefusal(400, "invalid_value", "`include` takes `keys` and `admin`, not `\(name.prefix(100))`")
        }
        let (_, earlier) = try await overlay(of: text)
        let kept = Self.kept.filter { !included.contains($0) }
        _ = try await book.change(call.mark("settings.rollback", "version \(text)")) { document, overlay in
            overlay = earlier.replacing(kept, by: overlay)
        }
        let version = await book.version
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("version", version)
                whole.member("as", Int(text) ?? 0)
            }
        }
    }

    /// Version 0 is the file alone.
    private func overlay(of text: String) async throws -> (version: SettingsVersion?, overlay: Overlay) {
        guard let number = Int64(text), number >= 0 else { throw AdminRefusal(400, "invalid_value", "`\(text.prefix(50))` is no version") }
        if number == 0 { return (nil, Overlay()) }
        let store = store
        guard let version = try await blocking({ try store.settingsVersion(number) }) else { throw AdminRefusal.unknown("version", text) }
        return (version, Overlay(version.documents))
    }

    private static func write(_ version: SettingsVersion, _ line: inout JSONWriter) {
        line.member("version", version.version)
        line.member("at", Timestamp.text(unixMilliseconds: version.unixMilliseconds))
        line.member("actor", version.actor)
    }
}
