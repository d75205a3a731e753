import Routing
import Schema
import Settings
import Storage
import Synchronization
import Testing

@testable import Console

@Suite("Admin calls") struct CallTests {
    @Test(
        "paths and parameters are decoded, each segment for itself",
        arguments: [
            ("/api/v1/deployments/a%2Fb/reset", ["api", "v1", "deployments", "a/b", "reset"]),
            ("/api/v1/models/gr%C3%B6%C3%9Fe+x", ["api", "v1", "models", "größe+x"]), ("//a/", ["a"]), ("/%zz%4", ["%zz%4"]),
        ])
    func path(target: String, path: [String]) { #expect(AdminCall("GET", target).path == path) }

    @Test("parameters")
    func query() {
        let call = AdminCall("GET", "/x?limit=5&key=a+b%26&empty=&flag")
        #expect(call.query == ["limit": "5", "key": "a b&", "empty": "", "flag": ""])
        #expect(throws: AdminRefusal.self) { try call.checkQuery(["limit", "key", "empty"]) }
        #expect(throws: AdminRefusal.self) { try call.limit(1, most: 4) }
    }

    @Test(
        "what is no object, or has members that are unknown or stand twice, is refused", arguments: ["", "[]", "{", #"{"b":1}"#, #"{"a":1,"a":2}"#])
    func bodies(text: String) {
        #expect(throws: AdminRefusal.self) { try AdminCall("POST", "/x", body: Array(text.utf8)).object(["a"]) }
    }

    @Test("an unknown member is told the nearest that exists")
    func suggestion() {
        let refusal = #expect(throws: AdminRefusal.self) { try AdminCall("POST", "/x", body: Array(#"{"valeu":1}"#.utf8)).object(["name", "value"]) }
        #expect(refusal?.message.contains("`value`") == true)
    }

    @Test(
        "lifetimes are seconds, or numbers with a unit",
        arguments: [
            ("60", 60_000), ("\"90s\"", 90_000), ("\"15m\"", 900_000), ("\"1h\"", 3_600_000), ("\"250ms\"", 250), ("0.5", 500),
            ("\"2d\"", 172_800_000),
        ])
    func lifetimes(text: String, milliseconds: Int64) throws {
        #expect(try Lifetime.read(OverlayTests.node(text), "expires_in") == milliseconds)
    }

    @Test("others are refused", arguments: ["0", "-1", "\"soon\"", "\"h\"", "[]", "1e12"])
    func noLifetimes(text: String) throws {
        let node = try OverlayTests.node(text)
        #expect(throws: AdminRefusal.self) { try Lifetime.read(node, "expires_in") }
    }

    @Test("a change with problems changes nothing; one without is put in force, and kept")
    func book() async throws {
        let store = MemoryStore()
        let file = SettingsFile(
            read: {
                try #require(JSONNode.read(#"{"providers":{"p":{"type":"mock"}},"models":{"chat":{"deployments":[{"provider":"p","model":"m"}]}}}"#))
            },
            compile: { Blueprint.compile($0, version: TableVersion.next()) })
        let runs = Atomic(0)
        let book = try SettingsBook(file, store: store) { _ in runs.add(1, ordering: .relaxed) }
        let mark = ChangeMark(actor: "me", role: "admin", action: "settings.change", subject: "models")
        let before = await book.document
        let refused = await #expect(throws: SettingsBook.Refused.self) {
            try await book.change(mark) { _, overlay in overlay.set(["models", "chat", "strateggy"], to: .text("latency")) }
        }
        #expect(refused?.problems.first?.path == "models.chat.strateggy")
        #expect(await book.document == before)
        #expect(runs.load(ordering: .relaxed) == 0)
        #expect(try store.documents(.setting).isEmpty)
        _ = try await book.change(mark) { _, overlay in overlay.set(["models", "chat", "strategy"], to: .text("latency")) }
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(Overlay.get(["models", "chat", "strategy"], in: await book.document)?.scalar == "latency")
        let entries = try store.audit(before: nil, limit: 9)
        #expect(entries.map(\.action) == ["settings.change"] && entries.map(\.actor) == ["me"] && entries.map(\.number) == [1])
        #expect(entries.first?.after == #"{"models.chat.strategy":"latency"}"# && entries.first?.before == #"{"models.chat.strategy":null}"#)
        #expect(await book.version == 1)
        let again = try SettingsBook(file, store: store) { _ in }
        #expect(await again.document == book.document)
    }

    @Test("what another gateway changed is tried again as long as it cannot be put in force, and told each time")
    func follow() async throws {
        struct Trouble: Error {}
        let store = MemoryStore(isShared: true)
        let file = SettingsFile(
            read: {
                try #require(JSONNode.read(#"{"providers":{"p":{"type":"mock"}},"models":{"chat":{"deployments":[{"provider":"p","model":"m"}]}}}"#))
            },
            compile: { Blueprint.compile($0, version: TableVersion.next()) })
        let tries = Atomic(0)
        let book = try SettingsBook(file, store: store) { _ in
            if tries.add(1, ordering: .relaxed).newValue < 3 { throw Trouble() }
        }
        let other = try SettingsBook(file, store: store) { _ in }
        let mark = ChangeMark(actor: "me", role: "admin", action: "settings.change", subject: "models")
        _ = try await other.change(mark) { _, overlay in overlay.set(["models", "chat", "strategy"], to: .text("latency")) }
        for _ in 0..<2 { await #expect(throws: Trouble.self) { try await book.follow() } }
        #expect(try await book.follow())
        #expect(try await !book.follow())
        #expect(await book.version == 1)
        #expect(tries.load(ordering: .relaxed) == 3)
    }
}
