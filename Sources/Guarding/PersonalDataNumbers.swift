/// Digits in groups, as people write numbers: `4111 1111 1111 1111`, `(030) 123-45`, `192.0.2.1`.
enum NumberRun {
    /// Groups looked at together; a longer run is read in pieces that overlap by half.
    static let maxGroups = 24
    static let maxDigits = 128

    struct Group {
        var start = 0
        var end = 0
        /// Of its first digit among those of the run.
        var first = 0
        var gap = Gap()
    }

    /// What stands between two groups.
    struct Gap: OptionSet {
        let rawValue: UInt8
        static let space = Gap(rawValue: 1)
        static let dash = Gap(rawValue: 2)
        static let dot = Gap(rawValue: 4)
        static let slash = Gap(rawValue: 8)
        static let bracket = Gap(rawValue: 16)
        static let plus = Gap(rawValue: 32)

        static func of(_ byte: UInt8) -> Gap? {
            switch byte {
            case 0x20: .space
            case UInt8(ascii: "-"): .dash
            case UInt8(ascii: "."): .dot
            case UInt8(ascii: "/"): .slash
            case UInt8(ascii: "("), UInt8(ascii: ")"): .bracket
            default: nil
            }
        }
    }
}

/// Some neighbouring groups of a run.
struct NumberView {
    let digits: UnsafeBufferPointer<UInt8>
    /// The lengths of the groups, the last in the lowest four bits; 15 stands for more too.
    let shape: UInt64
    /// All that stands between them.
    let gaps: NumberRun.Gap
    let range: Range<Int>
    let hasPlus: Bool
    let hasBracket: Bool
    /// Glued to letters behind it.
    let isGlued: Bool

    var count: Int { digits.count }
    var isPlain: Bool { shape < 16 }

    func number(_ range: Range<Int>) -> Int { range.reduce(0) { $0 * 10 + Int(digits[$1]) } }
}

