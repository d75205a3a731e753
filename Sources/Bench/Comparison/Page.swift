/// docs/benchmarks.md. What stands between its two marks is written by people and kept.
struct Page {
    var figures: Figures
    /// Those that were measured, in the order of rows, with the version each has said.
    var rows: [(target: Target, version: String)]
    var missing: [(name: String, reason: String)]
    var plan: ComparisonPlan
    var machine: String
    var date: String
    var command: String
    var notes: String

    static let notesBegin = "<!-- notes: written by people, kept by `swiftlet bench` -->"
    static let notesEnd = "<!-- end of notes -->"

    func markdown() -> String {
        ([head(), verdicts(), requests(), streams(), memory(), method()] + [[Self.notesBegin + notes + Self.notesEnd]])
            .map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    /// The notes of an earlier page.
    static func notes(in page: String) -> String {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        guard let begin = lines.firstIndex(where: { $0.hasPrefix(notesBegin) }), let end = lines[begin...].firstIndex(where: { $0 == notesEnd })
        else {
            return "\n"
        }
        return "\n" + lines[(begin + 1)..<end].map { $0 + "\n" }.joined()
    }

    private func head() -> [String] {
        [
            "# Benchmarks", "",
            "Written by `\(command)` (`make bench` does the same) on \(date): \(machine).",
            "All targets ran at once and took turns of half a second to a second, \(Numerals.text(plan.seconds, 0)) s for each figure in "
                + "each of \(plan.rounds) round\(plan.rounds == 1 ? "" : "s"). Figures are medians of the turns, quartiles in parentheses; "
                + "ratios and differences are taken within a turn.",
        ]
    }

    private func verdicts() -> [String] {
        ["## What was asked for", "", "| figure | must | aim | measured | |", "| --- | --- | --- | --- | --- |"]
            + Limit.all(instructions: plan.instructions).map { limit in
                let value = limit.value(figures)
                let unit = limit.unit.isEmpty ? "" : " \(limit.unit)"
                return "| \(limit.figure) | ≤ \(Numerals.text(limit.must, limit.must < 10 ? 2 : 0))\(unit) "
                    + "| ≤ \(Numerals.text(limit.aim, limit.aim < 10 && limit.aim > 0 ? 2 : 0))\(unit) "
                    + "| \(Numerals.withRange(value, limit.places)) | \(limit.verdict(value).rawValue) |"
            }
    }

    private func requests() -> [String] {
        table(
            "Requests", ["CPU µs/request", "ratio to nginx", "requests/s", "added p50 µs", "added p99 µs", "CPU µs, 20 KB", "CPU µs, 200 KB"]
        ) { name in
            [
                Numerals.withRange(figures.spread(name, \.cpu), 1), Numerals.text(figures.ratio(name, to: "nginx", \.cpu), 2),
                Numerals.text(figures.spread(name, \.rps), 0), Numerals.text(figures.difference(name, to: "direct", \.p50), 0),
                Numerals.text(figures.difference(name, to: "direct", \.p99), 0), Numerals.text(figures.spread(name, \.cpu20K), 1),
                Numerals.text(figures.spread(name, \.cpu200K), 0),
            ]
        }
    }

    private func streams() -> [String] {
        table("Streams", ["CPU µs/event", "ratio to nginx", "added time to first byte p50 µs", "p99 µs"]) { name in
            [
                Numerals.withRange(figures.spread(name, \.chunkCPU), 1), Numerals.text(figures.ratio(name, to: "nginx", \.chunkCPU), 2),
                Numerals.text(figures.difference(name, to: "direct", \.firstByte), 0),
                Numerals.text(figures.difference(name, to: "direct", \.firstByte99), 0),
            ]
        }
    }

    private func memory() -> [String] {
        table(
            "Memory and start",
            ["idle MiB", "64 connections loaded", "after load", "start to answer ms", "restart ms", "KiB per idle connection", "errors"]
        ) {
            name in
            let errors = figures.samples.filter { $0.target == name }.reduce(0) { $0 + $1.errors }
            return [
                Numerals.text(figures.spread(name, \.idle), 1), Numerals.text(figures.spread(name, \.loaded), 1),
                Numerals.text(figures.spread(name, \.after), 1), Numerals.text(figures.spread(name, \.startToReady), 0),
                Numerals.text(figures.spread(name, \.restart), 0), Numerals.text(figures.spread(name, \.idleConnection), 1), "\(errors)",
            ]
        }
    }

    private func table(_ title: String, _ columns: [String], _ cells: (String) -> [String]) -> [String] {
        ["## \(title)", "", "| target | \(columns.joined(separator: " | ")) |", "| --- |" + String(repeating: " --- |", count: columns.count)]
            + rows.map { "| \($0.target.title) | \(cells($0.target.name).joined(separator: " | ")) |" }
    }

    private func method() -> [String] {
        let pinning = plan.isPinned ? "The target runs on one core, load client and upstream on another." : "Nothing is pinned to a core."
        var lines = [
            "## Method", "",
            "- \(pinning) Everything is on loopback; the upstream answers 1,155 bytes, or 50 events one every 2 ms, from memory.",
            "- CPU is what the kernel counts for all threads and children of the target (`/proc/PID/task/*/schedstat`), over the answers that came.",
            "- CPU per request and requests/s: 64 connections, each asking again as soon as it has its answer, requests of 0.9 KB; "
                + "large bodies: 8 connections, escape-dense conversation about code.",
            "- Latency: 1,000 requests/s on 32 connections whatever the answers do, counted from when a request was due. "
                + "\"Added\" is what goes beyond the row \"direct\" of the same turn.",
            "- Streams: 100 a second. LiteLLM, if asked for: 40 requests/s and 3 streams/s, one turn of each figure in a round.",
            "- Memory is resident memory, shared pages counted in every process that has them; \"after load\" is two seconds after the last request. "
                + "Swiftlet is then started again on the files it has left, three times (restart), and given \(Numerals.text(Double(plan.idleConnections), 0)) "
                + "connections that each ask once and stay.",
            "- Swiftlet checks a key, routes over four deployments, reads usage and keeps metrics; \"all\" commits a ledger row for every request. "
                + "nginx, haproxy and Envoy read neither JSON nor usage.",
            "- Every answer's status and length are checked; the column \"errors\" counts those that were wrong.",
            disturbance(),
            "- Versions: " + rows.compactMap { $0.version.isEmpty ? nil : "\($0.target.name) \($0.version)" }.joined(separator: "; ") + ".",
        ]
        for (name, reason) in missing { lines.append("- Not measured: \(name), because \(reason).") }
        for sample in figures.samples {
            if let problem = sample.problem { lines.append("- \(sample.target), round \(sample.round + 1): \(oneLine(problem)).") }
            if let error = sample.firstError { lines.append("- \(sample.target), round \(sample.round + 1), first error: \(oneLine(error)).") }
        }
        return lines
    }

    /// What else ran: the reader has to know whether the figures are worth reading.
    private func disturbance() -> String {
        let others = figures.samples.compactMap(\.others)
        guard let most = others.max(), let middle = Spread(others)?.median else { return "- What else ran on the machine is not known." }
        return "- While requests/s were measured, somebody else used \(Numerals.text(middle * 100, 0)) % of the machine in the middle and "
            + "\(Numerals.text(most * 100, 0)) % in the busiest turn."
            // A few busy turns do not move the middle of many.
            + (middle > 0.1 ? " **That is too much for the figures to be trusted.**" : "")
    }

    private func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }
}
