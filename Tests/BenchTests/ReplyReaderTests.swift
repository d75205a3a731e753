import Testing

@testable import Bench

@Suite("Reply reader") struct ReplyReaderTests {
    static let answers = CannedAnswers(chunks: 3)
    static let stream = answers.streamHead + answers.event + answers.event + answers.event + answers.endWithUsage

    /// Feeds `bytes` in two pieces cut at `cut`.
    static func read(_ bytes: [UInt8], cut: Int) -> (ReplyReader, ReplyReader.Progress) {
        var reader = ReplyReader(countsEvents: true)
        var progress = ReplyReader.Progress.more
        for piece in [bytes[..<cut], bytes[cut...]] where !piece.isEmpty && progress == .more {
            progress = piece.withUnsafeBytes { reader.take($0) }
        }
        return (reader, progress)
    }

    @Test("an answer is read the same wherever it is cut")
    func cuts() {
        for cut in 0...Self.answers.completion.count {
            let (reader, progress) = Self.read(Self.answers.completion, cut: cut)
            #expect(progress == .complete && reader.status == 200 && reader.bodyBytes == 1_155, "cut at \(cut)")
        }
    }

    @Test("a stream is read and its events are counted the same wherever it is cut")
    func streams() {
        for cut in 0...Self.stream.count {
            let (reader, progress) = Self.read(Self.stream, cut: cut)
            #expect(progress == .complete && reader.events == 5, "cut at \(cut): \(reader.events) events")
        }
    }

    @Test("an answer that ends early is not complete")
    func early() {
        for end in 0..<Self.stream.count {
            #expect(Self.read(Array(Self.stream[..<end]), cut: end / 2).1 == .more, "\(end) bytes")
        }
    }

    @Test(
        "what is not an answer with a length is malformed",
        arguments: [
            "HTTP/1.1 200 OK\r\nserver: x\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2 hello there\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP",
        ])
    func malformed(text: String) {
        #expect(Self.read(Array(text.utf8), cut: 0).1 == .malformed)
    }
}
