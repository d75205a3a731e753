/// The nearest known name to one that is not known.
public enum Spelling {
    /// Within a third of its length in edits, at least 2, and something of it must be left.
    public static func nearest(to written: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(written.lowercased().utf8.prefix(100))
        let bound = max(2, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = edits(wanted, Array(name.lowercased().utf8))
            if distance <= bound, distance < wanted.count, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// The end of a message: "; did you mean `listen`?", or the names there are when there are few, or nothing.
    public static func help(for written: String, among names: [String]) -> String {
        if let near = nearest(to: written, among: names) { return "; did you mean `\(near)`?" }
        if names.isEmpty || names.count > 12 { return "" }
        return "; expected " + names.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// Levenshtein's distance; linear in the product of the lengths.
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[right.count]
    }
}
