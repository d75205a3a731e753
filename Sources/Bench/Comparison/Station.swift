import Glibc

/// One target beside the upstream, started, loaded and ended.
final class Station {
    private let target: Target
    private let plan: ComparisonPlan
    private let surroundings: Surroundings
    private let upstream: Child
    private var process: Child?
    /// What a right answer looks like here, learnt from the first one.
    private var expectedBytes = 0
    private var expectedEvents = 0

    /// Processor of the target, and of the load client and the upstream.
    private var targetCore: Int? { plan.isPinned ? 0 : nil }
    private var loadCore: Int? { plan.isPinned ? 1 : nil }
    private var folder: String { "\(surroundings.folder)/\(target.name)" }

    static let chunks = 50

    init(_ target: Target, _ plan: ComparisonPlan, _ surroundings: Surroundings, _ upstream: Child) throws {
        self.target = target
        self.plan = plan
        self.surroundings = surroundings
        self.upstream = upstream
        if !target.command.isEmpty { try Self.checkFree(target.port) }
        mkdir("\(surroundings.folder)/\(target.name)", 0o755)
    }

    /// What all targets ask.
    static func upstream(_ plan: ComparisonPlan, _ surroundings: Surroundings) throws -> Child {
        try checkFree(surroundings.upstream)
        let log = "\(surroundings.folder)/upstream.log"
        let upstream = try Child(
            [surroundings.program, "bench", "upstream", "--port", "\(surroundings.upstream)", "--chunks", "\(chunks)", "--interval", "2ms"],
            output: log, errors: log, core: plan.isPinned ? 1 : nil)
        do {
            try wait(for: "the upstream", upstream, log: log, limit: .seconds(5), pause: 10) {
                (try? Probe.status(of: "/", port: surroundings.upstream)) == 200
            }
        } catch {
            upstream.end()
            throw error
        }
        return upstream
    }

    private static func checkFree(_ port: UInt16) throws {
        if Probe.isTaken(port) { throw BenchProblem("port \(port) is taken by somebody else: choose others with --base-port") }
    }

    func end() {
        process?.end()
        process = nil
    }

    /// CPU and memory of what is measured; of the upstream where it is asked itself.
    private var tree: ProcessTree { ProcessTree(root: process?.id ?? upstream.id) }

    func begin(_ sample: inout Sample) throws {
        try start(&sample)
        Monotonic.sleep(milliseconds: 1_000)
        sample.idle = tree.resident()
        _ = try load(.small, ["--connections", target.isSlow ? "8" : "64", "--duration", "1s"])
        _ = try load(.stream, ["--connections", "16", "--rate", target.isSlow ? "3" : "20", "--duration", "500ms"])
        for body in [ChatBody.medium, .large] { _ = try load(body, ["--connections", "8", "--duration", "300ms"]) }
    }

    func finish(_ sample: inout Sample) throws {
        sample.after = tree.resident()
        if target.readiness != nil { try measureRestart(&sample) }
    }

    // MARK: Starting

    private func start(_ sample: inout Sample) throws {
        for (name, text) in target.files { try TextFile.write(text, to: "\(folder)/\(name)") }
        sample.startToReady = try launch { [self] in
            let answer = try Probe.ask(loadPlan(.small))
            guard answer.status == 200 else { throw BenchProblem("status \(answer.status)") }
        }
        expectedBytes = try Probe.ask(loadPlan(.small)).bodyBytes
        expectedEvents = try Probe.ask(loadPlan(.stream)).events
        guard expectedBytes >= CannedAnswers.completionBytes / 2, expectedEvents >= Self.chunks else {
            throw BenchProblem("answers with \(expectedBytes) bytes and \(expectedEvents) events do not come from the upstream")
        }
    }

    /// Milliseconds from starting the process to the first time that `ready` does not throw.
    private func launch(_ ready: () throws -> Void) throws -> Double {
        let log = "\(folder)/log"
        let begun = Monotonic.now()
        if !target.command.isEmpty {
            process = try Child(target.command, settings: target.settings, folder: folder, output: log, errors: log, core: targetCore)
        }
        var last = ""
        try Self.wait(for: target.title, process ?? upstream, log: log, limit: target.isSlow ? .seconds(120) : .seconds(30), pause: 2) {
            do { try ready() } catch {
                last = "\(error)"
                return false
            }
            return true
        } why: {
            last
        }
        return Double(Monotonic.now() - begun) / 1e6
    }

    private static func wait(
        for name: String, _ process: Child, log: String, limit: Duration, pause: Int, _ isReady: () -> Bool, why: () -> String = { "" }
    ) throws {
        let end = Monotonic.now() + limit.nanoseconds
        while !isReady() {
            if let status = process.ended { throw BenchProblem("\(name) ended with \(status): \(TextFile.read(log).suffix(300))") }
            if Monotonic.now() > end { throw BenchProblem("\(name) is not ready after \(limit): \(why()) \(TextFile.read(log).suffix(300))") }
            Monotonic.sleep(milliseconds: pause)
        }
    }

    // MARK: Loading

    private func loadPlan(_ body: ChatBody) -> LoadPlan {
        var load = LoadPlan(port: target.port)
        load.body = body
        return load
    }

