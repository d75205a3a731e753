/// Leads from places of a text that was made from another back to that one. Between two marks both run alike, or what stands there in the
/// one stands for all that stands there in the other.
struct PlaceMap {
    private struct Mark {
        var made: Int
        var original: Int
    }

    private var marks: [Mark] = []

    /// Both are the same. Once they are not, it stays so.
    var isEmpty: Bool { marks.isEmpty }

    mutating func mark(_ made: Int, _ original: Int) {
        if let last = marks.last, last.made == made, last.original == original { return }
        marks.append(Mark(made: made, original: original))
    }

    func original(_ range: Range<Int>) -> Range<Int> {
        guard !marks.isEmpty else { return range }
        let lower = original(of: range.lowerBound, asEnd: false)
        return lower..<max(lower, original(of: range.upperBound, asEnd: true))
    }

    /// Where the original stands when the other one is at `place`.
    func original(of place: Int, asEnd: Bool = false) -> Int {
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            // An end looks at the piece before it, a start at the one after.
            if asEnd ? marks[middle].made < place : marks[middle].made <= place { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return marks.isEmpty ? place : min(place, marks[0].original) }
        let mark = marks[low - 1]
        guard low < marks.count else { return mark.original + place - mark.made }
        let next = marks[low]
        if next.made - mark.made == next.original - mark.original { return mark.original + place - mark.made }
        return asEnd ? next.original : mark.original
    }

    /// Nobody asks for places before `made` any more.
    mutating func forget(before made: Int) {
        guard marks.count > 64, let keep = marks.lastIndex(where: { $0.made < made }), keep > 32 else { return }
        marks.removeFirst(keep)
    }
}
