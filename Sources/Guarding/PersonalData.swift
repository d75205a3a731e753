/// What tells who somebody is, or opens what is theirs: found by shape, checksum and the words around it.
public enum PersonalData {
    public enum Kind: UInt8, CaseIterable, Sendable {
        case email, phone, card, iban, nationalID, ip, coordinates, secret, name, address

        /// As settings and reports name it.
        public var name: String {
            switch self {
            case .email: "email"
            case .phone: "phone"
            case .card: "card"
            case .iban: "iban"
            case .nationalID: "national_id"
            case .ip: "ip"
            case .coordinates: "coordinates"
            case .secret: "secret"
            case .name: "name"
            case .address: "address"
            }
        }

        public init?(name: String) {
            guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = kind
        }
    }

    public struct Kinds: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public init(_ kinds: some Sequence<Kind>) { self.init(rawValue: kinds.reduce(0) { $0 | 1 << $1.rawValue }) }

        public static let all = Self(Kind.allCases)

        public func contains(_ kind: Kind) -> Bool { rawValue & 1 << kind.rawValue != 0 }
    }

    public struct Finding: Hashable, Sendable {
        public var kind: Kind
        /// Bytes of the text as it came.
        public var range: Range<Int>
        /// 0…1: 0.95 where a checksum or an unmistakable shape says so, 0.8 a shape with its context, 0.6 a shape alone.
        public var confidence: Double

        public init(kind: Kind, range: Range<Int>, confidence: Double) {
            self.kind = kind
            self.range = range
            self.confidence = confidence
        }
    }
}

/// Finds personal data in texts, one after the other; its buffers are used again. Linear in the text: what is looked at from one place is
/// bounded everywhere (`PersonalDataScan`).
public struct PersonalDataScanner: Sendable {
    public var kinds: PersonalData.Kinds
    /// Findings less certain are left out.
    public var leastConfidence: Double
    private var normalizer = Normalizer()

    public init(kinds: PersonalData.Kinds = .all, leastConfidence: Double = 0.5) {
        self.kinds = kinds
        self.leastConfidence = leastConfidence
    }

    /// In the order of the text; no two overlap.
    public mutating func scan(_ text: UnsafeBufferPointer<UInt8>) -> [PersonalData.Finding] {
        normalizer.read(text)
        var isAtEnd = false
        var findings = normalizer.withBytes { bytes in
            withUnsafeMutablePointer(to: &isAtEnd) { edge in
                var scan = PersonalDataScan(bytes, edge: edge)
                return scan.run()
            }
        }
        guard !findings.isEmpty else { return [] }
        findings.removeAll { !kinds.contains($0.kind) || $0.confidence < leastConfidence }
        findings = Self.disjoint(findings)
        if !normalizer.isIdentity { for index in findings.indices { findings[index].range = normalizer.original(findings[index].range) } }
        return findings
    }

    public mutating func scan(_ text: [UInt8]) -> [PersonalData.Finding] { text.withUnsafeBufferPointer { scan($0) } }

    /// Of two that overlap the more certain stays, then the longer.
    static func disjoint(_ findings: [PersonalData.Finding]) -> [PersonalData.Finding] {
        guard findings.count > 1 else { return findings }
        let sorted = findings.sorted { ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound) }
        var result: [PersonalData.Finding] = []
        result.reserveCapacity(sorted.count)
        for finding in sorted {
            guard let last = result.last, last.range.upperBound > finding.range.lowerBound else {
                result.append(finding)
                continue
            }
            let isBetter = (finding.confidence, finding.range.count) > (last.confidence, last.range.count)
            // What lies within an address or a name belongs to it.
            if isBetter && !(last.range.count >= finding.range.count && last.kind == .address) { result[result.count - 1] = finding }
        }
        return result
    }
}
