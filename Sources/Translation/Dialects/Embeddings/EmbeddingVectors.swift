import Wire

extension JSONWriter {
    /// A vector as numbers. What came in base64 is spelled in the fewest digits that mean the same 32-bit number.
    mutating func numbers(_ vector: EmbeddingReply.Vector) {
        switch vector {
        case .numbers(let list): value(list)
        case .base64(let text):
            let bytes = Base64.decode(text) ?? []
            beginArray()
            for start in stride(from: 0, to: bytes.count - bytes.count % 4, by: 4) {
                var bits: UInt32 = 0
                for i in (0..<4).reversed() { bits = bits << 8 | UInt32(bytes[start + i]) }
                let number = Float(bitPattern: bits)
                raw(number.isFinite ? "\(number)" : "0")
            }
            endArray()
        }
    }

    /// A vector as base64 of its numbers in 32 bits, least significant byte first.
    mutating func base64(_ vector: EmbeddingReply.Vector) {
        switch vector {
        case .base64(let text): string(text)
        case .numbers(let list): string(Base64.encode(EmbeddingVectors.bytes(of: list.bytes)))
        }
    }
}

enum EmbeddingVectors {
    /// `list` is a valid array; what is no number in it counts as zero.
    static func bytes(of list: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(list.count / 2)
        var start = 1
        for i in 1..<max(1, list.count) where list[i] == UInt8(ascii: ",") || i == list.count - 1 {
            let number = list[start..<i].filter { $0 > 0x20 }
            if !number.isEmpty {
                let bits = (Float(String(decoding: number, as: UTF8.self)) ?? 0).bitPattern
                for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
            }
            start = i + 1
        }
        return bytes
    }

    /// Passes over a list of numbers, and sees that it is one.
    static func read(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer) throws(JSONProblem) -> EmbeddingReply.Vector {
        guard try scanner.peek() == .array else { throw JSONProblem(.kind, at: scanner.offset) }
        let start = scanner.offset
        var look = scanner
        try look.enterArray()
        if try look.nextElement(), try look.peek() != .number { throw JSONProblem(.kind, at: start) }
        return .numbers(JSONSlice(try scanner.skip(), of: body))
    }
}
