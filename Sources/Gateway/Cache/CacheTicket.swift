import NIOCore
import Routing
import Settings
import Storage
import Translation

/// How a request stands to the answers that are kept. On one event loop.
final class CacheTicket {
    enum Standing {
        case hit(seconds: Int64)
        case miss
        /// The request, or what it asks for, wants none that is kept.
        case bypass
    }

    let digest: AnswerDigest
    let lifetime: Duration
    let key: String
    let route: String
    /// Nil: any.
    let maxAge: Int64?
    /// What was forgotten on somebody's word after this is not kept.
    let generation: Int
    /// Whether a kept answer will do, and whether this one is kept.
    let reads: Bool
    let writes: Bool
    private(set) var standing: Standing
    /// In nanodollars, of a hit.
    private(set) var worth: Int64?
    /// The store was asked and has not answered.
    var isLooking = false
    /// The answer is whole and good: who gave it, and what it is worth.
    private(set) var approval: (lines: [UInt8], worth: Int64?)?

    init(_ digest: AnswerDigest, _ policy: CachePolicy, _ control: CacheControl, mayKeep: Bool, key: String, route: String, generation: Int) {
        self.digest = digest
        (lifetime, self.key, self.route, self.generation) = (policy.ttl, key, route, generation)
        maxAge = control.maxAge
        reads = mayKeep && !control.noCache && !control.noStore
        writes = mayKeep && !control.noStore
        standing = reads ? .miss : .bypass
    }

    var isHit: Bool {
        if case .hit = standing { true } else { false }
    }

    /// Whether a kept answer is young enough for the request.
    func takes(_ found: ShelvedAnswer, at milliseconds: Int64) -> Bool { maxAge.map { age(of: found, at: milliseconds) <= $0 } ?? true }

    func hit(_ found: ShelvedAnswer, at milliseconds: Int64) {
        standing = .hit(seconds: age(of: found, at: milliseconds))
        worth = found.answer.worth
    }

    private func age(of found: ShelvedAnswer, at milliseconds: Int64) -> Int64 { max(0, milliseconds - found.answer.storedMilliseconds) / 1_000 }

    func approve(lines: [UInt8], worth: Int64?) { approval = (lines, worth) }

    // MARK: What a client is told

    /// More bytes than `writeLines` writes.
    static let linesBound = 64

    func writeLines(into head: inout HeadWriter) {
        switch standing {
        case .miss: head.text("x-swiftlet-cache: miss\r\n")
        case .bypass: head.text("x-swiftlet-cache: bypass\r\n")
        case .hit(let seconds):
            head.text("x-swiftlet-cache: hit\r\nage: ")
            head.decimal(Int(seconds))
            head.text("\r\n")
        }
    }
}

/// Reads along with an answer that may be kept, and hands it on once it is known to be whole. Where the client leaves before the end,
/// nothing is.
final class CacheTap: AnswerTap {
    private let cache: AnswerCache
    private let ticket: CacheTicket
    private let request: Admitted
    private let limit: Int
    private let next: (any AnswerTap)?
    private var bytes: [UInt8] = []
    private var isTooLarge = false

    /// - Parameter limit: Of the body; the head and a stream's framing have room beside it.
    init(_ cache: AnswerCache, _ ticket: CacheTicket, _ request: Admitted, limit: Int, next: (any AnswerTap)?) {
        (self.cache, self.ticket, self.request, self.next) = (cache, ticket, request, next)
        self.limit = limit
    }

    func take(_ buffer: ByteBuffer) {
        next?.take(buffer)
        guard !isTooLarge else { return }
        guard bytes.count + buffer.readableBytes <= limit + limit / 8 + 65_536, !ticket.isHit else {
            isTooLarge = true
            bytes = []
            return
        }
        buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }

    func end() {
        next?.end()
        guard !isTooLarge, let approval = ticket.approval, let parts = AnswerParts(bytes), parts.status == 200, parts.body.count <= limit,
            AnswerCheck.isWhole(parts.body, request.api, request.call)
        else { return }
        let now = WallClock.milliseconds()
        cache.keep(
            CachedAnswer(
                digest: ticket.digest.bytes, key: ticket.key, route: ticket.route, storedMilliseconds: now,
                expiresMilliseconds: now + ticket.lifetime.milliseconds, worth: approval.worth, contentType: parts.contentType,
                lines: approval.lines, body: parts.body),
            from: ticket.generation)
    }

    var keeper: ResponseTap? { next?.keeper }
}
