import Routing

/// A whole row of the ledger as bytes, charges and all: on its way from the spool to the store. Numbers are in LEB128, so most take a byte
/// or two.
enum EntryCoding {
    private static let version: UInt8 = 1
    /// As `version`, with tags behind it that are still to be numbered.
    private static let tagged: UInt8 = 2
    /// As `tagged`, with what was saved of its prompt behind them.
    private static let saving: UInt8 = 3

    static func encode(_ row: LedgerEntry) -> [UInt8] {
        var out = Writer()
        out.bytes.reserveCapacity(160 + row.decision.count)
        let form = row.savedTokens != 0 || row.savedCost != .zero ? saving : row.ownTags.isEmpty ? version : tagged
        out.bytes.append(form)
        for number in [row.id.rawValue, row.startedUnixMilliseconds &- row.id.unixMilliseconds, row.durationMicroseconds] { out.put(number) }
        out.put(row.firstByteMicroseconds)
        for name in [row.key, row.model, row.route, row.deployment, row.policy, row.rule, row.project, row.customer, row.provider, row.decisionNames]
        {
            out.put(Int64(UInt32(bitPattern: name.rawValue)))
        }
        let usage = row.usage
        for count in [
            usage.input, usage.cachedInput, usage.cacheWrite, usage.cacheWriteHour, usage.output, usage.reasoning, usage.audioInput,
            usage.audioOutput, usage.imageInput, usage.imageOutput,
        ] { out.put(count) }
        out.put(row.cost.amount)
        out.put(row.baseline?.amount)
        for number in [row.receivedBytes, row.sentBytes, Int64(row.api), Int64(row.status), Int64(row.attempts), Int64(row.state.rawValue)] {
            out.put(number)
        }
        out.put(row.fault.map { Int64($0.rawValue) })
        out.put(Int64(LedgerFlags.of(row)))
        out.put(Int64(row.tags.count))
        for tag in row.tags { out.put(Int64(UInt32(bitPattern: tag.rawValue))) }
        out.put(Int64(row.charges.count))
        for charge in row.charges {
            out.put(charge.lease)
            out.put(charge.amount)
        }
        out.put(row.attemptLog.isEmpty ? [] : AttemptLog.encode(row.attemptLog))
        out.put(row.decision.array)
        if form != version {
            out.put(Int64(row.ownTags.count))
            for tag in row.ownTags { out.put(Array(tag.utf8)) }
        }
        if form == saving {
            out.put(row.savedTokens)
            out.put(row.savedCost.amount)
        }
        return out.bytes
    }

    /// Nil for bytes that are cut off, or of another version.
    static func decode(_ bytes: [UInt8]) -> LedgerEntry? {
        guard let first = bytes.first, version...saving ~= first else { return nil }
        var input = Reader(rest: bytes[1...])
        guard var row = read(&input) else { return nil }
        if first != version { row.ownTags = (0..<input.count()).map { _ in String(decoding: input.bytes(), as: UTF8.self) } }
        if first == saving {
            row.savedTokens = input.number()
            row.savedCost = Nanodollars(input.number())
        }
        return input.failed || !input.rest.isEmpty ? nil : row
    }

    private static func read(_ input: inout Reader) -> LedgerEntry? {
        guard let id = RequestID(rawValue: input.number()) else { return nil }
        var row = LedgerEntry(id: id, startedUnixMilliseconds: id.unixMilliseconds &+ input.number())
        row.durationMicroseconds = input.number()
        row.firstByteMicroseconds = input.optional()
        for name in [
            \LedgerEntry.key, \.model, \.route, \.deployment, \.policy, \.rule, \.project, \.customer, \.provider, \.decisionNames,
        ] { row[keyPath: name] = input.name() }
        for count in [
            \Usage.input, \.cachedInput, \.cacheWrite, \.cacheWriteHour, \.output, \.reasoning, \.audioInput, \.audioOutput, \.imageInput,
            \.imageOutput,
        ] { row.usage[keyPath: count] = input.number() }
        row.cost = Nanodollars(input.number())
        row.baseline = input.optional().map { Nanodollars($0) }
        row.receivedBytes = input.number()
        row.sentBytes = input.number()
        row.api = UInt8(truncatingIfNeeded: input.number())
        row.status = UInt16(truncatingIfNeeded: input.number())
        row.attempts = UInt8(truncatingIfNeeded: input.number())
        guard let state = LedgerState(rawValue: UInt8(truncatingIfNeeded: input.number())) else { return nil }
        row.state = state
        row.fault = input.optional().flatMap { Fault(rawValue: UInt8(truncatingIfNeeded: $0)) }
        LedgerFlags.read(input.number(), into: &row)
        row.tags = (0..<input.count()).map { _ in input.name() }
        row.charges = (0..<input.count()).map { _ in LeaseCharge(lease: input.number(), amount: input.number()) }
        let log = input.bytes()
        if !log.isEmpty {
            guard let attempts = log.withUnsafeBytes(AttemptLog.decode) else { return nil }
            row.attemptLog = attempts
        }
        row.decision = DecisionBytes(input.bytes())
        return row
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func put(_ number: Int64) {
            var rest = UInt64(bitPattern: number)
            while rest > 127 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }

        mutating func put(_ number: Int64?) {
            put(number == nil ? 0 : 1)
            if let number { put(number) }
        }

        mutating func put(_ blob: [UInt8]) {
            put(Int64(blob.count))
            bytes += blob
        }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        var failed = false

        mutating func number() -> Int64 {
            var number: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard let byte = rest.popFirst() else { break }
                number |= UInt64(byte & 127) << shift
                if byte < 128 { return Int64(bitPattern: number) }
            }
            failed = true
            return 0
        }

        mutating func optional() -> Int64? { number() == 0 ? nil : number() }
        mutating func name() -> NameID { NameID(rawValue: Int32(truncatingIfNeeded: number())) }

        /// Never more than there are bytes left.
        mutating func count() -> Int {
            let count = number()
            guard 0...Int64(rest.count) ~= count else {
                failed = true
                return 0
            }
            return Int(count)
        }

        mutating func bytes() -> [UInt8] {
            let count = count()
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}
