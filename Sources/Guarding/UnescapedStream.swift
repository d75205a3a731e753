/// A JSON text that comes in pieces, with the escapes of its strings decoded, as `UnescapedJSON` does it for whole ones; and where in it
/// something may be put.
struct UnescapedStream {
    private(set) var raw: [UInt8] = []
    /// Place of the first of `raw`.
    private(set) var base = 0
    /// Whether a string is open there.
    private var isOpen = false
    private var map = PlaceMap()
    /// Up to here it is decoded, and whether a string is open there.
    private var read = 0
    private var isInside = false

    var end: Int { base + raw.count }

    /// Appends what `piece` says to `plain`, of which `start` bytes are gone.
    mutating func take(_ piece: UnsafeBufferPointer<UInt8>, isLast: Bool, into plain: inout [UInt8], from start: Int) {
        raw += piece
        raw.withUnsafeBufferPointer { raw in
            var index = read - base
            while index < raw.count {
                let byte = raw[index]
                if byte == UInt8(ascii: "\"") { isInside.toggle() }
                guard isInside, byte == UInt8(ascii: "\\") else {
                    plain.append(byte)
                    index += 1
                    continue
                }
                guard index + 1 < raw.count else {
                    if isLast { plain.append(byte) }
                    if isLast { index += 1 }
                    break
                }
                // A pair of surrogates is two escapes of six.
                if raw[index + 1] == UInt8(ascii: "u"), index + 12 > raw.count, !isLast { break }
                map.mark(start + plain.count, base + index)
                index = UnescapedJSON.append(escapeAt: index, of: raw, to: &plain)
                map.mark(start + plain.count, base + index)
            }
            read = base + index
        }
    }

    func original(of place: Int) -> Int { map.original(of: place) }

    /// What to write, and where, to put `text` in the place of a range of the plain text. Nil: nothing is left of it.
    func placed(_ plain: Range<Int>, _ text: [UInt8]) -> (range: Range<Int>, text: [UInt8])? {
        let range = map.original(plain)
        let local = range.lowerBound - base..<min(range.upperBound - base, raw.count)
        let inside = UnescapedJSON.isInside(raw, from: 0, isOpen, to: local.lowerBound)
        let clipped = PersonalDataRedaction.clipped(local, raw, inside)
        guard !clipped.isEmpty else { return nil }
        let written = Self.escaped(text)
        let place = clipped.lowerBound + base..<clipped.upperBound + base
        return (place, inside ? written : [UInt8(ascii: "\"")] + written + [UInt8(ascii: "\"")])
    }

    mutating func forget(before plain: Int) {
        let place = map.original(of: plain)
        guard place - base > 0 else { return }
        isOpen = UnescapedJSON.isInside(raw, from: 0, isOpen, to: place - base)
        raw.removeFirst(place - base)
        base = place
        map.forget(before: plain)
    }

    /// As it stands within a JSON string.
    static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case 0..<0x20: result += Array("\\u00".utf8) + [hex(byte >> 4), hex(byte & 15)]
            default: result.append(byte)
            }
        }
        return result
    }

    private static func hex(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
