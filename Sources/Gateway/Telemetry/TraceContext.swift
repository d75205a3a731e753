import NIOCore
import Routing
import Storage

/// Where a request stands in a trace: W3C Trace Context, levels 1 and 2.
struct TraceContext: Hashable, Sendable {
    private(set) var high: UInt64
    private(set) var low: UInt64
    /// Of the request's own span.
    let span: UInt64
    /// The caller's span; 0: it is the first.
    private(set) var parent: UInt64 = 0
    private(set) var isSampled: Bool
    private(set) var state = ""

    /// So that ids of two processes never meet.
    private static let salt = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    /// More is dropped, as the standard allows.
    static let longestState = 512

    /// - Parameter share: Of requests whose caller says nothing, so many are sampled.
    init(of id: RequestID, parent header: String? = nil, state: String? = nil, share: Double) {
        let number = UInt64(bitPattern: id.rawValue)
        span = max(1, Random.mix(number ^ Self.salt.1 &+ 1))
        high = Random.mix(number &+ Self.salt.0)
        low = max(1, Random.mix(number ^ Self.salt.1))
        isSampled = share >= 1 || Double(low >> 11) * 0x1p-53 < share
        guard let header, read(header) else { return }
        if let state, state.utf8.count <= Self.longestState, state.utf8.allSatisfy({ 0x20...0x7e ~= $0 }) { self.state = state }
    }

    /// `00-TRACE-SPAN-FLAGS`. What is malformed is as good as absent.
    private mutating func read(_ header: String) -> Bool {
        let bytes = Array(header.utf8)
        guard bytes.count >= 55, bytes[2] == 0x2d, bytes[35] == 0x2d, bytes[52] == 0x2d else { return false }
        guard let version = Self.number(bytes[0..<2]), version != 0xff, version == 0 ? bytes.count == 55 : bytes.count == 55 || bytes[55] == 0x2d,
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high | low != 0,
            let parent = Self.number(bytes[36..<52]), parent != 0, let flags = Self.number(bytes[53..<55])
        else { return false }
        (self.high, self.low, self.parent, isSampled) = (high, low, parent, flags & 1 != 0)
        return true
    }

    /// Lower case only, as the standard has it.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// The span of an attempt: the same whether asked when it begins or when it is told of.
    func span(ofAttemptAt deployment: NameID, startedMicroseconds: Int64) -> UInt64 {
        max(1, Random.mix(span ^ Random.mix(UInt64(UInt32(bitPattern: deployment.rawValue)) << 40 ^ UInt64(bitPattern: startedMicroseconds))))
    }

    var traceText: String { Self.text(high) + Self.text(low) }

    static func text(_ id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The header lines for whoever comes next, with `span` as the parent.
    func lines(for span: UInt64) -> ByteBuffer {
        var lines = ByteBuffer(string: "traceparent: 00-\(traceText)-\(Self.text(span))-\(isSampled ? "01" : "00")\r\n")
        if !state.isEmpty { lines.writeString("tracestate: \(state)\r\n") }
        return lines
    }
}
