/// What a request asks of a deployment beyond text.
public struct Needs: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let streaming = Needs(rawValue: 1 << 0)
    public static let tools = Needs(rawValue: 1 << 1)
    public static let vision = Needs(rawValue: 1 << 2)
    public static let json = Needs(rawValue: 1 << 3)
    public static let reasoning = Needs(rawValue: 1 << 4)
    public static let audio = Needs(rawValue: 1 << 5)
    public static let embeddings = Needs(rawValue: 1 << 6)
    public static let documents = Needs(rawValue: 1 << 7)
    /// The older API that completes a text.
    public static let completions = Needs(rawValue: 1 << 8)
    /// Chats, in whatever dialect.
    public static let chat = Needs(rawValue: 1 << 9)
    /// Goes on with an answer that another deployment began: a stream broke off, and its route wants it carried on.
    public static let continuation = Needs(rawValue: 1 << 10)
}
