/// What a prompt seems to ask for, and how much it gains from a capable model.
public struct Assessment: Hashable, Sendable {
    /// 0 clearly simple … 1 clearly complex: the share of a mixed stream of prompts that gains less from a capable model.
    /// 1 where there was nothing to go by.
    public var score: Double
    /// No word, number or character of any script: the score says nothing.
    public var isOdd: Bool
    public var task: PromptTask
    /// 0 trivial … 1 hard for anybody; linear in the labels 1 to 5.
    public var difficulty: Double
    /// Chances that a cheap and a capable model of 2023 and 2024 answer rightly; of use for questions that have one right answer.
    public var cheapRight: Double
    public var capableRight: Double

    /// Nothing is known: what a router takes for "most capable".
    public static let unknown = Assessment(
        score: 1, isOdd: true, task: .chat, difficulty: 1, cheapRight: 0, capableRight: 1)

    // Which head says what.
    static let cheapRight = 1
    static let capableRight = 2
    static let difficulty = 3
    static let firstTask = 4
}

/// Kinds of prompts, in the order of their heads.
public enum PromptTask: UInt8, CaseIterable, Sendable {
    case code, maths, logic, extraction, writing, advice, persona, knowledge, agent, chat
}
