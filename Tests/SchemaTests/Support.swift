import Schema

/// A section with one setting of every kind.
struct Sample: Configurable {
    enum Colour: String, SettingChoice { case red, green, blue }

    struct Inner: Configurable {
        var size = ByteCount(1024)
        var name = ""

        static let fields: [Field<Self>] = [
            .setting("size", \.size, in: ByteCount(1)...ByteCount(4096), "How large it is."),
            .setting("name", \.name, "What it is called.").required,
        ]
    }

    var on = true
    var count = 3
    var share: Double?
    var text = "none"
    var rest = Duration.seconds(5)
    var colour = Colour.red
    var words: [String] = []
    var inner: Inner?
    var others = Named<Inner>()
    var secret: Secret?
    var later: Int?
    var tree: Node?

    static let fields: [Field<Self>] = [
        .setting("on", \.on, "Whether it is."),
        .setting("count", \.count, in: 1...10, "How many."),
        .setting("share", \.share, in: 0...1, "Which share."),
        .setting("text", \.text, "What it says."),
        .setting("rest", \.rest, in: .zero ... .seconds(3600), "How long it rests."),
        .setting("colour", \.colour, "Which colour."),
        .setting("words", \.words, "Its words."),
        .setting("inner", \.inner, "What is within."),
        .setting("others", \.others, "Others by name."),
        .setting("secret", \.secret, "What nobody may see."),
        .setting("later", \.later, "What comes later.").notYet,
        .setting("tree", \.tree, "Anything."),
    ]
}

/// A map whose entries stand on lines of their own, from 1.
func lines(_ entries: (String, Node)...) -> Node {
    Node(.map(entries.enumerated().map { Node.Entry($0.element.0, line: $0.offset + 1, $0.element.1.on($0.offset + 1)) }), line: 1)
}

extension Node {
    func on(_ line: Int) -> Node {
        var node = self
        node.line = line
        switch content {
        case .scalar: break
        case .list(let items): node.content = .list(items.map { $0.on(line) })
        case .map(let entries): node.content = .map(entries.map { Entry($0.name, line: line, $0.node.on(line)) })
        }
        return node
    }
}
