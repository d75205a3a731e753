import ArgumentParser
import Console
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Asks a running gateway's admin API: one request, one connection, waited for.
struct AdminClient {
    private let host: String
    private let port: String
    private let patience: Int?

    /// - Parameters:
    ///   - url: `http://HOST:PORT`; nil for the usual place on this machine.
    ///   - patience: Seconds of silence after which it is given up; nil: never.
    init(_ url: String?, patience: Int? = nil) throws {
        self.patience = patience
        let url = url ?? "http://127.0.0.1:8081"
        guard !url.lowercased().hasPrefix("https:") else {
            throw ValidationError(
                "--url takes http://HOST:PORT, not `\(url)`: commands speak no TLS, as the admin listener does not. Ask it where it listens; from "
                    + "elsewhere after `ssh -N -L 8081:127.0.0.1:8081 HOST`, which brings it to this machine")
        }
        guard url.hasPrefix("http://") else { throw ValidationError("--url takes http://HOST:PORT, not `\(url)`") }
        let authority = url.dropFirst(7).prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"), UInt16(authority[authority.index(after: colon)...]) != nil else {
            throw ValidationError("--url takes http://HOST:PORT, not `\(url)`")
        }
        host = String(authority[..<colon].filter { $0 != "[" && $0 != "]" })
        port = String(authority[authority.index(after: colon)...])
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
        let token = ProcessInfo.processInfo.environment["SWIFTLET_ADMIN_TOKEN"].map { "authorization: Bearer \($0)\r\n" } ?? ""
        let name = host.contains(":") ? "[\(host)]" : host
        let head =
            "\(method) \(path) HTTP/1.1\r\nhost: \(name):\(port)\r\n\(token)content-type: application/json\r\n"
            + "content-length: \(body.utf8.count)\r\nconnection: close\r\n\r\n"
        let answer = try exchange(Array((head + body).utf8))
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw PlainSocket.Unreachable(place: "\(name):\(port)", reason: "it said nothing")
        }
        let line = String(decoding: answer.prefix { $0 != 0x0d }, as: UTF8.self).split(separator: " ")
        return AdminReply(
            status: line.count > 1 ? Int(line[1]) ?? 0 : 0, text: String(decoding: answer[end.upperBound...], as: UTF8.self))
    }

    private func exchange(_ request: [UInt8]) throws -> [UInt8] {
        let descriptor: Int32
        do throws(PlainSocket.Unreachable) { descriptor = try PlainSocket.connect(host, port, within: patience) } catch {
            throw NoGateway(place: error.place, reason: error.reason)
        }
        defer { close(descriptor) }
        var rest = request[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw PlainSocket.Unreachable(place: "\(host):\(port)", reason: String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &block, block.count), count > 0 { answer += block[..<count] }
        return answer
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
