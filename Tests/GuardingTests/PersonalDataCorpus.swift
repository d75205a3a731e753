import FoundationEssentials

@testable import Guarding

/// The cases of Fixtures/personal-data.txt with values in them.
struct PersonalDataCorpus {
    struct Case {
        var language: String
        var text: [UInt8] = []
        var expected: [(kind: PersonalData.Kind, range: Range<Int>)] = []
    }

    private var values: [String: [String]] = [:]
    private var sentences: [(language: String, text: String)] = []
    private var clean: [(language: String, text: String)] = []
    private var maker: NumberMaker

    init(seed: UInt64) throws {
        maker = NumberMaker(seed: seed)
        let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let text = String(decoding: try Data(contentsOf: folder.appending(path: "Fixtures/personal-data.txt")), as: UTF8.self)
        var section: [String] = []
        for line in text.split(separator: "\n").map(String.init) where !line.hasPrefix("# ") {
            if line.hasPrefix("@") {
                section = line.dropFirst().split(separator: " ").map(String.init)
                continue
            }
            let line = line.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
            switch section[0] {
            case "values": values["\(section[1]) \(section[2])", default: []].append(line)
            case "say": sentences.append((section[1], line))
            default: clean.append((section[1], line))
            }
        }
    }

    /// Each sentence `times` times, each time with other values; each clean line twice if chance fills it.
    mutating func cases(times: Int) -> [Case] {
        var result: [Case] = []
        for (language, text) in sentences { for turn in 0..<times { result.append(filled(text, language, turn)) } }
        for (language, text) in clean { for turn in 0..<(text.contains("{") ? 2 : 1) { result.append(filled(text, language, turn)) } }
        return result
    }

    private mutating func filled(_ sentence: String, _ language: String, _ turn: Int) -> Case {
        var made = Case(language: language)
        var rest = Substring(sentence)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            made.text += Array(rest[..<open].utf8)
            let slot = String(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
            guard let (kind, value) = value(slot, language, turn) else {
                // Braces of code.
                let isFilling = ["digits", "hash", "uuid", "isbn", "version", "amount", "date"].contains(slot.prefix { $0 != ":" })
                made.text += Array((isFilling ? maker.clean(slot) : "{\(slot)}").utf8)
                continue
            }
            let start = made.text.count
            made.text += Array(value.utf8)
            made.expected.append((kind, start..<made.text.count))
        }
        made.text += Array(rest.utf8)
        return made
    }

    private mutating func value(_ slot: String, _ language: String, _ turn: Int) -> (PersonalData.Kind, String)? {
        switch slot {
        case "card": return (.card, maker.card())
        case "iban": return (.iban, maker.iban())
        case "secret": return (.secret, maker.secret())
        case "password": return (.secret, maker.password())
        case _ where slot.hasPrefix("id:"): return (.nationalID, maker.national(String(slot.dropFirst(3))))
        default: break
        }
        guard let list = values["\(slot) \(language)"] ?? values["\(slot) any"] else { return nil }
        let kind = PersonalData.Kind(name: slot) ?? .phone
        return (kind, list[(turn + maker.random.below(list.count)) % list.count])
    }
}
