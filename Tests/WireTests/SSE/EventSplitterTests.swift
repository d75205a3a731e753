import Testing
import Wire

@Suite("Event splitter") struct EventSplitterTests {
    struct Seen: Equatable, Sendable {
        var data: String?
        var name = ""
        var raw = ""
    }

    /// Feeds `pieces` as a caller does: what was not used is offered again with the next piece behind it.
    static func split(_ pieces: [[UInt8]], limit: Int = EventSplitter.largest) throws(EventTooLarge) -> [Seen] {
        var splitter = EventSplitter(limit: limit)
        var carry: [UInt8] = []
        var seen: [Seen] = []
        for (i, piece) in (pieces + [[]]).enumerated() {
            carry += piece
            let used = try carry.withUnsafeBufferPointer { buffer throws(EventTooLarge) -> Int in
                let bytes = UnsafeRawBufferPointer(buffer)
                var used = 0
                while let event = try splitter.next(in: bytes, from: used, last: i == pieces.count) {
                    used = event.raw.upperBound
                    let data = event.dataLines > 1 ? splitter.joined : Array(bytes[event.data])
                    seen.append(
                        Seen(
                            data: event.dataLines == 0 ? nil : String(decoding: data, as: UTF8.self),
                            name: String(decoding: bytes[event.name], as: UTF8.self),
                            raw: String(decoding: bytes[event.raw], as: UTF8.self)))
                }
                return used
            }
            carry.removeSubrange(..<used)
        }
        return seen
    }

    static let awkward = [
        "data: one\n\ndata:two\r\n\r\n: comment\n\ndata\n\n\n", "\u{feff}data: bom\n\nid: 7\nevent: error\ndata: {\"a\":1}\nretry: 3\n\n",
        "data: a\ndata: b\r\ndata:\rdata:  c\n\n", "data: cr\r\rdata: next\r\r", "event: x\r\n\r\n", "database: no\ndat: no\ndata:yes: it is\n\n",
        "\n\n\r\n\r\n", "data: {\"text\":\"é日本𝄞\"}\r\n\r\ndata: [DONE]\r\n\r\n",
        "data: unfinished", "data: unfinished\n", "data: x\n\n: half", "",
        ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: 1\n\n",
    ]

    @Test("the same events come out however the stream is cut", arguments: awkward)
    func anyCut(_ text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try Self.split([bytes])
        #expect(whole.map(\.raw).joined() == text)
        #expect(try Self.split(bytes.map { [$0] }) == whole)
        for cut in 0...bytes.count { #expect(try Self.split([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)") }
    }

    @Test("fields are read as the standard says")
    func fields() throws {
        let first = try Self.split([Array(Self.awkward[0].utf8)])
        #expect(first.map(\.data) == ["one", "two", nil, "", nil])
        let second = try Self.split([Array(Self.awkward[1].utf8)])
        #expect(second.map(\.data) == ["bom", "{\"a\":1}"])
        #expect(second.map(\.name) == ["", "error"])
        #expect(try Self.split([Array(Self.awkward[2].utf8)]).map(\.data) == ["a\nb\n\n c"])
        #expect(try Self.split([Array(Self.awkward[3].utf8)]).map(\.data) == ["cr", "next"])
        #expect(try Self.split([Array(Self.awkward[5].utf8)]).map(\.data) == ["yes: it is"])
    }

    @Test("an event beyond the limit is refused, at any cut, and one at the limit is not")
    func limit() throws {
        let text = Array("data: 0123456789\n\ndata: 0123456789abc\n\n".utf8)
        #expect(try Self.split([text], limit: 21).count == 2)
        for cut in 0...text.count {
            #expect(throws: EventTooLarge(limit: 20)) { try Self.split([Array(text[..<cut]), Array(text[cut...])], limit: 20) }
        }
        let endless = Array(repeating: Array(repeating: UInt8(ascii: "x"), count: 300), count: 5)
        #expect(throws: EventTooLarge(limit: 1_000)) { try Self.split(endless, limit: 1_000) }
    }
}
