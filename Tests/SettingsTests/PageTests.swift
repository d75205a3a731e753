import Foundation
import Settings
import Testing

@Suite("Pages made from the declarations") struct PageTests {
    @Test("the committed reference page is what the declarations say; else run `swiftlet schema --reference`")
    func reference() {
        #expect(Files.text("docs/reference/settings.md") == SettingsDocument.referencePage)
    }

    @Test("the committed JSON Schema is what the declarations say; else run `swiftlet schema`")
    func schema() throws {
        #expect(Files.text("docs/reference/settings.schema.json") == SettingsDocument.jsonSchema)
        let parsed = try JSONSerialization.jsonObject(with: Data(SettingsDocument.jsonSchema.utf8)) as? [String: Any]
        let properties = try #require(parsed?["properties"] as? [String: Any])
        for name in [
            "server", "store", "ledger", "providers", "models", "policies", "projects", "keys", "guardrails", "firewall", "router", "general",
        ] {
            #expect(properties[name] != nil)
        }
    }
}