extension PersonalDataScan {
    /// At a digit, `+` or `(`; the place to go on.
    mutating func number(at start: Int) -> Int {
        if !text[start].isDigit, !byte(start + 1).isDigit, !(byte(start + 1) == UInt8(ascii: "(") || byte(start + 1) == UInt8(ascii: "+")) {
            return start + 1
        }
        if text[start].isDigit {
            if let end = coordinates(at: start) { return end }
            if let colon = (1...4).first(where: { !byte(start + $0).isHex }), byte(start + colon) == UInt8(ascii: ":"), let end = ipV6(at: start) {
                return end
            }
        }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberRun.maxDigits) { digits in
            withUnsafeTemporaryAllocation(of: NumberRun.Group.self, capacity: NumberRun.maxGroups) { groups in
                groups.initialize(repeating: NumberRun.Group())
                let (count, isCut) = read(start, digits, groups)
                guard count > 0 else { return start + 1 }
                return examine(UnsafeBufferPointer(digits), UnsafeBufferPointer(rebasing: groups[..<count]), isCut: isCut)
            }
        }
    }

    /// The number of groups, and whether more follow.
    private func read(
        _ start: Int, _ digits: UnsafeMutableBufferPointer<UInt8>, _ groups: UnsafeMutableBufferPointer<NumberRun.Group>
    ) -> (Int, Bool) {
        var (index, used, count) = (start, 0, 0)
        var gap = NumberRun.Gap()
        while has(index), index - start < 3 {
            if text[index] == UInt8(ascii: "+") { gap.insert(.plus) } else if text[index] == UInt8(ascii: "(") { gap.insert(.bracket) } else { break }
            index += 1
        }
        var opening = start
        while has(index), text[index].isDigit {
            var group = NumberRun.Group(start: count == 0 ? opening : index, end: index, first: used, gap: gap)
            if gap.contains(.bracket), count > 0, text[index - 1] == UInt8(ascii: "(") { group.start = index - 1 }
            while has(index), text[index].isDigit {
                guard used < NumberRun.maxDigits else {
                    // Longer than any number of a person: passed over whole.
                    while has(index), text[index].isDigit { index += 1 }
                    group.end = index
                    groups[0] = group
                    return (1, false)
                }
                digits[used] = text[index].value
                used += 1
                index += 1
            }
            group.end = index
            groups[count] = group
            count += 1
            opening = index
            gap = NumberRun.Gap()
            while has(index), index - opening < 3, let sign = NumberRun.Gap.of(text[index]) {
                gap.insert(sign)
                index += 1
            }
            guard has(index), index > opening, text[index].isDigit else { break }
            if count == NumberRun.maxGroups { return (count, true) }
        }
        return (count, false)
    }

    /// From each group the longest number that begins there.
    private mutating func examine(_ digits: UnsafeBufferPointer<UInt8>, _ groups: UnsafeBufferPointer<NumberRun.Group>, isCut: Bool) -> Int {
        let last = groups.count - 1
        let digitsEnd = groups[last].first + (groups[last].end - firstDigit(groups[last]))
        guard digitsEnd <= NumberRun.maxDigits else { return groups[last].end }
        var first = 0
        while first < groups.count {
            if isCut, first >= NumberRun.maxGroups / 2 { return groups[first].start }
            guard digitsEnd - groups[first].first >= 7 || groups[first].gap.contains(.plus) || last - first == 3 else { break }
            guard isClean(before: first, groups) else {
                first += 1
                continue
            }
            var end = min(first + 8, last)
            var matched: Int?
            while end >= first, matched == nil {
                let stop = end == last ? digitsEnd : groups[end + 1].first
                let count = stop - groups[first].first
                if count < 4 { break }
                if count <= 20 {
                    matched = match(
                        UnsafeBufferPointer(rebasing: digits[groups[first].first..<stop]), UnsafeBufferPointer(rebasing: groups[first...end]),
                        next: end < last ? groups[end + 1].gap : nil)
                }
                end -= 1
            }
            guard let matched else {
                first += 1
                continue
            }
            first = end + 2
            if matched > groups[first - 1].end { return matched }
        }
        return groups[last].end
    }

    private func firstDigit(_ group: NumberRun.Group) -> Int {
        var index = group.start
        while index < group.end, !text[index].isDigit { index += 1 }
        return index
    }

    /// Whether a number may begin there: it does not go on from something else.
    private func isClean(before first: Int, _ groups: UnsafeBufferPointer<NumberRun.Group>) -> Bool {
        if first > 0 { return groups[first].gap.contains(.space) }
        let start = groups[0].start
        switch byte(start - 1) {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): return !(byte(start - 2).isAlphanumeric)
        case UInt8(ascii: "#"), UInt8(ascii: "$"): return false
        case let before: return !before.isAlphanumeric
        }
    }

    /// Where the number that these groups make ends, if they make one.
    private mutating func match(
        _ digits: UnsafeBufferPointer<UInt8>, _ groups: UnsafeBufferPointer<NumberRun.Group>, next: NumberRun.Gap?
    ) -> Int? {
        var (shape, gaps): (UInt64, NumberRun.Gap) = (0, [])
        for (index, group) in groups.enumerated() {
            let length = (index + 1 < groups.count ? groups[index + 1].first : groups[0].first + digits.count) - group.first
            shape = shape << 4 | UInt64(min(length, 15))
            if index > 0 { gaps.formUnion(group.gap) }
        }
        let end = groups[groups.count - 1].end
        let after = byte(end)
        let hasPlus = text[groups[0].start..<groups[0].end].prefix(3).contains(UInt8(ascii: "+"))
        // A bracket around the whole is none of the number's.
        let isEnclosed = byte(groups[0].start) == UInt8(ascii: "(") && !gaps.contains(.bracket)
        let view = NumberView(
            digits: digits, shape: shape, gaps: gaps, range: groups[0].start + (isEnclosed ? 1 : 0)..<end, hasPlus: hasPlus,
            hasBracket: gaps.contains(.bracket), isGlued: next == nil && (after.isAlphanumeric || after == UInt8(ascii: "_")))
        if view.isGlued || after == UInt8(ascii: "-") || next != nil, let (stop, confidence) = suffixed(view) {
            found(.nationalID, view.range.lowerBound..<stop, confidence)
            return stop
        }
        if let confidence = ipV4(view, next) {
            found(.ip, view.range, confidence)
            return end
        }
        guard !view.isGlued, isClean(after: end, next) else { return nil }
        guard let (kind, confidence) = judged(view) else { return nil }
        found(kind, view.range, confidence)
        return end
    }

    private func isClean(after end: Int, _ next: NumberRun.Gap?) -> Bool {
        if let next { return next.contains(.space) || next.contains(.bracket) }
        switch byte(end) {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"): return !byte(end + 1).isAlphanumeric
        case UInt8(ascii: "%"), UInt8(ascii: "@"): return false
        default: return true
        }
    }

    private func judged(_ view: NumberView) -> (PersonalData.Kind, Double)? {
        let start = view.range.lowerBound
        if let confidence = PaymentCard.confidence(view) { return (.card, cues.suggestsThing(at: start) ? confidence - 0.2 : confidence) }
        let isPhoneLikely = cues.suggestsPhone(at: start)
        if isPhoneLikely || view.hasPlus, let confidence = Telephone.confidence(view, isNamed: isPhoneLikely) { return (.phone, confidence) }
        let isNamed = cues.suggestsIdentity(at: start)
        let isThing = cues.suggestsThing(at: start)
        if let confidence = NationalNumber.confidence(view, isNamed: isNamed, isThing: isThing) { return (.nationalID, confidence) }
        if !isThing, !isPhoneLikely, !isNamed, !isPath(start), let confidence = Telephone.confidence(view, isNamed: false) {
            return (.phone, confidence)
        }
        return nil
    }

    private func isPath(_ start: Int) -> Bool { byte(start - 1) == UInt8(ascii: "/") || byte(start - 1) == UInt8(ascii: "=") }

    /// Four groups of 0…255; not what is called a version, not this machine or nobody.
    private func ipV4(_ view: NumberView, _ next: NumberRun.Gap?) -> Double? {
        guard view.gaps == .dot, view.shape >> 12 != 0, view.shape >> 16 == 0, !view.isGlued, !view.hasPlus, next?.contains(.dot) != true,
            next?.contains(.dash) != true
        else { return nil }
        let after = byte(view.range.upperBound)
        if after == UInt8(ascii: "."), byte(view.range.upperBound + 1).isAlphanumeric { return nil }
        if after == UInt8(ascii: "-"), byte(view.range.upperBound + 1).isAlphanumeric { return nil }
        var place = 0
        var octets: (first: Int, sum: Int) = (0, 0)
        for group in 0..<4 {
            let length = Int(view.shape >> UInt64(12 - 4 * group) & 15)
            let value = view.number(place..<place + length)
            guard length <= 3, value <= 255, length == 1 || view.digits[place] != 0 else { return nil }
            if group == 0 { octets.first = value }
            octets.sum += value
            place += length
        }
        guard octets.first > 0, octets.first != 127, octets.first != 255, !cues.suggestsVersion(at: view.range.lowerBound) else { return nil }
        // Four small numbers are a version or a section more often.
        return octets.sum < 40 && octets.first < 10 ? 0.4 : 0.9
    }
}