    func measureRequests(milliseconds: Int, _ sample: inout Sample) throws {
        var peak = 0.0
        var calls = 0
        let machine = Machine.processorTime()
        let upstreamCPU = ProcessTree(root: upstream.id).cpu()
        let (full, cpu) = try measured { [self] in
            try load(.small, ["--connections", "64", "--duration", "\(milliseconds)ms"]) {
                // Reading /proc takes milliseconds on the load's core: five times a second will do.
                calls += 1
                if calls % 10 == 0 { peak = max(peak, tree.resident()) }
            }
        }
        sample.cpu = cpu / Double(max(full.answers, 1))
        sample.rps = full.rps
        let now = Machine.processorTime()
        let ours = (process == nil ? 0 : cpu * 1e3) + ProcessTree(root: upstream.id).cpu() - upstreamCPU + full.clientCPU * 1e3 * Double(full.answers)
        sample.others = max(0, now.busy - machine.busy - ours) / max(1, now.all - machine.all)
        sample.loaded = peak > 0 ? peak : nil
        count(full, &sample)
    }

    func measureLatency(milliseconds: Int, _ sample: inout Sample) throws {
        let rate = target.isSlow ? "40" : "1000"
        let steady = try load(.small, ["--connections", "32", "--rate", rate, "--warm-up", "200ms", "--duration", "\(milliseconds)ms"])
        sample.p50 = steady.latency?.p50
        sample.p99 = steady.latency?.p99
        sample.p999 = steady.latency?.p999
        count(steady, &sample)
    }

    func measureStreams(milliseconds: Int, _ sample: inout Sample) throws {
        let rate = target.isSlow ? "3" : "100"
        let (streams, cpu) = try measured { [self] in
            try load(.stream, ["--connections", "64", "--rate", rate, "--warm-up", "200ms", "--duration", "\(milliseconds)ms"])
        }
        sample.chunkCPU = cpu / Double(max(streams.events, 1))
        sample.firstByte = streams.firstByte?.p50
        sample.firstByte99 = streams.firstByte?.p99
        count(streams, &sample)
    }

    func measureBody(_ body: ChatBody, milliseconds: Int, _ sample: inout Sample) throws -> Double {
        let (report, cpu) = try measured { [self] in try load(body, ["--connections", "8", "--duration", "\(milliseconds)ms"]) }
        count(report, &sample)
        return cpu / Double(max(report.answers, 1))
    }

    /// Ends the target and starts it again on the files that it has left, three times.
    private func measureRestart(_ sample: inout Sample) throws {
        let starts = try (0..<3).map { _ in
            end()
            return try launch { [self] in
                let status = try Probe.status(of: target.readiness ?? "/", port: target.port)
                guard status == 200 else { throw BenchProblem("status \(status)") }
            }
        }
        sample.restart = Spread(starts)?.median
        guard plan.idleConnections > 0 else { return }
        Monotonic.sleep(milliseconds: 1_000)
        let before = tree.resident()
        let output = "\(folder)/idle.json"
        let holder = try Child(
            loadCommand(.small) + ["--idle", "--connections", "\(plan.idleConnections)", "--duration", "2s"],
            output: output, errors: "\(folder)/idle.err", core: loadCore)
        // The first line says that all are open; from then on they are held for two seconds.
        var held: Double?
        let status = holder.waitForEnd(within: .seconds(60)) { [self] in
            if !TextFile.read(output).isEmpty { held = tree.resident() }
        }
        let reports = try TextFile.read(output).split(separator: "\n").map { try JSONLine.read(IdleConnections.Report.self, from: String($0)) }
        guard status == 0, let held, let last = reports.last, last.stillOpen == plan.idleConnections else {
            holder.end()
            sample.errors += 1
            sample.firstError = sample.firstError ?? "idle connections: \(TextFile.read("\(folder)/idle.err").suffix(200)) \(reports)"
            return
        }
        sample.idleConnection = (held - before) * 1_024 / Double(plan.idleConnections)
    }

    private func measured(_ body: () throws -> LoadReport) rethrows -> (LoadReport, microseconds: Double) {
        let tree = tree
        let before = tree.cpu()
        let report = try body()
        return (report, (tree.cpu() - before) / 1e3)
    }

    private func loadCommand(_ body: ChatBody) -> [String] {
        [surroundings.program, "bench", "load", "--port", "\(target.port)", "--body", body.rawValue]
    }

    private func load(_ body: ChatBody, _ options: [String], meanwhile: () -> Void = {}) throws -> LoadReport {
        let output = "\(folder)/load.json"
        let errors = "\(folder)/load.err"
        let expected = body.isStream ? ["--expect-events", "\(expectedEvents)"] : ["--expect-bytes", "\(expectedBytes)"]
        let client = try Child(loadCommand(body) + options + expected, output: output, errors: errors, core: loadCore)
        guard client.waitForEnd(within: .seconds(120), meanwhile: meanwhile) == 0 else {
            client.end()
            throw BenchProblem("load client: \(TextFile.read(errors).suffix(300))")
        }
        // Workers may answer on when their master is gone; what they cost is counted no more.
        if let status = process?.ended { throw BenchProblem("\(target.title) ended with \(status): \(TextFile.read("\(folder)/log").suffix(300))") }
        return try JSONLine.read(LoadReport.self, from: TextFile.read(output))
    }

    private func count(_ report: LoadReport, _ sample: inout Sample) {
        sample.errors += report.errors.total
        sample.firstError = sample.firstError ?? report.errors.first
    }
}
