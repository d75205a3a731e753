/// Numbers tags that came with requests, where rows are written: no request waits for it.
///
/// Callers choose these names, so there is a bound: once the store knows `most` tags, others count as `other_tags`.
final class TagNumbers: Sendable {
    static let other = "other_tags"
    let most: Int
    private let known = Locked<[String: NameID]?>(nil)

    init(most: Int = 10_000) { self.most = most }

    /// Whether some row has tags without a number; nearly always none has.
    static func isNeeded(_ rows: borrowing ArraySlice<LedgerEntry>) -> Bool {
        rows.withUnsafeBufferPointer { rows in
            for at in rows.indices where !rows[at].ownTags.isEmpty { return true }
            return false
        }
    }

    /// The rows with all their tags as numbers.
    func numbered(_ rows: ArraySlice<LedgerEntry>, by store: some Store) throws(StoreFailure) -> ArraySlice<LedgerEntry> {
        var rows = rows
        for at in rows.indices where !rows[at].ownTags.isEmpty { try number(&rows[at], by: store) }
        return rows
    }

    func number(_ row: inout LedgerEntry, by store: some Store) throws(StoreFailure) {
        let own = row.ownTags
        row.ownTags = []
        for tag in own where row.tags.count < LedgerEntry.mostTags {
            guard !tag.isEmpty, tag.utf8.count <= LedgerEntry.mostTagBytes else { continue }
            let number = try self.number(of: tag, by: store)
            if !row.tags.contains(number) { row.tags.append(number) }
        }
    }

    private func number(of tag: String, by store: some Store) throws(StoreFailure) -> NameID {
        let isFirst = known.withLock { $0 == nil }
        if isFirst {
            let names = try store.names().filter { $0.value.kind == .tag }
            let first = Dictionary(names.map { ($0.value.name, $0.key) }) { first, _ in first }
            known.withLock { $0 = $0 ?? first }
        }
        let (found, isFull) = known.withLock { ($0?[tag], ($0?.count ?? 0) >= most) }
        if let found { return found }
        let name = isFull ? Self.other : tag
        let number = try store.intern([name], as: .tag)[0]
        known.withLock { $0?[name] = number }
        return number
    }
}
