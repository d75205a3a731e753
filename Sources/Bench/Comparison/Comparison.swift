import CBytes
import FoundationEssentials
import Glibc

/// All targets, several rounds, one page.
public final class Comparison {
    private let plan: ComparisonPlan
    private let surroundings: Surroundings
    private var targets: [Target] = []
    private var missing: [(name: String, reason: String)] = []
    private var samples: [Sample] = []

    public init(_ plan: ComparisonPlan) throws {
        var plan = plan
        if plan.isPinned, Machine.processors < 2 {
            Self.say("one processor only: nothing is pinned")
            plan.isPinned = false
        }
        // Children inherit the limit: a target has two sockets for each request under way, and the idle ones.
        let openFiles = cprocess_raise_open_files(65_536)
        if openFiles < plan.idleConnections + 500 {
            plan.idleConnections = max(0, openFiles - 500)
            Self.say("\(openFiles) open files allowed: \(plan.idleConnections) idle connections")
        }
        self.plan = plan
        var name = Array("/tmp/swiftlet-bench-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw BenchProblem.system("mkdtemp") }
        surroundings = Surroundings(
            folder: String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), upstream: plan.basePort,
            basePort: plan.basePort, workers: plan.isPinned ? 1 : Machine.processors, peers: Self.absolute(plan.peers),
            litellm: Self.absolute(plan.litellm), program: try Self.program())
        do { try findTargets() } catch {
            removeFolder()
            throw error
        }
    }

    /// Writes the page and returns it, with whether Swiftlet answered without an error and nothing that must be reached is missed.
    public func run() throws -> (page: String, isReached: Bool) {
        defer { if !plan.keepsFolder { removeFolder() } }
        guard !Probe.isTaken(surroundings.upstream) else {
            throw BenchProblem("port \(surroundings.upstream) is taken by somebody else: choose others with --base-port")
        }
        for (name, reason) in missing { Self.say("\(name) left out: \(reason)") }
        // This process looks on from the side of the load.
        if plan.isPinned { _ = cprocess_pin(1) }
        for round in 0..<plan.rounds { try measure(round) }
        let page = page().markdown()
        try TextFile.write(page, to: plan.output)
        let figures = Figures(samples: samples)
        let isSound = samples.allSatisfy { !Limit.own.contains($0.target) || $0.problem == nil && $0.errors == 0 }
        let isReached = isSound && Limit.all(instructions: plan.instructions).allSatisfy { $0.verdict($0.value(figures)) != .missed }
        return (page, isReached)
    }

    /// What cannot be removed stays in /tmp, which is emptied by others.
    private func removeFolder() { try? FileManager.default.removeItem(atPath: surroundings.folder) }

    private func findTargets() throws {
        let direct = Target(name: "direct", title: "direct (the upstream itself)", port: surroundings.upstream)
        var candidates = [
            .found(direct), Proxies.nginx(surroundings), Proxies.haproxy(surroundings), Ourselves.inMemory(surroundings),
            Ourselves.withLedger(surroundings), Ourselves.withBudgets(surroundings), Proxies.envoy(surroundings), Routers.vllm(surroundings),
            Routers.sglang(surroundings),
        ]
        if plan.withLiteLLM { candidates.append(Routers.litellm(surroundings)) }
        if let wanted = plan.targets {
            let known = candidates.map(\.name)
            if let name = wanted.first(where: { !known.contains($0) }) {
                throw BenchProblem("no target '\(name)'; there are \(known.joined(separator: ", "))")
            }
            candidates.removeAll { $0.name != "direct" && !wanted.contains($0.name) }
        }
        for candidate in candidates {
            switch candidate {
            case .found(let target): targets.append(target)
            case .missing(let name, let reason): missing.append((name, reason))
            }
        }
    }

    private func measure(_ round: Int) throws {
        let new = try Round(round, targets, plan, surroundings).run()
        samples += new
        if let raw = plan.raw { for sample in new { try TextFile.append(JSONLine.text(sample), to: raw) } }
        let figures = Figures(samples: new)
        for target in targets { Self.say("round \(round + 1) \(target.name): \(Self.summary(target.name, figures))") }
    }

    private static func summary(_ name: String, _ figures: Figures) -> String {
        func text(_ value: (Sample) -> Double?, _ places: Int = 0) -> String { Numerals.text(figures.spread(name, value), places) }
        let own = figures.samples.filter { $0.target == name }
        return "\(text(\.cpu, 1)) µs CPU, \(text(\.rps)) requests/s, p50 \(text(\.p50)) p99 \(text(\.p99)) µs; "
            + "event \(text(\.chunkCPU, 1)) µs, first byte \(text(\.firstByte)) µs; 20 KB \(text(\.cpu20K)) 200 KB \(text(\.cpu200K)) µs; "
            + "\(text(\.idle, 1))/\(text(\.loaded, 1))/\(text(\.after, 1)) MiB; restart \(text(\.restart)) ms, "
            + "idle connection \(text(\.idleConnection, 1)) KiB; others used \(text({ $0.others.map { $0 * 100 } })) %; "
            + "\(own.reduce(0) { $0 + $1.errors }) errors"
            + (own.compactMap(\.firstError).first.map { " (\($0))" } ?? "") + (own.compactMap(\.problem).first.map { "; stopped: \($0)" } ?? "")
    }

    private func page() -> Page {
        Page(
            figures: Figures(samples: samples), rows: targets.map { ($0, version($0)) }, missing: missing, plan: plan, machine: Machine.description(),
            date: Machine.today(), command: (["swiftlet"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
            notes: Page.notes(in: TextFile.read(plan.output)))
    }

    /// The first line that the target says of its version, without what surrounds the number.
    private func version(_ target: Target) -> String {
        let output = "\(surroundings.folder)/version"
        guard !target.versionCommand.isEmpty,
            let child = try? Child(target.versionCommand, output: output, errors: output, core: nil),
            child.waitForEnd(within: .seconds(20)) == 0
        else { return "" }
        let words = TextFile.read(output).split { $0.isWhitespace || $0 == "/" }
        return words.first { $0.first?.isNumber == true && $0.contains(".") }.map(String.init) ?? ""
    }

    private static func program() throws -> String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        guard count > 0 else { throw BenchProblem.system("readlink /proc/self/exe") }
        return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    private static func say(_ line: String) { StandardStream.errors.write("\(line)\n") }
}
