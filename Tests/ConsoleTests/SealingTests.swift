import Foundation
import Gateway
import Schema
import Settings
import Storage
import Testing

@testable import Console

@Suite("Sealed credentials") struct SealingTests {
    private static func sealing(_ key: String = String(repeating: "k", count: 32)) throws -> Sealing {
        Sealing(vault: try SecretVault(Secret(key), store: .memory))
    }

    private static let document = #"{"providers":{"p":{"type":"openai","base_url":"https://a.example/v1","api_key":"sk-canary"}}}"#

    private func node(_ text: String) throws -> Node { try #require(JSONNode.read(text)) }

    @Test("a credential is not in what is kept, and is there again when it is compiled")
    func thereAndBack() throws {
        let (sealing, document) = (try Self.sealing(), try node(Self.document))
        let provider = try #require(Overlay.get(["providers", "p"], in: document))
        let sealed = try sealing.sealed(provider, at: ["providers", "p"], in: document)
        #expect(!sealed.json.contains("canary") && sealed["api_key"]?.scalar?.hasPrefix("sealed:v1:") == true)
        #expect(sealed["base_url"]?.scalar == "https://a.example/v1")
        let kept = Overlay.set(["providers", "p"], to: sealed, in: document)
        let (open, lost) = sealing.opened(kept)
        #expect(lost == [] && open.json == document.json)
        #expect(!kept.covered().json.contains("sealed:"))
        // Sealed again it would be another text, and a change where there is none.
        #expect(try sealing.sealed(sealed, at: ["providers", "p"], in: kept).json == sealed.json)
    }

    @Test(
        "it is of no use at another host, in another place, or with another key",
        arguments: [
            (["providers", "p", "base_url"], "https://b.example/v1", true), (["providers", "p", "base_url"], "http://a.example/v1", true),
            (["providers", "p", "base_url"], "https://a.example:8443/v1", true), (["providers", "p", "type"], "anthropic", true),
            (["providers", "p", "base_url"], "https://A.example/v2", false), (["providers", "p", "timeout"], "5s", false),
        ] as [([String], String, Bool)])
    func bound(_ path: [String], _ value: String, _ isLost: Bool) throws {
        let (sealing, document) = (try Self.sealing(), try node(Self.document))
        let sealed = try sealing.sealed(.text("sk-canary"), at: ["providers", "p", "api_key"], in: document)
        let kept = Overlay.set(["providers", "p", "api_key"], to: sealed, in: document)
        let moved = Overlay.set(path[...], to: .text(value), in: kept)
        #expect(sealing.opened(moved).lost == (isLost ? ["providers.p.api_key"] : []))
        let elsewhere = Overlay.set(["providers", "q"], to: Overlay.get(["providers", "p"], in: kept), in: kept)
        #expect(sealing.opened(elsewhere).lost == ["providers.q.api_key"])
        #expect(try Self.sealing(String(repeating: "x", count: 32)).opened(kept).lost == ["providers.p.api_key"])
    }

    @Test("keys and admin tokens are kept as digests, references as they are; a key says how it begins")
    func digests() throws {
        let sealing = try Self.sealing()
        let key = "sk-swiftlet-0123456789abcdef0123456789"
        let made = try sealing.sealed(.map([("key", .text(key))]), at: ["keys", "k"], in: .map([]))
        #expect(made["key"]?.scalar == NewKey.digest(of: key) && made["prefix"]?.scalar == "sk-swiftlet-0123")
        let short = try sealing.sealed(.map([("key", .text("sk-1"))]), at: ["keys", "k"], in: .map([]))
        #expect(short["key"]?.scalar == NewKey.digest(of: "sk-1") && short["prefix"] == nil)
        #expect(try sealing.sealed(.text("t0ken"), at: ["admin", "tokens", "x", "token"], in: .map([])).scalar == NewKey.digest(of: "t0ken"))
        for text in ["env:X", "file:/x", NewKey.digest(of: "x")] {
            #expect(try sealing.sealed(.text(text), at: ["keys", "k", "key"], in: .map([])).scalar == text)
        }
    }

    @Test("a change of host takes no credential along, and only admins name variables")
    func credentials() throws {
        let sealing = try Self.sealing()
        let old = try node(Self.document)
        let moved = Overlay.set(["providers", "p", "base_url"], to: .text("https://evil.example"), in: old)
        #expect(throws: AdminRefusal.self) { try Credentials.check(old, moved, mayRefer: true, sealing) }
        let anew = Overlay.set(["providers", "p", "api_key"], to: .text("sk-other"), in: moved)
        try Credentials.check(old, anew, mayRefer: false, sealing)
        let named = Overlay.set(["providers", "p", "api_key"], to: .text("env:OTHER"), in: moved)
        try Credentials.check(old, named, mayRefer: true, sealing)
        #expect(throws: AdminRefusal.self) { try Credentials.check(old, named, mayRefer: false, sealing) }
    }

    @Test("the key is made beside the database for its owner alone, and once; PostgreSQL needs one")
    func keyFile() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vault-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("s.db").path
        let first = try SecretVault(nil, store: .sqlite(path: path))
        #expect(!FileManager.default.fileExists(atPath: path + ".key"))
        let sealed = try first.seal("canary", for: "x")
        let mode = try #require(try FileManager.default.attributesOfItem(atPath: path + ".key")[.posixPermissions] as? Int)
        #expect(mode == 0o600)
        #expect(try SecretVault(nil, store: .sqlite(path: path)).open(sealed, for: "x") == "canary")
        #expect(throws: SecretVault.Failure.self) { try SecretVault(nil, store: .postgres(Secret("postgres://x"))).seal("canary", for: "x") }
        #expect(throws: SecretVault.Failure.self) { try SecretVault(Secret("short"), store: .memory) }
    }
}
