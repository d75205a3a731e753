import Routing
import Schema
import Storage
import Wire

/// The tags of a request: those of its key first, then its own. Each stands once.
struct RequestTags {
    /// As tag filtering compares them.
    private(set) var names: [String] = []
    /// Of tags that say a key and a value: `{key, value}`, `key=value`, `key:value`.
    private(set) var values: [(key: String, value: String)] = []
    /// What the request and rules add to those of the key, as the ledger has it: pairs are `key:value`.
    private(set) var own: [String] = []
    private let ofKey: [String]

    init(keyTags: [String]) {
        ofKey = keyTags
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
        note(tag)
        guard let at = tag.firstIndex(where: { $0 == "=" || $0 == ":" }), at != tag.startIndex else { return }
        add(key: String(tag[..<at]), value: String(tag[tag.index(after: at)...]))
    }

    /// A pair takes no part in tag filtering. Of two with one key the first counts: that of the virtual key.
    private mutating func add(key: String, value: String) {
        if !values.contains(where: { $0.key == key }) { values.append((key, value)) }
    }

    private mutating func pair(_ key: String, _ value: String) {
        add(key: key, value: value)
        note("\(key):\(value)")
    }

    /// Also without the sign that says which deployments it selects; what is only to be excluded is no tag of the request.
    private mutating func note(_ written: String) {
        guard written.first != "!" else { return }
        let tag = written.first == "&" ? String(written.dropFirst()) : written
        if !tag.isEmpty, own.count < LedgerEntry.mostTags, !ofKey.contains(tag), !own.contains(tag) { own.append(tag) }
    }

    /// A list of texts, of `{key, value}`, or a map; of anything else nothing.
    private mutating func take(_ node: Node?) {
        guard let node else { return }
        for item in node.items ?? [] {
            if let text = item.scalar {
                add(text)
            } else if let key = item["key"]?.scalar ?? item["tag_key"]?.scalar {
                pair(key, (item["value"] ?? item["tag_value"])?.scalar ?? "")
            }
        }
        for entry in node.entries ?? [] { pair(entry.name, entry.node.scalar ?? "") }
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
