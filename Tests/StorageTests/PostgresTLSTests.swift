import Foundation
import Testing

@testable import Storage

/// A certificate authority and certificates for servers, made for a test with openssl.
struct Authority {
    struct Problem: Error { var said: String }

    let folder: Folder
    var certificate: String { folder("ca.pem") }

    init() throws {
        folder = try Folder()
        try openssl(["req", "-x509"] + Self.key + ["-keyout", folder("ca.key"), "-out", certificate, "-subj", "/CN=Test authority", "-days", "2"])
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private func openssl(_ arguments: [String]) throws {
        let program = Process()
        let said = Pipe()
        program.executableURL = URL(filePath: "/usr/bin/env")
        program.arguments = ["openssl"] + arguments
        (program.standardOutput, program.standardError) = (said, said)
        try program.run()
        let text = said.fileHandleForReading.readDataToEndOfFile()
        program.waitUntilExit()
        guard program.terminationStatus == 0 else { throw Problem(said: String(decoding: text, as: UTF8.self)) }
    }

    /// Signs one for this host and lays it, with its key, into the server's own folder, as the server wants it: only its owner reads it.
    func sign(for host: String, into cluster: PostgresCluster) throws {
        let request = folder("server.csr")
        let (key, certificate) = ("\(cluster.folder)/server.key", "\(cluster.folder)/server.pem")
        try openssl(["req"] + Self.key + ["-keyout", key, "-out", request, "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)"])
        try openssl([
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", folder("ca.key"), "-CAcreateserial", "-days", "2",
            "-copy_extensions", "copy", "-out", certificate,
        ])
        let owner = try FileManager.default.attributesOfItem(atPath: "\(cluster.folder)/data")[.ownerAccountID]
        for file in [key, certificate] {
            try FileManager.default.setAttributes([.posixPermissions: 0o600, .ownerAccountID: owner ?? 0], ofItemAtPath: file)
        }
    }
}

@Suite("PostgreSQL over TLS") struct PostgresTLSTests {
    /// Which URLs are served, and of the others why not.
    private struct Row: Sendable {
        var host = "localhost"
        var more: String
        var refused: String?
    }

    private static func url(_ host: String, _ port: Int, _ more: String) -> String {
        "postgres://swiftlet:canary-password@\(host):\(port)/postgres?\(more)"
    }

    private static func port() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0 }
        }
        #expect(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Asked until the settings hold that were changed just now.
    private static func turn(_ cluster: PostgresCluster, _ settings: [String: String]) throws {
        let probe = try PostgresProbe(PostgresAddress(cluster.url()))
        for (name, value) in settings { try probe.run("ALTER SYSTEM SET \(name) = '\(value)'") }
        try probe.run("SELECT pg_reload_conf()")
        #expect(
            eventually {
                guard let fresh = try? PostgresProbe(PostgresAddress(cluster.url())) else { return false }
                return settings.allSatisfy { (try? fresh.run("SHOW \($0.key)").text(0, 0)) == $0.value }
            })
    }

    @Test("who asks for TLS gets it or nothing; who asks who answers finds out, and is told in words")
    func modes() throws {
        let port = try Self.port()
        let cluster = try PostgresCluster(port: port)
        let (authority, stranger) = (try Authority(), try Authority())
        let plain = Self.url("localhost", port, "sslmode=require")
        let none = #expect(throws: StoreFailure.self) { try PostgresStore(PostgresAddress(plain)) }
        #expect(none?.kind == .permission && none?.message.contains("server does not support SSL") == true, "\(String(describing: none))")

        try authority.sign(for: "localhost", into: cluster)
        // Plain text is refused by the server as well.
        try Data("local all all trust\nhostssl all all 127.0.0.1/32 trust\n".utf8).write(to: URL(filePath: "\(cluster.folder)/data/pg_hba.conf"))
        try Self.turn(cluster, ["ssl_cert_file": "\(cluster.folder)/server.pem", "ssl_key_file": "\(cluster.folder)/server.key", "ssl": "on"])
        let (known, unknown) = ("sslrootcert=\(authority.certificate)", "sslrootcert=\(stranger.certificate)")
        let rows = [
            Row(more: "sslmode=require"), Row(more: ""), Row(host: "127.0.0.1", more: "sslmode=require"),
            Row(more: "sslmode=verify-full&\(known)"), Row(host: "127.0.0.1", more: "sslmode=verify-ca&\(known)"),
            Row(host: "127.0.0.1", more: "sslmode=verify-full&\(known)", refused: "does not match host name"),
            Row(more: "sslmode=verify-full&\(unknown)", refused: "certificate verify failed"),
            Row(more: "sslmode=verify-ca&\(unknown)", refused: "certificate verify failed"),
            Row(more: "sslmode=verify-full&sslrootcert=/nowhere/ca.pem", refused: "/nowhere/ca.pem"),
            Row(more: "sslmode=disable", refused: "no pg_hba.conf entry"),
        ]
        for row in rows {
            let url = Self.url(row.host, port, row.more)
            guard let why = row.refused else {
                let probe = try PostgresProbe(PostgresAddress(url))
                #expect(try probe.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").int(0, 0) == 1, "\(row)")
                continue
            }
            let failure = #expect(throws: StoreFailure.self, "\(row)") { try PostgresStore(PostgresAddress(url)) }
            #expect(failure?.kind == .permission && failure?.message.contains(why) == true, "\(String(describing: failure))")
            #expect(failure?.message.contains("canary") == false)
        }
    }

    @Test("all of a gateway's connections are of that kind, its bell's too")
    func all() throws {
        let port = try Self.port()
        let cluster = try PostgresCluster(port: port)
        let authority = try Authority()
        try authority.sign(for: "localhost", into: cluster)
        try Self.turn(cluster, ["ssl_cert_file": "\(cluster.folder)/server.pem", "ssl_key_file": "\(cluster.folder)/server.key", "ssl": "on"])
        let address = try PostgresAddress(Self.url("localhost", port, "sslmode=verify-full&sslrootcert=\(authority.certificate)"))
        let store = try PostgresStore(address)
        let bell = PostgresBell(address)
        let heard = Locked(false)
        bell.listen { _ in heard.withLock { $0 = true } }
        _ = try store.join(gateway: "a", called: "a")
        #expect(try store.append(LedgerEntry.samples(0..<50)[...]).added == 50)
        #expect(eventually { heard.withLock { $0 } })
        let seen = try PostgresProbe(PostgresAddress(cluster.url())).run(
            """
            SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE client_addr IS NOT NULL
            """)
        #expect(seen.int(0, 0) == 4 && seen.int(0, 1) == 0, "journal, leases, others, bell: \(seen.int(0, 0)), plain \(seen.int(0, 1))")
        bell.close()
    }
}
