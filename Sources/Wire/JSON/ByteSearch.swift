import CBytes

extension UnsafeRawBufferPointer {
    /// Whether `word` stands somewhere in it.
    public func contains(_ word: StaticString) -> Bool {
        guard let baseAddress else { return false }
        return cbytes_find(baseAddress, count, word.utf8Start, word.utf8CodeUnitCount) >= 0
    }
}
