/// The nearest known name to one that is not known, for messages.
public enum Nearest {
    /// Within a third of its length in edits, at least 2; names that contain the written one count as near.
    public static func name(to written: String, among names: [String]) -> String? {
        let wanted = Array(written.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for name in names {
            let known = Array(name.lowercased().utf8)
            let distance = edits(wanted, known)
            let near = distance <= max(2, wanted.count / 3)
            if near, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
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
