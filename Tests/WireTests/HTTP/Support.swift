import Wire

/// Lines with CRLF behind each, and the blank line behind them all.
func head(_ lines: String...) -> String { lines.map { $0 + "\r\n" }.joined() + "\r\n" }

/// What a parser made of some bytes.
enum Taken<Head: Hashable & Sendable>: Hashable, Sendable {
    case head(Head)
    case problem(HeadProblem)
    case needsMore

    var head: Head? {
        if case .head(let head) = self { return head }
        return nil
    }

    var problem: HeadProblem? {
        if case .problem(let problem) = self { return problem }
        return nil
    }
}

extension RequestParser {
    /// Offers `bytes` whole, or in growing pieces that end at `cuts`.
    static func take(_ bytes: [UInt8], cuts: [Int] = [], limits: HeadLimits = HeadLimits()) -> Taken<RequestHead> {
        var parser = RequestParser(limits: limits)
        return taken(bytes, cuts) { raw throws(HeadProblem) in try parser.parse(raw) ? parser.head : nil }
    }
}

extension ResponseParser {
    static func take(_ bytes: [UInt8], cuts: [Int] = [], toHead: Bool = false, limits: HeadLimits = HeadLimits()) -> Taken<ResponseHead> {
        var parser = ResponseParser(limits: limits)
        return taken(bytes, cuts) { raw throws(HeadProblem) in try parser.parse(raw, toHead: toHead) ? parser.head : nil }
    }
}

/// Every piece is copied to memory of its own size, so that a sanitizer sees a read beyond it.
private func taken<Head>(
    _ bytes: [UInt8], _ cuts: [Int], _ parse: (UnsafeRawBufferPointer) throws(HeadProblem) -> Head?
) -> Taken<Head> {
    for cut in cuts + [bytes.count] {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: cut, alignment: 1)
        defer { piece.deallocate() }
        piece.copyBytes(from: bytes[..<cut])
        do throws(HeadProblem) {
            if let head = try parse(UnsafeRawBufferPointer(piece)) { return .head(head) }
        } catch {
            return .problem(error)
        }
    }
    return .needsMore
}

extension Part {
    func text(_ bytes: [UInt8]) -> String? {
        isPresent ? bytes.withUnsafeBytes { String(decoding: self.bytes(in: $0), as: UTF8.self) } : nil
    }
}

/// What a body decoder made of some bytes.
struct Unchunked: Hashable, Sendable {
    var payload: [UInt8] = []
    var problem: ChunkProblem?
    var ended = false
    /// Bytes used up to and with the end.
    var used = 0

    init(_ bytes: [UInt8], cuts: [Int] = [], limit: Int = 1 << 53) {
        var body = ChunkedBody(limit: limit)
        var from = 0
        for cut in cuts + [bytes.count] {
            let piece = Array(bytes[from..<cut])
            from = cut
            var at = 0
            do {
                ended = try piece.withUnsafeBytes { try walk($0, &at, &body) }
            } catch {
                problem = error as? ChunkProblem
            }
            used += at
            if ended || problem != nil { return }
        }
    }

    private mutating func walk(_ raw: UnsafeRawBufferPointer, _ at: inout Int, _ body: inout ChunkedBody) throws(ChunkProblem) -> Bool {
        while true {
            switch try body.next(raw, from: &at) {
            case .payload(let range): payload += raw[range]
            case .needMore: return false
            case .end: return true
            }
        }
    }
}
