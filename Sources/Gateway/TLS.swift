import NIOSSL
import Settings
import Storage

/// TLS contexts, made once: loading trust roots takes milliseconds.
final class TLS: Sendable {
    private let clientContext: Locked<NIOSSLContext?> = Locked(nil)
    /// Downstream, when a certificate is configured.
    let server: NIOSSLContext?

    init(certificate: String?, privateKey: String?) throws {
        guard let certificate, let privateKey else {
            server = nil
            return
        }
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
        var configuration = try TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(NIOSSLPrivateKey(file: privateKey, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        server = try NIOSSLContext(configuration: configuration)
    }

    /// Verifies certificate and host name against the system's roots.
    func client() throws -> NIOSSLContext {
        try clientContext.withLock { context in
            if let context { return context }
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .fullVerification
            configuration.applicationProtocols = ["http/1.1"]
            let made = try NIOSSLContext(configuration: configuration)
            context = made
            return made
        }
    }
}
