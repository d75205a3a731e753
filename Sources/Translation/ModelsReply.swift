import Wire

/// Bodies of `/v1/models` and `/v1/models/{id}` as OpenAI writes them.
public enum ModelsReply {
    public struct Entry: Hashable, Sendable {
        public var id: String
        /// Seconds since 1970.
        public var created: Int64
        public var owner: String

        public init(id: String, created: Int64, owner: String = "swiftlet") {
            self.id = id
            self.created = created
            self.owner = owner
        }
    }

    public static func list(_ entries: [Entry]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { whole in
            whole.member("object", "list")
            whole.key("data")
            whole.array { list in
                for entry in entries { write(entry, &list) }
            }
        }
        return writer.bytes
    }

    public static func one(_ entry: Entry) -> [UInt8] {
        var writer = JSONWriter()
        write(entry, &writer)
        return writer.bytes
    }

    private static func write(_ entry: Entry, _ writer: inout JSONWriter) {
        writer.object { model in
            model.member("id", entry.id)
            model.member("object", "model")
            model.member("created", entry.created)
            model.member("owned_by", entry.owner)
        }
    }
}
