import Routing
import Testing
import Translation

@Suite("How a prompt begins") struct PromptBeginningTests {
    private func read(_ text: String, tokens: Int = 1_000) -> PromptBeginnings {
        Array(text.utf8).withUnsafeBytes { PromptBeginning.read($0, tokens: tokens) }
    }

    /// Messages of a conversation, the last with a mark where `mark` says.
    private func chat(_ count: Int, system: String = "Be kind.", mark: Bool = false, salt: String = "") -> String {
        let turns = (0..<count).map { number in
            let marked = mark && number == count - 1 ? #","cache_control":{"type":"ephemeral"}"# : ""
            return #"{"role":"user","content":[{"type":"text","text":"turn \#(number)\#(salt)"\#(marked)}]}"#
        }
        return #"{"model":"m","system":"\#(system)","messages":[\#(turns.joined(separator: ","))]}"#
    }

    private func common(_ left: PromptBeginnings, _ right: PromptBeginnings) -> Int {
        Set(left.parts.map(\.digest)).intersection(right.parts.map(\.digest)).count
    }

    @Test("each turn of a conversation begins as those before it", arguments: [1, 2, 5, 9])
    func grows(turns: Int) {
        let (before, after) = (read(chat(turns)), read(chat(turns + 2)))
        #expect(common(before, after) == turns + 1)
        #expect(after.parts.count == turns + 3)
        #expect(after.parts.map(\.tokens) == after.parts.map(\.tokens).sorted())
        #expect(after.parts.last?.tokens == 1_000)
    }

    @Test("marks move from turn to turn and change nothing but that there are some")
    func marks() {
        let (before, after) = (read(chat(3, mark: true)), read(chat(5, mark: true)))
        #expect(common(before, after) == 4)
        #expect(before.isMarked && after.isMarked)
        #expect(!read(chat(3)).isMarked)
        let plain = #"{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"user","content":[{"text":"b"}]}]}"#
        let points = plain.replacing(#"{"text":"a"}"#, with: #"{"text":"a"},{"cachePoint":{"type":"default"}}"#)
        #expect(read(plain).parts.map(\.digest) == read(points).parts.map(\.digest))
        #expect(read(points).isMarked)
    }

    @Test(
        "what is read before the conversation counts, in whatever order it is written",
        arguments: [
            (#"{"tools":[1],"messages":[{"content":"x"}]}"#, #"{"messages":[{"content":"x"}],"tools":[1]}"#, 2),
            (#"{"tools":[1],"messages":[{"content":"x"}]}"#, #"{"tools":[2],"messages":[{"content":"x"}]}"#, 0),
            (#"{"system":"a","messages":[{"content":"x"}]}"#, #"{"instructions":"a","messages":[{"content":"x"}]}"#, 0),
            (#"{"temperature":0,"messages":[{"content":"x"}]}"#, #"{"temperature":1,"user":"u","messages":[{"content":"x"}]}"#, 1),
            (#"{"input":"a long text"}"#, #"{"input":"a long text","stream":true}"#, 1),
            (#"{"contents":[{"parts":[{"text":"x"}]}]}"#, #"{"contents":[ {"parts" : [ {"text":"x"} ] } ]}"#, 1),
        ])
    func heads(_ left: String, _ right: String, _ same: Int) { #expect(common(read(left), read(right)) == same) }

    @Test("two prompts with a long document and other questions behind it have it in common")
    func documents() {
        let document = String(repeating: "All animals are equal. ", count: 3_000)
        let bodies = ["Who?", "Why?"].map { #"{"messages":[{"role":"user","content":"\#(document)\#($0)"}]}"# }
        // At 8, 16, 32 and 64 KiB of 69.
        #expect(common(read(bodies[0], tokens: 17_000), read(bodies[1], tokens: 17_000)) == 4)
    }

    @Test("there are never more than a few dozen, and the last of them are all there")
    func bounded() {
        let long = read(chat(500))
        #expect(long.parts.count <= PromptBeginnings.most)
        #expect(common(long, read(chat(510))) >= 2)
        #expect(common(read(chat(500)), read(chat(500, salt: "!"))) == 1)
    }

    @Test("what cannot be read begins with nothing", arguments: ["", "[]", "{", #"{"messages":[}"#, #"{"messages":1}"#])
    func broken(text: String) { #expect(read(text).parts.count <= 1) }
}
