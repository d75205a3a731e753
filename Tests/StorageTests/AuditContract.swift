import Routing
import Storage
import Testing

/// What every store promises of who changed what.
@Suite("Store contract: audit") struct AuditContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    static func entry(_ number: Int) -> AuditEntry {
        AuditEntry(
            unixMilliseconds: 1_760_000_000_000 + Int64(number), actor: "größe-\(number)", role: "admin", action: "settings.change",
            subject: "keys.a", before: number == 0 ? "" : "{\"n\":\(number - 1)}", after: "{\"n\":\(number)}", requestID: "req_\(number)")
    }

    @Test("entries are numbered without gaps and bound to each other", arguments: Kind.allCases)
    func chain(kind: Kind) throws {
        let store = try kind.open(in: folder)
        var written: [AuditEntry] = []
        for number in 0..<20 { written.append(try store.append(Self.entry(number), with: nil)) }
        #expect(written.map(\.number) == Array(1...20))
        #expect(Set(written.map(\.hash)).count == 20)
        #expect(written.allSatisfy { $0.hash.utf8.count == 64 })
        #expect(try store.audit(before: nil, limit: 100) == written.reversed())
        #expect(try store.audit(before: 5, limit: 2).map(\.number) == [4, 3])
        #expect(try store.audit(from: 18, limit: 100) == Array(written[17...]))
        #expect(try store.audit(from: 1, limit: 3).map(\.number) == [1, 2, 3])
        #expect(try store.audit(from: 1, limit: 0).isEmpty)
        #expect(AuditChain.firstBroken(written, after: nil) == nil)
        #expect(AuditChain.firstBroken(Array(written[7...]), after: written[6]) == nil)
    }

    @Test("a change of settings, its version and its entry are one", arguments: Kind.allCases)
    func versions(kind: Kind) throws {
        let store = try kind.open(in: folder)
        try store.change(.setting, put: [StoredDocument(name: "old", value: "1")], remove: [])
        try store.change(.signal, put: [StoredDocument(name: "s", value: "9")], remove: [])
        #expect(try store.settingsVersion() == 0)
        #expect(try store.settingsVersion(0) == nil)
        func put(_ name: String, _ value: String) -> StoredDocument { StoredDocument(name: name, value: value) }
        let changes = [
            SettingsChange(version: 1, put: [put("b", "1"), put("a", "1")], remove: []),
            SettingsChange(version: 2, put: [put("a", "2"), put("é'", "\"")], remove: ["old", "never"]),
            SettingsChange(version: 3, put: [put("b", "3")], remove: ["a", "b"]),
        ]
        for (index, change) in changes.enumerated() { _ = try store.append(Self.entry(index), with: change) }
        #expect(try store.documents(.setting) == [put("b", "3"), put("é'", "\"")])
        #expect(try store.documents(.signal) == [put("s", "9")])
        #expect(try store.settingsVersion() == 3)
        #expect(try store.settingsVersion(1)?.documents == [put("a", "1"), put("b", "1"), put("old", "1")])
        #expect(try store.settingsVersion(2)?.documents == [put("a", "2"), put("b", "1"), put("é'", "\"")])
        #expect(try store.settingsVersion(3)?.documents == [put("b", "3"), put("é'", "\"")])
        #expect(try store.settingsVersion(3)?.actor == "größe-2")
        #expect(try store.settingsVersion(4) == nil)
        let all = try store.settingsVersions(before: nil, limit: 10)
        #expect(all.map(\.version) == [3, 2, 1])
        #expect(all.allSatisfy { $0.documents.isEmpty })
        #expect(all[1].unixMilliseconds == Self.entry(1).unixMilliseconds)
        #expect(try store.settingsVersions(before: 3, limit: 1).map(\.version) == [2])
    }

    @Test("who comes second reads again, and nothing of it is kept", arguments: Kind.allCases, [Int64(0), 1, 3, .max])
    func conflict(kind: Kind, version: Int64) throws {
        let store = try kind.open(in: folder)
        _ = try store.append(Self.entry(1), with: SettingsChange(version: 1, put: [StoredDocument(name: "a", value: "1")], remove: []))
        let late = SettingsChange(version: version, put: [StoredDocument(name: "a", value: "2")], remove: [])
        let failure = #expect(throws: StoreFailure.self) { try store.append(Self.entry(2), with: late) }
        #expect(failure?.kind == .conflict)
        #expect(try store.settingsVersion() == 1)
        #expect(try store.documents(.setting).map(\.value) == ["1"])
        #expect(try store.audit(before: nil, limit: 10).count == 1)
    }

    @Test(
        "whatever is changed in an entry shows",
        arguments: [
            { $0.unixMilliseconds += 1 }, { $0.actor += "x" }, { $0.role = "auditor" }, { $0.action = "" }, { $0.subject += "." },
            { $0.before = "" }, { $0.after += " " }, { $0.requestID = "" }, { $0.hash = String($0.hash.reversed()) }, { $0.number += 1 },
            // The same bytes, otherwise parted.
            {
                $0.actor += "a"
                $0.role.removeFirst()
            },
        ] as [@Sendable (inout AuditEntry) -> Void])
    func tampered(change: @Sendable (inout AuditEntry) -> Void) throws {
        let store = MemoryStore()
        var entries = try (0..<5).map { try store.append(Self.entry($0 + 1), with: nil) }
        change(&entries[2])
        #expect(AuditChain.firstBroken(entries, after: nil) == 3)
    }

    @Test("an entry that is missing, or added, shows")
    func missing() throws {
        let store = MemoryStore()
        let entries = try (0..<5).map { try store.append(Self.entry($0), with: nil) }
        #expect(AuditChain.firstBroken(Array(entries[1...]), after: nil) == 1)
        #expect(AuditChain.firstBroken(Array(entries[..<2] + entries[3...]), after: nil) == 3)
        #expect(AuditChain.firstBroken([entries[0], entries[0]], after: nil) == 2)
    }

    /// By another program: sha256 over the bytes that the encoding of `AuditChain` names.
    @Test("the hash is the one that others compute")
    func encoding() throws {
        let sealed = try MemoryStore().append(
            AuditEntry(
                unixMilliseconds: 1_760_000_000_000, actor: "ann", role: "admin", action: "keys.rotate", subject: "keys.a", before: "",
                after: "{}", requestID: "req_1"), with: nil)
        #expect(sealed.hash == "2c2a78171594eec8e2e63fad3a010140556124b1b696683927cf073552964f45")
    }
}
