/// The table "Targets" of ARCHITECTURE.md, which is what the import rules are read from.
struct House {
    /// Target to the modules it may import, standard and system libraries aside.
    var mayImport: [String: Set<String>] = [:]

    /// Rows look like: | `Name` | one line | `A`, `B` |
    init(table: String) {
        for line in lines(table) {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingPrefix(while: \.isWhitespace) }
            guard cells.count == 5, let name = cells[1].firstMatch(of: /^`(\w+)`/) else { continue }
            mayImport[String(name.1)] = Set(cells[3].matches(of: /`(\w+)`/).map { String($0.1) })
        }
    }

    static func read() -> House { House(table: Repository.text("ARCHITECTURE.md") ?? "") }

    /// Modules that come with the toolchain or the system.
    static let system: Set<String> = [
        "Swift", "Synchronization", "Glibc", "Musl", "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking",
    ]
    /// Targets that decide or translate: they see neither the clock, the network nor the file system.
    static let pure: Set<String> = ["Schema", "Routing", "Wire", "Simulation", "Complexity", "Guarding"]
    /// Targets that need what only the whole of Foundation has (processes).
    static let wholeFoundation: Set<String> = ["Bench"]
}

/// The modules a file imports, with line numbers.
func imports(of source: SourceText) -> [(module: String, line: Int)] {
    lines(source.code).enumerated().compactMap { number, line in
        let pattern =
            /^\s*(?:@[\w()]+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        return line.firstMatch(of: pattern).map { (String($0.1), number + 1) }
    }
}
