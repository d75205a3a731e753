import ArgumentParser
import Console
import FoundationEssentials
import Gateway
import Translation

/// Asks a running gateway's admin API: one request, one connection, waited for.
struct AdminClient {
    private let exchange: AdminExchange
    /// Nil where it would go to somebody whose certificate was not looked at.
    private let token: String?

    /// - Parameters:
    ///   - url: `http://HOST:PORT` or `https://HOST:PORT`; nil for the usual place on this machine.
    ///   - patience: Seconds of silence after which it is given up; nil: never.
    ///   - isVerifying: Whether the listener must prove who it is; without it no token is sent.
    init(_ url: String?, patience: Int? = nil, isVerifying: Bool = true) throws {
        let url = url ?? "http://127.0.0.1:8081"
        guard let base = BaseURL(written: url) else {
            throw ValidationError("--url takes http://HOST:PORT or https://HOST:PORT, not `\(url)`")
        }
        let environment = ProcessInfo.processInfo.environment
        let roots = base.origin.tls ? try environment["SWIFTLET_ADMIN_CA"].map { try PEMFile.certificates($0, of: "SWIFTLET_ADMIN_CA") } : nil
        exchange = AdminExchange(base: base, roots: roots ?? [], isVerifying: isVerifying, patience: patience)
        token = isVerifying ? environment["SWIFTLET_ADMIN_TOKEN"] : nil
    }

    func get(_ path: String) throws -> AdminReply { try send("GET", path, "") }
    func post(_ path: String, _ body: String) throws -> AdminReply { try send("POST", path, body) }

    func put(_ path: String, _ body: String) throws -> AdminReply { try send("PUT", path, body) }
    func patch(_ path: String, _ body: String) throws -> AdminReply { try send("PATCH", path, body) }
    func delete(_ path: String) throws -> AdminReply { try send("DELETE", path, "") }

    /// A name as a segment of a path.
    static func segment(_ name: String) -> String {
        name.utf8.map { byte in
            let isPlain = 0x61...0x7a ~= byte | 0x20 || 0x30...0x39 ~= byte || "-_.~".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    func send(_ method: String, _ path: String, _ body: String) throws -> AdminReply {
        do { return try exchange.send(method, path, body, token: token) } catch let silence as AdminExchange.Silence {
            throw silence
        } catch {
            throw NoGateway(place: exchange.base.origin.authority, reason: AdminExchange.words(error))
        }
    }

    /// Nobody is there to be asked.
    struct NoGateway: Error, CustomStringConvertible {
        let place: String
        let reason: String
        var description: String {
            "\(place) cannot be asked: \(reason). Is a gateway running there? `swiftlet serve` starts one; --url http://HOST:PORT names another one's "
                + "admin listener"
        }
    }
}

extension AdminReply {
    /// In place of an answer without a body.
    static let deleted = AdminReply(status: 200, text: "{\"deleted\":true}")
    var isGood: Bool { 200..<300 ~= status }

    /// What went wrong and, where that is a matter of this command line, what to do.
    var complaint: String {
        switch status {
        case 401: "\(problem). For this command: set SWIFTLET_ADMIN_TOKEN to it"
        // A refusal of the request that is explained has words of its own.
        case 403 where node["error"]?["code"]?.scalar == "role_not_sufficient": "\(problem). The token of this command is in SWIFTLET_ADMIN_TOKEN"
        default: problem
        }
    }
}
