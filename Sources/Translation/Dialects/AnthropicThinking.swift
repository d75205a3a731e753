import Wire

/// How a wish for reasoning is said to a Claude model, on Anthropic's own API and on Bedrock.
struct AnthropicThinking {
    enum Mode: Equatable {
        /// Nothing is said.
        case unsaid
        case disabled, betweenTools, adaptive
        case budget(Int64)
    }

    private(set) var mode = Mode.unsaid
    /// `output_config.effort`.
    private(set) var effort: TextSlice?
    /// The choice of tools demands a call, and the model can be asked so.
    let isForced: Bool
    /// For the whole answer, thoughts included.
    private(set) var maxTokens: Int64?

    /// Used where neither the client nor the catalogue says how long an answer may be: no Claude allows less.
    static let usualMaxTokens: Int64 = 4_096
    /// Anthropic's least budget.
    private static let leastBudget: Int64 = 1_024

    var isOn: Bool {
        switch mode {
        case .adaptive, .budget: true
        default: false
        }
    }

    init(_ conversation: Conversation, _ target: TranslationTarget, startsWithThoughts: Bool, loss: inout Loss) {
        let model = ClaudeModel(target.model)
        switch conversation.toolChoice {
        case .required, .named, .among(_, isRequired: true): isForced = !model.refusesForcedCalls && !conversation.tools.isEmpty
        default: isForced = false
        }
        maxTokens = conversation.maxTokens?.integer
        guard let wish = conversation.reasoning else {
            if isForced, model.thinksUnasked, !model.alwaysThinks { mode = .disabled }
            return
        }
        let said = wish.effort == nil ? "thinking" : "reasoning_effort"
        // With Anthropic's own dialect an effort alone asks for no thinking.
        let isOn = conversation.api == .messages && wish.isEnabled == nil && wish.budget == nil ? nil : wish.isOn
        if isOn != false, let word = wish.effort { setEffort(word, model, isAlone: isOn == nil, &loss) }
        defer { if !self.isOn, let summary = wish.summary, wish.isOn != false, !summary.says("none") { loss.lose("reasoning.summary") } }
        guard let isOn else { return }
        if !isOn {
            switchOff(wish, model, said, &loss)
        } else if isForced {
            // "Thinking may not be enabled when tool_choice forces tool use."
            loss.lose(said)
            if model.thinksUnasked, !model.alwaysThinks { mode = .disabled }
        } else {
            switchOn(wish, model, target, said, &loss)
            if case .budget = mode, !startsWithThoughts {
                // The last answer's calls must begin with a thought of Anthropic's own, and there is none.
                loss.lose(said)
                mode = .unsaid
            }
        }
    }

    /// - Parameter isAlone: There is nothing else to say it by.
    private mutating func setEffort(_ word: TextSlice, _ model: ClaudeModel, isAlone: Bool, _ loss: inout Loss) {
        guard model.takesEffort else {
            if isAlone { loss.lose("reasoning_effort") }
            return
        }
        switch word.string {
        case "minimal", "low": effort = "low"
        case "medium": effort = "medium"
        case "high": effort = "high"
        case "xhigh": effort = model.takesExtraHighEffort ? "xhigh" : "high"
        case "max": effort = model.takesMaxEffort ? "max" : "high"
        default: effort = nil
        }
        let isLess = effort?.says("high") == true && !word.says("high")
        if isLess || effort == nil && isAlone { loss.lose("reasoning_effort") }
    }

    private mutating func switchOff(_ wish: ReasoningWish, _ model: ClaudeModel, _ said: String, _ loss: inout Loss) {
        if model.alwaysThinks {
            loss.lose(said)
        } else if model.thinksBetweenTools {
            mode = .betweenTools
        } else if model.thinksUnasked || wish.isEnabled == false {
            mode = .disabled
        }
    }

    private mutating func switchOn(
        _ wish: ReasoningWish, _ model: ClaudeModel, _ target: TranslationTarget, _ said: String, _ loss: inout Loss
    ) {
        let budget = wish.budget?.integer.flatMap { $0 > 0 ? $0 : nil }
        if model.takesAdaptive, budget == nil || !model.takesBudget {
            if budget != nil { loss.lose("thinking.budget_tokens") }
            mode = .adaptive
        } else if model.takesBudget {
            setBudget(budget, wish, target, said, &loss)
        } else {
            loss.lose(said)
        }
    }

    /// Efforts by the bounds that Google documents for its own translation of them; see `ReasoningWish.effortWord`. An answer must be
    /// longer than its budget: budgets of ours shrink to half of what the client allows, the client's own as little as they must.
    private mutating func setBudget(
        _ asked: Int64?, _ wish: ReasoningWish, _ target: TranslationTarget, _ said: String, _ loss: inout Loss
    ) {
        var budget: Int64
        if let asked {
            budget = max(asked, Self.leastBudget)
        } else {
            switch wish.effort?.string {
            case "minimal", "low": budget = 1_024
            case "high", "xhigh", "max": budget = 24_576
            default: budget = 8_192
            }
        }
        if let limit = maxTokens ?? target.maxOutputTokens.map(Int64.init) {
            if budget >= limit { budget = asked == nil ? limit / 2 : limit - 1 }
        } else {
            maxTokens = budget + Self.usualMaxTokens
        }
        guard budget >= Self.leastBudget else { return loss.lose(said) }
        if let asked, budget != asked { loss.lose("thinking.budget_tokens") }
        mode = .budget(budget)
    }

    /// The value of `thinking`.
    func write(summary: TextSlice?, into writer: inout JSONWriter) {
        writer.beginObject()
        switch mode {
        case .disabled, .unsaid: writer.member("type", word: "disabled")
        case .betweenTools: writer.member("type", word: "between_tools")
        case .adaptive: writer.member("type", word: "adaptive")
        case .budget(let tokens):
            writer.member("type", word: "enabled")
            writer.name("budget_tokens")
            writer.number(tokens)
        }
        if isOn, let summary {
            if summary.says("none") { writer.member("display", word: "omitted") } else { writer.member("display", word: "summarized") }
        }
        writer.endObject()
    }

    // MARK: Sampling beside thoughts

    /// Numbers that the API would refuse are left out and said to be lost. Claude's temperatures end at 1.
    func sampling(_ sampling: Sampling, _ model: ClaudeModel, _ loss: inout Loss) -> Sampling {
        var kept = sampling
        if let temperature = sampling.temperature?.millionths {
            if temperature > 1_000_000 {
                loss.lose("temperature")
                kept.temperature = one
            }
            if temperature != 1_000_000, model.refusesSampling || isOn {
                loss.lose("temperature")
                kept.temperature = nil
            }
        }
        if let topP = sampling.topP?.millionths, topP != 1_000_000 {
            let isTooLow = isOn && topP < 950_000
            if model.refusesSampling || isTooLow || model.takesOneOfSampling && kept.temperature != nil {
                loss.lose("top_p")
                kept.topP = nil
            }
        } else if model.takesOneOfSampling, kept.temperature != nil {
            kept.topP = nil  // 1 is the usual value: nothing is lost
        }
        if sampling.topK != nil, model.refusesSampling || isOn {
            loss.lose("top_k")
            kept.topK = nil
        }
        return kept
    }

    private var one: JSONSlice { JSONSlice(TextSlice("1").bytes) }
}

extension JSONSlice {
    /// A number in millionths.
    var millionths: Int64? {
        var scanner = JSONScanner(bytes)
        do throws(JSONProblem) { return try scanner.number().scaled(by: 6) } catch { return nil }
    }
}
