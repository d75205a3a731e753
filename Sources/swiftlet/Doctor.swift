import ArgumentParser
import Bench
import FoundationEssentials
import Schema
import Settings

/// `swiftlet doctor`.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check settings, store, providers, clock and limits of this machine, and say how to mend what is wrong.",
        discussion: """
            Changes nothing and sends no request to a model, so it costs nothing and may run beside a gateway. Whether a provider takes its
            key is asked by `swiftlet providers test NAME`. Ends with 1 where something would keep a gateway from serving.
            """)

    @Option(name: .shortAndLong, help: "The settings; without it what `serve` would find.")
    var config: String?
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let source = try SettingsSource(file: config, flags: [])
        var findings: [Finding] = []
        let blueprint = SettingsChecks.run(source, &findings)
        if let blueprint {
            findings += StoreChecks.run(blueprint)
            findings += ProviderChecks.run(blueprint)
            findings += MachineChecks.run(blueprint)
        }
        StandardStream.output.write(json ? Finding.json(findings) + "\n" : Finding.text(findings))
        if findings.contains(where: { $0.state == .bad }) { throw ExitCode.failure }
    }
}

/// What one check found.
struct Finding {
    enum State: String { case good = "ok", odd = "warning", bad = "problem" }

    var state: State
    /// What was looked at: `store`, `provider openai`.
    var about: String
    var text: String
    /// What to do about it.
    var remedy: String?

    init(_ state: State, _ about: String, _ text: String, remedy: String? = nil) {
        (self.state, self.about, self.text, self.remedy) = (state, about, text, remedy)
    }

    static func text(_ findings: [Finding]) -> String {
        let width = findings.map(\.about.count).max() ?? 0
        let lines = findings.map { finding in
            let state = finding.state.rawValue + String(repeating: " ", count: State.longest - finding.state.rawValue.count)
            let about = finding.about + String(repeating: " ", count: width - finding.about.count)
            let remedy = finding.remedy.map { "\n" + String(repeating: " ", count: State.longest + width + 4) + "→ " + $0 } ?? ""
            return "\(state)  \(about)  \(finding.text)\(remedy)\n"
        }
        let (bad, odd) = (findings.count { $0.state == .bad }, findings.count { $0.state == .odd })
        let end = bad + odd == 0 ? "All is well." : "\(bad) problem\(bad == 1 ? "" : "s"), \(odd) warning\(odd == 1 ? "" : "s")."
        return lines.joined() + end + "\n"
    }

    static func json(_ findings: [Finding]) -> String {
        let list = findings.map { finding in
            JSONText.object(
                [("state", .string(finding.state.rawValue)), ("about", .string(finding.about)), ("text", .string(finding.text))]
                    + (finding.remedy.map { [("remedy", .string($0))] } ?? []))
        }
        return JSONText.object([
            ("ok", .bool(!findings.contains { $0.state == .bad })), ("findings", .list(list)),
        ]).text()
    }
}

extension Finding.State {
    static let longest = 7
}

/// The document: whether it can be served, and what it leaves open.
enum SettingsChecks {
    static func run(_ source: SettingsSource, _ findings: inout [Finding]) -> Blueprint? {
        let compilation: Compilation
        do { compilation = source.compile(try source.document()) } catch {
            findings.append(Finding(.bad, "settings", "\(error)", remedy: "`swiftlet check FILE` says the same, line by line"))
            return nil
        }
        for problem in compilation.problems.warnings { findings.append(Finding(.odd, "settings", place(problem, source))) }
        guard let blueprint = compilation.blueprint else {
            for problem in compilation.problems.errors { findings.append(Finding(.bad, "settings", place(problem, source))) }
            return nil
        }
        findings.append(
            Finding(
                .good, "settings",
                "\(source.name): \(blueprint.names.count) names for models, \(blueprint.table.deployments.count) deployments, "
                    + "\(blueprint.keys.count) keys"
            ))
        // Beyond loopback the settings have a warning of their own.
        if blueprint.keys.isEmpty, blueprint.server.listen.isLoopback {
            findings.append(
                Finding(
                    .odd, "keys", "there is no virtual key: everybody on this machine may ask",
                    remedy: "`swiftlet keys create NAME`, or write one into `keys`"))
        }
        for note in blueprint.unpriced.inOrder {
            findings.append(Finding(.odd, "prices", place(note, source)))
        }
        return blueprint
    }

    /// How bad it is stands before it already.
    private static func place(_ problem: Problem, _ source: SettingsSource) -> String {
        var problem = problem
        problem.severity = .error
        return problem.text(file: source.name)
    }
}
