@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let given = Array(UnsafeBufferPointer(start: start, count: count))
    // As it came, which seldom gets past the sums, and with the sums put right.
    for bytes in [given, mended(given)] {
        let whole = split(bytes, [bytes.count])
        if whole.problem == nil { check(whole.frames.flatMap(\.raw) == bytes, "bytes lost") }
        for cuts in cuttings(of: bytes) {
            let cut = split(bytes, cuts)
            check(cut.frames == whole.frames && cut.problem == whole.problem, "\(cut) cut at \(cuts), whole \(whole)")
        }
    }
    return 0
}

private struct Seen: Equatable {
    var raw: [UInt8]
    var payload: [UInt8]
    var kind: EventStreamFrame.Kind
    var name: [UInt8]
    var fields: [[UInt8]]
}

/// The lengths are the fuzzer's, the sums ours.
private func mended(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var at = 0
    func number(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    func store(_ sum: UInt32, _ place: Int) { for i in 0..<4 { bytes[place + i] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * i)) } }
    func sum(_ range: Range<Int>) -> UInt32 { withExactly(bytes[range]) { $0.crc32 } }
    while bytes.count - at >= 12 {
        store(sum(at..<at + 8), at + 8)
        let length = number(at)
        guard length >= 16, at + length <= bytes.count else { break }
        store(sum(at..<at + length - 4), at + length - 4)
        at += length
    }
    return bytes
}

private func split(_ bytes: [UInt8], _ cuts: [Int]) -> (frames: [Seen], problem: EventStreamProblem?) {
    var splitter = EventStreamSplitter(limit: 2_048)
    var seen: [Seen] = []
    var used = 0
    for (index, cut) in (cuts + [bytes.count]).enumerated() {
        let problem: EventStreamProblem? = withExactly(bytes[used..<cut]) { raw in
            var at = 0
            defer { used += at }
            do throws(EventStreamProblem) {
                while let frame = try splitter.next(in: raw, from: at, last: index == cuts.count) {
                    check(frame.raw.lowerBound == at && frame.raw.count >= 16, "frame \(frame.raw) at \(at)")
                    check(frame.headers.upperBound == frame.payload.lowerBound && frame.payload.upperBound + 4 == frame.raw.upperBound, "\(frame)")
                    at = frame.raw.upperBound
                    var fields: [[UInt8]] = []
                    for (name, value) in frame.fields(in: raw) {
                        fields.append(Array(raw[name]))
                        switch value {
                        case .bytes(let place), .string(let place), .uuid(let place): fields.append(Array(raw[place]))
                        default: fields.append(Array("\(value)".utf8))
                        }
                    }
                    seen.append(
                        Seen(
                            raw: Array(raw[frame.raw]), payload: Array(raw[frame.payload]), kind: frame.kind, name: Array(raw[frame.name]),
                            fields: fields))
                }
                return nil
            } catch {
                return error
            }
        }
        if let problem { return (seen, problem) }
    }
    return (seen, nil)
}
