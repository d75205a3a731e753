import Wire

/// Places of a text that are left out, in order.
struct Cuts {
    private(set) var places: [ByteRange] = []
    private(set) var bytes = 0

    var isEmpty: Bool { places.isEmpty }

    mutating func cut(_ start: Int, _ end: Int) {
        guard end > start else { return }
        bytes += end - start
        if let last = places.indices.last, Int(places[last].end) == start {
            places[last].end = UInt32(end)
        } else {
            places.append(ByteRange(start, end))
        }
    }

    func applied(to text: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count - bytes)
        var done = 0
        for place in places {
            out.append(contentsOf: text[done..<Int(place.start)])
            done = Int(place.end)
        }
        out.append(contentsOf: text[done...])
        return out
    }
}
