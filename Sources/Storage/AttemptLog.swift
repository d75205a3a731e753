import Routing

/// Attempts as bytes: a version, then per attempt eight numbers in LEB128, about 15 bytes each.
enum AttemptLog {
    private static let version: UInt8 = 1

    static func encode(_ attempts: [AttemptRecord]) -> [UInt8] {
        var bytes = [version]
        bytes.reserveCapacity(1 + attempts.count * 24)
        for attempt in attempts {
            put(UInt64(UInt32(bitPattern: attempt.deployment.rawValue)), &bytes)
            put(UInt64(bitPattern: attempt.startedMicroseconds), &bytes)
            // Absent is 0, so what is there is one more.
            put(UInt64(bitPattern: (attempt.firstByteMicroseconds ?? -1) &+ 1), &bytes)
            put(UInt64(bitPattern: attempt.endedMicroseconds), &bytes)
            put(UInt64(attempt.state.rawValue), &bytes)
            put(attempt.fault.map { UInt64($0.rawValue) + 1 } ?? 0, &bytes)
            put(UInt64(attempt.status), &bytes)
            put(UInt64(bitPattern: attempt.cost.amount), &bytes)
        }
        return bytes
    }

    /// Nil for bytes that are cut off or of another version.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> [AttemptRecord]? {
        guard bytes.first == version else { return nil }
        var rest = bytes[1...]
        var attempts: [AttemptRecord] = []
        while !rest.isEmpty {
            guard let deployment = take(&rest), let started = take(&rest), let firstByte = take(&rest), let ended = take(&rest),
                let state = take(&rest).flatMap({ LedgerState(rawValue: UInt8(truncatingIfNeeded: $0)) }),
                let fault = take(&rest), let status = take(&rest), let cost = take(&rest)
            else { return nil }
            var attempt = AttemptRecord(deployment: NameID(rawValue: Int32(truncatingIfNeeded: deployment)))
            attempt.startedMicroseconds = Int64(bitPattern: started)
            attempt.firstByteMicroseconds = firstByte == 0 ? nil : Int64(bitPattern: firstByte) &- 1
            attempt.endedMicroseconds = Int64(bitPattern: ended)
            attempt.state = state
            attempt.fault = fault == 0 ? nil : Fault(rawValue: UInt8(truncatingIfNeeded: fault - 1))
            attempt.status = UInt16(truncatingIfNeeded: status)
            attempt.cost = Nanodollars(Int64(bitPattern: cost))
            attempts.append(attempt)
        }
        return attempts
    }

    private static func put(_ number: UInt64, _ bytes: inout [UInt8]) {
        var rest = number
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func take(_ bytes: inout Slice<UnsafeRawBufferPointer>) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            number |= UInt64(byte & 127) << shift
            if byte < 128 { return number }
        }
        return nil
    }
}
