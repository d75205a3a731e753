import Testing

@Suite("Documents") struct DocumentTests {
    static let documents =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"] + Repository.paths(in: "docs", suffix: ".md")

    @Test(
        "the repository's first pages are there",
        arguments: [
            "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs/features.md", "docs/testing.md",
        ])
    func present(path: String) {
        #expect((Repository.text(path) ?? "").count > 200)
    }

    @Test("ARCHITECTURE.md stays within three screens")
    func architecture() {
        #expect(lines(Repository.text("ARCHITECTURE.md") ?? "").count <= 200)
    }

    @Test("decisions are numbered without gaps and say context, decision, consequences and what would change them")
    func decisions() throws {
        let names = Repository.paths(in: "docs/decisions", suffix: ".md").compactMap { $0.split(separator: "/").last.map(String.init) }
        #expect(!names.isEmpty)
        for (index, name) in names.enumerated() {
            let number = String(index + 1)
            #expect(name.hasPrefix(String(repeating: "0", count: 4 - number.count) + number + "-"), "\(name) is not number \(number)")
            let text = try #require(Repository.text("docs/decisions/\(name)"))
            for heading in ["## Context", "## Decision", "## Consequences", "## What would make us think again"] {
                #expect(lines(text).contains(Substring(heading)), "\(name) lacks '\(heading)'")
            }
        }
    }

    @Test("links between documents lead somewhere", arguments: documents)
    func links(path: String) throws {
        let text = try #require(Repository.text(path))
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        for match in text.matches(of: /\]\(([^)\s#]+)(?:#[^)]*)?\)/) {
            let link = String(match.1)
            if link.contains("://") || link.hasPrefix("mailto:") { continue }
            #expect(Repository.exists(folder.isEmpty ? link : "\(folder)/\(link)"), "\(path) links to \(link)")
        }
    }

    @Test("a feature that claims to work names tests that exist, and only then")
    func features() throws {
        let rows = lines(try #require(Repository.text("docs/features.md"))).filter { $0.hasPrefix("| ") }
        var count = 0
        for row in rows {
            let cells = row.split(separator: "|").map { $0.trimmingPrefix(while: \.isWhitespace) }
            guard cells.count >= 3, let state = cells[1].firstMatch(of: /^(works|partly|not yet)\s*$/) else { continue }
            count += 1
            let tests = cells[2].matches(of: /`([\w\/.]+)`/).map { String($0.1) }
            #expect((state.1 == "not yet") == tests.isEmpty, "\(row)")
            for test in tests { #expect(Repository.exists("Tests/\(test)"), "\(row): no Tests/\(test)") }
        }
        #expect(count > 50)
    }

    @Test("scripts with an interpreter line can be executed")
    func executable() {
        for path in Repository.paths(in: "scripts") + Repository.paths(in: ".ci") {
            guard let text = Repository.text(path), text.hasPrefix("#!") else { continue }
            #expect(Repository.isExecutable(path), "\(path)")
        }
    }

    @Test("make's targets are thin: every one calls a script or one command")
    func makefile() throws {
        var body = 0
        for line in lines(try #require(Repository.text("Makefile"))) {
            body = line.hasPrefix("\t") ? body + 1 : 0
            #expect(body <= 1, "\(line)")
        }
    }
}
