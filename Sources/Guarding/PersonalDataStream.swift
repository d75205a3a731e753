/// Personal data in a text that comes in pieces: what is found is what is found in the whole text, however it is cut.
struct PersonalDataStream: ~Copyable {
    private var scan: PersonalDataScan
    private let edge: UnsafeMutablePointer<Bool>
    private let kinds: PersonalData.Kinds
    private let leastConfidence: Double
    private var waiting: [PersonalData.Finding] = []
    private var settled = 0
    /// Bytes of the text at the last look: a long beginning is not read again for every few bytes.
    private var seen = 0

    init(kinds: PersonalData.Kinds, leastConfidence: Double) {
        edge = .allocate(capacity: 1)
        edge.initialize(to: false)
        scan = PersonalDataScan(UnsafeBufferPointer(start: nil, count: 0), edge: edge)
        (self.kinds, self.leastConfidence) = (kinds, leastConfidence)
    }

    deinit { edge.deallocate() }

    /// Goes on in the text, which begins where it did, but for what was forgotten.
    /// - Returns: Nothing is handed over any more that begins before this place.
    mutating func advance(in text: UnsafeBufferPointer<UInt8>, isLast: Bool, _ found: (PersonalData.Finding) -> Void) -> Int {
        let waits = seen - scan.index
        guard isLast || waits < 256 || text.count - seen >= waits / 8 else { return settled }
        seen = text.count
        if isLast { scan.finish(in: text) } else { scan.advance(in: text) }
        take(found)
        return settled
    }

    /// Of those that overlap the better stays, which needs all of them.
    private mutating func take(_ found: (PersonalData.Finding) -> Void) {
        for finding in scan.findings where kinds.contains(finding.kind) && finding.confidence >= leastConfidence { waiting.append(finding) }
        scan.findings.removeAll(keepingCapacity: true)
        settled = scan.settled
        guard !waiting.isEmpty else { return }
        waiting.sort { ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound) }
        var (done, end, index) = (0, 0, 0)
        while index < waiting.count {
            if waiting[index].range.lowerBound >= end {
                // All that overlaps the ones before is here.
                if end <= scan.settled { done = index } else { break }
            }
            end = max(end, waiting[index].range.upperBound)
            index += 1
        }
        if index == waiting.count, end <= scan.settled { done = index }
        for finding in PersonalDataScanner.disjoint(Array(waiting[..<done])) { found(finding) }
        waiting.removeSubrange(..<done)
        if let first = waiting.first { settled = min(settled, first.range.lowerBound) }
    }

    /// The first `count` bytes of the text are gone.
    mutating func forget(_ count: Int) {
        scan.forget(count)
        settled -= count
        seen -= count
        for index in waiting.indices {
            waiting[index].range = waiting[index].range.lowerBound - count..<waiting[index].range.upperBound - count
        }
    }
}
