import Settings
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Model servers on this machine, asked for their models at start when no settings were given.
enum LocalServers {
    /// Blocks for at most a second for each of the few usual ports; a port nobody listens on answers at once.
    static func find() -> [(port: Int, models: [String])] {
        Discovery.localServers.compactMap { server in
            guard let models = models(at: server.port), !models.isEmpty else { return nil }
            return (server.port, models)
        }
    }

    private static func models(at port: Int) -> [String]? {
        let request = "GET /v1/models HTTP/1.0\r\nhost: 127.0.0.1\r\naccept: application/json\r\n\r\n"
        guard let answer = exchange(request, port: port), let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        return Array(answer[end.upperBound...]).withUnsafeBytes { list(in: $0) }
    }

    /// The `id`s of OpenAI's list of models.
    private static func list(in body: UnsafeRawBufferPointer) -> [String]? {
        var models: [String] = []
        var scanner = JSONScanner(body)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "data"), try scanner.peek() == .array else {
                    try scanner.skip()
                    continue
                }
                try scanner.enterArray()
                while try scanner.nextElement() { try readModel(&scanner, into: &models) }
            }
        } catch {
            return nil
        }
        return models
    }

    private static func readModel(_ scanner: inout JSONScanner, into models: inout [String]) throws(JSONProblem) {
        try scanner.enterObject()
        while let member = try scanner.nextKey() {
            if scanner.text(member, is: "id"), try scanner.peek() == .string {
                models.append(scanner.decoded(try scanner.string()))
            } else {
                try scanner.skip()
            }
        }
    }

    private static func exchange(_ request: String, port: Int) -> [UInt8]? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0, send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else { return nil }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while answer.count < 4 << 20 {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count <= 0 { break }
            answer += piece[..<count]
        }
        return answer
    }
}
