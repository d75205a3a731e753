import Glibc

/// What both sides of the bench read from an HTTP/1.1 head: how long the body is and how it is framed.
struct HeadFields {
    var contentLength: Int?
    var isChunked = false

    /// `head` ends before its empty line; its first line is skipped.
    init(_ head: UnsafeRawBufferPointer) {
        var rest = head
        while let base = rest.baseAddress, let newline = memchr(base, 0x0A, rest.count) {
            rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(newline) - base + 1)...])
            // The two fields wanted start with c and t; most lines are done after one byte.
            guard let first = rest.first.map({ $0 | 0x20 }) else { return }
            if first == 0x63, rest.startsIgnoringCase("content-length:") {
                contentLength = UnsafeRawBufferPointer(rebasing: rest[15...]).decimal()
            } else if first == 0x74, rest.startsIgnoringCase("transfer-encoding:") {
                isChunked = true
            }
        }
    }
}
