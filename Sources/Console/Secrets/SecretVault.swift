import Crypto
import FoundationEssentials
import Schema
import Settings
import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Encrypts credentials that come through the API, so that whoever reads the store reads none: AES-256-GCM, bound to the place
/// they were saved for.
public final class SecretVault: Sendable {
    /// Where its key comes from.
    private enum Origin: Sendable {
        case text(String)
        /// Made when it is first needed, for its owner alone.
        case file(String)
        /// Forgotten with the process, as the store is.
        case process
        case none(String)
    }

    private let origin: Origin
    private let made = Locked<SymmetricKey?>(nil)

    public static let shortest = 32

    /// - Parameter secret: `secrets_key` of the settings.
    public convenience init(_ secret: Secret?, store: StoreLocation) throws(Failure) {
        // Not in an initialiser that sets members: swiftc 6.3.1 -O ends on one that throws beside a lock.
        self.init(try Self.origin(secret, store))
    }

    private init(_ origin: Origin) { self.origin = origin }

    private static func origin(_ secret: Secret?, _ store: StoreLocation) throws(Failure) -> Origin {
        if let secret {
            guard secret.reveal().utf8.count >= shortest else {
                throw Failure("secrets_key: \(shortest) characters or more are needed, such as `openssl rand -hex 32` prints")
            }
            return .text(secret.reveal())
        }
        switch store {
        case .sqlite(let path): return .file(path + ".key")
        case .memory: return .process
        case .postgres:
            return .none(
                "credentials cannot be saved: set SWIFTLET_SECRETS_KEY (or `secrets_key`) to the same \(shortest) characters or more on "
                    + "every gateway")
        }
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
        init(_ description: String) { self.description = description }
    }

    // MARK: Sealing

    static let prefix = "sealed:v1:"

    static func isSealed(_ text: String) -> Bool { text.hasPrefix(prefix) }

    /// `place` must be the same when it is opened.
    func seal(_ text: String, for place: String) throws(Failure) -> String {
        let key = try key(mayMake: true)
        do {
            guard let box = try AES.GCM.seal(Data(text.utf8), using: key, authenticating: Data(place.utf8)).combined else {
                throw Failure("a credential could not be encrypted")
            }
            return Self.prefix + box.base64EncodedString()
        } catch { throw Failure("a credential could not be encrypted") }
    }

    /// Nil: it was sealed for another place, or with another key.
    func open(_ text: String, for place: String) -> String? {
        guard Self.isSealed(text), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))), let key = try? key(mayMake: false),
            let box = try? AES.GCM.SealedBox(combined: data), let plain = try? AES.GCM.open(box, using: key, authenticating: Data(place.utf8))
        else { return nil }
        return String(decoding: plain, as: UTF8.self)
    }

    // MARK: Key

    private func key(mayMake: Bool) throws(Failure) -> SymmetricKey {
        if let key = made.withLock({ $0 }) { return key }
        let key: SymmetricKey
        switch origin {
        case .text(let text): key = Self.derived(from: text)
        case .file(let path): key = Self.derived(from: try Self.text(at: path, mayMake: mayMake))
        case .process: key = SymmetricKey(size: .bits256)
        case .none(let why): throw Failure(why)
        }
        return made.withLock { known in
            known = known ?? key
            return known ?? key
        }
    }

    private static func derived(from text: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(text.utf8)), info: Data("swiftlet credentials v1".utf8), outputByteCount: 32)
    }

    private static func text(at path: String, mayMake: Bool) throws(Failure) -> String {
        if mayMake { try make(at: path) }
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path): the key of saved credentials cannot be read") }
        let text = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
        guard text.utf8.count >= shortest else { throw Failure("\(path): is no key of saved credentials") }
        return text
    }

    /// Where there is none. Never over one: what it has sealed would be lost.
    private static func make(at path: String) throws(Failure) {
        let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if descriptor < 0, errno == EEXIST { return }
        guard descriptor >= 0 else { throw Failure("\(path): the key of saved credentials cannot be made: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let text = SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            bytes.reduce(into: "") { text, byte in text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }
        }
        let bytes = Array((text + "\n").utf8)
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count, fsync(descriptor) == 0 else {
            unlink(path)
            throw Failure("\(path): the key of saved credentials cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}
