import ArgumentParser
import Bench
import Settings

/// `swiftlet schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the settings file, for editors.")

    @Flag(help: "Print the reference page in Markdown instead.")
    var reference = false

    func run() throws {
        StandardStream.output.write(reference ? SettingsDocument.referencePage : SettingsDocument.jsonSchema)
    }
}
