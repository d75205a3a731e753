/// Masks what is to be kept: texts, and JSON documents whole or cut off. All of one redaction share their stand-ins.
public struct PersonalDataRedaction: Sendable {
    private var scanner: PersonalDataScanner
    private var masking = PersonalDataMasking()
    /// How often each kind was found.
    public private(set) var counts: [PersonalData.Kind: Int] = [:]

    public init(kinds: PersonalData.Kinds = .all) { scanner = PersonalDataScanner(kinds: kinds) }

    public mutating func redact(text: [UInt8]) -> [UInt8] {
        let findings = scanner.scan(text)
        guard !findings.isEmpty else { return text }
        for finding in findings { counts[finding.kind, default: 0] += 1 }
        return masking.mask(text, findings)
    }

    /// What strings say is scanned without their escapes and with what stands around them, names of members too. A stand-in for a number
    /// becomes a string: what was JSON stays JSON.
    public mutating func redact(json: [UInt8]) -> [UInt8] {
        let plain = UnescapedJSON(json)
        let findings = scanner.scan(plain.bytes)
        guard !findings.isEmpty else { return json }
        var result: [UInt8] = []
        result.reserveCapacity(json.count + findings.count * 16)
        var at = 0
        var isInside = false
        for finding in findings {
            let found = plain.original(finding.range)
            guard found.lowerBound >= at else { continue }
            isInside = UnescapedJSON.isInside(json, from: at, isInside, to: found.lowerBound)
            let range = Self.clipped(found, json, isInside)
            guard !range.isEmpty else { continue }
            counts[finding.kind, default: 0] += 1
            let stand = masking.standIn(for: Array(json[range]), finding.kind)
            result += json[at..<range.lowerBound]
            result += isInside ? stand : [UInt8(ascii: "\"")] + stand + [UInt8(ascii: "\"")]
            at = range.upperBound
        }
        return result + json[at...]
    }

    /// Within one string, or outside of all.
    static func clipped(_ range: Range<Int>, _ json: [UInt8], _ isInside: Bool) -> Range<Int> {
        var index = range.lowerBound
        while index < range.upperBound {
            if isInside, json[index] == UInt8(ascii: "\\") {
                index += 2
                continue
            }
            if json[index] == UInt8(ascii: "\"") {
                guard isInside || !endsOutside(json, index..<range.upperBound) else { return range }
                return range.lowerBound..<trimmed(json, range.lowerBound..<index, isInside)
            }
            index += 1
        }
        return range
    }

    private static func endsOutside(_ json: [UInt8], _ range: Range<Int>) -> Bool {
        !UnescapedJSON.isInside(json, from: range.lowerBound, false, to: range.upperBound)
    }

    /// Outside of strings: without commas and colons that follow a number.
    private static func trimmed(_ json: [UInt8], _ range: Range<Int>, _ isInside: Bool) -> Int {
        var end = range.upperBound
        while !isInside, end > range.lowerBound, !json[end - 1].isAlphanumeric { end -= 1 }
        return end
    }
}

/// A JSON text, whole or not, with the escapes of its strings decoded.
struct UnescapedJSON {
    private(set) var bytes: [UInt8] = []
    /// Where an escape ends: from there on both texts run alike.
    private var marks: [(plain: Int, original: Int)] = []

    init(_ json: [UInt8]) {
        bytes.reserveCapacity(json.count)
        json.withUnsafeBufferPointer { raw in
            var index = 0
            var isInside = false
            while index < raw.count {
                let byte = raw[index]
                if byte == UInt8(ascii: "\"") { isInside.toggle() }
                guard isInside, byte == UInt8(ascii: "\\"), index + 1 < raw.count else {
                    bytes.append(byte)
                    index += 1
                    continue
                }
                marks.append((bytes.count, index))
                index = Self.append(escapeAt: index, of: raw, to: &bytes)
                marks.append((bytes.count, index))
            }
        }
    }

    /// The place after it. What is no escape stays as it is.
    static func append(escapeAt index: Int, of raw: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) -> Int {
        switch raw[index + 1] {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "b"), UInt8(ascii: "f"): bytes.append(0x20)
        case UInt8(ascii: "u"):
            guard var scalar = unit(raw, index + 2) else {
                bytes.append(raw[index])
                return index + 1
            }
            var next = index + 6
            if scalar & 0xFC00 == 0xD800, next + 1 < raw.count, raw[next] == UInt8(ascii: "\\"), raw[next + 1] == UInt8(ascii: "u"),
                let low = unit(raw, next + 2), low & 0xFC00 == 0xDC00
            {
                scalar = 0x1_0000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
                next += 6
            }
            if scalar & 0xF800 == 0xD800 { scalar = 0xFFFD }
            bytes.append(contentsOf: Unicode.Scalar(scalar).map { Array(String(Character($0)).utf8) } ?? [])
            return next
        case let other: bytes.append(other)
        }
        return index + 2
    }

    private static func unit(_ raw: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32? {
        guard start + 4 <= raw.count else { return nil }
        var value: UInt32 = 0
        for byte in raw[start..<start + 4] {
            guard byte.isHex else { return nil }
            value = value << 4 | UInt32(byte.isDigit ? byte.value : (byte | 0x20) - 0x57)
        }
        return value
    }

    /// Binary search among the escapes.
    func original(_ range: Range<Int>) -> Range<Int> {
        let lower = original(range.lowerBound, asEnd: false)
        return lower..<max(lower, original(range.upperBound, asEnd: true))
    }

    private func original(_ offset: Int, asEnd: Bool) -> Int {
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            if asEnd ? marks[middle].plain < offset : marks[middle].plain <= offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return offset }
        let mark = marks[low - 1]
        // Marks come in pairs: behind an even one the escape itself stands.
        guard low % 2 == 1 else { return mark.original + offset - mark.plain }
        return asEnd ? marks[low].original : mark.original
    }

    /// Whether `end` stands inside of a string, if `start` does or does not.
    static func isInside(_ json: [UInt8], from start: Int, _ isInside: Bool, to end: Int) -> Bool {
        var isInside = isInside
        var index = start
        while index < end {
            if json[index] == UInt8(ascii: "\"") { isInside.toggle() } else if isInside, json[index] == UInt8(ascii: "\\") { index += 1 }
            index += 1
        }
        return isInside
    }
}
