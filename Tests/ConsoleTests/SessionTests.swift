import Gateway
import Testing

@testable import Console

@Suite("Sessions of the console")
struct SessionTests {
    private let token = TokenDigest(of: "a token")

    /// When it is used, when it is asked for after that, and whether it is there.
    struct Ending: Sendable {
        let uses: [Int64]
        let asked: Int64
        let holds: Bool

        init(_ uses: [Int64], _ asked: Int64, _ holds: Bool) { (self.uses, self.asked, self.holds) = (uses, asked, holds) }
    }

    @Test("a session is found by its secret only, and another one has another secret and proof")
    func secret() {
        var sessions = Sessions()
        let (one, first) = sessions.begin(token, at: 0)
        let (two, second) = sessions.begin(token, at: 0)
        #expect(one != two && first.proof != second.proof && one != first.proof)
        #expect(one.utf8.count == 64)
        #expect(sessions.use(one, at: 1)?.proof == first.proof)
        #expect(sessions.use(String(one.dropLast()), at: 1) == nil)
        #expect(sessions.use("", at: 1) == nil)
    }

    @Test(
        "it ends when it was not used for two hours, and after twelve in any case",
        arguments: [
            Ending([], Sessions.idle - 1, true), Ending([], Sessions.idle, false), Ending([Sessions.idle - 1], Sessions.idle + 1, true),
            Ending((1...11).map { $0 * 3_600_000 }, Sessions.longest - 1, true), Ending((1...11).map { $0 * 3_600_000 }, Sessions.longest, false),
        ])
    func ends(_ ending: Ending) {
        var sessions = Sessions()
        let (secret, _) = sessions.begin(token, at: 0)
        for moment in ending.uses { #expect(sessions.use(secret, at: moment) != nil) }
        #expect((sessions.use(secret, at: ending.asked) != nil) == ending.holds)
        #expect(sessions.count == (ending.holds ? 1 : 0))
    }

    @Test("looking whether it holds does not keep it")
    func looking() {
        var sessions = Sessions()
        let (secret, _) = sessions.begin(token, at: 0)
        #expect(sessions.use(secret, at: Sessions.idle - 1, counts: false) != nil)
        #expect(sessions.use(secret, at: Sessions.idle) == nil)
    }

    @Test("signing out everywhere ends the sessions of that token, and no others")
    func everywhere() {
        var sessions = Sessions()
        let (one, _) = sessions.begin(token, at: 0)
        let (two, _) = sessions.begin(token, at: 0)
        let (other, _) = sessions.begin(TokenDigest(of: "another"), at: 0)
        #expect(sessions.end(of: token) == 2)
        #expect(sessions.use(one, at: 1) == nil && sessions.use(two, at: 1) == nil)
        #expect(sessions.use(other, at: 1) != nil)
        sessions.end(other)
        #expect(sessions.count == 0)
    }

    @Test("there are never more than a thousand: the one that was used longest ago goes")
    func bounded() {
        var sessions = Sessions()
        let secrets = (0..<Sessions.most).map { sessions.begin(token, at: Int64($0)).secret }
        #expect(sessions.use(secrets[0], at: 5_000) != nil)
        _ = sessions.begin(token, at: 6_000)
        #expect(sessions.count == Sessions.most)
        #expect(sessions.use(secrets[0], at: 6_001) != nil)
        #expect(sessions.use(secrets[1], at: 6_001) == nil)
    }
}

@Suite("Files of the console")
struct PageTests {
    @Test(
        "lines that are comments are not sent, everything else is",
        arguments: [
            ("a;\n// b\nc;", "a;\nc;\n"), ("/* a */\nb {}\n  /** c\n   * d\n   */\n  e", "b {}\n  e\n"), ("x(); // said\n", "x(); // said\n\n"),
            ("/* a */ b {}\nc", " b {}\nc\n"), ("/* a\n b */ c {}\nd", " c {}\nd\n"), ("", "\n"),
        ])
    func comments(text: String, sent: String) {
        #expect(String(decoding: ConsolePages.withoutComments(Array(text.utf8)), as: UTF8.self) == sent)
    }

    @Test("every file has its type, an ETag and the policy; together they are small")
    func files() throws {
        #expect(ConsolePages.names.contains("index.html") && ConsolePages.names.contains("app.js"))
        var sent = 0
        for name in ConsolePages.names {
            let page = try #require(ConsolePages.page(name))
            #expect(page.type != "application/octet-stream", "\(name)")
            let answer = try ConsolePages.answer(AdminCall("GET", "/console/\(name)"))
            #expect(answer.status == 200 && answer.body == page.plain.bytes && answer.etag == page.plain.etag)
            #expect(answer.fields.contains { $0.name == "content-security-policy" && $0.value.contains("script-src 'self'") })
            var again = AdminCall("GET", "/console/\(name)")
            again.ifNoneMatch = "\"old\", \(page.plain.etag)"
            let unchanged = try ConsolePages.answer(again)
            #expect(unchanged.status == 304 && unchanged.body.isEmpty)
            sent += (page.packed ?? page.plain).bytes.count
        }
        #expect(sent < 150_000)
    }

    @Test("names that are none of its files are not found", arguments: ["/console/nothing.js", "/console/../app.js", "/console/%2e%2e/app.js"])
    func unknown(path: String) {
        #expect(throws: AdminRefusal.self) { try ConsolePages.answer(AdminCall("GET", path)) }
    }

    @Test("nothing in them sets markup, runs text or comes from elsewhere")
    func safe() {
        let forbidden = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setAttribute(\"style", " style=\"",
            "javascript:",
        ]
        for name in ConsolePages.names where name.hasSuffix(".js") || name.hasSuffix(".html") {
            let text = String(decoding: ConsolePages.page(name)?.plain.bytes ?? [], as: UTF8.self)
            for word in forbidden { #expect(!text.contains(word), "\(name) has \(word)") }
            #expect(!text.contains("src=\"http") && !text.contains("from \"http"), "\(name)")
        }
    }
}
