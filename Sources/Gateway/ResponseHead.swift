import NIOCore
import Translation

extension HeadWriter {
    mutating func statusLine(_ status: Int) {
        switch status {
        case 200: text("HTTP/1.1 200 OK\r\n")
        default:
            text("HTTP/1.1 ")
            decimal(min(max(status, 100), 999))
            text(" ")
            text(Self.reason(status))
            text("\r\n")
        }
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 201: "Created"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Answer"
        }
    }

    /// `connection`, where it is not what the client's version assumes.
    mutating func connection(_ client: ClientChannel) {
        if !client.keepsAlive {
            text("connection: close\r\n")
        } else if !client.speaksHTTP11 {
            text("connection: keep-alive\r\n")
        }
    }

    mutating func retryAfter(_ seconds: Int64?) {
        guard let seconds else { return }
        text("retry-after: ")
        decimal(Int(seconds))
        text("\r\n")
    }

    /// The kind of an error, where clients of the dialect read it in the head.
    mutating func faultType(_ api: API, _ status: Int) {
        guard let (name, kind) = api.errorHeader(status: status) else { return }
        text(name)
        text(": ")
        text(kind)
        text("\r\n")
    }

    mutating func contentLength(_ length: Int) {
        text("content-length: ")
        decimal(length)
        text("\r\n\r\n")
    }
}
