import CConsole
import Crypto
import Storage

/// The web console's files, as they were compiled in.
enum ConsolePages {
    struct Page: Sendable {
        let type: String
        let plain: Form
        /// As gzip has it; nil: no smaller.
        let packed: Form?

        init(_ type: String, _ bytes: [UInt8]) {
            let packed = Deflate.gzip(bytes)
            (self.type, plain) = (type, Form(bytes))
            self.packed = packed.count < bytes.count ? Form(packed) : nil
        }
    }

    /// The same page in other bytes has another tag.
    struct Form: Sendable {
        let etag: String
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) {
            let digits = Array("0123456789abcdef")
            etag = "\"" + String(SHA256.hash(data: bytes).prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) + "\""
            self.bytes = bytes
        }
    }

    private static let places: [String: Int] = Dictionary(
        uniqueKeysWithValues: (0..<console_files()).map { (String(cString: console_file($0).name), $0) })
    private static let read = Locked([String: Page]())

    static var names: [String] { places.keys.sorted() }

    /// Compressed when it is asked for first.
    static func page(_ name: String) -> Page? {
        guard let place = places[name] else { return nil }
        if let page = read.withLock({ $0[name] }) { return page }
        let file = console_file(place)
        let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
        let page = Page(type(of: name), withoutComments(bytes))
        read.withLock { $0[name] = page }
        return page
    }

    /// Lines that are comments are for those who read the sources: a tenth of what would be sent. Strings of several lines have none.
    static func withoutComments(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var isWithin = false
        for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
            var rest = line
            let text = line.drop { $0 == 0x20 }
            if isWithin || text.starts(with: "/*".utf8) {
                guard let end = line.firstRange(of: Array("*/".utf8)) else {
                    isWithin = true
                    continue
                }
                isWithin = false
                rest = line[end.upperBound...]
                if rest.isEmpty { continue }
            } else if text.starts(with: "//".utf8) {
                continue
            }
            kept += rest
            kept.append(0x0a)
        }
        return kept
    }

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    /// Scripts, styles and pictures of this listener only; nothing inline, no text that becomes markup, no frame around it.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

    static func answer(_ call: AdminCall) throws -> AdminAnswer {
        let name = call.path.count < 2 ? "index.html" : call.rest(after: 1)
        guard let page = page(name) else { throw AdminRefusal(404, "unknown_url", "the console has no file `\(name.prefix(100))`") }
        return answer(call, page)
    }

    static func answer(_ call: AdminCall, _ page: Page) -> AdminAnswer {
        let packed = call.takesGzip ? page.packed : nil
        let form = packed ?? page.plain
        var answer = AdminAnswer(text: "", type: page.type)
        answer.etag = form.etag
        // Asked for each time, answered with 304 mostly: a new binary is a new console at once.
        answer.caching = "no-cache"
        answer.fields = [
            ("content-security-policy", policy), ("x-frame-options", "DENY"), ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=()"), ("vary", "accept-encoding"),
        ]
        if packed != nil { answer.fields.append(("content-encoding", "gzip")) }
        if let known = call.ifNoneMatch, known.split(separator: ",").contains(where: { $0.drop { $0 == " " } == form.etag }) {
            answer.status = 304
        } else {
            answer.body = form.bytes
        }
        return answer
    }

    /// From `/` and `/console`, so that names in pages are relative to `/console/`.
    static func forward() -> AdminAnswer {
        var answer = AdminAnswer(text: "the console is at /console/\n", status: 308)
        answer.fields = [("location", "/console/")]
        return answer
    }
}
