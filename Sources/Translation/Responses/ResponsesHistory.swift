import Wire

/// What earlier responses said, as input of the next.
public enum ResponsesHistory {
    /// The items of a stored response: what its request brought, then what it answered. Separated by commas, perhaps none.
    ///
    /// Thoughts go along only where they are sealed: an id alone says nothing to a provider that did not keep them.
    public static func items(input: [UInt8], response: [UInt8]) -> [UInt8] {
        var items = input.withUnsafeBytes { ResponsesRequest.items(of: $0) }
        response.withUnsafeBytes { raw in
            do throws(JSONProblem) {
                let fields = try ResponseFields.read(raw)
                guard let output = fields.output?.of(raw) else { return }
                var scanner = JSONScanner(output)
                try scanner.enterArray()
                while try scanner.nextElement() {
                    guard let item = try scanner.looseObject() else { continue }
                    let bytes = item.of(output)
                    let members = try ItemFields.read(bytes)
                    if members.says("reasoning", bytes), members.sealed == nil { continue }
                    if !items.isEmpty { items.append(UInt8(ascii: ",")) }
                    items.append(contentsOf: bytes)
                }
            } catch {
                // What is stored was read before; of anything else the readable beginning is kept.
            }
        }
        return items
    }

    /// The page that `/input_items` answers: `input` is a JSON array of items.
    public static func page(of input: [UInt8], response id: String, after: String?, limit: Int, newestFirst: Bool) -> [UInt8] {
        var items: [(id: String, json: [UInt8])] = []
        input.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            do throws(JSONProblem) {
                try scanner.enterArray()
                while try scanner.nextElement() {
                    guard let range = try scanner.looseObject() else { continue }
                    items.append(try named(range.of(raw), usual: "item_\(id.dropFirst(5))_\(items.count)"))
                }
            } catch {
                // As above.
            }
        }
        if newestFirst { items.reverse() }
        let start = after.flatMap { cursor in items.firstIndex { $0.id == cursor }.map { $0 + 1 } } ?? 0
        let page = items[min(start, items.count)...].prefix(limit)
        var json = JSONWriter()
        json.object { list in
            list.member("object", "list")
            list.key("data")
            list.array { data in for item in page { item.json.withUnsafeBytes { data.raw($0) } } }
            list.member("first_id", orNull: page.first?.id)
            list.member("last_id", orNull: page.last?.id)
            list.member("has_more", start + page.count < items.count)
        }
        return json.bytes
    }

    /// An item with an id and, of a message, its content as parts: clients are typed so.
    private static func named(_ item: UnsafeRawBufferPointer, usual: String) throws(JSONProblem) -> (String, [UInt8]) {
        var id: String?
        var hasType = false
        var json = JSONWriter(capacity: item.count + 64)
        var scanner = JSONScanner(item)
        var members: [(name: ByteRange, value: ByteRange, isText: Bool)] = []
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let isContent = scanner.text(name, is: "content")
            let isID = scanner.text(name, is: "id")
            if scanner.text(name, is: "type") { hasType = true }
            let isString = try scanner.peek() == .string
            let value = try scanner.skip()
            if isID, isString {
                id = TextSlice(quoted: UnsafeRawBufferPointer(rebasing: value.of(item).dropFirst().dropLast()), hasEscapes: true).string
            }
            if !isID { members.append((name.range, value, isContent && isString)) }
        }
        json.object { json in
            json.member("id", id ?? usual)
            if !hasType { json.member("type", "message") }
            for member in members {
                json.quotedName(member.name.of(item))
                guard member.isText else {
                    json.raw(member.value.of(item))
                    continue
                }
                json.beginArray()
                json.beginObject()
                json.member("type", word: "input_text")
                json.name("text")
                json.raw(member.value.of(item))
                json.endObject()
                json.endArray()
            }
        }
        return (id ?? usual, json.bytes)
    }
}
