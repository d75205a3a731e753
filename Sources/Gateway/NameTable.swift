import Settings
import Wire

/// What clients may send as `model`, found by its bytes without making a string of them.
///
/// Open addressing, at most half full. Made once per change of settings, then only read.
struct NameTable: Sendable {
    private struct Entry: Sendable {
        var name: [UInt8]
        var model: NamedModel
    }

    private var slots: [Int32]
    private var entries: [Entry] = []
    private let mask: Int

    init(_ names: [String: NamedModel]) {
        var size = 16
        while size < names.count * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        mask = size - 1
        for (name, model) in names {
            let bytes = Array(name.utf8)
            var at = bytes.withUnsafeBytes { Self.hash($0) } & mask
            while slots[at] >= 0 { at = (at + 1) & mask }
            slots[at] = Int32(entries.count)
            entries.append(Entry(name: bytes, model: model))
        }
    }

    /// The text of a JSON string in `body`; a name written with escapes is the same name.
    func find(_ text: JSONText, in body: UnsafeRawBufferPointer) -> NamedModel? {
        guard text.escaped else { return find(text.range.of(body)) }
        return Array(JSONEscapes.decoded(text.range.of(body)).utf8).withUnsafeBytes { find($0) }
    }

    func find(_ name: String) -> NamedModel? { Array(name.utf8).withUnsafeBytes { find($0) } }

    private func find(_ name: UnsafeRawBufferPointer) -> NamedModel? {
        var at = Self.hash(name) & mask
        while slots[at] >= 0 {
            let entry = entries[Int(slots[at])]
            if entry.name.count == name.count, entry.name.elementsEqual(name) { return entry.model }
            at = (at + 1) & mask
        }
        return nil
    }

    /// FNV-1a. The table holds an operator's names only, so a client cannot make it long to search.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7fff_ffff)
    }
}
