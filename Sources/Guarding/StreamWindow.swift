/// A text that passes a firewall in pieces, however they are cut. What comes out is what the whole text would have become: a byte is held
/// back only while something may yet be found that begins before it, so never longer than the longest match (`SearchTerm.longest`), and
/// as a rule a few bytes. A character comes out whole. Memory does not grow with the text.
public struct StreamWindow {
    /// Kept before what is held, for what asks what stood there.
    private static let context = 4
    /// Bytes that are done are dropped from the buffer so many at a time.
    private static let slack = 512

    private let rules: FirewallRules
    private let scope: FirewallRules.Scope
    private var scan: PatternScan
    private var pass = FirewallPass()
    private var buffer: [UInt8] = []
    /// Place of the buffer's first byte in the text.
    private var base = 0

    /// `asked` says for each rule whether it is asked; empty: all are.
    public init(_ rules: FirewallRules, _ scope: FirewallRules.Scope = .reply, asked: [Bool] = []) {
        pass.asked = asked
        self.rules = rules
        self.scope = scope
        scan = PatternScan(rules.side(scope).patterns)
    }

    /// Bytes of the text read so far.
    public var count: Int { base + buffer.count }
    /// Bytes that were read and neither came out nor were replaced.
    public var held: Int { count - pass.written }
    public var report: FirewallReport { pass.report }

    /// Reads a piece and appends to `output` what may pass. False: a rule blocks the text (`report.block`), and nothing passes any more.
    public mutating func push(_ piece: UnsafeBufferPointer<UInt8>, _ scratch: FirewallScratch, into output: inout [UInt8]) -> Bool {
        guard pass.report.block == nil else { return false }
        buffer += piece
        return advance(isLast: false, scratch, into: &output)
    }

    /// The text is over: what is held passes, if it may.
    public mutating func finish(_ scratch: FirewallScratch, into output: inout [UInt8]) -> Bool {
        guard pass.report.block == nil else { return false }
        return advance(isLast: true, scratch, into: &output)
    }

    private mutating func advance(isLast: Bool, _ scratch: FirewallScratch, into output: inout [UInt8]) -> Bool {
        let side = rules.side(scope)
        let mayPass = buffer.withUnsafeBufferPointer { bytes in
            let piece = TextPiece(bytes: bytes, base: base, isLast: isLast)
            repeat {
                scan.advance(in: piece, side.patterns, scratch.side(scope))
                scan.takeSettled { pass.take($0) }
                pass.decide(rules, side, in: piece)
                guard pass.report.block == nil else { return false }
                pass.write(upTo: wholeCharacters(in: piece), side, in: piece, into: &output)
            } while scan.scanned < piece.end
            return true
        }
        guard mayPass else {
            buffer = []
            return false
        }
        let done = min(scan.settled, pass.written) - Self.context - base
        if done >= Self.slack {
            buffer.removeFirst(done)
            base += done
        }
        return true
    }

    /// Up to where the text is settled, without the beginning of a character.
    private func wholeCharacters(in piece: TextPiece) -> Int {
        var place = scan.settled
        guard place < piece.end else { return piece.isLast ? place : Self.end(of: piece) }
        while place > piece.base, PatternWalk.isContinuation(piece[place]) { place -= 1 }
        return place
    }

    /// The end of the last character that is there whole.
    private static func end(of piece: TextPiece) -> Int {
        var start = piece.end
        while start > piece.base, piece.end - start < 4 {
            start -= 1
            let byte = piece[start]
            if PatternWalk.isContinuation(byte) { continue }
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return start + length <= piece.end ? piece.end : start
        }
        return piece.end
    }
}
