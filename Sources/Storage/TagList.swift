/// The numbers of a row's tags as bytes: four each, little-endian.
enum TagList {
    static func encode(_ tags: [NameID]) -> [UInt8] {
        if tags.isEmpty { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tags.count * 4)
        for tag in tags.prefix(LedgerEntry.mostTags) {
            let number = UInt32(bitPattern: tag.rawValue)
            for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
        }
        return bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) -> [NameID] {
        stride(from: 0, to: bytes.count - 3, by: 4).map { index in
            NameID(rawValue: Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: Int32.self)))
        }
    }
}
