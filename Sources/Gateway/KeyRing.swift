import Crypto
import Schema
import Settings

/// The virtual keys, by the SHA-256 digest of the secret. The secrets themselves are forgotten when settings are compiled.
struct KeyRing: Sendable {
    struct Digest: Hashable, Sendable {
        var words: (UInt64, UInt64, UInt64, UInt64)

        init(of secret: UnsafeRawBufferPointer) {
            words = SHA256.hash(data: secret).withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
        }

        /// `sha256:` and 64 hexadecimal digits: a key of which only the digest is known. Nil for anything else.
        init?(written text: String) {
            let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
            guard text.hasPrefix(Self.prefix), digits.count == 64 else { return nil }
            var bytes: [UInt8] = []
            var high: UInt8?
            for digit in digits {
                guard let value = Character(UnicodeScalar(digit)).hexDigitValue.map(UInt8.init) else { return nil }
                if let first = high { bytes.append(first << 4 | value) }
                high = high == nil ? value : nil
            }
            words = bytes.withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
        }

        static let prefix = "sha256:"

        /// All 32 bytes, without an early way out.
        static func == (left: Digest, right: Digest) -> Bool {
            (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
                | (left.words.3 ^ right.words.3) == 0
        }

        func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
    }

    /// What a presented key comes to.
    enum Verdict {
        case key(Int), missing, unknown
        /// The key as it was before it was rotated: good until then, in seconds since 1970.
        case former(Int, until: Int64)
    }

    private var digests: [Digest: Int] = [:]
    /// Looked at where `digests` has nothing.
    private var former: [Digest: (key: Int, until: Int64)] = [:]
    /// Requests without a key are served as `local`: no keys are configured and the listener is loopback.
    let isOpen: Bool

    /// `open` lets everybody in as key 0, `local`.
    init(_ keys: [VirtualKey], open: Bool) {
        isOpen = open
        for (index, key) in keys.enumerated() {
            digests[Self.digest(of: key.secret)] = index
            for previous in key.previous { former[Self.digest(of: previous.secret)] = (index, previous.until.seconds) }
        }
    }

    static func digest(of secret: Secret) -> Digest {
        let secret = secret.reveal()
        return Digest(written: secret) ?? Array(secret.utf8).withUnsafeBytes { Digest(of: $0) }
    }

    func find(_ secret: UnsafeRawBufferPointer?) -> Verdict {
        if isOpen { return .key(0) }
        guard let secret, secret.count > 0 else { return .missing }
        let digest = Digest(of: secret)
        if let key = digests[digest] { return .key(key) }
        return former[digest].map { Verdict.former($0.key, until: $0.until) } ?? .unknown
    }

    /// Whether it is one of the configured keys.
    func knows(_ secret: UnsafeRawBufferPointer) -> Bool {
        guard !digests.isEmpty, secret.count > 0 else { return false }
        let digest = Digest(of: secret)
        return digests[digest] != nil || former[digest] != nil
    }
}

/// Keys that are made here: shown once, known afterwards by their digest alone.
public enum NewKey {
    /// 256 bits by the system's generator, in letters and digits.
    public static func make() -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var generator = SystemRandomNumberGenerator()
        return "sk-swiftlet-" + String((0..<43).map { _ in alphabet.randomElement(using: &generator) ?? "0" })
    }

    /// How it begins: enough to know it again by, not enough to guess it.
    public static func prefix(of key: String) -> String { String(key.prefix(16)) }

    /// As settings may have it in place of the key itself.
    public static func digest(of key: String) -> String {
        let digits = Array("0123456789abcdef")
        return KeyRing.Digest.prefix
            + String(SHA256.hash(data: Array(key.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
