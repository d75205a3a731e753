import Glibc
import Routing
import Storage
import Testing

@Suite("Open requests", .serialized, .timeLimit(.minutes(2))) struct OpenRequestsTests {
    let folder: Folder
    var path: String { folder("open") }
    init() throws { folder = try Folder() }

    /// Request `number` of a made-up day, with so many charges.
    static func request(_ number: Int) -> OpenRequest {
        var request = OpenRequest(id: LedgerEntry.sample(number).id, startedUnixMilliseconds: 1_760_000_000_000 + Int64(number) * 3)
        let name = { NameID(rawValue: Int32(number + $0)) }
        (request.key, request.model, request.route, request.deployment) = (name(1), name(2), name(3), name(4))
        (request.provider, request.policy, request.project, request.customer) = (name(5), name(6), name(7), name(8))
        (request.input, request.output) = (Int64(number), 4_096)
        request.cost = Nanodollars(Int64(number) * 17)
        request.api = UInt8(number % 5)
        (request.streamed, request.priced) = (number % 2 == 0, number % 3 == 0)
        return request
    }

    static func charges(_ number: Int, _ count: Int) -> [LeaseCharge] {
        (0..<count).map { LeaseCharge(lease: Int64($0 + 1), amount: Int64(number) + Int64($0)) }
    }

    /// What becomes of it.
    static func row(_ number: Int, _ count: Int) -> LedgerEntry {
        let request = request(number)
        var row = LedgerEntry(id: request.id, startedUnixMilliseconds: request.startedUnixMilliseconds)
        (row.key, row.model, row.route, row.deployment) = (request.key, request.model, request.route, request.deployment)
        (row.provider, row.policy, row.project, row.customer) = (request.provider, request.policy, request.project, request.customer)
        (row.usage.input, row.usage.output, row.usage.estimated) = (request.input, request.output, true)
        (row.cost, row.api, row.streamed, row.priced) = (request.cost, request.api, request.streamed, request.priced)
        row.attempts = 1
        row.state = .unknown
        row.charges = charges(number, count)
        return row
    }

    @Test("what is noted and not cleared is found, from every loop", arguments: [0, 1, 10])
    func found(charges: Int) throws {
        do {
            let open = try OpenRequests(path: path, loops: 2, slots: 16)
            let regions = [open.region(0), open.region(1)]
            let slots = (0..<8).map { regions[$0 % 2].note(Self.request($0), charges: Self.charges($0, charges)) }
            for number in 0..<3 { regions[number % 2].clear(slots[number]) }
            #expect(regions[0].taken == 2)
            #expect(regions[1].taken == 3)
        }
        let expected = (3..<8).map { Self.row($0, charges) }
        #expect(try OpenRequests.recover(path: path) == expected)
        #expect(try OpenRequests.recover(path: path) == expected, "looking changes nothing")
        _ = try OpenRequests(path: path, loops: 1, slots: 16)
        #expect(try OpenRequests.recover(path: path).isEmpty)
        #expect(folder.names == ["open"])
    }

    @Test("more charges than a slot has room for take more slots, and give all back", arguments: [11, 20, 21, 45])
    func chained(charges: Int) throws {
        do {
            let region = try OpenRequests(path: path, loops: 1, slots: 9).region(0)
            let before = region.note(Self.request(1), charges: Self.charges(1, charges))
            let slot = region.note(Self.request(2), charges: Self.charges(2, 1))
            region.clear(before)
            #expect(region.taken == 1)
            _ = region.change(slot, to: Self.request(2), charges: Self.charges(2, charges))
            #expect(region.taken == (charges + 9) / 10)
        }
        let found = try OpenRequests.recover(path: path)
        #expect(found.count == 1)
        var expected = Self.row(2, charges)
        expected.charges = found.first?.charges ?? []
        #expect(found.first == expected)
        #expect(Set(found.first?.charges ?? []) == Set(Self.charges(2, charges)))
    }

    @Test("a request that finds no room is counted, and room comes back")
    func full() throws {
        let region = try OpenRequests(path: path, loops: 1, slots: 3).region(0)
        let slots = (0..<5).map { region.note(Self.request($0), charges: []) }
        #expect(slots.filter { $0 < 0 }.count == 2)
        #expect(region.missed == 2)
        #expect(region.change(slots[1], to: Self.request(1), charges: []) == slots[1])
        for slot in slots { region.clear(slot) }
        #expect(region.taken == 0)
        #expect(region.note(Self.request(9), charges: Self.charges(9, 30)) >= 0)
        #expect(region.note(Self.request(10), charges: Self.charges(9, 11)) == -1)
        #expect(region.taken == 3)
    }

    @Test("slots are cleared as their rows become durable")
    func tickets() throws {
        let region = try OpenRequests(path: path, loops: 1, slots: 10_000).region(0)
        var ticket: UInt64 = 0
        for number in 0..<9_000 {
            ticket += 1
            region.offered(region.note(Self.request(number), charges: []), ticket: ticket)
        }
        region.offered(-1, ticket: ticket)
        region.committed(through: 0)
        #expect(region.taken == 9_000)
        for step in 1...9 {
            region.committed(through: UInt64(step) * 1_000 - 1)
            #expect(region.taken == 9_000 - step * 1_000 + 1)
        }
        region.committed(through: ticket)
        #expect(region.taken == 0)
    }

    @Test("one gateway at a time")
    func lockedFile() throws {
        let open = try OpenRequests(path: path, loops: 1)
        #expect(#expect(throws: StoreFailure.self) { try OpenRequests(path: path, loops: 1) }?.kind == .locked)
        #expect(#expect(throws: StoreFailure.self) { try OpenRequests.recover(path: path) }?.kind == .locked)
        #expect(open.region(0).note(Self.request(1), charges: []) >= 0)
        #expect(folder.names == ["open"])
    }

    @Test("what is no file of open requests is refused and left as it is; a cut one gives what is whole")
    func damaged() throws {
        folder.write(Array(repeating: 0x41, count: 9_000), to: "open")
        #expect(#expect(throws: StoreFailure.self) { try OpenRequests.recover(path: path) }?.kind == .foreign)
        #expect(folder.read("open") == Array(repeating: 0x41, count: 9_000))
        #expect(try OpenRequests.recover(path: folder("none")).isEmpty)
        #expect(#expect(throws: StoreFailure.self) { try OpenRequests(path: folder("no/open"), loops: 1) }?.kind == .missingFolder)
        unlink(path)
        do {
            let region = try OpenRequests(path: path, loops: 1, slots: 8).region(0)
            for number in 0..<8 { _ = region.note(Self.request(number), charges: Self.charges(number, 4)) }
        }
        var bytes = folder.read("open")
        // Slots are taken from the first on: one is torn anywhere, the last is cut off.
        for offset in [4_096 + 256 * 2 + 8, 4_096 + 256 * 3 + 80, 4_096 + 256 * 4 + 250, 4_096 + 256 * 5 + 150] { bytes[offset] ^= 0x10 }
        folder.write(Array(bytes.dropLast(100)), to: "open")
        // What no charge uses is nobody's: 4 has not changed.
        #expect(try OpenRequests.recover(path: path) == [0, 1, 4, 6].map { Self.row($0, 4) })
        bytes[8] = 2
        folder.write(bytes, to: "open")
        #expect(#expect(throws: StoreFailure.self) { try OpenRequests.recover(path: path) }?.kind == .newerSchema)
        folder.write(Array(bytes.prefix(3)), to: "open")
        #expect(try OpenRequests.recover(path: path).isEmpty)
    }

    @Test("a gateway that is killed leaves all it had noted and not cleared", arguments: 0..<20)
    func killed(round: Int) throws {
        let child = try Child("OpenRequestsChild", ["SWIFTLET_TEST_OPEN": path])
        // Lines of the child: `+n` noted, `-n` is about to be cleared, `.n` is cleared.
        var open: Set<Int> = []
        var leaving: Set<Int> = []
        let text = child.kill(afterReading: 2_000 + round * 700)
        for line in text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1) {
            guard let number = Int(line.dropFirst()) else { continue }
            switch line.first {
            case "+": open.insert(number)
            case "-": leaving.insert(number)
            case ".":
                open.remove(number)
                leaving.remove(number)
            default: break
            }
        }
        let found = try OpenRequests.recover(path: path)
        let numbers = Set(found.map { Int($0.startedUnixMilliseconds - 1_760_000_000_000) / 3 })
        #expect(open.count > 3)
        #expect(numbers.isSuperset(of: open.subtracting(leaving)), "noted and not found")
        // The pipe may end before what the child did last.
        let last = open.max() ?? 0
        #expect(numbers.subtracting(open).allSatisfy { $0 > last - 64 }, "cleared and found")
        for row in found {
            let number = Int(row.startedUnixMilliseconds - 1_760_000_000_000) / 3
            // Killed between its two notes, it was not said to be there.
            let expected = Self.row(number, open.contains(number) || row.charges.count == number % 25 ? number % 25 : number % 7)
            #expect(row.id == expected.id && row.cost == expected.cost)
            #expect(Set(row.charges) == Set(expected.charges), "\(number)")
        }
    }
}

/// The process that `killed` kills: notes and clears until then.
@Suite("Open requests, as a child") struct OpenRequestsChild {
    @Test("notes requests until it is killed", .enabled(if: getenv("SWIFTLET_TEST_OPEN") != nil))
    func write() throws {
        guard let path = getenv("SWIFTLET_TEST_OPEN").map({ String(cString: $0) }) else { return }
        let region = try OpenRequests(path: path, loops: 1, slots: 512).region(0)
        var slots: [(Int, Int32)] = []
        func say(_ line: String) { _ = line.withCString { Glibc.write(Child.saying, $0, strlen($0)) } }
        for number in 1...10_000_000 {
            var slot = region.note(OpenRequestsTests.request(number), charges: OpenRequestsTests.charges(number, number % 7))
            slot = region.change(slot, to: OpenRequestsTests.request(number), charges: OpenRequestsTests.charges(number, number % 25))
            say("+\(number)\n")
            slots.append((number, slot))
            guard slots.count > 40 else { continue }
            let (over, gone) = slots.remove(at: number * 7 % slots.count)
            say("-\(over)\n")
            region.clear(gone)
            say(".\(over)\n")
        }
    }
}
