import Schema

/// Whether the scorer of prompts learns from what clients think of answers.
public struct LearningSettings: Configurable, Hashable {
    public var enabled = false
    public var implicit = true
    public var explore = 0.05
    public var maxLoss = 0.02
    public var halfLife = Duration.seconds(30 * 86_400)
    public var interval = Duration.seconds(60)
    public var ratings = true

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("enabled", \.enabled, "Whether feedback corrects the scores of prompts, for each project by itself."),
        .setting(
            "implicit", \.implicit,
            "Whether what clients do counts as well, for less: that they ask the same again, or that another model had to answer."),
        .setting(
            "explore", \.explore, in: 0...0.05,
            "The part of sessions that try another model where a score says neither simple nor complex; without any nothing can be shown."),
        .setting(
            "max_loss", \.maxLoss, in: 0...0.2,
            "How much lower feedback may be, on its scale from 0 to 1, at the lower end of the interval, for a correction to take effect."),
        .setting("half_life", \.halfLife, in: .seconds(3600) ... .seconds(3650 * 86_400), "After this time feedback counts half."),
        .setting("interval", \.interval, in: .seconds(1) ... .seconds(86_400), "How often feedback is looked at."),
        .setting("ratings", \.ratings, "Whether feedback also moves what models are thought to be able to do."),
    ]
}
