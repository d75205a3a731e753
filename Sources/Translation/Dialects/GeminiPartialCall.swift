import Wire

/// A call whose arguments come leaf by leaf (`partialArgs`, where `streamFunctionCallArguments` was asked for): put together
/// here, since no other dialect has them so. Rare, so a tree is fine.
final class GeminiPartialCall {
    private indirect enum Value {
        case object([(name: String, value: Value)])
        case array([Value])
        /// A number, true, false or null as it stands.
        case plain([UInt8])
        /// The inside of a JSON string.
        case text([UInt8])
    }

    private enum Step {
        case name(String)
        case index(Int)
    }

    private var root = Value.object([])
    private var leaves = 0
    /// More leaves than a call of any use has.
    private static let most = 10_000

    func read(_ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        try scanner.enterArray()
        while try scanner.nextElement() {
            var path: String?
            var leaf: Value?
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "jsonPath"), try scanner.peek() == .string {
                    path = scanner.decoded(try scanner.string())
                } else if scanner.text(name, is: "stringValue"), try scanner.peek() == .string {
                    leaf = .text(Array(try scanner.string().range.of(body)))
                } else if scanner.text(name, is: "numberValue") || scanner.text(name, is: "boolValue") {
                    leaf = .plain(Array(try scanner.skip().of(body)))
                } else if scanner.text(name, is: "nullValue") {
                    try scanner.skip()
                    leaf = .plain(Array("null".utf8))
                } else {
                    try scanner.skip()
                }
            }
            guard let path, let leaf else { continue }
            leaves += 1
            guard let steps = Self.steps(path), leaves <= Self.most, Self.put(leaf, at: steps[...], in: &root) else {
                throw JSONProblem(.kind, at: scanner.offset)
            }
        }
    }

    /// Hands out the object.
    func finish(_ emit: (TextSlice) -> Void) {
        var json = JSONWriter()
        Self.write(root, to: &json)
        json.bytes.withUnsafeBytes { emit(TextSlice(plain: $0)) }
    }

    /// `$.a[0]['b c']`, RFC 9535 without wildcards. Nil: something else.
    private static func steps(_ path: String) -> [Step]? {
        var rest = path[...]
        guard rest.popFirst() == "$" else { return nil }
        var steps: [Step] = []
        while let first = rest.popFirst() {
            if first == "." {
                let name = rest.prefix { $0 != "." && $0 != "[" }
                steps.append(.name(String(name)))
                rest = rest[name.endIndex...]
            } else if first == "[", let quote = rest.first, quote == "'" || quote == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: quote), rest[end...].dropFirst().first == "]" else { return nil }
                steps.append(.name(String(rest[rest.index(after: rest.startIndex)..<end])))
                rest = rest[end...].dropFirst(2)
            } else if first == "[" {
                let digits = rest.prefix { $0 != "]" }
                guard let index = Int(digits), index >= 0, digits.endIndex < rest.endIndex else { return nil }
                steps.append(.index(index))
                rest = rest[digits.endIndex...].dropFirst()
            } else {
                return nil
            }
        }
        return steps.isEmpty || steps.count > JSONScanner.deepest / 2 ? nil : steps
    }

    /// Later pieces of a text are appended. False: the path does not fit what is there.
    private static func put(_ leaf: Value, at steps: ArraySlice<Step>, in value: inout Value) -> Bool {
        guard let step = steps.first else {
            if case .text(let more) = leaf, case .text(let text) = value { value = .text(text + more) } else { value = leaf }
            return true
        }
        let rest = steps.dropFirst()
        var fresh = Value.text([])
        if case .index? = rest.first { fresh = .array([]) } else if rest.first != nil { fresh = .object([]) }
        switch (step, value) {
        case (.name(let name), .object(var members)):
            var place = members.count
            if let known = members.firstIndex(where: { $0.name == name }) { place = known } else { members.append((name, fresh)) }
            guard put(leaf, at: rest, in: &members[place].value) else { return false }
            value = .object(members)
            return true
        case (.index(let index), .array(var elements)) where index <= elements.count:
            if index == elements.count { elements.append(fresh) }
            guard put(leaf, at: rest, in: &elements[index]) else { return false }
            value = .array(elements)
            return true
        default: return false
        }
    }

    private static func write(_ value: Value, to json: inout JSONWriter) {
        switch value {
        case .object(let members):
            json.beginObject()
            for member in members {
                json.key(member.name)
                write(member.value, to: &json)
            }
            json.endObject()
        case .array(let elements):
            json.beginArray()
            for element in elements { write(element, to: &json) }
            json.endArray()
        case .plain(let bytes): bytes.withUnsafeBytes { json.raw($0) }
        case .text(let bytes): bytes.withUnsafeBytes { json.quoted($0) }
        }
    }
}
