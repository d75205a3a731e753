import Testing

@testable import Guarding

@Suite("Texts of replies that come in pieces") struct ReplyWindowTests {
    /// All guards that mask, with rules that meet other findings.
    static let policy: GuardPolicy = {
        let rules = StreamWindowTests.rules([
            (.regex, "PRJ-[0-9]{4}", .mask, "[project]"), (.substring, "acme \"corp\"", .mask, "a \"quoted\\ one\""),
            (.regex, "order no\\.? (?<number>[0-9]+)", .mask, "order <$1>"), (.regex, "“[a-z]+”", .mask, "(quote)"), (.keywords, "fine", .warn, ""),
        ])
        var policy = GuardPolicy(words: Keywords.compile(["blue heron", "Zauberwort", "пароль"]).keywords, rules: rules)
        policy.personalData = .init(.mask, threshold: 500, roles: .all)
        policy.keywords = .init(.mask, roles: .all)
        return policy
    }()

    static func guarded(
        _ text: [UInt8], _ tools: Guard, isJSON: Bool = false, masking: PersonalDataMasking = .init(), restores: Bool = false,
        cut: (Int) -> Int, check: (ReplyWindow) -> Void = { _ in }
    ) -> (text: [UInt8], reply: GuardedReply) {
        var reply = GuardedReply(masking: masking)
        let window = ReplyWindow(tools, reply, isJSON: isJSON, restores: restores)
        var (output, at): ([UInt8], Int) = ([], 0)
        // Pieces go out whole once they are settled, as events do.
        var pieces: [Range<Int>] = []
        func release() {
            while let piece = pieces.first, piece.upperBound <= window.settled {
                text[piece].withUnsafeBufferPointer { output += window.rewritten($0, from: piece.lowerBound) ?? Array($0) }
                pieces.removeFirst()
            }
        }
        while at < text.count {
            let next = min(text.count, at + cut(at))
            let mayPass = text[at..<next].withUnsafeBufferPointer { window.push($0, &reply) }
            guard mayPass else { return (output, reply) }
            pieces.append(at..<next)
            at = next
            check(window)
            release()
        }
        if window.finish(&reply) { release() }
        return (output, reply)
    }

    static func whole(_ text: [UInt8], _ tools: Guard) -> [UInt8] {
        var masking = PersonalDataMasking()
        let outcome = tools.check([GuardedText(.reply, text)], masking: &masking)
        return (outcome.texts.first ?? nil) ?? text
    }

    private static let mixed = """
        Your order no. 4411 for PRJ-0042 goes to acme "corp", Zаubеrwort and “quoted” it: write to anna.schmidt@firma.example or call \
        +49 171 2345678. Fine. Mr. John Smith lives at 12 Old Oak Street, Springfield, IL 62704; the blue heron says пароль. \
        IBAN DE89 3704 0044 0532 0130 00, card 4111 1111 1111 1111, 完了しました。請聯絡 anna@x.example 謝謝。 QUJDREVGIGJsdWUgaGVyb24gaXMgaGVyZQ== ok
        """

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("every case of the corpus is masked in pieces as it is as a whole", arguments: UInt64(1)...3) func corpus(seed: UInt64) throws {
        var policy = Self.policy
        policy.rules = FirewallRules.compile([]).rules
        let tools = Guard(policy)
        var dice = Dice(seed)
        var corpus = try PersonalDataCorpus(seed: seed)
        let cases = corpus.cases(times: 3)
        #expect(cases.count > 700)
        var masked = 0
        for row in cases {
            let whole = Self.whole(row.text, tools)
            let pieces = Self.guarded(row.text, tools, cut: { _ in 1 + dice.below(12) }).text
            if whole != row.text { masked += 1 }
            #expect(pieces == whole, "seed \(seed): \(Self.text(row.text).debugDescription)")
        }
        #expect(masked > 300)
    }

