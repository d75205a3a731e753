import CBytes

/// Reads one HTTP/1.1 answer, however cut, and counts what a check needs: status, length, events.
struct ReplyReader {
    enum Progress { case more, complete, malformed }
    private enum Place { case head, counted(Int), chunked }

    private(set) var status = 0
    private(set) var bodyBytes = 0
    /// Server-sent events that carry data, usage and `[DONE]` among them.
    private(set) var events = 0

    private let countsEvents: Bool
    private var place = Place.head
    private var walk = ChunkWalk()
    /// What came of the head while it is not all there.
    private var head: [UInt8] = []
    private var matched = 0

    init(countsEvents: Bool) { self.countsEvents = countsEvents }

    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Progress {
        var rest = bytes
        if case .head = place {
            guard let bodyStart = takeHead(bytes) else { return head.count > 65_536 ? .malformed : .more }
            rest = UnsafeRawBufferPointer(rebasing: bytes[bodyStart...])
            if case .head = place { return .malformed }
        }
        switch place {
        case .head: return .malformed
        case .counted(let left):
            let count = min(left, rest.count)
            content(UnsafeRawBufferPointer(rebasing: rest[..<count]))
            place = .counted(left - count)
            // More bytes than announced would be an answer to nothing.
            return rest.count > left ? .malformed : count == left ? .complete : .more
        case .chunked: return takeChunks(rest)
        }
    }

    private mutating func takeChunks(_ bytes: UnsafeRawBufferPointer) -> Progress {
        var rest = bytes
        while rest.count > 0, !walk.isDone {
            let (taken, range) = walk.take(rest)
            if walk.isMalformed { return .malformed }
            content(UnsafeRawBufferPointer(rebasing: rest[range]))
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
        return walk.isDone ? (rest.isEmpty ? .complete : .malformed) : .more
    }

    /// Where the body starts in `bytes`; nil while the head is not all there.
    private mutating func takeHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if head.isEmpty, let end = bytes.offset(of: "\r\n\r\n") {
            readHead(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            return end + 4
        }
        let before = head.count
        head.append(contentsOf: bytes)
        let end = head.withUnsafeBytes { $0.offset(of: "\r\n\r\n") }
        guard let end else { return nil }
        let whole = head
        whole.withUnsafeBytes { readHead(UnsafeRawBufferPointer(rebasing: $0[..<end])) }
        return end + 4 - before
    }

    /// Leaves `place` at the head when the answer has no length that this reader knows.
    private mutating func readHead(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 12, bytes.startsIgnoringCase("http/1.") else { return }
        status = UnsafeRawBufferPointer(rebasing: bytes[9..<12]).decimal()
        let fields = HeadFields(bytes)
        if fields.isChunked { place = .chunked } else if let length = fields.contentLength { place = .counted(length) }
    }

    private mutating func content(_ bytes: UnsafeRawBufferPointer) {
        bodyBytes += bytes.count
        guard countsEvents else { return }
        let word: StaticString = "data: "
        for byte in bytes {
            if byte == word.utf8Start[matched] {
                matched += 1
                if matched == word.utf8CodeUnitCount {
                    matched = 0
                    events += 1
                }
            } else {
                matched = byte == word.utf8Start[0] ? 1 : 0
            }
        }
    }
}
