import Wire

/// Takes a stream in a client's dialect apart into its events, and puts changed ones together again.
struct ReplyEvents {
    enum Framing {
        case events, array, frames, whole
        /// A document on each line.
        case lines
    }

    struct Event {
        var bytes: [UInt8]
        /// The JSON in it; nil: there is none.
        var document: Range<Int>?
        /// Of AWS event streams.
        var name: Range<Int>?
        /// Keeps a connection alive and says nothing.
        var isPing = false
    }

    private let framing: Framing
    private var bytes: [UInt8] = []
    private var at = 0
    private var splitter: EventSplitter
    private var frames: EventStreamSplitter
    private let largest: Int
    /// What comes cannot be read any more.
    private(set) var isBroken = false
    private var objects = ObjectSplitter()

    init(_ framing: Framing, largest: Int) {
        (self.framing, self.largest) = (framing, largest)
        (splitter, frames) = (EventSplitter(limit: largest), EventStreamSplitter(limit: largest))
    }

    var isWhole: Bool { framing == .whole }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        if at == bytes.count { (bytes, at) = ([], 0) } else if at > 0 { bytes.removeFirst(at) }
        at = 0
        bytes += more
    }

    /// - Parameter isLast: Nothing follows what is there.
    mutating func next(isLast: Bool = false) -> Event? {
        guard at < bytes.count, !isBroken else { return nil }
        switch framing {
        case .events: return nextEvent(isLast: isLast)
        case .lines: return nextLine(isLast: isLast)
        case .frames: return nextFrame()
        case .array: return nextObject()
        case .whole: return nil
        }
    }

    private mutating func nextEvent(isLast: Bool) -> Event? {
        let found: ServerSentEvent?
        do throws(EventTooLarge) {
            found = try bytes.withUnsafeBufferPointer { raw throws(EventTooLarge) in
                try splitter.next(in: UnsafeRawBufferPointer(raw), from: at, last: isLast)
            }
        } catch {
            isBroken = true
            return nil
        }
        guard let found else { return nil }
        defer { at = found.raw.upperBound }
        var event = Event(bytes: Array(bytes[found.raw]))
        let start = found.raw.lowerBound
        event.isPing = found.dataLines == 0 || bytes[found.name].elementsEqual("ping".utf8)
        guard found.dataLines > 0 else { return event }
        guard found.dataLines > 1 else {
            event.document = found.data.lowerBound - start..<found.data.upperBound - start
            return event
        }
        // Several lines of data mean the same as one, since JSON has no line ends in its strings.
        let head = found.name.isEmpty ? [] : Array("event: ".utf8) + bytes[found.name] + [0x0A]
        let data = splitter.joined.map { $0 == 0x0A ? 0x20 : $0 }
        event.bytes = head + Array("data: ".utf8) + data + [0x0A, 0x0A]
        event.document = head.count + 6..<head.count + 6 + data.count
        return event
    }

    private mutating func nextFrame() -> Event? {
        let found: EventStreamFrame?
        do throws(EventStreamProblem) {
            found = try bytes.withUnsafeBufferPointer { raw throws(EventStreamProblem) in
                try frames.next(in: UnsafeRawBufferPointer(raw), from: at)
            }
        } catch {
            isBroken = true
            return nil
        }
        guard let found else { return nil }
        defer { at = found.raw.upperBound }
        let start = found.raw.lowerBound
        var event = Event(bytes: Array(bytes[found.raw]))
        event.name = found.name.lowerBound - start..<found.name.upperBound - start
        if !found.payload.isEmpty { event.document = found.payload.lowerBound - start..<found.payload.upperBound - start }
        return event
    }

    private mutating func nextLine(isLast: Bool) -> Event? {
        guard let end = bytes[at...].firstIndex(of: 0x0A).map({ $0 + 1 }) ?? (isLast ? bytes.count : nil) else {
            isBroken = bytes.count - at > largest
            return nil
        }
        defer { at = end }
        let line = bytes[at..<end]
        let length = line.last == 0x0A ? line.count - 1 : line.count
        return Event(bytes: Array(line), document: line.allSatisfy { $0 <= 0x20 } ? nil : 0..<length)
    }

    /// An element of an array with what stands before it, or what stands behind the last.
    private mutating func nextObject() -> Event? {
        guard let (document, end) = bytes.withUnsafeBytes({ objects.next(in: $0, from: at) }) else { return nil }
        let start = at
        at = end
        return Event(bytes: Array(bytes[start..<end]), document: document.map { $0.lowerBound - start..<$0.upperBound - start })
    }

    /// Puts `event` together again: `changed` is all of it up to the end of its document and behind.
    func write(_ event: [UInt8], document: Range<Int>, becomes changed: ArraySlice<UInt8>, into out: inout [UInt8]) {
        guard framing == .frames else {
            out += changed
            return
        }
        let payload = changed[(changed.startIndex + document.lowerBound)..<(changed.endIndex - (event.count - document.upperBound))]
        EventStreamWriter.write(frame: event, payload: payload, into: &out)
    }
}

/// Finds the objects of a JSON array that comes in pieces.
struct ObjectSplitter {
    private var depth = 0
    private var isInside = false
    private var looked = 0
    private var start: Int?

    /// The next object and where it ends, or, of a piece in which none begins, nil and its end. Nil: it is not all there.
    mutating func next(in bytes: UnsafeRawBufferPointer, from first: Int) -> (document: Range<Int>?, end: Int)? {
        var index = first + looked
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isInside {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == UInt8(ascii: "\"") { isInside = false }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInside = true
            case UInt8(ascii: "{"):
                if depth == 0 { start = index - 1 - first }
                depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                guard depth == 0, let begin = start else { continue }
                (start, looked) = (nil, 0)
                return (first + begin..<index, index)
            default: break
            }
        }
        guard depth > 0 else {
            looked = 0
            return (nil, bytes.count)
        }
        looked = index - first
        return nil
    }
}
