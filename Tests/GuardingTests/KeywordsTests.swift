import Testing

@testable import Guarding

@Suite("Keywords") struct KeywordsTests {
    struct Row: CustomTestStringConvertible {
        var word: String
        var yes: [String]
        var no: [String] = []
        var testDescription: String { word }
    }

    @Test(
        "words are found in any case and script, and only where they begin and end",
        arguments: [
            Row(word: "cat", yes: ["cat", "a CAT.", "«cat»", "cat\n", "the-cat"], no: ["cats", "concat", "cat_1", "cät", "cate\u{301}"]),
            Row(word: "пароль", yes: ["Мой ПАРОЛЬ: 1", "пароль"], no: ["пароля", "парольный"]),
            Row(word: "geheim", yes: ["Streng GEHEIM!"], no: ["Geheimnis", "ungeheim"]),
            Row(word: "密码", yes: ["我的密码是", "密码"], no: ["密钥"]), Row(word: "รหัส", yes: ["ใส่รหัสผ่าน"], no: ["รหา"]),
            Row(word: "パスワード", yes: ["私のパスワードは"], no: ["パス"]), Row(word: "비밀", yes: ["비밀 번호"], no: ["비밀번호"]),
            Row(word: "कूट", yes: ["यह कूट है"], no: ["कूटा"]), Row(word: "كلمة", yes: ["كلمة السر"], no: ["الكلمة"]),
            Row(word: "top secret", yes: ["Top  Secret", "TOP\nSECRET", "top\u{A0}secret"], no: ["topsecret", "top secrets", "top-secret"]),
            Row(word: "c++", yes: ["I like C++ and", "c++"], no: ["c+"]), Row(word: "😀", yes: ["a😀b"], no: ["😁"]),
            Row(word: "naïve", yes: ["NAÏVE"], no: ["naive"]), Row(word: "x", yes: ["x", "(x)"], no: ["xx", "é\u{301}x"]),
        ])
    func found(_ row: Row) {
        let (keywords, problems) = Keywords.compile([row.word])
        #expect(problems.isEmpty)
        let scratch = PatternScratch(keywords.patterns)
        for text in row.yes { #expect(!keywords.patterns.matches(in: text, scratch).isEmpty, "\(text)") }
        for text in row.no { #expect(keywords.patterns.matches(in: text, scratch).isEmpty, "\(text)") }
    }

    @Test("an empty keyword is a problem, and the others hold")
    func empty() {
        let (keywords, problems) = Keywords.compile(["a", "", " \n", "b"])
        #expect(problems.map(\.index) == [1, 2])
        #expect(problems.allSatisfy { $0.message.contains("empty") })
        #expect(keywords.words == ["a", "b"])
    }
}
