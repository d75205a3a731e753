import NIOCore
import Routing
import Translation
import Wire

extension UpstreamRequest {
    /// The request with what vouches for it now: a signature over this very body, the token of the moment, and the headers of the
    /// client that its provider takes. Most providers want none of it, and get the request as it is.
    func authorized(for target: Target, passed: ByteBuffer?, _ loop: Loop) -> UpstreamRequest {
        let passed = target.passesHeaders ? passed : nil
        guard target.signing != nil || target.keeper != nil || passed != nil else { return self }
        let unixSeconds = WallClock.milliseconds() / 1000
        var lines = passed ?? ByteBuffer()
        if var line = target.keeper?.line(unixSeconds: unixSeconds) { lines.writeBuffer(&line) }
        if let signing = target.signing { sign(signing, unixSeconds, into: &lines) }
        return inserting(lines, loop)
    }

    private func sign(_ signing: Target.Signing, _ unixSeconds: Int64, into lines: inout ByteBuffer) {
        head.withUnsafeReadableBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[Self.headLength(bytes)...])
            let path = Self.path(bytes)
            let added: [(name: String, value: String)]
            if let rest {
                added = rest.withUnsafeReadableBytes {
                    signing.signer.headers(
                        path: path, authority: signing.authority, headers: signing.headers, body: [body, $0], unixSeconds: unixSeconds)
                }
            } else {
                added = signing.signer.headers(
                    path: path, authority: signing.authority, headers: signing.headers, body: [body], unixSeconds: unixSeconds)
            }
            for (name, value) in added { lines.writeString("\(name): \(value)\r\n") }
        }
    }

    /// `lines` behind the request line.
    func inserting(_ lines: ByteBuffer, _ loop: Loop) -> UpstreamRequest {
        let head = head.withUnsafeReadableBytes { bytes in
            let first = (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
            var out = loop.takeScratch(capacity: bytes.count + lines.readableBytes)
            out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<first]))
            out.writeImmutableBuffer(lines)
            out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[first...]))
            return out
        }
        return UpstreamRequest(head: head, rest: rest, tail: tail)
    }

    /// Up to and with the empty line.
    private static func headLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        let end = Array("\r\n\r\n".utf8)
        var at = 0
        while at + 4 <= bytes.count {
            if bytes[at] == end[0], bytes[at..<at + 4].elementsEqual(end) { return at + 4 }
            at += 1
        }
        return bytes.count
    }

    /// What stands between the method and the version.
    private static func path(_ bytes: UnsafeRawBufferPointer) -> String {
        let line = bytes.prefix { $0 != UInt8(ascii: "\r") }
        let parts = line.split(separator: UInt8(ascii: " "))
        return parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "/"
    }
}

extension Target {
    /// What it takes to sign requests for it.
    struct Signing: Sendable {
        let signer: any RequestSigner
        let authority: String
        /// Those of the settings.
        let headers: [(name: String, value: String)]
    }
}

extension Exchange {
    /// Waits for the provider's access token as for a connection, then goes on.
    func awaitToken(_ keeper: TokenKeeper, within limit: Duration) {
        let turn = self.turn
        let eventLoop = loop.eventLoop
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let number = keeper.wait { eventLoop.execute { bound.value.tokenCame(keeper, turn, isLate: false) } }
        guard let number else { return ended(.unavailable, "too many requests wait for an access token") }
        eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(limit.nanoseconds)) {
            keeper.leave(number)
            self.tokenCame(keeper, turn, isLate: true)
        }
    }

    private func tokenCame(_ keeper: TokenKeeper, _ turn: Int, isLate: Bool) {
        loop.time = .now()
        guard !over, attempt != nil, turn == self.turn, !wasSent, waitsForToken else { return }
        waitsForToken = false
        if keeper.line(unixSeconds: WallClock.milliseconds() / 1000) != nil { return connect() }
        guard !isLate else { return ended(.unavailable, "no access token in time") }
        ended(keeper.isRefused ? .auth : .unavailable, "no access token: \(keeper.failure ?? "the last one has lapsed")")
    }
}
