import Wire

/// Google's older schemas (a subset of OpenAPI 3.0) as JSON Schema: types in lower case, `nullable` as a type, counts as numbers.
enum GeminiSchema {
    /// The schema itself where it is JSON Schema already.
    static func standard(_ schema: JSONSlice, _ conversation: Conversation) -> JSONSlice {
        guard isOlder(schema.bytes) else { return schema }
        var writer = JSONWriter(capacity: schema.bytes.count)
        var scanner = JSONScanner(schema.bytes)
        do throws(JSONProblem) { try copy(&scanner, of: schema.bytes, to: &writer) } catch { return schema }  // it was read before
        return conversation.keep(json: writer.bytes)
    }

    private static func isOlder(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var search = JSONMemberSearch(bytes, beginning: (UInt8(ascii: "t"), UInt8(ascii: "n"), UInt8(ascii: "m"), UInt8(ascii: "p")))
        while search.next() != nil {
            if let offset = search.value(of: "type"), offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\""),
                bytes[offset + 1] &- 0x41 < 26
            {
                return true
            }
            if search.value(of: "nullable") != nil || search.value(of: "propertyOrdering") != nil { return true }
            for name in ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"] as [StaticString] {
                if let offset = search.value(of: name), bytes[offset] == UInt8(ascii: "\"") { return true }
            }
        }
        return false
    }

    private static let counts: [StaticString] = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"]

    /// The schema that stands next.
    private static func copy(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, to writer: inout JSONWriter) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            writer.raw(try scanner.skip().of(body))
            return
        }
        let isNullable = try nullable(scanner)
        writer.beginObject()
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "nullable"), try scanner.peek() == .bool {
                try scanner.skip()
                continue
            }
            if scanner.text(name, is: "propertyOrdering") || scanner.text(name, is: "property_ordering") {
                try scanner.skip()
                continue
            }
            writer.quotedName(name.range.of(body))
            if scanner.text(name, is: "type"), try scanner.peek() == .string {
                type(scanner.decoded(try scanner.string()), isNullable, to: &writer)
            } else if scanner.text(name, is: "properties") || scanner.text(name, is: "$defs"), try scanner.peek() == .object {
                writer.beginObject()
                try scanner.enterObject()
                while let property = try scanner.nextKey() {
                    writer.quotedName(property.range.of(body))
                    try copy(&scanner, of: body, to: &writer)
                }
                writer.endObject()
            } else if scanner.text(name, is: "items") || scanner.text(name, is: "additionalProperties") {
                try copy(&scanner, of: body, to: &writer)
            } else if scanner.text(name, is: "anyOf") || scanner.text(name, is: "any_of"), try scanner.peek() == .array {
                writer.beginArray()
                try scanner.enterArray()
                while try scanner.nextElement() { try copy(&scanner, of: body, to: &writer) }
                writer.endArray()
            } else if try scanner.peek() == .string, counts.contains(where: { scanner.text(name, is: $0) }) {
                writer.raw(try scanner.string().range.of(body))
            } else {
                writer.raw(try scanner.skip().of(body))
            }
        }
        writer.endObject()
    }

    /// Looks ahead: `nullable` may stand behind `type`.
    private static func nullable(_ start: JSONScanner) throws(JSONProblem) -> Bool {
        var scanner = start
        var isNullable = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "nullable"), try scanner.peek() == .bool {
                isNullable = try scanner.bool()
            } else {
                try scanner.skip()
            }
        }
        return isNullable
    }

    private static func type(_ type: String, _ isNullable: Bool, to writer: inout JSONWriter) {
        let isOlder = type.utf8.allSatisfy { $0 &- 0x41 < 26 }
        let name = isOlder ? type.lowercased() : type
        guard isNullable else {
            writer.string(name)
            return
        }
        writer.beginArray()
        writer.string(name)
        writer.string("null")
        writer.endArray()
    }
}
