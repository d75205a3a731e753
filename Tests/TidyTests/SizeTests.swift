import Testing

@Suite("Sizes") struct SizeTests {
    static let longestFile = 400
    static let longestFunction = 70

    @Test("no file is longer than 400 lines: one that wants to be holds two ideas")
    func files() {
        for source in Repository.sources() + Repository.sources("Tests") {
            let count = lines(source.text).count - 1
            #expect(count <= Self.longestFile, "\(source.path): \(count) lines")
        }
    }

    @Test("no function is longer than 70 lines")
    func functions() {
        for source in Repository.sources() + Repository.sources("Tests") {
            for function in FunctionLength.all(in: source) where function.length > Self.longestFunction {
                Issue.record("\(source.path):\(function.line): \(function.name) has \(function.length) lines")
            }
        }
    }

    @Test("no line is longer than 150 characters, in scripts and documents' code neither", arguments: ["scripts", "Tests/Acceptance"])
    func lineLengths(folder: String) {
        for path in Repository.paths(in: folder) {
            guard let text = Repository.text(path) else { continue }
            for (number, line) in lines(text).enumerated() where line.count > 150 {
                Issue.record("\(path):\(number + 1): \(line.count) characters")
            }
        }
    }

    @Test("functions are measured from their first word to their last brace")
    func measuring() {
        let source = SourceText(
            path: "a.swift",
            text: """
                protocol P {
                    func none() -> Int
                    init(a: Int)
                }
                struct S {
                    init(
                        a: Int
                    ) { self.init() }
                    func two() -> Int
                    where A: B {
                        let s = "}"
                        return .init(s)
                    }
                }
                """)
        let found = FunctionLength.all(in: source)
        #expect(found.map(\.line) == [6, 9])
        #expect(found.map(\.length) == [3, 5])
    }
}
