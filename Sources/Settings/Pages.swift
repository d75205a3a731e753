import Schema

extension SettingsDocument {
    public static var jsonSchema: String { JSONSchema.page(title: "Swiftlet settings", descriptions) }

    /// Committed as docs/reference/settings.md; a test keeps it fresh.
    public static var referencePage: String {
        let variables = Dictionary(EnvironmentOverlay.variables.map { ($0.path.joined(separator: "."), $0.name) }) { first, _ in first }
        return Reference.page(
            title: "Settings",
            introduction: """
                Made by `swiftlet schema --reference` from the declarations in the code; not written by hand. Every setting stands in one
                YAML document; a variable of the environment wins over it. Durations are written `200ms`, `30s`, `5m`, `1h` or in seconds,
                sizes `500KB`, `8MiB` or in bytes, secrets `env:NAME`, `file:PATH` or as they are. `NAME` in a heading is a name of your own.
                """, descriptions, environment: { variables[$0] })
    }
}
