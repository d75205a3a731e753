import Schema
import Translation

/// Whether prompts are made shorter before they are sent.
public struct CompressionSettings: Configurable {
    public var mode: CompressionMode?
    public var targetRatio: CompressionRatio?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting(
            "mode", \.mode,
            "`context_window` shortens prompts that the model's context window is too small for, `cost` all, by `target_ratio`; `off` none, "
                + "whatever a project says."),
        .setting("target_ratio", \.targetRatio, "What `cost` keeps of a prompt's tokens: a share, or per cent; 70 % without it."),
    ]
}

extension Compression {
    /// What holds for a project, or for requests of none. Who switches it off is not overruled.
    static func compiled(organisation: CompressionSettings?, project: CompressionSettings? = nil) -> Compression {
        if organisation?.mode == .off || project?.mode == .off { return Compression(.off) }
        let ratio = project?.targetRatio ?? organisation?.targetRatio
        return Compression((project?.mode ?? organisation?.mode ?? .off).mode, ratio: ratio?.share ?? usualRatio)
    }
}

public enum CompressionMode: String, SettingChoice {
    case off
    case contextWindow = "context_window"
    case cost

    var mode: Compression.Mode {
        switch self {
        case .off: .off
        case .contextWindow: .contextWindow
        case .cost: .cost
        }
    }

    /// Also as Merge has it.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> CompressionMode? {
        switch node.scalar {
        case "disabled", "Disabled", "false": .off
        case "context_window_only", "Context Window Only": .contextWindow
        case "cost_optimization", "Cost Optimization": .cost
        default: readChoice(node, at: path, &reading)
        }
    }
}

/// A share of tokens: `0.7` or `70%`, 5 % to 100 %.
public struct CompressionRatio: Hashable, SettingValue {
    public var share: Double

    public static let shape = Shape.text("share", example: "70%")
    public var written: String? { share.written }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> CompressionRatio? {
        readWord(node, at: path, &reading, expected: "0.05 to 1, or 5% to 100%") { text in
            let number = text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
            return number.flatMap { 0.05...1 ~= $0 ? CompressionRatio(share: $0) : nil }
        }
    }
}
