import Routing
import Schema

public enum GuardAction: String, SettingChoice { case off, allow, warn, mask, block }

/// What is looked for in prompts and answers.
public struct GuardrailSettings: Configurable {
    public var personalData: GuardAction?
    public var injection: GuardAction?
    public var toxicity: GuardAction?
    public var keywords: KeywordSettings?
    public var budgetCap: GuardAction?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("pii", \.personalData, "Names, numbers and addresses of persons."),
        .setting("injection", \.injection, "Text that tries to give the model other orders."),
        .setting("toxicity", \.toxicity, "Insults and threats."),
        .setting("keywords", \.keywords, "Words of your own."),
        .setting("budget_cap", \.budgetCap, "Requests that would exceed a budget."),
    ]
}

public struct KeywordSettings: Configurable {
    public var words: [String] = []
    public var action = GuardAction.block

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("words", \.words, "The words, in any case.").required,
        .setting("action", \.action, "What happens to a text that has one."),
    ]
}

public enum FirewallScope: String, SettingChoice { case prompt, response, completion, reply, both }
public enum FirewallKind: String, SettingChoice {
    case regex, substring, contains, keyword, keywords, pii, injection, toxicity

    /// What a rule of this kind cannot be without: one of these settings.
    var needs: [String] {
        switch self {
        case .regex, .substring, .contains: ["pattern"]
        case .keyword, .keywords: ["words", "pattern"]
        case .pii, .injection, .toxicity: []
        }
    }
}
public enum FirewallAction: String, SettingChoice { case allow, warn, mask, block, log }

/// A pattern in prompts or answers, and what happens to it.
public struct FirewallRule: Configurable {
    public var name = ""
    public var priority = 0
    public var enabled = true
    public var scope = FirewallScope.prompt
    public var kind = FirewallKind.regex
    public var pattern: String?
    public var words: [String] = []
    public var action = FirewallAction.block
    public var replacement = "[redacted]"
    public var when: Condition?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("name", \.name, "Its name in records.").required,
        .setting("priority", \.priority, "The highest is asked first."),
        .setting("enabled", \.enabled, "Whether it is asked."),
        .setting("scope", \.scope, "Which text it reads."),
        .setting("type", \.kind, "How it looks."),
        .setting("pattern", \.pattern, "What it looks for; a regular expression for `regex`."),
        .setting("words", \.words, "What it looks for, for keywords."),
        .setting("action", \.action, "What happens to a text that has it."),
        .setting("replacement", \.replacement, "Put in its place by `mask`."),
        .setting("when", \.when, "Requests it holds for; without it all."),
    ]
}
