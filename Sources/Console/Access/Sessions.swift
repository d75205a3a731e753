import Crypto
import Gateway

/// Who is signed in to the console. In memory: a restart signs everybody out, and a second gateway asks for the token again.
///
/// A session is good for as long as the token that it was opened with is, and at most for `longest` and `idle`. Of its secret only the
/// digest is kept.
struct Sessions: Sendable {
    struct Session: Sendable {
        let token: TokenDigest
        /// What forms and scripts of the console send along, and pages of others cannot know.
        let proof: String
        let opened: Int64
        var seen: Int64
        /// Unix milliseconds; not after it, used or not.
        var ends: Int64 { opened + Sessions.longest }
    }

    /// Milliseconds.
    static let longest: Int64 = 12 * 3_600_000
    static let idle: Int64 = 2 * 3_600_000
    /// The one that was used longest ago makes room for another.
    static let most = 1_000

    private var open: [Digest: Session] = [:]

    private typealias Digest = [UInt8]

    private static func digest(_ secret: String) -> Digest { Array(SHA256.hash(data: Array(secret.utf8))) }

    /// Returns the secret that its cookie carries.
    mutating func begin(_ token: TokenDigest, at now: Int64) -> (secret: String, session: Session) {
        if open.count >= Self.most, let oldest = open.min(by: { $0.value.seen < $1.value.seen })?.key { open[oldest] = nil }
        let session = Session(token: token, proof: Self.random(), opened: now, seen: now)
        let secret = Self.random()
        open[Self.digest(secret)] = session
        return (secret, session)
    }

    /// The session of a cookie. Nil: there is none, or its time is over. `counts`: it is used now, and idle from now on.
    mutating func use(_ secret: String, at now: Int64, counts: Bool = true) -> Session? {
        let digest = Self.digest(secret)
        guard var session = open[digest] else { return nil }
        guard now < session.ends, now < session.seen + Self.idle else {
            open[digest] = nil
            return nil
        }
        guard counts else { return session }
        session.seen = max(session.seen, now)
        open[digest] = session
        return session
    }

    mutating func end(_ secret: String) { open[Self.digest(secret)] = nil }

    /// All that were opened with this token. Returns how many.
    mutating func end(of token: TokenDigest) -> Int {
        let ended = open.filter { $0.value.token == token }.map(\.key)
        for digest in ended { open[digest] = nil }
        return ended.count
    }

    var count: Int { open.count }

    /// 32 bytes of the system's random numbers, in hexadecimal digits.
    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        return String((0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
}
