import Gateway
import Settings
import Storage
import Wire

/// `DELETE /api/v1/cache`: answers that are given again are forgotten: all, those to requests of a key, or of a model or route.
struct CacheDesk: Sendable {
    let server: Server
    let audit: any Store
    let bell: any Bell

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "key", help: "Only answers to requests of this key."), .init(name: "route", help: "Only those of this model or route."),
    ]

    func forget(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let selection = CacheSelection(key: call.query["key"], route: call.query["route"])
        let (audit, subject) = (audit, [selection.key.map { "key \($0)" }, selection.route.map { "route \($0)" }].compactMap { $0 })
        let entry = call.mark("cache.delete", subject.isEmpty ? "all" : subject.joined(separator: ", ")).entry()
        _ = try await blocking { try audit.append(entry, with: nil) }
        let gone = await server.forget(selection)
        bell.ring(.cache(selection))
        guard let gone else {
            throw AdminRefusal(
                503, "store_unavailable", "this gateway's memory has forgotten them, the store could not be asked; its log says why: try again")
        }
        return AdminAnswer { whole in
            whole.object { line in
                line.member("key", orNull: selection.key)
                line.member("route", orNull: selection.route)
                line.member("forgotten", gone)
            }
        }
    }
}
