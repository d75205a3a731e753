import CConsole
import Crypto

/// The web console's files, as they were compiled in.
enum ConsolePages {
    struct Page: Sendable {
        let type: String
        let etag: String
        let bytes: [UInt8]
    }

    static let all: [String: Page] = Dictionary(
        uniqueKeysWithValues: (0..<console_files()).map { index in
            let file = console_file(index)
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            let name = String(cString: file.name)
            return (name, Page(type: type(of: name), etag: etag(bytes), bytes: bytes))
        })

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    private static func etag(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return "\"" + String(SHA256.hash(data: bytes).prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) + "\""
    }

    /// Scripts, styles and pictures of this listener only; nothing inline, no text that becomes markup, no frame around it.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

    static func answer(_ call: AdminCall) throws -> AdminAnswer {
        let name = call.path.count < 2 ? "index.html" : call.rest(after: 1)
        guard let page = all[name] else { throw AdminRefusal(404, "unknown_url", "the console has no file `\(name.prefix(100))`") }
        var answer = AdminAnswer(text: "", type: page.type)
        answer.etag = page.etag
        // Asked for each time, answered with 304 mostly: a new binary is a new console at once.
        answer.caching = "no-cache"
        answer.fields = [
            ("content-security-policy", policy), ("x-frame-options", "DENY"), ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ]
        if let known = call.ifNoneMatch, known.split(separator: ",").contains(where: { $0.drop { $0 == " " } == page.etag }) {
            answer.status = 304
        } else {
            answer.body = page.bytes
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
