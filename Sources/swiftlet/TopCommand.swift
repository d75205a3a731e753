import ArgumentParser
import Bench
import Console
import Dispatch
import Schema
import Settings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `swiftlet top`: a running gateway as it runs.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch a running gateway: requests a second, success, latency, who serves, who rests, what it costs.",
        discussion: """
            q or Ctrl-C ends it. Where standard output is no terminal, it prints one look and ends, as with --once; with --json it prints an \
            object a line, one with --once. Rates are of the time between two looks, quantiles as fine as the gateway's histogram. The admin \
            token is taken from SWIFTLET_ADMIN_TOKEN.
            """)

    @Option(help: "Seconds between two looks, 0.5 to 60.")
    var interval = 1.0
    @Flag(help: "One look, of one interval, and the end.")
    var once = false
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        guard 0.5...60 ~= interval else { throw ValidationError("--interval is 0.5 to 60 seconds") }
    }

    func run() throws {
        var watch = TopWatch(try AdminClient(admin.url, patience: 5))
        try watch.begin()
        if admin.json { return try printed(&watch) }
        guard !once, Terminal.output.isWatched, isatty(0) == 1 else {
            pause(interval)
            let screen = try watch.look()
            let lines = screen.lines(
                columns: Terminal.output.isWatched ? Terminal.output.size.columns : 200, rows: 200, colours: Terminal.output.hasColours)
            return StandardStream.output.write(lines.joined(separator: "\n") + "\n")
        }
        watched(&watch)
    }

    private func printed(_ watch: inout TopWatch) throws {
        repeat {
            pause(interval)
            StandardStream.output.write(try watch.look().json + "\n")
        } while !once
    }

    private func pause(_ seconds: Double) { usleep(UInt32(seconds * 1_000_000)) }

    /// Until somebody presses q. A gateway that does not answer is asked again.
    private func watched(_ watch: inout TopWatch) {
        let keyboard = Keyboard()
        defer { keyboard.end() }
        var (screen, drawn, due) = (TopScreen?.none, (columns: 0, rows: 0), ContinuousClock.now + .seconds(interval))
        StandardStream.output.write("looking...\r\n")
        while true {
            switch keyboard.key(within: 200) {
            case UInt8(ascii: "q"), UInt8(ascii: "Q"), 3: return
            default: break
            }
            let isDue = ContinuousClock.now >= due
            if isDue {
                due = ContinuousClock.now + .seconds(interval)
                do { screen = try watch.look() } catch { screen?.trouble = "no news: \(error)" }
            }
            let size = Terminal.output.size
            guard let screen, isDue || size != drawn else { continue }
            drawn = size
            let lines = screen.lines(columns: size.columns, rows: size.rows, colours: Terminal.output.hasColours)
            StandardStream.output.write("\u{1b}[H" + lines.joined(separator: "\u{1b}[K\r\n") + "\u{1b}[K\u{1b}[J")
        }
    }
}

/// A terminal that gives every key at once and shows none, and a page of its own on it. Whatever ends the process gives it back.
private final class Keyboard {
    private let before: termios
    private let source: any DispatchSourceSignal

