import NIOCore
import Translation

/// Where the decision's record stands in a stream: in the object that the stream's first event brings. Chats and completions
/// get an event of their own instead, and AWS event streams have no place for it.
enum RoutingPlace {
    /// `bytes`, the first of a stream, with `member` in them; nil where they have no place for it.
    static func insert(_ member: [UInt8], into bytes: UnsafeRawBufferPointer, _ api: API) -> [UInt8]? {
        guard let brace = place(in: bytes, api) else { return nil }
        let next = bytes[(brace + 1)...].first { $0 > 0x20 }
        return Array(bytes[...brace]) + member + (next == UInt8(ascii: "}") ? [] : [UInt8(ascii: ",")]) + Array(bytes[(brace + 1)...])
    }

    /// The opening brace of the object.
    private static func place(in bytes: UnsafeRawBufferPointer, _ api: API) -> Int? {
        switch api {
        case .messages: brace(behind: "\"message\"", in: bytes)
        case .responses: brace(behind: "\"response\"", in: bytes) ?? bytes.firstIndex(of: UInt8(ascii: "{"))
        case .generateContent: bytes.firstIndex(of: UInt8(ascii: "{"))
        default: nil
        }
    }

    private static func brace(behind name: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
        let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        var from = 0
        while let quote = bytes[from...].firstIndex(of: UInt8(ascii: "\"")), quote + name.count < bytes.count {
            from = quote + 1
            guard bytes[quote..<(quote + name.count)].elementsEqual(name) else { continue }
            let rest = bytes[(quote + name.count)...].drop { $0 <= 0x20 }
            guard rest.first == UInt8(ascii: ":") else { continue }
            let value = rest.dropFirst().drop { $0 <= 0x20 }
            if value.first == UInt8(ascii: "{") { return value.startIndex }
        }
        return nil
    }
}
