import ArgumentParser
import Bench
import Console
import FoundationEssentials
import Schema
import Settings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `swiftlet export WHAT`: out of a running gateway, to take elsewhere.
struct ExportCommand: ParsableCommand {
    enum What: String, CaseIterable, ExpressibleByArgument { case settings, requests, events, audit, usage }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write settings, requests, events, audit log or usage of a running gateway to a file.",
        discussion: """
            settings: file and changes as one YAML document (JSON with --json). usage: CSV, by day and model (JSON with --json). \
            requests, events, audit: one JSON object a line, the newest first, as the admin API has them. The admin token is taken from \
            SWIFTLET_ADMIN_TOKEN.
            """)

    @Argument(help: "settings, requests, events, audit or usage.")
    var what: What
    @Option(name: .shortAndLong, help: "The file to write; one that exists is not overwritten. Without it: standard output.", completion: .file())
    var output: String?
    @Option(help: "At most so many lines.")
    var limit: Int?
    @Option(name: .customLong("only"), help: "For requests, NAME=VALUE: project=acme, state=failed, from=2027-01-31; may be said more than once.")
    var filters: [String] = []
    @Option(help: "For usage: what it is grouped by.")
    var groupBy = "day,model"
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
        if !filters.isEmpty, what == .settings || what == .usage { throw ValidationError("--only is for requests and events") }
    }

    func run() throws {
        let file = try ExportFile(output)
        defer { file.close() }
        switch what {
        case .settings:
            let reply = try admin.ask { try $0.get("/api/v1/settings/export") }
            try file.write(admin.json ? reply.text + "\n" : YAMLText.text(reply.node))
        case .usage:
            let query = "group_by=\(AdminClient.segment(groupBy))" + (admin.json ? "" : "&format=csv")
            try file.write(try admin.ask { try $0.get("/api/v1/usage?\(query)") }.text + (admin.json ? "\n" : ""))
        case .requests, .events, .audit: try pages(file)
        }
    }

    private func pages(_ file: ExportFile) throws {
        let progress = Progress("exporting \(what.rawValue)", of: limit)
        defer { progress.end() }
        let wanted = try RequestsCommand.query(filters)
        var (cursor, count) = (String?.none, 0)
        while true {
            let size = min(200, (limit ?? .max) - count)
            guard size > 0 else { return }
            var path = "/api/v1/\(what.rawValue)?limit=\(size)\(wanted)"
            if let cursor { path += "&cursor=\(AdminClient.segment(cursor))" }
            let node = try admin.ask { try $0.get(path) }.node
            let rows = node["data"]?.items ?? []
            try file.write(rows.map { AdminBody.json($0) + "\n" }.joined())
            count += rows.count
            progress.update(count)
            guard let next = node["next_cursor"], !next.isNull, let text = next.scalar, !rows.isEmpty else { return }
            cursor = text
        }
    }
}

/// Where an export goes.
private struct ExportFile {
    private let path: String?
    private let descriptor: Int32

    init(_ path: String?) throws {
        self.path = path
        guard let path else {
            descriptor = 1
            return
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                errno == EEXIST ? "\(path) exists already; name another file" : "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Self.put(descriptor, $0) }
            guard count > 0 else { throw CommandFailure("\(path ?? "standard output") cannot be written: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    func close() { if path != nil { Self.end(descriptor) } }

    #if canImport(Glibc)
        private static func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
        private static func end(_ descriptor: Int32) { _ = Glibc.close(descriptor) }
    #elseif canImport(Musl)
        private static func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        }
        private static func end(_ descriptor: Int32) { _ = Musl.close(descriptor) }
    #endif
}
