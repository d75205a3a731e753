@testable import Translation

/// Compares what was said with what was found again.
struct TranslationLaw {
    private(set) var problems: [String] = []
    private let loss: Loss
    private let provider: RequestLawTests.Provider

    init(loss: Loss, provider: RequestLawTests.Provider) { (self.loss, self.provider) = (loss, provider) }

    mutating func compare(_ first: ConversationFacts, _ second: ConversationFacts) {
        guard !loss.isCut else { return }  // more was lost than is named
        inOrder(first.prompt, second.prompt)
        inOrder(first.dialog, second.dialog)
        anyhow(first.members, second.members)
    }

    /// Everything in its order, and nothing beside it.
    private mutating func inOrder(_ first: [ConversationFacts.Fact], _ second: [ConversationFacts.Fact]) {
        var at = 0
        for fact in first {
            if at < second.count, second[at].text == fact.text {
                at += 1
            } else if !isNamed(fact) {
                problems.append("lost: \(fact.text) (\(fact.place ?? "")), where \(at < second.count ? second[at].text : "nothing") stands")
                return
            }
        }
        for fact in second[at...] { problems.append("made up: \(fact.text)") }
    }

    private mutating func anyhow(_ first: [ConversationFacts.Fact], _ second: [ConversationFacts.Fact]) {
        var rest = second.map(\.text)
        for fact in first {
            if let at = rest.firstIndex(of: fact.text) { rest.remove(at: at) } else if !isNamed(fact) { problems.append("lost: \(fact.text)") }
        }
        let isLimited = first.contains { $0.text.hasPrefix("max_tokens") }
        for text in rest {
            // A limit is demanded by some dialects; what is lost may be replaced by what is like it.
            if text.hasPrefix("max_tokens"), !isLimited { continue }
            // Where tools must stand beside what they once said, the choice of none is what is lost.
            if text.hasPrefix("tool "), loss.paths.contains("tool_choice") { continue }
            // Thinking models of some providers show their thoughts whenever they think.
            if text == "thoughts shown", first.contains(where: { $0.text.hasPrefix("thinking") }) { continue }
            let word = text.prefix { $0 != " " }
            if first.contains(where: { $0.text.hasPrefix(word) && isNamed($0) }) { continue }
            problems.append("made up: \(text)")
        }
    }

    private func isNamed(_ fact: ConversationFacts.Fact) -> Bool {
        if provider.excused.contains(where: { fact.text.hasPrefix($0) }) { return true }
        guard let place = fact.place else {
            return loss.paths.contains { path in fact.names.contains { path == $0 || path.hasPrefix("\($0).") || path.hasPrefix("\($0)[") } }
        }
        // The message, which may be named by another of its parts where a dialect keeps calls apart.
        let message = place.prefix { $0 != "." }
        return loss.paths.contains { path in
            path == place || path == message || place.hasPrefix("\(path).")
                || (path.hasPrefix("\(message).") && fact.names.contains { path.hasSuffix(".\($0)") })
        }
    }
}
