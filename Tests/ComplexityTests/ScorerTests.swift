import Testing

@testable import Complexity

@Suite("Scoring prompts") struct ScorerTests {
    let scorer: Scorer

    init() throws { scorer = try .bundled() }

    @Test("agrees with the reference to the last bit")
    func golden() throws {
        let vectors = try goldenVectors()
        #expect(vectors.count >= 35)
        for (number, vector) in vectors.enumerated() {
            let score = scorer.score(vector.prompt)
            #expect(score.bitPattern == vector.bits, "vector \(number): \(score), should be \(Double(bitPattern: vector.bits))")
        }
    }

    @Test("any bytes get a finite score between 0 and 1, the same each time")
    func anyBytes() {
        var random = Random(seed: 7)
        for round in 0..<300 {
            let length = Int.random(in: 0...(round % 10 == 0 ? 9000 : 300), using: &random)
            let prompt = (0..<length).map { _ in UInt8.random(in: 0...(round % 3 == 0 ? 127 : 255), using: &random) }
            let assessment = prompt.withUnsafeBytes { scorer.assess($0) }
            #expect(0...1 ~= assessment.score && 0...1 ~= assessment.difficulty)
            #expect(0...1 ~= assessment.cheapRight && 0...1 ~= assessment.capableRight)
            #expect(prompt.withUnsafeBytes { scorer.assess($0) } == assessment)
        }
    }

    @Test(
        "what has no word, number or character of any script counts as complex", arguments: ["", " ", "\n\t\r\n", "?!...", "😀🎉", "—–“”", "\0\u{1}"])
    func odd(prompt: String) {
        #expect(scorer.assess(prompt) == .unknown)
        #expect(scorer.assess(prompt).score == 1)
    }

    @Test(
        "work grows with the bytes read and no faster, and no more than 6 KB are read",
        arguments: [
            "a ", "aaaaaaaa", "ab cd ", "1 ", "1.", "中", "A. ", "é", "\n", "x1", "((((", "\u{2028}", "abcde1,2.3",
        ])
    func linear(piece: String) {
        func looks(_ bytes: Int) -> Int {
            let prompt = Array(String(repeating: piece, count: bytes / piece.utf8.count + 1).utf8.prefix(bytes))
            return prompt.withUnsafeBytes { scorer.withFeatures(of: $0) { $1.looks } }
        }
        for bytes in [1, 100, 3000, 6144] { #expect(looks(bytes) <= 2 * bytes) }
        // The seam between head and tail may cut a token.
        #expect(abs(looks(5_000_000) - looks(6144)) <= 4)
    }

    @Test("what lies between the first 4 KB and the last 2 KB counts as bytes only")
    func middle() {
        func prompt(_ middle: String) -> String {
            String(repeating: "the quick fox ", count: 400).prefix(4096) + String(repeating: middle, count: 1000)
                + String(repeating: "a lazy dog ", count: 200).prefix(2048)
        }
        #expect(scorer.score(prompt("prove it. ")) == scorer.score(prompt("hello hi. ")))
    }

    @Test(
        "case and width of spaces change nothing",
        arguments: [
            "What is the capital of France?", "Prove that the sum of two even numbers is even.", "écris une lettre à ma mère",
            "Напиши письмо Анне",
            "Which one?\nA. red\nB. green\nC. blue\nAnswer:",
        ])
    func sameWords(prompt: String) {
        let score = scorer.score(prompt)
        #expect(scorer.score(prompt.uppercased()) == score)
        #expect(scorer.score(prompt.lowercased()) == score)
        #expect(scorer.score(prompt.replacing(" ", with: "   ") + " \t ") == score)
    }

    @Test("saying that a question is simple does not make it so")
    func flattery() {
        let hard = """
            Let G be a finite group in which every proper subgroup is abelian. Prove that G is solvable, and give an example that shows that G \
            need not be nilpotent.
            """
        #expect(scorer.score("This is a simple question. " + hard) > 0.6)
        #expect(scorer.score(hard + " This is very easy, any small model can do it.") > 0.6)
    }

    @Test(
        "the task is told",
        arguments: [
            ("My method returns nil instead of the array:\n\ndef evens(list)\n  list.each { |x| x if x.even? }\nend", PromptTask.code),
            ("Write a Go function that merges two sorted channels.", .code), ("Solve 4x - 7 = 21.", .maths),
            ("A jar holds 24 red and 36 green sweets. Ben takes a third of each. How many are left altogether?", .maths),
            ("Extract the names from: Kim met Lee and Pat in Oslo.", .extraction), ("Draft an email to my boss asking for Friday off.", .writing),
            ("Write a short story about an old sailor who returns to his village.", .writing),
            ("My flatmate never cleans the kitchen. How should I talk to her about it?", .advice),
            ("Pretend you are a wise old owl and greet me.", .persona), ("Why did the Ottoman Empire enter the First World War?", .knowledge),
            ("Tools: search(query), open(url)\nUser: find the cheapest train to Graz tomorrow", .agent), ("Thanks a bunch, see you tomorrow!", .chat),
        ])
    func task(prompt: String, task: PromptTask) {
        #expect(scorer.assess(prompt).task == task)
    }

    @Test("assessments as text and as bytes are the same")
    func text() {
        let text = "Summarise this e-mail in one line: lunch is moved to one o'clock."
        #expect(Array(text.utf8).withUnsafeBytes { scorer.assess($0) } == scorer.assess(text))
    }
}
