/// What a Claude model takes, by its name, wherever it is served.
///
/// From Anthropic's pages on extended and adaptive thinking, effort, structured outputs and the migration guides up to 5.5
/// (platform.claude.com, read 2026-11). Names without a version are taken for models that take everything.
struct ClaudeModel {
    private enum Family { case opus, sonnet, haiku, mythos, other }

    /// E.g. 4.5 as 405; nil: no Claude, or of an unknown version.
    let version: Int?
    let isClaude: Bool
    private let family: Family

    init(_ name: String) {
        var family = Family.other
        var numbers: [Int] = []
        var isClaude = false
        for word in name.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            guard isClaude else {
                isClaude = word == "claude"
                continue
            }
            switch word {
            case "opus": family = .opus
            case "sonnet": family = .sonnet
            case "haiku": family = .haiku
            case "mythos", "fable": family = .mythos
            default: break
            }
            // A date or Bedrock's `v1` ends the name.
            if word.count >= 6, word.allSatisfy(\.isNumber) { break }
            if word.first == "v", !numbers.isEmpty { break }
            let digits = word.first == "v" ? word.dropFirst() : word
            if digits.count <= 2, let number = Int(digits), numbers.count < 2 { numbers.append(number) }
        }
        self.family = family
        self.isClaude = isClaude
        version = numbers.first.map { $0 * 100 + (numbers.count > 1 ? numbers[1] : 0) }
    }

    private func isAtLeast(_ least: Int) -> Bool { version.map { $0 >= least } ?? true }
    private func isKnownAtLeast(_ least: Int) -> Bool { version.map { $0 >= least } ?? (family == .mythos) }

    /// `thinking: {type: enabled, budget_tokens}`: from 3.7 on, refused from 4.7 on.
    var takesBudget: Bool { isAtLeast(307) && !isKnownAtLeast(407) }
    /// `thinking: {type: adaptive}`.
    var takesAdaptive: Bool { isAtLeast(406) }
    var thinksUnasked: Bool { isKnownAtLeast(500) }
    /// `thinking: {type: disabled}` is refused and there is nothing instead.
    var alwaysThinks: Bool { family == .mythos || family == .opus && isKnownAtLeast(505) }
    /// The way to think least where `disabled` is refused: `thinking: {type: between_tools}`.
    var thinksBetweenTools: Bool { !alwaysThinks && isKnownAtLeast(505) }
    /// `tool_choice` may not demand a call.
    var refusesForcedCalls: Bool { isKnownAtLeast(505) || family == .mythos && isKnownAtLeast(501) }
    /// `output_config.effort`.
    var takesEffort: Bool { isAtLeast(406) || family == .opus && version == 405 }
    var takesMaxEffort: Bool { isAtLeast(406) }
    var takesExtraHighEffort: Bool { isAtLeast(407) }
    /// `output_config.format` and `strict` tools.
    var takesSchema: Bool { isAtLeast(405) || family == .opus && version == 401 }
    /// Other values of `temperature`, `top_p` and `top_k` than the usual ones are refused.
    var refusesSampling: Bool { isKnownAtLeast(407) }
    /// `temperature` and `top_p` exclude each other.
    var takesOneOfSampling: Bool { isKnownAtLeast(401) }
}
