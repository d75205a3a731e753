import Wire

extension RequestHead {
    /// The virtual key as the client sent it: `Authorization: Bearer`, `x-api-key`, `x-goog-api-key` or `?key=`, the first of
    /// these that is there. Nil when none is.
    func presentedKey(in head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        if authorization.isPresent {
            let value = authorization.bytes(in: head)
            return value.startsIgnoringCase("bearer ") ? value.trimmedFront(from: 7) : nil
        }
        if apiKey.isPresent { return apiKey.bytes(in: head) }
        if googleAPIKey.isPresent { return googleAPIKey.bytes(in: head) }
        return query.isPresent ? Self.key(inQuery: query.bytes(in: head)) : nil
    }

    private static func key(inQuery query: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var start = 0
        while start < query.count {
            let end = query[start...].firstIndex(of: UInt8(ascii: "&")) ?? query.count
            let pair = UnsafeRawBufferPointer(rebasing: query[start..<end])
            if pair.starts(with: "key=") { return UnsafeRawBufferPointer(rebasing: pair[4...]) }
            start = end + 1
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// `prefix` is in lower case.
    func startsIgnoringCase(_ prefix: StaticString) -> Bool {
        guard count >= prefix.utf8CodeUnitCount else { return false }
        for at in 0..<prefix.utf8CodeUnitCount {
            let byte = self[at]
            let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
            if lower != prefix.utf8Start[at] { return false }
        }
        return true
    }

    func trimmedFront(from start: Int) -> UnsafeRawBufferPointer {
        var at = start
        while at < count, self[at] == UInt8(ascii: " ") { at += 1 }
        return UnsafeRawBufferPointer(rebasing: self[at...])
    }
}
