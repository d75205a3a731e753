import Wire

/// Messages that go out as one, for dialects which know two speakers and want all results of tools in the message after the calls.
struct Turn {
    enum Speaker { case user, assistant, system }

    var speaker: Speaker
    /// Places in the conversation's `messages`.
    var messages: [Int]
    /// Results of tools are among them.
    var hasResults = false

    /// System messages before the first other one are left out: they stand apart.
    ///
    /// - Parameters:
    ///   - alternates: Whether neighbours of one speaker must be joined even without results.
    ///   - liftsSystem: Whether system messages between others stand apart too.
    static func all(of conversation: Conversation, alternates: Bool, liftsSystem: Bool) -> [Turn] {
        var turns: [Turn] = []
        turns.reserveCapacity(conversation.messages.count)
        for (index, message) in conversation.messages.enumerated() {
            switch message.role {
            case .system, .developer:
                if !liftsSystem, !turns.isEmpty { turns.append(Turn(speaker: .system, messages: [index])) }
            case .assistant:
                if let last = turns.indices.last, turns[last].speaker == .assistant {
                    turns[last].messages.append(index)
                } else {
                    turns.append(Turn(speaker: .assistant, messages: [index]))
                }
            case .user, .tool:
                let isResult = message.role == .tool
                if let last = turns.indices.last, turns[last].speaker == .user, alternates || isResult || turns[last].hasResults {
                    turns[last].messages.append(index)
                    turns[last].hasResults = turns[last].hasResults || isResult
                } else {
                    turns.append(Turn(speaker: .user, messages: [index], hasResults: isResult))
                }
            }
        }
        return turns
    }
}

/// Ids of calls and results for a dialect that demands them, of a client whose dialect may have none.
struct CallIDs {
    private let conversation: Conversation
    private let rule: ToolIDs.Rule
    /// Calls without an id of the client's that have no result yet.
    private var open: [(name: String, id: TextSlice)] = []

    init(_ conversation: Conversation, _ rule: ToolIDs.Rule) { (self.conversation, self.rule) = (conversation, rule) }

    /// Of call number `place` in message number `message`.
    mutating func id(of call: ToolCall, _ message: Int, _ place: Int) -> TextSlice {
        if let id = call.id, !id.isEmpty { return ToolIDs.fit(id, rule, conversation) }
        let made = ToolIDs.fit(conversation.keep("call_\(message)_\(place)"), rule, conversation)
        open.append((call.name.string, made))
        return made
    }

    /// Results without an id belong to the first call of their name that has none yet.
    mutating func id(of result: ToolResult) -> TextSlice {
        if let id = result.id, !id.isEmpty { return ToolIDs.fit(id, rule, conversation) }
        let name = result.name?.string
        guard let at = open.firstIndex(where: { name == nil || $0.name == name }) else { return ToolIDs.fit("call_unknown", rule, conversation) }
        return open.remove(at: at).id
    }
}

extension Conversation {
    /// Adds a message. The results of tools within a user's become a message of their own, before the rest.
    func add(_ role: Message.Role, _ parts: [Part]) {
        var results: [Part] = []
        if role == .user {
            for case .toolResult(let result) in parts { results.append(.toolResult(result)) }
        }
        guard !results.isEmpty else {
            messages.append(Message(role, parts))
            return
        }
        messages.append(Message(.tool, results))
        let rest = parts.filter { if case .toolResult = $0 { false } else { true } }
        if !rest.isEmpty { messages.append(Message(.user, rest)) }
    }
}
