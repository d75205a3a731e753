import Crypto
import Settings

/// The virtual keys, by the SHA-256 digest of the secret. The secrets themselves are forgotten when settings are compiled.
struct KeyRing: Sendable {
    struct Digest: Hashable, Sendable {
        var words: (UInt64, UInt64, UInt64, UInt64)

        init(of secret: UnsafeRawBufferPointer) {
            words = SHA256.hash(data: secret).withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
        }

        /// All 32 bytes, without an early way out.
        static func == (left: Digest, right: Digest) -> Bool {
            (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
                | (left.words.3 ^ right.words.3) == 0
        }

        func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
    }

    /// What a presented key comes to.
    enum Verdict { case key(Int), missing, unknown }

    private var digests: [Digest: Int] = [:]
    /// Requests without a key are served as `local`: no keys are configured and the listener is loopback.
    let isOpen: Bool

    /// `open` lets everybody in as key 0, `local`.
    init(_ keys: [VirtualKey], open: Bool) {
        isOpen = open
        for (index, key) in keys.enumerated() {
            let digest = Array(key.secret.reveal().utf8).withUnsafeBytes { Digest(of: $0) }
            digests[digest] = index
        }
    }

    func find(_ secret: UnsafeRawBufferPointer?) -> Verdict {
        if isOpen { return .key(0) }
        guard let secret, secret.count > 0 else { return .missing }
        return digests[Digest(of: secret)].map(Verdict.key) ?? .unknown
    }
}
