import FoundationEssentials
import NIOSSL
import Settings
import Storage

/// What is wrong with a file that TLS needs.
public struct CertificateProblem: Error, Equatable, CustomStringConvertible {
    /// `server.tls.certificate`.
    public let setting: String
    let path: String
    public let reason: String

    public var description: String { "\(setting): \(path): \(reason)" }
}

/// Files in PEM form.
public enum PEMFile {
    /// - Parameter setting: What names the file, for the problem.
    public static func certificates(_ path: String, of setting: String) throws(CertificateProblem) -> [NIOSSLCertificate] {
        try certificates(in: bytes(path, of: setting), path, of: setting)
    }

    fileprivate static func bytes(_ path: String, of setting: String) throws(CertificateProblem) -> [UInt8] {
        guard let file = FileManager.default.contents(atPath: path) else {
            throw CertificateProblem(setting: setting, path: path, reason: "it cannot be read")
        }
        return Array(file)
    }

    fileprivate static func certificates(in bytes: [UInt8], _ path: String, of setting: String) throws(CertificateProblem) -> [NIOSSLCertificate] {
        guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw CertificateProblem(setting: setting, path: path, reason: "expected a certificate in PEM form, `-----BEGIN CERTIFICATE-----`")
        }
        return found
    }
}

/// The certificate of a listener with its key, from two files that are read again when they have changed: authorities give certificates of
/// weeks, and a gateway runs for months.
public final class ServerCertificate: Sendable {
    /// `server.tls`.
    public let setting: String
    private let files: TLSSettings
    private let state: Locked<State>

    private struct State {
        var pair: Pair
        /// What the last look found wrong, and whether that has been told.
        var problem: CertificateProblem?
        var isTold = false
    }

    /// What a look found.
    public enum Renewal: Equatable, Sendable {
        case same
        /// Connections from now on are shown another certificate.
        case renewed
        /// The old one stays. Told once.
        case refused(CertificateProblem)
    }

    /// Throws what is wrong with one of the files, or that they do not belong together.
    public static func load(_ files: TLSSettings, of setting: String) throws(CertificateProblem) -> ServerCertificate {
        let texts = try Texts(files, setting)
        return ServerCertificate(files, setting, try Pair(texts, files, setting))
    }

    private init(_ files: TLSSettings, _ setting: String, _ pair: Pair) {
        (self.files, self.setting) = (files, setting)
        state = Locked(State(pair: pair))
    }

    /// For connections that begin now.
    public var context: NIOSSLContext { state.withLock { $0.pair.context } }

    /// Seconds since 1970: the earliest end of a certificate in the chain.
    public var expiry: Int { state.withLock { $0.pair.expiry } }

    /// What somebody should do about its end; nil while there is time.
    /// - Parameter now: Seconds since 1970.
    public func warning(at now: Int) -> String? {
        let (day, left) = (86_400, expiry - now)
        if left <= 0 { return "the certificate has expired" }
        return left < 14 * day ? "the certificate expires in \(left / day == 0 ? "less than a day" : "\(left / day) d")" : nil
    }

    /// Blocks for the two files.
    public func renew() -> Renewal {
        do throws(CertificateProblem) {
            let texts = try Texts(files, setting)
            if texts.digests == state.withLock({ $0.pair.digests }) {
                state.withLock { $0.problem = nil }
                return .same
            }
            let pair = try Pair(texts, files, setting)
            state.withLock { $0 = State(pair: pair) }
            return .renewed
        } catch {
            return refused(error)
        }
    }

    /// Two files are written one after the other: only what is still wrong at the next look is worth a word.
    private func refused(_ problem: CertificateProblem) -> Renewal {
        state.withLock { state in
            guard state.problem == problem else {
                (state.problem, state.isTold) = (problem, false)
                return .same
            }
            defer { state.isTold = true }
            return state.isTold ? .same : .refused(problem)
        }
    }

    private struct Texts {
        let certificate: [UInt8]
        let key: [UInt8]

        init(_ files: TLSSettings, _ setting: String) throws(CertificateProblem) {
            certificate = try PEMFile.bytes(files.certificate, of: "\(setting).certificate")
            key = try PEMFile.bytes(files.privateKey, of: "\(setting).private_key")
        }

        var digests: [KeyRing.Digest] { [certificate, key].map { $0.withUnsafeBytes { KeyRing.Digest(of: $0) } } }
    }

    private struct Pair {
        let context: NIOSSLContext
        let expiry: Int
        let digests: [KeyRing.Digest]

        init(_ texts: Texts, _ files: TLSSettings, _ setting: String) throws(CertificateProblem) {
            let chain = try PEMFile.certificates(in: texts.certificate, files.certificate, of: "\(setting).certificate")
            guard let key = try? NIOSSLPrivateKey(bytes: texts.key, format: .pem) else {
                throw CertificateProblem(
                    setting: "\(setting).private_key", path: files.privateKey,
                    reason: "expected a private key in PEM form, without a passphrase, `-----BEGIN PRIVATE KEY-----`")
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            guard let context = try? NIOSSLContext(configuration: configuration) else {
                throw CertificateProblem(
                    setting: "\(setting).private_key", path: files.privateKey, reason: "it is not the key of the certificate in \(files.certificate)")
            }
            self.context = context
            expiry = chain.map { Int($0.notValidAfter) }.min() ?? 0
            digests = texts.digests
        }
    }
}
