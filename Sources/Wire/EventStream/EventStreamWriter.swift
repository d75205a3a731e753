/// Writes messages of an AWS event stream for clients of ours.
public enum EventStreamWriter {
    /// Begins a message with the headers of Bedrock's events; the payload, JSON, is then appended, and `end` closes it with
    /// what this returned.
    public static func begin(_ kind: EventStreamFrame.Kind, _ name: StaticString, into out: inout [UInt8]) -> Int {
        let start = out.count
        out.append(contentsOf: repeatElement(0, count: EventStreamFrame.preludeLength))
        header(kind == .exception ? ":exception-type" : ":event-type", name, &out)
        header(":content-type", "application/json", &out)
        header(":message-type", kind == .exception ? "exception" : "event", &out)
        store(UInt32(out.count - start - EventStreamFrame.preludeLength), at: start + 4, in: &out)
        return start
    }

    /// Writes the lengths and sums of the message that began at `start` and ends with the last byte.
    public static func end(_ start: Int, in out: inout [UInt8]) {
        store(UInt32(out.count - start + 4), at: start, in: &out)
        store(sum(out, start..<start + 8), at: start + 8, in: &out)
        let all = sum(out, start..<out.count)
        out.append(contentsOf: repeatElement(0, count: 4))
        store(all, at: out.count - 4, in: &out)
    }

    /// A message with the headers of another and a payload of its own.
    public static func write(frame: [UInt8], payload: some Collection<UInt8>, into out: inout [UInt8]) {
        let start = out.count
        let headers = frame[4..<8].reduce(0) { $0 << 8 | Int($1) }
        out += frame[..<(EventStreamFrame.preludeLength + headers)]
        out += payload
        end(start, in: &out)
    }

    private static func header(_ name: StaticString, _ value: StaticString, _ out: inout [UInt8]) {
        out.append(UInt8(name.utf8CodeUnitCount))
        out.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let length = UInt16(value.utf8CodeUnitCount)
        out.append(7)
        out.append(UInt8(length >> 8))
        out.append(UInt8(truncatingIfNeeded: length))
        out.append(contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    private static func store(_ number: UInt32, at place: Int, in out: inout [UInt8]) {
        out.withUnsafeMutableBytes { $0.storeBytes(of: number.bigEndian, toByteOffset: place, as: UInt32.self) }
    }

    private static func sum(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[range]).crc32 }
    }
}

extension JSONWriter {
    /// Begins a message of an AWS event stream; its payload is written next, as the only value until `endFrame`.
    public mutating func beginFrame(_ kind: EventStreamFrame.Kind, _ name: StaticString) -> Int {
        framing { EventStreamWriter.begin(kind, name, into: &$0) }
    }

    public mutating func endFrame(_ start: Int) {
        framing { EventStreamWriter.end(start, in: &$0) }
    }
}
