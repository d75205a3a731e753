import Schema
import Testing

@Suite("Reading a section") struct ReadingTests {
    func read(_ node: Node) -> (sample: Sample?, problems: [String]) {
        var reading = Reading { source in
            source == .environment("KEY") ? .found("sk-canary") : .missing("the environment variable is not set")
        }
        let sample = Sample.read(node, at: "", &reading)
        return (sample, reading.problems.inOrder.map { $0.text(file: "f") })
    }

    @Test("values of every kind arrive")
    func values() throws {
        let (sample, problems) = read(
            lines(
                ("on", .plain("no")), ("count", .plain("1_0")), ("share", .plain("0.25")), ("text", .text("12")), ("rest", .plain("2m")),
                ("colour", .plain("blue")), ("words", .list([.plain("a"), .plain("b")])), ("inner", .map([("name", .plain("x"))])),
                ("others", .map([("one", .map([("name", .plain("y")), ("size", .plain("2KiB"))]))])), ("secret", .plain("env:KEY"))))
        #expect(problems == [])
        let read = try #require(sample)
        #expect(!read.on)
        #expect(read.count == 10)
        #expect(read.share == 0.25)
        #expect(read.text == "12")
        #expect(read.rest == .seconds(120))
        #expect(read.colour == .blue)
        #expect(read.words == ["a", "b"])
        #expect(read.inner?.name == "x")
        #expect(read.inner?.size.bytes == 1024)
        #expect(read.others["one"]?.size.bytes == 2048)
        #expect(read.secret?.reveal() == "sk-canary")
    }

    @Test("nothing written leaves the initial value; what can be nothing becomes nothing")
    func nothing() throws {
        let (sample, problems) = read(lines(("count", .plain("null")), ("share", .plain("~")), ("words", .plain("")), ("inner", .plain("null"))))
        #expect(problems == [])
        #expect(sample?.count == 3)
        #expect(sample?.share == nil)
        #expect(sample?.inner == nil)
    }

    @Test("a lone value is a list of one")
    func lone() {
        #expect(read(lines(("words", .plain("a")))).sample?.words == ["a"])
    }

    @Test(
        "each mistake is said with its line, its path and what was expected",
        arguments: [
            (("colr", Node.plain("red")), "f:1: colr: unknown setting `colr`; did you mean `colour`?"),
            (("count", .plain("eleven")), "f:1: count: `eleven` is not valid; expected a whole number"),
            (("count", .plain("11")), "f:1: count: `11` is not valid; expected 1 to 10"),
            (("share", .plain("1.5")), "f:1: share: `1.5` is not valid; expected 0 to 1"),
            (("share", .plain("nan")), "f:1: share: `nan` is not valid; expected a number"),
            (("on", .list([])), "f:1: on: expected true or false, found a list"),
            (("rest", .plain("2h")), "f:1: rest: `2h` is not valid; expected 0s to 1h"),
            (("colour", .plain("gren")), "f:1: colour: `gren` is not known; did you mean `green`?"),
            (("colour", .plain("mauve")), "f:1: colour: `mauve` is not known; expected `red`, `green`, `blue`"),
            (("words", .map([])), "f:1: words: expected a list, found a map"),
            (("words", .list([.plain("a"), .list([])])), "f:1: words[1]: expected text, found a list"),
            (("inner", .plain("7")), "f:1: inner: expected a section with settings, found a single value"),
            (("inner", .map([("size", .plain("2"))])), "f:1: inner.name: is missing: What it is called."),
            (("inner", .map([("name", .text(""))])), "f:1: inner.name: is missing: What it is called."),
            (
                ("others", .map([("", .map([("name", .plain("x"))]))])),
                "f:1: others: a name must have characters, and none that cannot be seen"
            ),
            (
                ("others", .map([("a\r\nb: c", .map([("name", .plain("x"))]))])),
                "f:1: others: a name must have characters, and none that cannot be seen"
            ),
            (
                ("others", .map([("a", .map([("nam", .plain("x")), ("name", .plain("x"))]))])),
                "f:1: others.a.nam: unknown setting `nam`; did you mean `name`?"
            ),
            (("secret", .plain("env:NONE")), "f:1: secret: the environment variable is not set"),
            (("later", .plain("1")), "f:1: later: warning: accepted, but not effective yet"),
        ])
    func mistakes(entry: (String, Node), expected: String) {
        #expect(read(lines(entry)).problems == [expected])
    }

    @Test("all problems are found in one reading, in the order of their lines")
    func all() {
        let (_, problems) = read(lines(("wordz", .plain("1")), ("count", .plain("0")), ("on", .plain("maybe")), ("count", .plain("2"))))
        #expect(
            problems == [
                "f:1: wordz: unknown setting `wordz`; did you mean `words`?",
                "f:2: count: `0` is not valid; expected 1 to 10",
                "f:3: on: `maybe` is not valid; expected true or false",
                "f:4: count: `count` is written twice; first on line 2",
            ])
    }

    @Test("a value from the environment names its variable where a line would stand")
    func origin() {
        var reading = Reading()
        reading.environment["count"] = "SWIFTLET_COUNT"
        _ = Sample.read(.map([("count", .plain("99"))]), at: "", &reading)
        let told = "`99` is not valid; expected 1 to 10 (set by a flag, or the environment variable SWIFTLET_COUNT)"
        #expect(reading.problems.map(\.message) == [told])
    }
}
