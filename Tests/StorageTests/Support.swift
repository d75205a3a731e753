import Dispatch
import Glibc
import Routing
import Storage
import Testing

/// A folder that goes away with its test.
final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/swiftlet-storage-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreFailure(.other, path: "/tmp", "no folder for the test") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: [UInt8], to name: String) {
        let file = open("\(path)/\(name)", O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        _ = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        close(file)
    }

    func read(_ name: String) -> [UInt8] {
        let file = open("\(path)/\(name)", O_RDONLY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(file, &block, block.count), count > 0 { bytes += block[..<count] }
        return bytes
    }
}

extension LedgerEntry {
    /// Row `number` of a made-up day, all fields of it different from its neighbours'.
    static func sample(_ number: Int) -> LedgerEntry {
        let millisecond = 1_760_000_000_000 + Int64(number)
        var row = LedgerEntry(id: .first(atUnixMilliseconds: millisecond), startedUnixMilliseconds: millisecond)
        let value = Int64(number)
        row.durationMicroseconds = 1_000 + value
        row.firstByteMicroseconds = number % 3 == 0 ? nil : 500 + value
        row.key = NameID(rawValue: Int32(number % 5))
        row.model = NameID(rawValue: Int32(number % 7))
        row.route = NameID(rawValue: Int32(number % 3))
        row.deployment = NameID(rawValue: Int32(number % 11))
        row.api = UInt8(number % 3)
        row.status = number % 4 == 0 ? 502 : 200
        row.attempts = UInt8(number % 4)
        row.state = LedgerState.allCases[number % 4]
        row.fault = number % 4 == 0 ? Fault.allCases[number % Fault.allCases.count] : nil
        row.streamed = number % 2 == 0
        row.priced = number % 3 != 0
        row.usage.input = value * 10
        row.usage.cachedInput = value % 3
        row.usage.cacheWrite = value % 5
        row.usage.output = value * 2
        row.usage.reasoning = value % 7
        row.usage.audioInput = value % 2
        row.usage.audioOutput = value % 2
        row.usage.cacheWriteHour = value % 4
        row.usage.imageInput = value % 2
        row.usage.imageOutput = value % 5
        row.receivedBytes = number % 5 == 0 ? value * 100 : 0
        row.sentBytes = number % 10 == 0 ? value << 20 : 0
        row.usage.estimated = number % 6 == 0
        row.usage.tier = number % 11 == 0 ? .priority : number % 11 == 1 ? .other : number % 11 == 2 ? .flex : .standard
        row.tierUnpriced = number % 11 == 1
        row.cost = Nanodollars(value * 1_234)
        row.policy = NameID(rawValue: Int32(number % 2))
        row.rule = NameID(rawValue: Int32(number % 9))
        row.project = NameID(rawValue: Int32(number % 4))
        row.provider = NameID(rawValue: Int32(number % 6))
        row.customer = NameID(rawValue: Int32(number % 7 == 0 ? number % 3 : 0))
        row.tags = number % 8 == 0 ? (0..<number % 5).map { NameID(rawValue: Int32(1_000 + $0)) } : []
        row.baseline = number % 9 == 0 ? Nanodollars(value * 2_000) : nil
        row.savedTokens = number % 13 == 0 ? value * 3 : 0
        row.savedCost = Nanodollars(number % 26 == 0 ? value * 7 : 0)
        if number % 2 == 0 {
            row.decision = DecisionBytes((0...UInt8(number % 40)).map { $0 &* 7 })
            row.decisionNames = NameID(rawValue: Int32(number % 3))
        }
        if number % 4 == 0 {
            row.attemptLog = (0..<(1 + number % 3)).map { index in
                var attempt = AttemptRecord(deployment: NameID(rawValue: Int32(index + 1)))
                attempt.startedMicroseconds = Int64(index) * 100
                attempt.endedMicroseconds = attempt.startedMicroseconds + 99
                attempt.fault = .timeout
                attempt.state = .failed
                return attempt
            }
        }
        return row
    }

    static func samples(_ range: Range<Int>) -> [LedgerEntry] { range.map(sample) }
}

/// Looks again every millisecond, for ten seconds at most: a broken promise fails a test rather than hanging it.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<10_000 {
        if condition() { return true }
        usleep(1_000)
    }
    return condition()
}

/// What a lane was told, in order; waits for a ticket at most ten seconds.
final class Commits: Sendable {
    private let told = Locked<[UInt64]>([])
    private let heard = DispatchSemaphore(value: 0)

    var all: [UInt64] { told.withLock { $0 } }

    var listener: @Sendable (UInt64) -> Void {
        { ticket in
            self.told.withLock { $0.append(ticket) }
            self.heard.signal()
        }
    }

    func wait(for ticket: UInt64) -> Bool {
        let limit = DispatchTime.now() + .seconds(10)
        while (all.last ?? 0) < ticket { if heard.wait(timeout: limit) == .timedOut { return false } }
        return true
    }
}

/// What the journal said of its store: failure kinds, nil for "works again".
final class Changes: Sendable {
    private let noted = Locked<[StoreFailure.Kind?]>([])
    private let heard = DispatchSemaphore(value: 0)

    var all: [StoreFailure.Kind?] { noted.withLock { $0 } }

    var listener: @Sendable (StoreFailure?) -> Void {
        { failure in
            self.noted.withLock { $0.append(failure?.kind) }
            self.heard.signal()
        }
    }

    func wait(for count: Int) -> Bool {
        let limit = DispatchTime.now() + .seconds(10)
        while all.count < count { if heard.wait(timeout: limit) == .timedOut { return false } }
        return true
    }
}

extension JournalLane {
    func offer(_ rows: ArraySlice<LedgerEntry>) -> (accepted: Int, ticket: UInt64) {
        var rows = Array(rows)
        let count = rows.count
        let taken = offer(&rows)
        #expect(rows.count == count - taken.accepted, "what is not taken stays")
        return taken
    }
}
