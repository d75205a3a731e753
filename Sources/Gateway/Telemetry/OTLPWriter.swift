import Wire

/// OTLP in its JSON form: ids in hex, 64-bit numbers as text, numbers for enumerations.
struct OTLPWriter {
    var json = JSONWriter()

    mutating func attributes(_ write: (inout Attributes) -> Void) {
        json.key("attributes")
        json.beginArray()
        var attributes = Attributes(json: json)
        write(&attributes)
        json = attributes.json
        json.endArray()
    }

    struct Attributes {
        fileprivate var json: JSONWriter

        mutating func text(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            pair(name) { $0.member("stringValue", value) }
        }

        mutating func number(_ name: String, _ value: Int64?) {
            guard let value else { return }
            pair(name) { $0.member("intValue", "\(value)") }
        }

        mutating func real(_ name: String, _ value: Double?) {
            guard let value, value.isFinite else { return }
            pair(name) { json in
                json.key("doubleValue")
                json.raw("\(value)")
            }
        }

        mutating func flag(_ name: String, _ value: Bool) { pair(name) { $0.member("boolValue", value) } }

        mutating func texts(_ name: String, _ values: [String]) {
            guard !values.isEmpty else { return }
            pair(name) { json in
                json.key("arrayValue")
                json.object { list in
                    list.key("values")
                    list.array { items in for value in values { items.object { $0.member("stringValue", value) } } }
                }
            }
        }

        private mutating func pair(_ name: String, _ value: (inout JSONWriter) -> Void) {
            json.object { pair in
                pair.member("key", name)
                pair.key("value")
                pair.object(value)
            }
        }
    }

    /// `{"resourceSpans":[{"resource":…,"scopeSpans":[{"scope":…,"spans":[…]}]}]}`, and the same of metrics.
    static func envelope(of kind: String, service: String, instance: String, _ items: (inout OTLPWriter) -> Void) -> [UInt8] {
        var out = OTLPWriter()
        out.json.beginObject()
        out.json.key("resource\(kind)")
        out.json.beginArray()
        out.json.beginObject()
        out.json.key("resource")
        out.json.beginObject()
        out.attributes { attributes in
            attributes.text("service.name", service)
            attributes.text("service.instance.id", instance)
            attributes.text("telemetry.sdk.name", "swiftlet")
            attributes.text("telemetry.sdk.language", "swift")
        }
        out.json.endObject()
        out.json.key("scope\(kind)")
        out.json.beginArray()
        out.json.beginObject()
        out.json.key("scope")
        out.json.object { $0.member("name", "swiftlet") }
        out.json.key(kind == "Spans" ? "spans" : "metrics")
        out.json.beginArray()
        items(&out)
        out.json.endArray()
        out.json.endObject()
        out.json.endArray()
        out.json.endObject()
        out.json.endArray()
        out.json.endObject()
        return out.json.bytes
    }
}
