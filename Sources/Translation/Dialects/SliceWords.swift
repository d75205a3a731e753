import Wire

extension TextSlice {
    /// Whether the text begins with `word`, which is ASCII and needs no escape. An escaped slash counts as one.
    func starts(with word: StaticString) -> Bool {
        if hasEscapes { return string.hasPrefix("\(word)") }
        return bytes.count >= word.utf8CodeUnitCount && UnsafeRawBufferPointer(rebasing: bytes[..<word.utf8CodeUnitCount]).says(word)
    }

    /// Whether both say the same, however they are written.
    func same(as other: TextSlice) -> Bool {
        if hasEscapes || other.hasEscapes { return string == other.string }
        return bytes.elementsEqual(other.bytes)
    }
}

extension JSONSlice {
    /// As it stands, to compare.
    var spells: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONWriter {
    /// The JSON object that `text` spells; nothing (or null) is `{}`. False: it spells none, and nothing was written.
    mutating func object(spelledBy text: TextSlice) -> Bool {
        guard text.hasEscapes else { return object(text.bytes, isChecked: text.form == .plain) }
        var plain: [UInt8] = []
        plain.reserveCapacity(text.bytes.count)
        text.decode { plain.append($0) }
        return plain.withUnsafeBytes { object($0, isChecked: false) }
    }

    private mutating func object(_ bytes: UnsafeRawBufferPointer, isChecked: Bool) -> Bool {
        guard let first = bytes.first(where: { $0 > 0x20 }), !bytes.says("null") else {
            beginObject()
            endObject()
            return true
        }
        guard first == UInt8(ascii: "{") else { return false }
        if !isChecked {
            do throws(JSONProblem) { try JSONScanner.validate(bytes) } catch { return false }
        }
        raw(bytes)
        return true
    }
}
