import Testing

@testable import Console

@Suite("Markdown") struct MarkdownTests {
    struct Row: Sendable {
        var text: String
        var html: String
    }

    @Test(
        "what documents write becomes what browsers show",
        arguments: [
            Row(text: "# A *b* `c`", html: "<h1 id=\"a-b-c\">A <em>b</em> <code>c</code></h1>\n"),
            Row(text: "one\ntwo\n\nthree", html: "<p>one\ntwo</p>\n<p>three</p>\n"),
            Row(text: "**so** and *thus*, 2 * 3 * 4", html: "<p><strong>so</strong> and <em>thus</em>, 2 * 3 * 4</p>\n"),
            Row(text: "`a | b` and ``x ` y``", html: "<p><code>a | b</code> and <code>x ` y</code></p>\n"),
            Row(
                text: "```yaml request\na: <b>\n\n  c\n```\nend",
                html: "<pre tabindex=\"0\" data-language=\"yaml\"><code>a: &lt;b&gt;\n\n  c\n</code></pre>\n<p>end</p>\n"),
            Row(
                text: "* one\n* two\n  more\n  * in it\n\nend",
                html: "<ul>\n<li>one</li>\n<li>two\nmore<ul>\n<li>in it</li>\n</ul>\n</li>\n</ul>\n<p>end</p>\n"),
            Row(text: "1. one\n2. two\n   - x", html: "<ol>\n<li>one</li>\n<li>two<ul>\n<li>x</li>\n</ul>\n</li>\n</ol>\n"),
            Row(text: "* one\n\n  again\n* two", html: "<ul>\n<li><p>one</p>\n<p>again</p>\n</li>\n<li>two</li>\n</ul>\n"),
            Row(text: "<!-- not\nthis -->\nbut this", html: "<p>but this</p>\n"),
            Row(text: "> said\n> so", html: "<blockquote><p>said\nso</p>\n</blockquote>\n"),
            Row(
                text: "| a | b |\n| --- | --- |\n| `x|y` | c\\|d |",
                html:
                    "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">a</th><th scope=\"col\">b</th></tr></thead>\n<tbody>\n"
                    + "<tr><td><code>x|y</code></td><td>c|d</td></tr>\n</tbody></table></div>\n"),
            Row(text: "[a `b]` c](there) [gone](nowhere)", html: "<p><a href=\"/there\">a <code>b]</code> c</a> gone</p>\n"),
            Row(text: "<img src=x onerror=\"alert(1)\"> & \\*", html: "<p>&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; *</p>\n"),
            Row(text: "[x](javascript:alert(1))", html: "<p>x)</p>\n"),
        ])
    func shown(_ row: Row) { #expect(Markdown(row.text) { $0 == "there" ? "/there" : nil }.html == row.html) }

    @Test("headings that say the same have anchors of their own")
    func anchors() {
        let page = Markdown("# A\n## Same\n## Same\n### `x` – y?") { _ in nil }
        #expect(page.headings.map(\.id) == ["a", "same", "same-1", "x--y"])
    }

    @Test("every page that is compiled in is shown whole, and every link leads somewhere")
    func bundled() {
        let documents = Documents.bundled
        #expect(documents.pages.count > 60)
        for (name, text) in documents.files where name.hasSuffix(".md") {
            var lost: [String] = []
            let page = Markdown(text) { link in
                let place = documents.place(of: link, on: name)
                if place == nil { lost.append(link) }
                return place
            }
            #expect(lost.isEmpty, "\(name): \(lost)")
            #expect(page.headings.first?.level == 1, "\(name)")
            #expect(page.html.components(of: "<li>") == page.html.components(of: "</li>"), "\(name)")
        }
    }

    @Test("links are understood from the page they stand on")
    func places() {
        let documents = Documents(["index.md": "", "guide/a.md": "", "guide/deep/b.md": "", "reference/x.json": "", "examples/full.yaml": ""])
        let rows: [(String, String, String?)] = [
            ("a.md", "guide/z.md", "/docs/guide/a"), ("deep/b.md#c", "guide/a.md", "/docs/guide/deep/b#c"),
            ("../a.md", "guide/deep/b.md", "/docs/guide/a"),
            ("../reference/x.json", "guide/a.md", "/docs/reference/x.json"), ("../../examples/full.yaml", "guide/a.md", "/docs/examples/full.yaml"),
            ("../index.md", "guide/a.md", "/docs/"), ("#part", "guide/a.md", "#part"), ("https://a.example/x", "guide/a.md", "https://a.example/x"),
            ("../../../etc/passwd", "guide/a.md", nil), ("../../Sources/x.swift", "guide/a.md", nil), ("none.md", "guide/a.md", nil),
        ]
        for (link, page, place) in rows { #expect(documents.place(of: link, on: page) == place, "\(link) on \(page)") }
    }
}

extension String {
    fileprivate func components(of mark: String) -> Int { ranges(of: mark).count }
}
