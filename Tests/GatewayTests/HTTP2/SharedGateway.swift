import Glibc
import Logging
import NIOCore
import NIOPosix
import Routing
import Settings
import Storage
import Testing

@testable import Gateway

/// A gateway of one event loop in front of a `StreamProvider`, and clients that talk to it.
struct SharedGateway {
    let port: Int
    let server: Server
    let provider: StreamProvider

    static func with(
        _ options: StreamProvider.Options = .init(), provider more: String = "",
        answer: @escaping @Sendable (StreamProvider.Request) -> [StreamProvider.Step],
        _ body: (SharedGateway) async throws -> Void
    ) async throws {
        let provider = try await StreamProvider(options, answer: answer)
        defer { provider.close() }
        let roots = TestCertificate.write()
        defer { unlink(roots) }
        let port = freePort()
        let yaml = """
            server: {listen: "127.0.0.1:\(port)", admin: "127.0.0.1:0", threads: 1, access_log: false, trusted_certificates: "\(roots)"}
            store: "memory:"
            router: {num_retries: 0}
            providers:
              up: {type: openai_compatible, base_url: "https://127.0.0.1:\(provider.port)/v1", api_key: sk-upstream, connect_timeout: 1m, \(more)}
            models:
              chat: {deployments: [{provider: up, model: upstream-model}]}
            """
        let compilation = Blueprint.compile(yaml: yaml)
        let blueprint = try #require(compilation.blueprint, "\(compilation.problems)")
        let server = try Server(blueprint, store: MemoryStore(), journal: nil, adminToken: nil, seed: 1, log: Logger(label: "test"))
        try await server.start(blueprint)
        let gateway = SharedGateway(port: port, server: server, provider: provider)
        do {
            try await body(gateway)
        } catch {
            provider.release()
            await server.drain(grace: .zero)
            throw error
        }
        provider.release()
        await server.drain(grace: .zero)
    }

    private static func freePort() -> Int {
        let probe = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { any in
                precondition(bind(probe, any, size) == 0)
                precondition(getsockname(probe, any, &size) == 0)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// A client that has asked.
    func ask(stream: Bool = false, content: String = "hi") -> MockClient {
        let client = MockClient(port: port)
        client.post(
            "/v1/chat/completions",
            #"{"model":"chat","messages":[{"role":"user","content":"\#(content)"}]\#(stream ? #","stream":true"# : "")}"#)
        return client
    }

    /// How many attempts ended with `fault`; nil: with success.
    func attempts(_ fault: Fault?) async -> Int {
        let counters = await server.counters()
        return counters.attempts[fault.map { 1 + Int($0.rawValue) } ?? 0]
    }

    /// Waits until `condition` holds, for ten seconds at most.
    func eventually(_ condition: (SharedGateway) async -> Bool) async throws -> Bool {
        for _ in 0..<1000 {
            if await condition(self) { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

extension MockClient {
    /// Of the next reply; nil: none came.
    func status() throws -> Int? { try reply()?.head.status }
    func body() throws -> String { try reply()?.body ?? "" }
}

func answered(_ status: Int?, _ wanted: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == wanted, sourceLocation: sourceLocation)
}

func held(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}
