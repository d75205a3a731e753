import Routing
import Schema

/// What may be said of a strategy beside its name.
struct StrategyArguments {
    var sticky: Percentage.Sticky?
    var window: MeasureSpan?
    var buffer: Double?
    var mode: AutoMode?
    var axis: Axis?
    /// Of vLLora's `optimized`.
    var metric: RouteMetric?
    var weights: ModeWeights?

    /// Which of them have a meaning beside which strategy.
    static func allowed(for strategy: String) -> [String] {
        switch strategy {
        case "percentage": ["sticky_by"]
        case "latency", "ttft", "success_rate", "throughput": ["window", "buffer"]
        case "requests": ["window"]
        case "auto": ["mode", "weights", "window"]
        case "intelligent": ["axis"]
        default: []
        }
    }

    /// Reads those of `names` that `node` has.
    init(_ names: [String], in node: Node, at path: String, _ reading: inout Reading) {
        let written = (node.entries ?? []).filter { names.contains($0.name) && !$0.node.isNull }
        guard !written.isEmpty, let options = StrategyOptions.read(Node(.map(written), line: node.line), at: path, &reading) else { return }
        (sticky, window, buffer) = (options.stickyBy?.of, options.window, options.buffer)
        (mode, axis, metric, weights) = (options.mode?.mode, options.axis, options.metric, options.weights)
    }

    init() {}
}

/// The same as they are written; which strategy has which, `StrategyArguments.allowed` says.
struct StrategyOptions: Configurable {
    var stickyBy: StickyName?
    var window: MeasureSpan?
    var buffer: Double?
    var mode: ModeName?
    var weights: ModeWeights?
    var axis: Axis?
    var metric: RouteMetric?

    static let fields: [Field<Self>] = [
        .setting("sticky_by", \.stickyBy, "Whose requests stay on one side; without it every request is drawn anew."),
        .setting("window", \.window, "The time over which is measured: 15m, 1h, up to an hour, or total."),
        .setting("buffer", \.buffer, in: 0...10, "How much worse than the best counts as equally good; 0.1 is a tenth."),
        .setting("mode", \.mode, "What counts most."),
        .setting("weights", \.weights, "How much each counts, in place of a mode."),
        .setting("axis", \.axis, "What counts most."),
        .setting("metric", \.metric, "What vLLora's `optimized` optimises."),
    ]
}

/// A caller that stays on its side.
public enum StickyName: String, SettingChoice {
    case session, user, key
    var of: Percentage.Sticky? { Percentage.Sticky(rawValue: rawValue) }
}

/// What the strategy `intelligent` is after.
public enum Axis: String, SettingChoice {
    case cost, performance, intelligence
    var axis: Intelligent.Axis { Intelligent.Axis(rawValue: rawValue) ?? .performance }

    /// Merge's dashboard calls two of them otherwise.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Axis? {
        switch node.scalar {
        case "balanced": .performance
        case "quality": .intelligence
        default: readChoice(node, at: path, &reading)
        }
    }
}

/// Over which time something is measured: `15m`, `1h`, up to an hour, or `total`. vLLora's names mean the same.
public struct MeasureSpan: Hashable, SettingValue {
    /// Nil: all that was ever seen.
    public var duration: Duration?

    public static let all = MeasureSpan(duration: nil)
    var window: MeasureWindow { duration.map { MeasureWindow($0) } ?? .total }
    private static let others: [String: MeasureSpan] = [
        "total": .all, "Total": .all, "Last15Minutes": MeasureSpan(duration: .seconds(900)), "LastHour": MeasureSpan(duration: .seconds(3600)),
    ]

    public static let shape = Shape.text("duration up to 1h, or total", example: "15m")
    public var written: String? { duration.map(\.written) ?? "total" }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> MeasureSpan? {
        readWord(node, at: path, &reading, expected: "15m, 1h, another duration of 1s to 1h, or total") { text in
            if let known = others[text] { return known }
            guard let duration = Duration(written: text), .seconds(1) ... .seconds(3600) ~= duration else { return nil }
            return MeasureSpan(duration: duration)
        }
    }
}

/// What vLLora's `optimized` optimises (its strategy/metric.rs, read 2026-11), and the names of its predecessor's pages.
enum RouteMetric: String, SettingChoice {
    case requests, latency, ttft, tps
    case errorRate = "error_rate"
    case cost, price
    case successRate = "success_rate"
    case throughput
}

/// A mode of `auto`, also by the names that TokenRouter's rules use.
public struct ModeName: Hashable, SettingValue {
    public var mode: AutoMode

    private static let others: [String: AutoMode] = ["balanced": .balance, "fast": .latency]
    public static let shape = Shape.choice(AutoMode.allCases.map(\.rawValue))
    public var written: String? { mode.rawValue }

    /// `auto:cost` is `cost`.
    public static func mode(_ written: String) -> AutoMode? {
        let name = written.hasPrefix("auto:") ? String(written.dropFirst(5)) : written
        return AutoMode(rawValue: name) ?? others[name]
    }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ModeName? {
        if let mode = node.scalar.flatMap(mode) { return ModeName(mode: mode) }
        let names = AutoMode.allCases.map(\.rawValue)
        guard let text = node.scalar else {
            reading.refuse(node, at: path, expected: names.joined(separator: ", "))
            return nil
        }
        reading.problem(path, node.line, "`\(text.prefix(60))` is not known\(Spelling.help(for: text, among: names))")
        return nil
    }
}

/// `{ cost: 40, quality: 40, latency: 20 }`.
struct ModeWeights: Configurable {
    var cost = 0.0
    var quality = 0.0
    var latency = 0.0

    static let fields: [Field<Self>] = [
        .setting("cost", \.cost, in: 0...1e6, "How much a low price counts."),
        .setting("quality", \.quality, in: 0...1e6, "How much quality counts."),
        .setting("latency", \.latency, in: 0...1e6, "How much a low latency counts."),
    ]
}