    @Test("a text cut at any byte, and into any pieces, becomes what it becomes at once") func cuts() {
        let tools = Guard(Self.policy)
        let text = Array(Self.mixed.utf8)
        let whole = Self.guarded(text, tools, cut: { _ in text.count })
        let written = Self.text(whole.text)
        for gone in ["PRJ-", "corp\"", "anna", "+49", "John", "Oak", "heron", "пароль", "DE89", "4111", "QUJD", "Zаubеrwort", "“quoted”"] {
            #expect(!written.contains(gone), "\(gone) in \(written)")
        }
        #expect(written.contains("order <4411> for [project] goes to a \"quoted\\ one\", [KEYWORD] and (quote) it"), "\(written)")
        #expect(written.contains("Fine. ") && written.contains("完了しました。請聯絡") && written.contains("謝謝。"), "\(written)")
        for place in 1..<text.count {
            let cut = Self.guarded(text, tools, cut: { $0 < place ? place : text.count })
            #expect(cut.text == whole.text, "cut at \(place): \(Self.text(cut.text))")
            #expect(cut.reply.outcome.counts == whole.reply.outcome.counts)
        }
        for seed in UInt64(1)...300 {
            var dice = Dice(seed)
            let size = 1 + dice.below(40)
            #expect(Self.guarded(text, tools, cut: { _ in 1 + dice.below(size) }).text == whole.text, "seed \(seed)")
        }
    }

    @Test("the comparison finds a single byte that was changed") func mutants() {
        let tools = Guard(Self.policy)
        let text = Array(Self.mixed.utf8)
        let whole = Self.guarded(text, tools, cut: { _ in 20 }).text
        for place in whole.indices {
            var mutant = whole
            mutant[place] ^= 1
            #expect(mutant != Self.guarded(text, tools, cut: { _ in 7 }).text)
        }
    }

    @Test("long texts pass in constant memory, held back by little, and are the same however they are cut", arguments: UInt64(1)...4)
    func long(seed: UInt64) {
        let tools = Guard(Self.policy)
        let text = Array(String(repeating: Self.mixed + "\nSo it was, and nobody knew why it had to be so. ", count: 60).utf8)
        let whole = Self.guarded(text, tools, cut: { _ in text.count })
        var (dice, most) = (Dice(seed), 0)
        let pieces = Self.guarded(text, tools, cut: { _ in 1 + dice.below(30) }, check: { most = max(most, $0.held) })
        #expect(pieces.text == whole.text)
        #expect(most < 200, "\(most) bytes were held")
        #expect(pieces.text.count > text.count / 2)
    }

    @Test(
        "texts without spaces, without words and of one letter are held back within the bound",
        arguments: ["x", "東京", "1", "-", "a1", "é", "[", "=", " ", "A "])
    func dense(unit: String) {
        let tools = Guard(Self.policy)
        let text = Array(String(repeating: unit, count: 40_000 / unit.utf8.count).utf8)
        var most = 0
        let pieces = Self.guarded(text, tools, cut: { _ in 20 }, check: { most = max(most, $0.held) })
        #expect(most <= 2 * PersonalDataScan.furthest, "\(most) bytes were held")
        #expect(pieces.text == Self.guarded(text, tools, cut: { _ in 4999 }).text)
    }

    // MARK: Arguments of calls

    @Test("arguments stay JSON, their strings are read without escapes, and a number gives way to a string") func arguments() {
        let tools = Guard(Self.policy)
        let text = Array(
            #"{"to":"ann\u0061@firma.example","note":"first\nJohn says acme \"corp\" \ud83d\ude00 blue heron","card":4111111111111111,"n":[1,2]}"#
                .utf8)
        let expected = #"{"to":"[EMAIL_1]","note":"first\nJohn says a \"quoted\\ one\" \ud83d\ude00 [KEYWORD]","card":"[CARD_1]","n":[1,2]}"#
        #expect(Self.text(Self.guarded(text, tools, isJSON: true, cut: { _ in text.count }).text) == expected)
        for place in 1..<text.count {
            #expect(Self.text(Self.guarded(text, tools, isJSON: true, cut: { $0 < place ? place : text.count }).text) == expected, "cut at \(place)")
        }
        for seed in UInt64(1)...100 {
            var dice = Dice(seed)
            #expect(Self.text(Self.guarded(text, tools, isJSON: true, cut: { _ in 1 + dice.below(9) }).text) == expected, "seed \(seed)")
        }
    }

    // MARK: Stand-ins of the prompt

