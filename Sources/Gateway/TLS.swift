import NIOSSL
import Settings
import Storage

/// TLS contexts, made once: loading trust roots takes milliseconds.
final class TLS: Sendable {
    /// By whether HTTP/2 is offered.
    private let clientContexts: Locked<[Bool: NIOSSLContext]> = Locked([:])
    /// Trusted beside the system's roots.
    private let roots: [NIOSSLCertificate]
    /// Downstream, when a certificate is configured.
    let server: NIOSSLContext?

    init(_ settings: ServerSettings) throws {
        roots = try settings.trustedCertificates.map { try NIOSSLCertificate.fromPEMFile($0) } ?? []
        guard let own = settings.tls else {
            server = nil
            return
        }
        let chain = try NIOSSLCertificate.fromPEMFile(own.certificate).map { NIOSSLCertificateSource.certificate($0) }
        var configuration = try TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(NIOSSLPrivateKey(file: own.privateKey, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        server = try NIOSSLContext(configuration: configuration)
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
