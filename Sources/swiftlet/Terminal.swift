import Bench
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Who reads what this process writes: a person at a terminal, or a file, a pipe, another program.
struct Terminal: Sendable {
    let stream: StandardStream
    let isWatched: Bool
    /// As https://no-color.org has it.
    let hasColours: Bool

    init(_ stream: StandardStream) {
        let environment = ProcessInfo.processInfo.environment
        self.stream = stream
        isWatched = isatty(stream.rawValue) == 1 && environment["TERM"] != "dumb"
        hasColours = isWatched && (environment["NO_COLOR"] ?? "").isEmpty
    }

    static let output = Terminal(.output)
    static let errors = Terminal(.errors)

    /// As it is now: whoever drags the window changes it. 80 by 24 where nobody knows.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    func paint(_ text: String, _ paint: Paint) -> String { hasColours ? paint.around(text) : text }
}

/// The sixteen colours that every terminal has, in its own shades.
enum Paint: String {
    case bold = "1"
    case faint = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case inverse = "7"

    func around(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}
