import ArgumentParser
import Bench
import Routing
import Settings

/// `swiftlet schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the settings file, for editors.")

    @Flag(help: "Print the reference page in Markdown instead.")
    var reference = false

    @Flag(help: "Print the page of the fields that conditions may ask for, in Markdown.")
    var fields = false

    func run() throws {
        StandardStream.output.write(fields ? Fields.page : reference ? SettingsDocument.referencePage : SettingsDocument.jsonSchema)
    }
}
