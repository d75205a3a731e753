import Foundation
import Schema
import Settings

enum Files {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) -> String {
        (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
    }

    /// All of the folder, those in its folders too.
    static let examples: [String] = {
        let all =
            FileManager.default.enumerator(atPath: root.appendingPathComponent("examples").resolvingSymlinksInPath().path)?.compactMap {
                $0 as? String
            } ?? []
        // Scenarios are documents of the simulator, whose own tests load them.
        return all.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("scenarios/") }.sorted().map { "examples/\($0)" }
    }()
}

/// Compiles with every variable set to something of its own.
func compile(_ yaml: String, _ environment: [String: String] = [:]) -> Compilation {
    Blueprint.compile(yaml: yaml, environment: environment) { source in
        switch source {
        case .environment("UNSET"): .missing("the environment variable UNSET is not set")
        case .environment(let name): .found("sk-canary-\(name)")
        case .file(let path): .found("sk-canary-\(path)")
        case .literal: .missing("is no reference")
        }
    }
}

/// As an unknown one is answered.
let operators = "`eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `in`, `not_in`, `contains`, `starts_with`, `ends_with`, `matches`, `exists`"

func problems(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
    compile(yaml, environment).problems.map { $0.text(file: "f") }
}

/// A document that is right: what a test adds is its only mistake. Seven lines.
let good = """
    server:
      listen: 127.0.0.1:0
    providers:
      local: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1 }
    models:
      chat: { deployments: [ { provider: local, model: smollm2 } ] }
    keys: { app: { key: sk-canary-app } }

    """

/// As what is stored is compiled: what was deleted since is skipped.
func skipping(_ yaml: String) -> Compilation {
    Blueprint.compile(yaml: yaml, environment: [:], dangling: .skipped)
}

/// A folder of its own that goes with the test.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) { try? Data(text.utf8).write(to: URL(fileURLWithPath: self(name))) }
}
