import NIOSSL
import Settings
import Storage

/// TLS towards providers. Contexts are made once: loading trust roots takes milliseconds.
final class TLS: Sendable {
    /// By whether HTTP/2 is offered.
    private let clientContexts: Locked<[Bool: NIOSSLContext]> = Locked([:])
    /// Trusted beside the system's roots.
    private let roots: [NIOSSLCertificate]

    init(_ settings: ServerSettings) throws {
        roots = try settings.trustedCertificates.map { try PEMFile.certificates($0, of: "server.trusted_certificates") } ?? []
    }

    /// Verifies certificate and host name.
    func client(http2: Bool) throws -> NIOSSLContext {
        try clientContexts.withLock { contexts in
            if let context = contexts[http2] { return context }
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .fullVerification
            configuration.applicationProtocols = http2 ? ["h2", "http/1.1"] : ["http/1.1"]
            if !roots.isEmpty { configuration.additionalTrustRoots = [.certificates(roots)] }
            let made = try NIOSSLContext(configuration: configuration)
            contexts[http2] = made
            return made
        }
    }
}
