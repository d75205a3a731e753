import FoundationEssentials
import Schema

/// What came of a document: something to run, or what is wrong with it.
public enum Compilation: Sendable {
    case ready(Blueprint, warnings: [Problem])
    /// All problems, warnings among them, by line.
    case refused([Problem])

    public var problems: [Problem] {
        switch self {
        case .ready(_, warnings: let problems), .refused(let problems): problems
        }
    }

    public var blueprint: Blueprint? {
        if case .ready(let blueprint, warnings: _) = self { blueprint } else { nil }
    }
}

/// Reads what `env:NAME` and `file:PATH` stand for.
public typealias SecretLookup = (Secret.Source) -> Secret.Finding

/// What becomes of a tree that names what is not there: a model, a provider, a key.
public enum Dangling: Sendable {
    /// A problem, as in a file that somebody writes.
    case refused
    /// The step never serves, and a warning says so: what was there when the tree was written has been deleted since.
    case skipped
}

extension Blueprint {
    /// Reads the file at `path`. Variables like SWIFTLET_SERVER_LISTEN override it. `version` must grow with every change.
    public static func load(path: String, environment: [String: String], version: Int = 1, at moment: Moment = .now) -> Compilation {
        var problems: [Problem] = []
        guard let root = document(path: path, problems: &problems) else { return .refused(problems) }
        return compile(root, environment: environment, version: version, at: moment)
    }

    /// The file at `path` as it is written. Nil: it is none of ours, and `problems` say why.
    public static func document(path: String, problems: inout [Problem]) -> Node? {
        func refuse(_ message: String) -> Node? {
            problems.append(Problem("", line: 0, message))
            return nil
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            return refuse("cannot be read: there is no such file, or it is not readable")
        }
        guard data.count <= 4 << 20 else { return refuse("is larger than 4 MiB") }
        guard let text = String(validating: data, as: UTF8.self) else { return refuse("is not UTF-8") }
        return YAML.read(text, problems: &problems)
    }

    public static func compile(
        yaml text: String, environment: [String: String] = [:], version: Int = 1, secrets: SecretLookup? = nil, dangling: Dangling = .refused,
        at moment: Moment = .now
    ) -> Compilation {
        var problems: [Problem] = []
        guard let root = YAML.read(text, problems: &problems) else { return .refused(problems) }
        return compile(root, environment: environment, version: version, secrets: secrets, dangling: dangling, at: moment)
    }

    /// - Parameter moment: When the prices must hold that the catalogue gives.
    public static func compile(
        _ root: Node, environment: [String: String] = [:], version: Int = 1, secrets: SecretLookup? = nil, dangling: Dangling = .refused,
        at moment: Moment = .now
    ) -> Compilation {
        var reading = Reading(secrets: secrets ?? lookUp(in: environment))
        var root = root
        if root.isNull { root = .map([], line: root.line) }
        if LiteLLMDocument.isMistaken(root, &reading) { return .refused(reading.problems.inOrder) }
        EnvironmentOverlay.apply(environment, to: &root, &reading)
        guard let document = SettingsDocument.read(root, at: "", &reading) else { return .refused(reading.problems.inOrder) }
        let file = PriceCatalogue.above(file: document.pricesFile, line: root.entry("prices_file")?.line ?? 0, &reading)
        let types = Dictionary(document.providers.entries.map { ($0.name, $0.value.type.name) }) { first, _ in first }
        let catalogue = file.under(document.prices, types: types, &reading)
        var compiler = Compiler(document, root: root, reading, Tariff(catalogue: catalogue, moment: moment))
        compiler.reader.skipsDangling = dangling == .skipped
        if let blueprint = compiler.compile(version: version) { return .ready(blueprint, warnings: compiler.problems.inOrder) }
        return .refused(compiler.problems.inOrder)
    }

    /// Secrets of this process: its environment and its files.
    private static func lookUp(in environment: [String: String]) -> SecretLookup {
        { source in
            switch source {
            case .literal: .missing("is no reference")
            case .environment(let name): environment[name].map { .found($0) } ?? .missing("the environment variable \(name) is not set")
            case .file(let path):
                FileManager.default.contents(atPath: path).flatMap { String(validating: $0, as: UTF8.self) }
                    .map { .found(String($0.reversed().drop { $0.isNewline }.reversed())) } ?? .missing("the file \(path) cannot be read")
            }
        }
    }
}
