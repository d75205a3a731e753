import Routing
import Schema
import Wire

/// The tags of a request: those of its key first, then its own. Each stands once.
struct RequestTags {
    /// As tag filtering compares them.
    private(set) var names: [String] = []
    /// Of tags that say a key and a value: `{key, value}`, `key=value`, `key:value`.
    private(set) var values: [(key: String, value: String)] = []

    init(keyTags: [String]) {
        for tag in keyTags { add(tag) }
    }

    /// `own`: whether the request may add some; its key may forbid it.
    init(keyTags: [String], _ view: RequestView, own: Bool) {
        self.init(keyTags: keyTags)
        guard own else { return }
        take(view.node(view.call.extras.tags))
        if view.call.metadata != nil { take(view.metadata?["tags"]) }
        for part in [view.head.swiftletTags, view.head.litellmTags, view.head.tags] { take(view.text(part)) }
    }

    /// The value of a tag; a tag without one holds true.
    func value(of key: String) -> Value {
        if let value = values.first(where: { $0.key == key })?.value { return .text(value) }
        return names.contains(key) ? .flag(true) : .missing
    }

    mutating func add(_ tag: String) {
        let tag = tag.trimmed
        guard !tag.isEmpty, !names.contains(tag) else { return }
        names.append(tag)
        guard let at = tag.firstIndex(where: { $0 == "=" || $0 == ":" }), at != tag.startIndex else { return }
        add(key: String(tag[..<at]), value: String(tag[tag.index(after: at)...]))
    }

    /// A pair takes no part in tag filtering. Of two with one key the first counts: that of the virtual key.
    private mutating func add(key: String, value: String) {
        if !values.contains(where: { $0.key == key }) { values.append((key, value)) }
    }

    /// A list of texts, of `{key, value}`, or a map; of anything else nothing.
    private mutating func take(_ node: Node?) {
        guard let node else { return }
        for item in node.items ?? [] {
            if let text = item.scalar {
                add(text)
            } else if let key = item["key"]?.scalar ?? item["tag_key"]?.scalar {
                add(key: key, value: (item["value"] ?? item["tag_value"])?.scalar ?? "")
            }
        }
        for entry in node.entries ?? [] { add(key: entry.name, value: entry.node.scalar ?? "") }
        if let text = node.scalar { take(text) }
    }

    /// `a, b, c`.
    private mutating func take(_ list: String?) {
        for tag in list?.split(separator: ",") ?? [] { add(String(tag)) }
    }
}

extension String {
    fileprivate var trimmed: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: blank).reversed().drop(while: blank).reversed())
    }
}
