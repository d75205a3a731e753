import Testing
import Wire

@Suite("Refused request heads") struct RequestRefusalTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var reason: HeadProblem.Reason
        /// Where the first wrong byte stands.
        var at: Int
        var testDescription: String { "\(text.prefix(60).debugDescription) is \(reason)" }

        init(_ text: String, _ reason: HeadProblem.Reason, at: Int) {
            self.text = text
            self.reason = reason
            self.at = at
        }

        /// A request line and a host, 25 bytes, before `lines`.
        init(field lines: String..., is reason: HeadProblem.Reason, at: Int) {
            text = "GET / HTTP/1.1\r\nhost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
            self.reason = reason
            self.at = at
        }
    }

    static let requestLines = [
        Row("GET / HTTP/1.1\nhost: a\n\n", .bareLF, at: 14),
        Row("\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", .bareLF, at: 0),
        Row("GET / HTTP/1.1\rhost: a\r\n\r\n", .bareCR, at: 14),
        Row("\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", .requestLine, at: 2),
        Row("\u{16}\u{3}\u{1}\u{2}\u{0}", .tls, at: 0),
        Row("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2, at: 0),
        Row("GET /\r\n\r\n", .noVersion, at: 5),
        Row("GET / HTTP/0.9\r\n\r\n", .version, at: 6),
        Row("GET / HTTP/1.2\r\n\r\n", .version, at: 6),
        Row("GET / HTTP/2.0\r\n\r\n", .version, at: 6),
        Row("GET / http/1.1\r\n\r\n", .requestLine, at: 6),
        Row("GET / HTTP/1.1 \r\n\r\n", .requestLine, at: 6),
        Row("GET / HTTP/1.10\r\n\r\n", .requestLine, at: 6),
        Row("GET / HTTP/11\r\n\r\n", .requestLine, at: 6),
        Row("GET /  HTTP/1.1\r\n\r\n", .requestLine, at: 6),
        Row("GET  / HTTP/1.1\r\n\r\n", .requestLine, at: 4),
        Row(" GET / HTTP/1.1\r\n\r\n", .methodToken, at: 0),
        Row("GET\t/ HTTP/1.1\r\n\r\n", .requestLine, at: 3),
        Row("GET /\tHTTP/1.1\r\n\r\n", .requestLine, at: 5),
        Row("GET / a HTTP/1.1\r\n\r\n", .requestLine, at: 6),
        Row("GET\r\n\r\n", .requestLine, at: 3),
        Row("GET \r\n\r\n", .requestLine, at: 4),
        Row("G@T / HTTP/1.1\r\n\r\n", .methodToken, at: 1),
        Row("G\u{e9}T / HTTP/1.1\r\n\r\n", .methodToken, at: 1),
        Row("get / HTTP/1.1\r\n\r\n", .method, at: 0),
        Row("GETS / HTTP/1.1\r\n\r\n", .method, at: 0),
        Row("CONNECT a:443 HTTP/1.1\r\n\r\n", .method, at: 0),
        Row("TRACE / HTTP/1.1\r\n\r\n", .method, at: 0),
        Row("GET * HTTP/1.1\r\n\r\n", .targetForm, at: 4),
        Row("OPTIONS ** HTTP/1.1\r\n\r\n", .targetForm, at: 8),
        Row("GET a HTTP/1.1\r\n\r\n", .targetForm, at: 4),
        Row("GET a:443 HTTP/1.1\r\n\r\n", .targetForm, at: 4),
        Row("GET ftp://a/ HTTP/1.1\r\n\r\n", .targetForm, at: 4),
        Row("GET http:///a HTTP/1.1\r\n\r\n", .host, at: 11),
        Row("GET http://u:p@a/ HTTP/1.1\r\n\r\n", .host, at: 13),
        Row("GET /a#b HTTP/1.1\r\n\r\n", .target, at: 6),
        Row("GET /\u{e9} HTTP/1.1\r\n\r\n", .target, at: 5),
        Row("GET /\"a HTTP/1.1\r\n\r\n", .target, at: 5),
        Row("GET /a\\b HTTP/1.1\r\n\r\n", .target, at: 6),
        Row("GET /?<a> HTTP/1.1\r\n\r\n", .target, at: 6),
        Row("GET /%4 HTTP/1.1\r\n\r\n", .target, at: 5),
        Row("GET /%zz HTTP/1.1\r\n\r\n", .target, at: 5),
        Row("GET /%\r\n\r\n", .target, at: 5),
        Row("GET /\u{0} HTTP/1.1\r\n\r\n", .control, at: 5),
        Row("GET /\u{7f} HTTP/1.1\r\n\r\n", .control, at: 5),
    ]

    static let fields = [
        Row(field: "x : 1", is: .spaceBeforeColon, at: 26),
        Row(field: "x\t: 1", is: .spaceBeforeColon, at: 26),
        Row(field: "content-length : 1", is: .spaceBeforeColon, at: 39),
        Row(field: " x: 1", is: .fold, at: 25),
        Row(field: "a: 1", " folded", is: .fold, at: 31),
        Row(field: "a: 1", "\tfolded: 1", is: .fold, at: 31),
        Row(field: "a: 1", " ", is: .fold, at: 31),
        Row(field: ": 1", is: .emptyName, at: 25),
        Row(field: "novalue", is: .noColon, at: 32),
        Row(field: "a b: 1", is: .name, at: 26),
        Row(field: "a(b): 1", is: .name, at: 26),
        Row(field: "a\u{e9}: 1", is: .name, at: 26),
        Row(field: "a,b: 1", is: .name, at: 26),
        Row(field: "a: \u{0}", is: .control, at: 28),
        Row(field: "a: b\u{1}c", is: .control, at: 29),
        Row(field: "a: b\u{7f}", is: .control, at: 29),
        Row(field: "a\u{0}: b", is: .control, at: 26),
        Row(field: "a: b\rc", is: .bareCR, at: 29),
        Row(field: "a: b\nc: d", is: .bareLF, at: 29),
        Row(field: "a: b\r\r", is: .bareCR, at: 29),
        Row(field: "host: a", is: .repeated, at: 31),
        Row(field: "Host: b", is: .repeated, at: 31),
        Row(field: "authorization: a", "Authorization: a", is: .repeated, at: 58),
        Row(field: "x-api-key: a", "x-api-key: b", is: .repeated, at: 50),
        Row(field: "content-type: a", "content-type: b", is: .repeated, at: 56),
        Row(field: "content-length: 5", "content-length: 5", is: .repeatedContentLength, at: 60),
        Row(field: "content-length: 5", "content-length: 6", is: .repeatedContentLength, at: 60),
        Row(field: "content-length: 5, 5", is: .contentLength, at: 42),
        Row(field: "content-length: 5 5", is: .contentLength, at: 42),
        Row(field: "content-length: +5", is: .contentLength, at: 41),
        Row(field: "content-length: -5", is: .contentLength, at: 41),
        Row(field: "content-length: 0x5", is: .contentLength, at: 42),
        Row(field: "content-length: 5.0", is: .contentLength, at: 42),
        Row(field: "content-length: \u{663}", is: .contentLength, at: 41),
        Row(field: "content-length:", is: .contentLength, at: 40),
        Row(field: "content-length: 9223372036854775808", is: .contentLengthOverflow, at: 59),
        Row(field: "content-length: 18446744073709551621", is: .contentLengthOverflow, at: 59),
        Row(field: "content-length: 5", "transfer-encoding: chunked", is: .lengthAndEncoding, at: 63),
        Row(field: "transfer-encoding: chunked", "content-length: 5", is: .lengthAndEncoding, at: 69),
        Row(field: "transfer-encoding: chunked", "transfer-encoding: chunked", is: .repeatedTransferEncoding, at: 72),
        Row(field: "transfer-encoding: gzip, chunked", is: .transferEncoding, at: 44),
        Row(field: "transfer-encoding: chunked, chunked", is: .transferEncoding, at: 44),
        Row(field: "transfer-encoding: identity", is: .transferEncoding, at: 44),
        Row(field: "transfer-encoding: xchunked", is: .transferEncoding, at: 44),
        Row(field: "transfer-encoding: \"chunked\"", is: .transferEncoding, at: 44),
        Row(field: "transfer-encoding: chunked;a=b", is: .transferEncoding, at: 44),
        Row(field: "transfer-encoding:", is: .transferEncoding, at: 43),
        Row(field: "expect: 200-ok", is: .expectation, at: 33),
        Row(field: "expect: 100-continue, x", is: .expectation, at: 33),
    ]

    static let hosts = [
        Row("GET / HTTP/1.1\r\n\r\n", .missingHost, at: 16),
        Row("GET http://a/ HTTP/1.1\r\n\r\n", .missingHost, at: 24),
        Row("GET http://a/ HTTP/1.1\r\nhost: b\r\n\r\n", .hostDiffers, at: 30),
        Row("GET http://a/ HTTP/1.1\r\nhost: a:80\r\n\r\n", .hostDiffers, at: 30),
        Row("GET / HTTP/1.1\r\nhost:\r\n\r\n", .host, at: 21),
        Row("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: a,b\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: u@a\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: a:\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: a:8a\r\n\r\n", .host, at: 25),
        Row("GET / HTTP/1.1\r\nhost: a:123456\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: :80\r\n\r\n", .host, at: 22),
        Row("GET / HTTP/1.1\r\nhost: [::1\r\n\r\n", .host, at: 26),
        Row("GET / HTTP/1.1\r\nhost: [g]\r\n\r\n", .host, at: 23),
        Row("GET / HTTP/1.1\r\nhost: [::1]x\r\n\r\n", .host, at: 27),
        Row("GET / HTTP/1.1\r\nhost: a\u{e9}\r\n\r\n", .host, at: 23),
        Row("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", .transferEncodingVersion, at: 45),
    ]

    static let texts = (requestLines + fields + hosts).map(\.text)

    @Test("what two servers could read in two ways is refused, with the place", arguments: requestLines + fields + hosts)
    func refused(_ row: Row) throws {
        let problem = try #require(RequestParser.take(Array(row.text.utf8)).problem)
        #expect(problem.reason == row.reason)
        #expect(problem.offset == row.at)
    }

    @Test("HTTP/1.0 needs no host, but not a bad one either")
    func oldHost() throws {
        #expect(RequestParser.take(Array("GET / HTTP/1.0\r\n\r\n".utf8)).head != nil)
        let problem = try #require(RequestParser.take(Array("GET / HTTP/1.0\r\nhost: a, b\r\n\r\n".utf8)).problem)
        #expect(problem.reason == .host)
    }

    @Test(
        "each kind of problem has the status that RFC 9110 gives it",
        arguments: zip(
            [HeadProblem.Reason.bareLF, .targetTooLong, .expectation, .tooLarge, .tooManyFields, .method, .version, .http2, .missingHost],
            [400, 414, 417, 431, 431, 501, 505, 505, 400]))
    func statuses(_ reason: HeadProblem.Reason, _ status: Int) throws {
        let row = (Self.requestLines + Self.fields + Self.hosts).first { $0.reason == reason }
        let limits = HeadLimits(bytes: 100, fields: 2, target: 40)
        let text =
            switch reason {
            case .targetTooLong: head("GET /" + String(repeating: "a", count: 40) + " HTTP/1.1", "host: a")
            case .tooLarge: head("GET / HTTP/1.1", "host: a", "a: " + String(repeating: "b", count: 80))
            case .tooManyFields: head("GET / HTTP/1.1", "host: a", "b: c", "d: e")
            default: row?.text ?? ""
            }
        let problem = try #require(RequestParser.take(Array(text.utf8), limits: limits).problem)
        #expect(problem.reason == reason)
        #expect(problem.status == status)
        #expect(problem.message.count > 8)
    }

    @Test("a head as large as the limit passes, one byte more does not, whether its end is there or not")
    func sizes() throws {
        let text = head("GET /abc HTTP/1.1", "host: a", "b: c")
        let fits = HeadLimits(bytes: text.utf8.count, fields: 2, target: 4), small = HeadLimits(bytes: text.utf8.count - 1, fields: 2, target: 4)
        #expect(RequestParser.take(Array(text.utf8), limits: fits).head != nil)
        #expect(RequestParser.take(Array(text.utf8), limits: small) == RequestParser.take(Array(text.utf8.dropLast()), limits: small))
        let problem = try #require(RequestParser.take(Array(text.utf8), limits: small).problem)
        #expect(problem.reason == .tooLarge)
        let endless = Array(repeating: UInt8(ascii: "A"), count: 8192 + 32)
        let long = try #require(RequestParser.take(endless).problem)
        #expect(long.reason == .targetTooLong)
        #expect(RequestParser.take(endless.dropLast()) == .needsMore)
    }
}
