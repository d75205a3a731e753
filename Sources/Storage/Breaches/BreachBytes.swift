/// What a breach has beside its columns, as bytes: a version, then numbers in LEB128 and texts behind their lengths.
enum BreachBytes {
    private static let version: UInt8 = 1

    static func encode(_ breach: Breach) -> [UInt8] {
        var bytes = Writer(bytes: [version])
        bytes.number(breach.counts.incidents)
        bytes.number(Int64(BreachAction.allCases.count))
        for action in BreachAction.allCases { bytes.number(breach.counts[action]) }
        bytes.number(Int64(breach.peak))
        let place = breach.place
        for text in [place.owner, place.project, place.endpoint, place.model, place.provider] { bytes.text(text.cut(to: 300)) }
        bytes.number(place.isReply ? 1 : 0)
        bytes.number(place.request)
        bytes.number(Int64(breach.evidence.count))
        for text in breach.evidence { bytes.text(text) }
        bytes.number(Int64(breach.timeline.count))
        for moment in breach.timeline {
            bytes.number(Int64(moment.kind.rawValue))
            for number in [moment.from, moment.until, moment.incidents] { bytes.number(number) }
            for text in [moment.actor, moment.note] { bytes.text(text) }
        }
        bytes.number(breach.mark.map { Int64($0.status.rawValue) } ?? 0)
        if let mark = breach.mark {
            bytes.number(mark.unixMilliseconds)
            for text in [mark.actor, mark.note] { bytes.text(text) }
        }
        return bytes.bytes
    }

    /// False for bytes that are cut off or of another version: the columns hold then.
    static func decode(_ bytes: [UInt8], into breach: inout Breach) -> Bool {
        guard bytes.first == version else { return false }
        var reader = Reader(bytes: bytes, at: 1)
        guard let counts = reader.counts(), let peak = reader.number(), let place = reader.place(), let evidence = reader.number(),
            let texts = reader.list(evidence, { $0.text() }), let moments = reader.number(), let timeline = reader.list(moments, { $0.moment() }),
            let mark = reader.number()
        else { return false }
        breach.counts = counts
        breach.peak = UInt16(clamping: peak)
        breach.place = place
        breach.evidence = texts
        breach.timeline = timeline
        breach.mark = nil
        guard mark > 0 else { return true }
        guard let status = Breach.Status(rawValue: UInt8(clamping: mark)), let at = reader.number(), let actor = reader.text(),
            let note = reader.text()
        else { return false }
        breach.mark = Breach.Mark(status, unixMilliseconds: at, actor: actor, note: note)
        return true
    }

    private struct Writer {
        var bytes: [UInt8]

        mutating func number(_ value: Int64) {
            var rest = UInt64(bitPattern: value)
            while rest > 127 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }

        mutating func text(_ text: String) {
            number(Int64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var at: Int

        mutating func number() -> Int64? {
            var number: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard at < bytes.count else { return nil }
                defer { at += 1 }
                number |= UInt64(bytes[at] & 127) << shift
                if bytes[at] < 128 { return Int64(bitPattern: number) }
            }
            return nil
        }

        mutating func text() -> String? {
            guard let length = number(), 0...Int64(bytes.count - at) ~= length else { return nil }
            defer { at += Int(length) }
            return String(decoding: bytes[at..<at + Int(length)], as: UTF8.self)
        }

        /// Each takes a byte at least, so that no count asks for more memory than bytes were given.
        mutating func list<Element>(_ count: Int64, _ read: (inout Reader) -> Element?) -> [Element]? {
            guard 0...Int64(bytes.count - at) ~= count else { return nil }
            var list: [Element] = []
            for _ in 0..<count {
                guard let element = read(&self) else { return nil }
                list.append(element)
            }
            return list
        }

        mutating func counts() -> BreachCounts? {
            guard let incidents = number(), let count = number(), let numbers = list(count, { $0.number() }) else { return nil }
            var counts = BreachCounts()
            counts.incidents = incidents
            for (action, number) in zip(BreachAction.allCases, numbers) { counts[action] = number }
            return counts
        }

        mutating func place() -> BreachPlace? {
            guard let texts = list(5, { $0.text() }), let isReply = number(), let request = number() else { return nil }
            var place = BreachPlace()
            (place.owner, place.project, place.endpoint, place.model, place.provider) = (texts[0], texts[1], texts[2], texts[3], texts[4])
            (place.isReply, place.request) = (isReply != 0, request)
            return place
        }

        mutating func moment() -> Breach.Moment? {
            guard let kind = number().flatMap({ Breach.Moment.Kind(rawValue: UInt8(clamping: $0)) }), let from = number(), let until = number(),
                let incidents = number(), let actor = text(), let note = text()
            else { return nil }
            return Breach.Moment(kind: kind, from: from, until: until, incidents: incidents, actor: actor, note: note)
        }
    }
}
