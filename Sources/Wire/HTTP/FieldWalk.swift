import CBytes

/// Goes once more through the fields of a head that a parser has taken. Compiled into its callers, whose work for most fields is
/// less than a call.
@usableFromInline enum FieldWalk {
    @inlinable @inline(__always)
    static func forEach(
        in head: UnsafeRawBufferPointer, from start: Int, to end: Int,
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        guard start > 0, end <= head.count, let base = head.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var at = start
        while at < end &- 2 {
            let stop = cbytes_value_end(base + at, base + end) - base
            let colon = cbytes_colon(base + at, base + stop, base + end) - base
            guard colon < stop else { return }
            var from = colon &+ 1
            var to = stop
            while from < to, base[from] == 0x20 || base[from] == 0x09 { from &+= 1 }
            while to > from, base[to &- 1] == 0x20 || base[to &- 1] == 0x09 { to &-= 1 }
            body(
                UnsafeRawBufferPointer(start: base + at, count: colon &- at), UnsafeRawBufferPointer(start: base + from, count: to &- from))
            at = stop &+ 2
        }
    }
}
