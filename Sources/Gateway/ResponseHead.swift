import NIOCore
import Routing
import Storage
import Translation
import Wire

/// Writing the head of an answer.
extension ByteBuffer {
    mutating func writeStatusLine(_ status: Int) {
        switch status {
        case 200: writeStaticString("HTTP/1.1 200 OK\r\n")
        case 400: writeStaticString("HTTP/1.1 400 Bad Request\r\n")
        case 401: writeStaticString("HTTP/1.1 401 Unauthorized\r\n")
        case 404: writeStaticString("HTTP/1.1 404 Not Found\r\n")
        case 429: writeStaticString("HTTP/1.1 429 Too Many Requests\r\n")
        default:
            writeStaticString("HTTP/1.1 ")
            writeDecimal(min(max(status, 100), 999))
            writeStaticString(" ")
            writeString(Self.reason(status))
            writeStaticString("\r\n")
        }
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
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
    mutating func writeConnection(_ client: ClientChannel) {
        if !client.keepsAlive {
            writeStaticString("connection: close\r\n")
        } else if !client.speaksHTTP11 {
            writeStaticString("connection: keep-alive\r\n")
        }
    }

    mutating func writeRequestID(_ id: RequestID) {
        writeStaticString("x-swiftlet-request-id: ")
        writeWithUnsafeMutableBytes(minimumWritableBytes: RequestID.textLength) { bytes in
            id.write(to: bytes)
            return RequestID.textLength
        }
        writeStaticString("\r\n")
    }

    /// US dollars with as many of nine decimals as are needed.
    mutating func writeDollars(_ money: Nanodollars) {
        let amount = max(0, money.amount)
        writeDecimal(Int(amount / 1_000_000_000))
        var rest = amount % 1_000_000_000
        guard rest > 0 else { return }
        writeStaticString(".")
        var scale: Int64 = 100_000_000
        while rest > 0 {
            writeInteger(UInt8(ascii: "0") + UInt8(rest / scale))
            rest %= scale
            scale /= 10
        }
    }
}

/// The headers of a provider's reply that a client gets to see: an allow list, compared in lower case.
enum PassedHeaders {
    private static let exact: [StaticString] = [
        "content-type", "x-request-id", "openai-processing-ms", "openai-version", "openai-model", "retry-after", "retry-after-ms",
        "x-should-retry",
    ]
    private static let prefix: StaticString = "x-ratelimit-"

    static func write(_ reply: ResponseHead, _ bytes: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
        reply.forEachField(in: bytes) { name, value in
            guard passes(name) else { return }
            out.writeBytes(name)
            out.writeStaticString(": ")
            out.writeBytes(value)
            out.writeStaticString("\r\n")
        }
    }

    private static func passes(_ name: UnsafeRawBufferPointer) -> Bool {
        for known in exact where known.utf8CodeUnitCount == name.count && matches(name, known) { return true }
        return name.count > prefix.utf8CodeUnitCount && matches(name, prefix)
    }

    /// Whether `name` begins with `known`, ignoring the case of ASCII letters.
    private static func matches(_ name: UnsafeRawBufferPointer, _ known: StaticString) -> Bool {
        var at = 0
        while at < known.utf8CodeUnitCount {
            let byte = name[at]
            let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
            if lower != known.utf8Start[at] { return false }
            at &+= 1
        }
        return true
    }
}
