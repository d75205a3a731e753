import Testing
import Wire

/// However the network cuts a message, the same comes out.
@Suite("Messages cut anywhere") struct CutTests {
    static let requests = [
        head(
            "POST /v1/chat/completions?a=%20b HTTP/1.1", "Host: localhost:8080", "Authorization: Bearer sk-0123456789",
            "Content-Type: application/json",
            "Expect: 100-continue", "X-Swiftlet-Tags: a, b", "Content-Length: 12") + "{\"model\":1}\r",
        "\r\n" + head("GET http://a:1/x?y HTTP/1.1", "host: A:1", "connection: keep-alive, close", "odd~name:\t\u{e9}\t "),
        head("POST / HTTP/1.0", "content-length: 0"),
        head("POST / HTTP/1.1", "host: a", "transfer-encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n",
    ]

    static let replies = [
        head("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", "x-request-id: r") + "1\r\na\r\n0\r\n\r\n",
        head("HTTP/1.1 429 Too Many Requests", "Content-Type: application/json", "Retry-After: 1", "retry-after-ms: 900", "content-length: 2") + "{}",
        head("HTTP/1.0 200"),
        head("HTTP/1.1 100 Continue") + head("HTTP/1.1 204 No Content"),
    ]

    static let bodies = [
        "5\r\nhello\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET",
        "1\r\n\r\r\n2\r\n\r\n\r\n0\r\n\r\n",
    ]

    @Test("requests: one cut at every position, and every byte alone", arguments: requests + RequestRefusalTests.texts)
    func cutRequests(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = RequestParser.take(bytes)
        for cut in 0...bytes.count { #expect(RequestParser.take(bytes, cuts: [cut]) == whole, "cut at \(cut)") }
        #expect(RequestParser.take(bytes, cuts: Array(0...bytes.count)) == whole)
    }

    @Test("replies: one cut at every position, and every byte alone", arguments: replies)
    func cutReplies(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = ResponseParser.take(bytes)
        for cut in 0...bytes.count { #expect(ResponseParser.take(bytes, cuts: [cut]) == whole, "cut at \(cut)") }
        #expect(ResponseParser.take(bytes, cuts: Array(0...bytes.count)) == whole)
    }

    @Test("chunked bodies: two cuts at every pair of positions", arguments: bodies)
    func cutBodies(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = Unchunked(bytes)
        #expect(whole.ended)
        for first in 0...bytes.count {
            for second in first...bytes.count where Unchunked(bytes, cuts: [first, second]) != whole {
                Issue.record("cut at \(first) and \(second): \(Unchunked(bytes, cuts: [first, second]))")
            }
        }
    }

    @Test("damaged messages mean the same whole and cut", arguments: [1, 2, 3, 4] as [UInt64])
    func damaged(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var refused = 0
        for _ in 0..<1500 {
            let request = Self.damage(Array(Self.requests.randomElement(using: &random)!.utf8), &random)
            let cuts = Self.cuts(request.count, &random)
            let taken = RequestParser.take(request)
            refused += taken.problem == nil ? 0 : 1
            if taken != RequestParser.take(request, cuts: cuts) { Issue.record("seed \(seed): \(request) cut at \(cuts)") }
            let reply = Self.damage(Array(Self.replies.randomElement(using: &random)!.utf8), &random)
            let replyCuts = Self.cuts(reply.count, &random)
            if ResponseParser.take(reply) != ResponseParser.take(reply, cuts: replyCuts) {
                Issue.record("seed \(seed): \(reply) cut at \(replyCuts)")
            }
            let body = Self.damage(Array(Self.bodies.randomElement(using: &random)!.utf8), &random)
            let bodyCuts = Self.cuts(body.count, &random)
            if Unchunked(body) != Unchunked(body, cuts: bodyCuts) { Issue.record("seed \(seed): \(body) cut at \(bodyCuts)") }
        }
        #expect(refused > 300)
        #expect(refused < 1490)
    }

    @Test("limits strike alike whole and cut", arguments: [(10, 100), (40, 3), (60, 1), (90, 2), (200, 2)])
    func limits(_ bytes: Int, _ fields: Int) {
        let limits = HeadLimits(bytes: bytes, fields: fields, target: 30)
        // The last one: its target's limit must not depend on whether the empty line came alone (found by the fuzzer).
        for text in Self.requests + ["\r\nGET /" + String(repeating: "a", count: 100)] {
            let request = Array(text.utf8)
            let whole = RequestParser.take(request, limits: limits)
            for cut in 0...request.count { #expect(RequestParser.take(request, cuts: [cut], limits: limits) == whole) }
        }
    }

    /// One to three bytes changed, dropped, doubled, or replaced by one that framing is made of.
    static func damage(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(bytes[at], at: at)
            case 3: bytes.insert("\r\n:; \t,0\u{0}".utf8.randomElement(using: &random)!, at: at)
            default: bytes[at] = "\r\n:; \t,0\u{0}".utf8.randomElement(using: &random)!
            }
        }
        return bytes
    }

    static func cuts(_ count: Int, _ random: inout SplitMix) -> [Int] {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in Int.random(in: 0...count, using: &random) }.sorted()
    }
}