    @Test("stand-ins become values again, wherever they are cut, in texts and in arguments") func restored() {
        var policy = GuardPolicy()
        policy.personalData = .init(.mask, roles: .foreign)
        policy.restores = true
        var masking = PersonalDataMasking()
        let tools = Guard(policy)
        let prompt = GuardedText(.user, "my mail is a.b@firma.example and the password is \"x\\y9\"zz1\"")
        _ = tools.check([prompt], masking: &masking)
        let odd = masking.standIn(for: Array("a\"b\\c".utf8), .secret)
        let text = Array("to [EMAIL_1], not [EMAIL_9] nor [email_1] [[EMAIL_1]] \(Self.text(odd)) [".utf8)
        let expected = "to a.b@firma.example, not [EMAIL_9] nor [email_1] [a.b@firma.example] a\"b\\c ["
        for place in 1..<text.count {
            let cut = Self.guarded(text, tools, masking: masking, restores: true, cut: { $0 < place ? place : text.count })
            #expect(Self.text(cut.text) == expected, "cut at \(place)")
        }
        let json = Array(#"{"to":"[EMAIL_1]","x":"\#(Self.text(odd))"}"#.utf8)
        for place in 1..<json.count {
            let cut = Self.guarded(json, tools, isJSON: true, masking: masking, restores: true, cut: { $0 < place ? place : json.count })
            #expect(Self.text(cut.text) == #"{"to":"a.b@firma.example","x":"a\"b\\c"}"#, "cut at \(place)")
        }
    }

    @Test("what the client said itself it may hear; what the model brings is masked, and is not put back") func own() {
        var policy = GuardPolicy()
        policy.personalData = .init(.mask, roles: .all)
        policy.restores = true
        let tools = Guard(policy)
        var masking = PersonalDataMasking()
        _ = tools.check([GuardedText(.user, "I am a.b@firma.example")], masking: &masking)
        let text = Array("[EMAIL_1] a.b@firma.example c.d@firma.example [EMAIL_2] ".utf8)
        let result = Self.guarded(text, tools, masking: masking, restores: true, cut: { _ in 3 })
        #expect(Self.text(result.text) == "a.b@firma.example a.b@firma.example [EMAIL_2] [EMAIL_2] ")
    }

    // MARK: Blocks, warnings, shadows

    @Test("nothing of what is blocked passes, nor anything after it", arguments: [1, 3, 20, 1000])
    func blocked(size: Int) {
        let text = Array("All is well. Then a.b@firma.example came, and more.".utf8)
        var policy = GuardPolicy()
        policy.personalData = .init(.block, roles: .all)
        let result = Self.guarded(text, Guard(policy), cut: { _ in size })
        #expect(result.reply.isBlocked && result.reply.outcome.blocking?.detail == "email")
        #expect(!Self.text(result.text).contains("a.b") && "All is well. Then ".hasPrefix(Self.text(result.text)))
    }

    @Test("hate is blocked while it is said", arguments: [5, 20, 4000]) func toxic(size: Int) {
        var policy = GuardPolicy()
        policy.toxicity = .init(.block, roles: .all)
        let text = Array(
            (String(repeating: "This is a quiet letter about gardens. ", count: 4)
                + String(repeating: "You are a worthless piece of shit and I will kill you, you stupid idiot. ", count: 3)).utf8)
        let result = Self.guarded(text, Guard(policy), cut: { _ in size })
        #expect(result.reply.isBlocked && result.reply.outcome.blocking?.kind == .toxicity && result.text.count < text.count)
    }

    @Test("shadows and warnings change nothing and are counted", arguments: [true, false]) func quiet(isShadow: Bool) {
        var policy = Self.policy
        policy.firewallIsShadow = isShadow
        (policy.personalData.isShadow, policy.keywords.isShadow) = (isShadow, isShadow)
        if !isShadow { (policy.personalData.action, policy.keywords.action, policy.rules) = (.warn, .warn, FirewallRules.compile([]).rules) }
        let text = Array(Self.mixed.utf8)
        let result = Self.guarded(text, Guard(policy), cut: { _ in 11 })
        #expect(result.text == text)
        #expect(result.reply.outcome.counts[Int(GuardPolicy.Kind.personalData.rawValue)] >= 6)
        #expect(result.reply.outcome.action == (isShadow ? .off : .warn))
    }

    @Test("a policy without a guard on replies says so") func none() {
        #expect(!GuardPolicy().looksAtReplies && Self.policy.looksAtReplies)
        var policy = GuardPolicy()
        policy.personalData = .init(.mask, roles: .foreign)
        #expect(!policy.looksAtReplies)
    }
}
