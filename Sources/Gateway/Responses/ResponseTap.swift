import NIOCore
import Translation
import Wire

/// Reads along with the answer of one request that is to be kept. Copies bytes and nothing else; they are looked into when the
/// client has them all, and elsewhere.
final class ResponseTap: AnswerTap {
    private var bytes: [UInt8] = []
    private let limit: Int
    private var isTooLarge = false
    private var origin: AnswerOrigin
    private let desk: ResponsesDesk
    /// Called once the answer is kept, or will not be.
    var kept: (@Sendable () -> Void)?

    init(_ origin: AnswerOrigin, _ desk: ResponsesDesk) { (self.origin, limit, self.desk) = (origin, desk.limits.answerBytes, desk) }

    /// Other gateways do not see what waits to be written here, and the client's next request may be theirs.
    var keeper: ResponseTap? { desk.shelf.isShared ? self : nil }

    /// What is kept of the input.
    func changeInput(_ change: ([UInt8]) -> [UInt8]) { origin.input = change(origin.input) }

    func take(_ buffer: ByteBuffer) {
        guard !isTooLarge else { return }
        guard bytes.count + buffer.readableBytes <= limit else {
            isTooLarge = true
            bytes = []
            return
        }
        buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }

    /// The answer is out.
    func end() {
        desk.keep(isTooLarge ? nil : CapturedAnswer(bytes: bytes, origin: origin), kept: kept)
    }
}

/// An answer as it went over the wire, head and all.
struct CapturedAnswer: Sendable {
    var bytes: [UInt8]
    var origin: AnswerOrigin

    /// The response object in it; nil where it is a refusal or something else.
    func response() -> [UInt8]? {
        guard let parts = parts(), parts.status == 200 else { return nil }
        return parts.body.withUnsafeBytes { raw in
            if raw.first == UInt8(ascii: "{") { return ResponsesBody.facts(of: parts.body) == nil ? nil : parts.body }
            return Self.lastEvent(raw)
        }
    }

    func parts() -> AnswerParts? { AnswerParts(bytes) }

    /// What the stream's last event but one says, or the last: some end with `[DONE]`.
    private static func lastEvent(_ stream: UnsafeRawBufferPointer) -> [UInt8]? {
        var lines = stream.split(separator: UInt8(ascii: "\n"))
        for _ in 0..<8 {
            guard let line = lines.popLast() else { return nil }
            guard line.starts(with: Array("data:".utf8)) else { continue }
            if let response = ResponsesBody.last(in: UnsafeRawBufferPointer(rebasing: line.dropFirst(5))) { return response }
        }
        return nil
    }
}

/// An answer that went over the wire, taken apart, chunks joined.
struct AnswerParts {
    var status: Int
    /// Without what would end a line; empty where none is said.
    var contentType: String
    var body: [UInt8]

    /// Nil: its head is not all there.
    init?(_ text: [UInt8]) {
        var rest = text
        var lines: [Substring] = []
        repeat {
            guard let end = Self.find([13, 10, 13, 10], in: rest[...]), rest.count > 12 else { return nil }
            lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\r\n")
            rest = Array(rest[(end + 4)...])
            status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } while status == 100
        contentType = lines.first { $0.lowercased().hasPrefix("content-type:") }.map { String($0.dropFirst(13).drop { $0 == " " }) } ?? ""
        body = lines.contains { $0.lowercased() == "transfer-encoding: chunked" } ? Self.joined(rest) : rest
    }

    private static func joined(_ chunked: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        var at = 0
        while let line = find([13, 10], in: chunked[at...]) {
            let size = chunked[at..<line].prefix { $0 != UInt8(ascii: ";") }
            guard let count = Int(String(decoding: size, as: UTF8.self), radix: 16), count > 0, line + 2 + count <= chunked.count else { break }
            body += chunked[(line + 2)..<(line + 2 + count)]
            at = min(line + 4 + count, chunked.count)
        }
        return body
    }

    private static func find(_ mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - mark.count)).first { bytes[$0] == mark[0] && bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
    }
}
