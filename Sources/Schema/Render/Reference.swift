/// The reference page of a section in Markdown: one table for each section within it.
public enum Reference {
    /// `environment` says which variable sets a path, where one does.
    public static func page(title: String, introduction: String, _ fields: [FieldDescription], environment: (String) -> String?) -> String {
        var page = "# \(title)\n\n\(introduction)\n"
        table(of: fields, at: "", heading: "The document", environment, &page)
        return page
    }

    private static func table(
        of fields: [FieldDescription], at path: String, heading: String, _ environment: (String) -> String?, _ page: inout String
    ) {
        page += "\n## \(heading)\n\n| setting | type | default | range | environment | what it is for |\n| --- | --- | --- | --- | --- | --- |\n"
        for field in fields { page += row(field, variable: environment(path.setting(field.name))) }
        for field in fields { sections(in: field.shape, at: path.setting(field.name), environment, &page) }
    }

    private static func row(_ field: FieldDescription, variable: String?) -> String {
        let initial =
            switch field.shape {
            case .section, .variants, .names: ""
            default: field.initial.map { $0.isEmpty ? "" : "`\($0)`" } ?? ""
            }
        let help = field.help + (field.isNotYet ? " *Not effective yet.*" : "")
        let cells = [
            "`\(field.name)`", field.shape.name, field.isRequired ? "required" : initial, field.range ?? "", variable.map { "`\($0)`" } ?? "", help,
        ]
        return "| " + cells.map { $0.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }.joined(separator: " | ")
            + " |\n"
    }

    private static func sections(in shape: Shape, at path: String, _ environment: (String) -> String?, _ page: inout String) {
        switch shape {
        case .section(let fields): table(of: fields, at: path, heading: "`\(path)`", environment, &page)
        case .list(let item): sections(in: item, at: path + "[]", environment, &page)
        case .names(of: let value): sections(in: value, at: path.setting("NAME"), environment, &page)
        case .either(let shapes):
            // The same section alone and in a list is one.
            if let section = shapes.first(where: { if case .section = $0 { true } else { false } }) {
                sections(in: section, at: path, environment, &page)
            }
        case .variants(by: let name, let variants): variantTables(name, variants, at: path, environment, &page)
        default: break
        }
    }

    /// What all variants have stands once; variants with nothing of their own share a line.
    private static func variantTables(
        _ name: String, _ variants: [(name: String, fields: [FieldDescription])], at path: String, _ environment: (String) -> String?,
        _ page: inout String
    ) {
        guard let first = variants.first else { return }
        let common = first.fields.filter { field in variants.allSatisfy { $0.fields.contains { $0.name == field.name } } }
        let names = Set(common.map(\.name))
        page += "\n## `\(path)`\n\n`\(name)` is one of \(variants.map { "`\($0.name)`" }.joined(separator: ", ")). All of them have:\n\n"
        page += "| setting | type | default | range | environment | what it is for |\n| --- | --- | --- | --- | --- | --- |\n"
        for field in common {
            var shown = field
            // Some variants begin with a value of their own.
            if variants.contains(where: { $0.fields.first { $0.name == field.name }?.initial != field.initial }) { shown.initial = nil }
            page += row(shown, variable: nil)
        }
        for variant in variants {
            let own = variant.fields.filter { !names.contains($0.name) }
            if !own.isEmpty { table(of: own, at: path, heading: "`\(path)` with `\(name): \(variant.name)`", environment, &page) }
        }
    }
}