    init() {
        var mode = termios()
        tcgetattr(0, &mode)
        let before = mode
        self.before = before
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(0, TCSANOW, &mode)
        StandardStream.output.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[H\u{1b}[J")
        signal(SIGTERM, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        source.setEventHandler {
            Self.restore(before)
            exit(128 + SIGTERM)
        }
        source.resume()
    }

    /// Nil: none was pressed. The end of input is as good as q.
    func key(within milliseconds: Int32) -> UInt8? {
        var wait = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, milliseconds) > 0 else { return nil }
        var byte: UInt8 = 0
        return read(0, &byte, 1) == 1 ? byte : UInt8(ascii: "q")
    }

    func end() {
        source.cancel()
        Self.restore(before)
    }

    private static func restore(_ mode: termios) {
        StandardStream.output.write("\u{1b}[?25h\u{1b}[?1049l")
        var mode = mode
        tcsetattr(0, TCSANOW, &mode)
    }
}

/// Looks at a gateway, and remembers the look before.
struct TopWatch {
    private let client: AdminClient
    private var last: TopReading?
    private var sums: (today: [Node], month: String?, models: [Node])?
    private var sumsDue = ContinuousClock.now
    /// Sums of the ledger change slowly and cost more to ask for.
    private static let sumsEvery = Duration.seconds(5)

    init(_ client: AdminClient) { self.client = client }

    mutating func begin() throws { last = TopReading(try ask("/api/v1/live")) }

    mutating func look() throws -> TopScreen {
        let now = TopReading(try ask("/api/v1/live"))
        let before = last ?? now
        last = now
        if ContinuousClock.now >= sumsDue {
            sumsDue = .now + Self.sumsEvery
            let day = Moment.now.day
            let keys = try ask("/api/v1/usage?group_by=key&from=\(day)")["data"]?.items ?? []
            let models = try ask("/api/v1/usage?group_by=model&from=\(day)")["data"]?.items ?? []
            let month = try ask("/api/v1/usage?from=\(day.prefix(8))01")["data"]?.items?.first?["cost_usd"]?.scalar
            sums = (keys, month ?? "0", models)
        }
        return TopScreen(
            figures: TopFigures(now, since: before), gateway: now.gateway, today: today, month: sums?.month,
            keys: Self.rows(sums?.today ?? [], "key"), models: Self.rows(sums?.models ?? [], "model"))
    }

    private var today: String? {
        sums.map { sums in
            let dollars = sums.today.reduce(0) { $0 + (Double($1["cost_usd"]?.scalar ?? "") ?? 0) }
            return TopScreen.dollars(dollars)
        }
    }

    private static func rows(_ rows: [Node], _ name: String) -> [TopScreen.Today] {
        func count(_ node: Node?) -> Int { Int(node?.scalar ?? "") ?? 0 }
        return rows.sorted { count($0["requests"]) > count($1["requests"]) }.map { row in
            TopScreen.Today(
                name: row[name]?.scalar ?? "-", requests: "\(count(row["requests"]))", failed: "\(count(row["failed"]))",
                tokens: "\(count(row["input_tokens"]) + count(row["output_tokens"]))", dollars: row["cost_usd"]?.scalar ?? "0")
        }
    }

    private func ask(_ path: String) throws -> Node {
        let reply = try client.get(path)
        guard reply.isGood else { throw CommandFailure(reply.complaint) }
        return reply.node
    }
}

extension TopScreen {
    /// For programs.
    var json: String {
        func number(_ value: Double?) -> JSONText { .number(value.map { "\(($0 * 1e6).rounded() / 1e6)" } ?? "null") }
        func rows(_ rows: [TopFigures.Row]) -> JSONText {
            .list(
                rows.map { row in
                    .object([
                        ("name", .string(row.name)), ("state", .string(row.state)), ("in_flight", .number("\(Int(row.inFlight))")),
                        ("attempts_per_second", number(row.rate)), ("success", number(row.success)), ("usd_per_hour", number(row.dollarsPerHour)),
                        ("answered", .number("\(Int(row.answered))")), ("failed", .number("\(Int(row.failed))")), ("cost_usd", number(row.dollars)),
                    ])
                })
        }
        func sums(_ rows: [Today]) -> JSONText {
            .list(
                rows.map { row in
                    .object([
                        ("name", .string(row.name)), ("requests", .number(row.requests)), ("failed", .number(row.failed)),
                        ("tokens", .number(row.tokens)), ("cost_usd", .number(row.dollars)),
                    ])
                })
        }
        let whole = JSONText.object([
            ("gateway", .string(gateway)), ("seconds", number(figures.seconds)), ("requests_per_second", number(figures.rate)),
            ("success", number(figures.success)), ("p50_ms", number(figures.median)), ("p95_ms", number(figures.p95)),
            ("in_flight", .number("\(Int(figures.inFlight))")), ("refused_by_limits_per_second", number(figures.refused)),
            ("spend_today_usd", .number(today ?? "null")), ("spend_month_usd", .number(month ?? "null")), ("providers", rows(figures.providers)),
            ("deployments", rows(figures.deployments)), ("models", sums(models)), ("keys", sums(keys)),
        ])
        return AdminBody.json(JSONNode.read(whole.text()) ?? .map([]))
    }
}
