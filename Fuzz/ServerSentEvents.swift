@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    for limit in [EventSplitter.largest, 40] {
        let whole = split(bytes, [bytes.count], limit)
        if whole.tooLarge == nil { check(whole.events.flatMap(\.raw) == bytes, "bytes lost") }
        for cuts in cuttings(of: bytes) {
            let cut = split(bytes, cuts, limit)
            // Whole, an event may end within the limit only after more of it was offered at once; then it is told of later.
            if whole.tooLarge == nil, cut.tooLarge == nil { check(cut.events == whole.events, "\(cut.events) cut at \(cuts), whole \(whole.events)") }
            if limit == EventSplitter.largest { check(cut.tooLarge == nil, "limit at \(cuts)") }
        }
    }
    return 0
}

private struct Seen: Equatable {
    var raw: [UInt8]
    var data: [UInt8]
    var lines: Int
    var name: [UInt8]
    var unterminated: Bool
}

private func split(_ bytes: [UInt8], _ cuts: [Int], _ limit: Int) -> (events: [Seen], tooLarge: EventTooLarge?) {
    var splitter = EventSplitter(limit: limit)
    var seen: [Seen] = []
    var used = 0
    for (index, cut) in (cuts + [bytes.count]).enumerated() {
        let problem: EventTooLarge? = withExactly(bytes[used..<cut]) { raw in
            var at = 0
            defer { used += at }
            do throws(EventTooLarge) {
                while let event = try splitter.next(in: raw, from: at, last: index == cuts.count) {
                    check(event.raw.lowerBound == at && !event.raw.isEmpty, "event \(event.raw) at \(at)")
                    at = event.raw.upperBound
                    let data = event.dataLines > 1 ? splitter.joined : Array(raw[event.data])
                    seen.append(
                        Seen(
                            raw: Array(raw[event.raw]), data: event.dataLines == 0 ? [] : data, lines: event.dataLines,
                            name: Array(raw[event.name]), unterminated: event.unterminated))
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
