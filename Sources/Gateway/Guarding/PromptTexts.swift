import Guarding
import Wire

/// The texts of one request's body and who said them, and where they stand: what guards look at, and what masked texts are written back
/// into. One for each event loop, used again for each request.
struct PromptTexts {
    /// Where a text stands, in the body or in a string of it that holds JSON itself.
    struct Place {
        enum Form { case string, number }

        /// Inside the quotes, or the number.
        var range: ByteRange
        var form = Form.string
        /// Index of `inner`; -1: the body.
        var inner: Int32 = -1
    }

    /// A string that holds JSON: arguments of a call.
    struct Inner {
        /// Inside its quotes, in the body.
        var range: ByteRange
        /// With its escapes undone.
        var bytes: [UInt8]
    }

    private(set) var texts: [GuardedText] = []
    private(set) var places: [Place] = []
    private(set) var inner: [Inner] = []
    /// By text: whether the place it stands in says who says it.
    private var isSettled: [Bool] = []

    var isEmpty: Bool { texts.isEmpty }
    /// Not worth keeping for the next request.
    var isLarge: Bool { texts.capacity > 1_024 || inner.capacity > 256 }

    mutating func clear() {
        texts.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        inner.removeAll(keepingCapacity: true)
        isSettled.removeAll(keepingCapacity: true)
    }

    mutating func add(_ role: GuardPolicy.Role, _ bytes: [UInt8], at place: Place) {
        texts.append(GuardedText(role, bytes))
        places.append(place)
        isSettled.append(false)
    }

    mutating func add(_ json: Inner) -> Int32 {
        inner.append(json)
        return Int32(inner.count - 1)
    }

    /// An object around the texts from `first` on says who says them; one within it has said so before.
    mutating func settle(_ role: GuardPolicy.Role, from first: Int) {
        for index in first..<texts.count where !isSettled[index] {
            texts[index].role = role
            isSettled[index] = true
        }
    }

    // MARK: Writing back

    /// The body with other texts in the place of those that are not nil: bytes outside of them stay as they are.
    func replacing(_ masked: [[UInt8]?], in body: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(body.count + 256)
        var at = 0
        var index = 0
        while index < places.count {
            let place = places[index]
            if place.inner >= 0 {
                let first = index
                while index < places.count, places[index].inner == place.inner { index += 1 }
                guard masked[first..<index].contains(where: { $0 != nil }) else { continue }
                let json = inner[Int(place.inner)]
                let changed = json.bytes.withUnsafeBytes { replacing(masked, first..<index, in: $0) }
                result += body[at..<Int(json.range.start)]
                changed.withUnsafeBytes { JSONWriter.escape($0, into: &result) }
                at = Int(json.range.end)
            } else {
                if let text = masked[index] { write(text, place, body, &at, into: &result) }
                index += 1
            }
        }
        result += body[at...]
        return result
    }

    private func replacing(_ masked: [[UInt8]?], _ span: Range<Int>, in json: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        for index in span {
            if let text = masked[index] { write(text, places[index], json, &at, into: &result) }
        }
        result += json[at...]
        return result
    }

    /// What stands in the place of a number is a string.
    private func write(_ text: [UInt8], _ place: Place, _ source: UnsafeRawBufferPointer, _ at: inout Int, into result: inout [UInt8]) {
        result += source[at..<Int(place.range.start)]
        if place.form == .number { result.append(UInt8(ascii: "\"")) }
        text.withUnsafeBytes { JSONWriter.escape($0, into: &result) }
        if place.form == .number { result.append(UInt8(ascii: "\"")) }
        at = Int(place.range.end)
    }
}
