import Schema
import Testing

@Suite("Secrets") struct SecretTests {
    static let canary = "sk-canary-5a1e"

    @Test(
        "no way of printing shows a secret",
        arguments: [
            Secret(canary), Secret(canary, source: .environment("KEY")), Secret(canary, source: .file("key.txt")),
        ])
    func printing(secret: Secret) {
        var dumped = ""
        dump(secret, to: &dumped)
        var holder = ""
        dump([["a": secret]], to: &holder)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), dumped, holder, "\([secret])", "\(Optional(secret) as Any)",
            String(reflecting: ["a": secret]), "\(Mirror(reflecting: secret).children.map(\.value))", secret.written ?? "",
        ]
        for text in texts { #expect(!text.contains("canary"), "\(text)") }
        #expect(secret.reveal() == Self.canary)
    }

    @Test("a section that holds one does not show it")
    func section() {
        var sample = Sample()
        sample.secret = Secret(Self.canary)
        var dumped = ""
        dump(sample, to: &dumped)
        #expect(!dumped.contains("canary"))
        #expect(!"\(sample)".contains("canary"))
    }

    @Test(
        "no problem shows any part of what was written as a secret",
        arguments: [Node.list([.plain(canary)]), .map([(canary, .plain(canary))]), .plain(""), .plain(Secret.cover)])
    func problems(node: Node) {
        var reading = Reading()
        #expect(Secret.read(node, at: "key", &reading) == nil)
        #expect(reading.problems.count == 1)
        for problem in reading.problems { #expect(!problem.text(file: "f").contains("canary")) }
    }

    @Test("where it comes from can be shown")
    func source() {
        #expect(Secret("x", source: .environment("KEY")).description == "env:KEY")
        #expect(Secret("x", source: .file("a/b")).description == "file:a/b")
        #expect(Secret("x").description == "****")
    }
}
