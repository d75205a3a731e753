import Wire

/// Changes of a small JSON object that is kept as bytes.
enum JSONSplice {
    /// The object with another value for one member, which is added where there is none.
    static func replacing(_ wanted: StaticString, in object: [UInt8], by value: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: object.count + value.count)
        object.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var found = false
            writer.beginObject()
            do throws(JSONProblem) {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    let isWanted = scanner.text(name, is: wanted)
                    found = found || isWanted
                    writer.key(scanner.decoded(name))
                    let old = try scanner.skip()
                    if isWanted { value.withUnsafeBytes { writer.raw($0) } } else { writer.raw(old.of(bytes)) }
                }
            } catch {
                // The object was read before: it is one.
            }
            if !found {
                writer.name(wanted)
                value.withUnsafeBytes { writer.raw($0) }
            }
            writer.endObject()
        }
        return writer.bytes
    }

    static func isJSON(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            do throws(JSONProblem) { try JSONScanner.validate(bytes) } catch { return false }
            return true
        }
    }
}
