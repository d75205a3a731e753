import Testing

@testable import Wire

@Suite("AWS event streams") struct EventStreamTests {
    struct Seen: Equatable, Sendable {
        var kind = EventStreamFrame.Kind.event
        var name = ""
        var payload = ""
    }

    /// Feeds `pieces` as a caller does: what was not used is offered again with the next piece behind it.
    static func split(_ pieces: [[UInt8]], limit: Int = EventStreamSplitter.largest) throws(EventStreamProblem) -> [Seen] {
        var splitter = EventStreamSplitter(limit: limit)
        var carry: [UInt8] = []
        var seen: [Seen] = []
        for (i, piece) in (pieces + [[]]).enumerated() {
            carry += piece
            let used = try carry.withUnsafeBufferPointer { buffer throws(EventStreamProblem) -> Int in
                let bytes = UnsafeRawBufferPointer(buffer)
                var used = 0
                while let frame = try splitter.next(in: bytes, from: used, last: i == pieces.count) {
                    used = frame.raw.upperBound
                    seen.append(Seen(kind: frame.kind, name: text(bytes, frame.name), payload: text(bytes, frame.payload)))
                }
                return used
            }
            carry.removeSubrange(..<used)
        }
        return seen
    }

    static func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Recorded from Bedrock (opentelemetry-python-contrib, test_converse_stream_with_content.yaml), a frame a row.
    static let recorded: [(base64: String, seen: Seen)] = [
        (
            "AAAAkAAAAFIxQcihCzpldmVudC10eXBlBwAMbWVzc2FnZVN0YXJ0DTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTptZXNzYWdlLXR5cGUHAAVldmVudHsicCI6ImFiY2RlZmdoaWprbG1ub3BxcnMiLCJyb2xlIjoiYXNzaXN0YW50In0Rduqw",
            Seen(name: "messageStart", payload: #"{"p":"abcdefghijklmnopqrs","role":"assistant"}"#)
        ),
        (
            "AAAA2wAAAFduCFV2CzpldmVudC10eXBlBwARY29udGVudEJsb2NrRGVsdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2ZW50eyJjb250ZW50QmxvY2tJbmRleCI6MCwiZGVsdGEiOnsidGV4dCI6IkkgYW0gaGVyZSBhbmQgcmVhZHkgdG8gYXNzaXN0In0sInAiOiJhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ekFCQ0RFRkdISUpLIn0uPEHp",
            Seen(
                name: "contentBlockDelta",
                payload: #"{"contentBlockIndex":0,"delta":{"text":"I am here and ready to assist"},"p":"abcdefghijklmnopqrstuvwxyzABCDEFGHIJK"}"#)
        ),
        (
            "AAAAkAAAAFY2LAy4CzpldmVudC10eXBlBwAQY29udGVudEJsb2NrU3RvcA06Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24vanNvbg06bWVzc2FnZS10eXBlBwAFZXZlbnR7ImNvbnRlbnRCbG9ja0luZGV4IjowLCJwIjoiYWJjZGVmZ2hpamtsIn3C2aZe",
            Seen(name: "contentBlockStop", payload: #"{"contentBlockIndex":0,"p":"abcdefghijkl"}"#)
        ),
        (
            "AAAAjgAAAFF3mLD4CzpldmVudC10eXBlBwALbWVzc2FnZVN0b3ANOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2ZW50eyJwIjoiYWJjZGVmZ2hpamsiLCJzdG9wUmVhc29uIjoibWF4X3Rva2VucyJ9cjPl1A==",
            Seen(name: "messageStop", payload: #"{"p":"abcdefghijk","stopReason":"max_tokens"}"#)
        ),
        (
            "AAAAzAAAAE7Yo7YkCzpldmVudC10eXBlBwAIbWV0YWRhdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2ZW50eyJtZXRyaWNzIjp7ImxhdGVuY3lNcyI6NjA1fSwicCI6ImFiY2RlZmdoaWprbG0iLCJ1c2FnZSI6eyJpbnB1dFRva2VucyI6OCwib3V0cHV0VG9rZW5zIjoxMCwidG90YWxUb2tlbnMiOjE4fX39fnGz",
            Seen(
                name: "metadata",
                payload: #"{"metrics":{"latencyMs":605},"p":"abcdefghijklm","usage":{"inputTokens":8,"outputTokens":10,"totalTokens":18}}"#)
        ),
    ]

    static var stream: [UInt8] { recorded.flatMap { decode($0.base64) } }

    static func decode(_ base64: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bits = 0
        var count = 0
        var out: [UInt8] = []
        for byte in base64.utf8 {
            guard let value = alphabet.firstIndex(of: byte) else { continue }
            bits = (bits << 6 | value) & 0xffffff
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return out
    }

    @Test("recorded frames say their names and payloads, however the stream is cut")
    func anyCut() throws {
        let bytes = Self.stream
        let whole = Self.recorded.map(\.seen)
        #expect(try Self.split([bytes]) == whole)
        #expect(try Self.split(bytes.map { [$0] }) == whole)
        for cut in 0...bytes.count { #expect(try Self.split([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)") }
    }

    @Test("no single wrong byte goes unseen")
    func wrongBytes() {
        let bytes = Self.decode(Self.recorded[1].base64)
        for at in bytes.indices {
            for flip in [1, 0x80] as [UInt8] {
                var wrong = bytes
                wrong[at] ^= flip
                #expect(throws: at < 12 ? EventStreamProblem.prelude : .checksum, "byte \(at)") { try Self.split([wrong]) }
            }
        }
    }

    @Test("a stream that ends within a frame is truncated, at every byte")
    func truncated() {
        let bytes = Self.decode(Self.recorded[0].base64)
        for count in 1..<bytes.count { #expect(throws: EventStreamProblem.truncated) { try Self.split([Array(bytes[..<count])]) } }
    }

    /// A frame of `headers`, with sums that are right whatever the lengths say.
    static func frame(_ headers: [UInt8], _ payload: [UInt8] = [], total: Int? = nil, headersLength: Int? = nil) -> [UInt8] {
        func four(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
        var frame = four(UInt32(total ?? headers.count + payload.count + 16)) + four(UInt32(headersLength ?? headers.count))
        frame += four(frame.withUnsafeBytes { $0.crc32 })
        frame += headers + payload
        return frame + four(frame.withUnsafeBytes { $0.crc32 })
    }

    static func header(_ name: String, _ type: UInt8, _ value: [UInt8]) -> [UInt8] { [UInt8(name.utf8.count)] + Array(name.utf8) + [type] + value }
    static func header(_ name: String, _ value: String) -> [UInt8] {
        header(name, 7, [UInt8(value.utf8.count >> 8), UInt8(value.utf8.count & 255)] + Array(value.utf8))
    }

    @Test("lengths that cannot be are refused before anything is waited for")
    func lengths() {
        let rows: [(bytes: [UInt8], problem: EventStreamProblem)] = [
            (Self.frame([], total: 15), .lengths), (Self.frame([], total: 0), .lengths), (Self.frame([], total: 16, headersLength: 1), .lengths),
            (Self.frame([], total: 4_000_000_000), .tooLarge(limit: 1 << 20)), (Self.frame([], total: (1 << 20) + 1), .tooLarge(limit: 1 << 20)),
            (Self.frame([], total: 1 << 20, headersLength: (1 << 17) + 1), .tooLarge(limit: 1 << 17)),
            (Self.frame([], total: 20, headersLength: 4_294_967_295), .lengths),
        ]
        for row in rows { #expect(throws: row.problem) { try Self.split([Array(row.bytes.prefix(12))]) } }
    }

    @Test("every type of header is read")
    func headers() throws {
        let rows: [(type: UInt8, value: [UInt8], read: String)] = [
            (0, [], "true"), (1, [], "false"), (2, [0xff], "-1"), (3, [0x80, 0], "-32768"), (4, [0, 1, 0, 0], "65536"),
            (5, [0, 0, 0, 1, 0, 0, 0, 0], "4294967296"), (6, [0, 2, 0x41, 0x42], "AB"), (7, [0, 0], ""), (7, [0, 1, 0x43], "C"),
            (8, [0, 0, 1, 0x80, 0, 0, 0, 0], "1649267441664"), (9, Array("0123456789abcdef".utf8), "0123456789abcdef"),
        ]
        let bytes = Self.frame(rows.enumerated().flatMap { Self.header("h\($0.offset)", $0.element.type, $0.element.value) }, Array("{}".utf8))
        try bytes.withUnsafeBytes { raw in
            var splitter = EventStreamSplitter()
            let frame = try #require(try splitter.next(in: raw, from: 0))
            let read = frame.fields(in: raw).map { _, value in
                switch value {
                case .bool(let flag): "\(flag)"
                case .byte(let number): "\(number)"
                case .short(let number): "\(number)"
                case .integer(let number): "\(number)"
                case .long(let number), .timestamp(let number): "\(number)"
                case .bytes(let place), .string(let place), .uuid(let place): Self.text(raw, place)
                }
            }
            #expect(read == rows.map(\.read))
            #expect(frame.kind == .other)
            #expect(Self.text(raw, frame.payload) == "{}")
        }
    }

    @Test(
        "headers that do not fit are refused",
        arguments: [
            [0], [1], [1, 0x61], [1, 0x61, 10], [1, 0x61, 7], [1, 0x61, 7, 0], [1, 0x61, 7, 0, 1], [1, 0x61, 4, 0, 0, 0], [5, 0x61, 0],
            [1, 0x61, 9, 1, 2, 3], [0, 7, 0, 0],
        ] as [[UInt8]])
    func badHeaders(_ bytes: [UInt8]) {
        #expect(throws: EventStreamProblem.headers) { try Self.split([Self.frame(bytes)]) }
    }

    @Test("exceptions and errors say what they are")
    func exceptions() throws {
        let exception = Self.frame(
            Self.header(":exception-type", "throttlingException") + Self.header(":message-type", "exception"), Array(#"{"message":"slow"}"#.utf8))
        let error = Self.frame(
            Self.header(":message-type", "error") + Self.header(":error-code", "InternalError") + Self.header(":error-message", "oh"))
        #expect(
            try Self.split([exception + error]) == [
                Seen(kind: .exception, name: "throttlingException", payload: #"{"message":"slow"}"#),
                Seen(kind: .error, name: "InternalError", payload: ""),
            ])
    }

    @Test("what the writer writes is what Bedrock sends, byte for byte")
    func writer() {
        var writer = JSONWriter()
        let start = writer.beginFrame(.event, "messageStart")
        writer.object {
            $0.member("p", "abcdefghijklmnopqrs")
            $0.member("role", "assistant")
        }
        writer.endFrame(start)
        #expect(writer.bytes == Self.decode(Self.recorded[0].base64))
        let second = writer.beginFrame(.exception, "modelStreamErrorException")
        writer.object { $0.member("message", "m") }
        writer.endFrame(second)
        let seen = try? Self.split([writer.bytes])
        #expect(seen?.last == Seen(kind: .exception, name: "modelStreamErrorException", payload: #"{"message":"m"}"#))
    }

    @Test("the sum is zip's, at every length up to a few steps")
    func sums() {
        #expect(Array("123456789".utf8).withUnsafeBytes { $0.crc32 } == 0xcbf4_3926)
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            var slow: UInt32 = .max
            for byte in bytes {
                slow ^= UInt32(byte)
                for _ in 0..<8 { slow = (slow >> 1) ^ (slow & 1 == 1 ? 0xedb8_8320 : 0) }
            }
            #expect(bytes.withUnsafeBytes { $0.crc32 } == ~slow)
        }
    }
}
