/// Makes numbers with right checksums, by the definitions in the documents of those who issue them and not by way of the detectors.
struct NumberMaker {
    var random: Seeded

    init(seed: UInt64) { random = Seeded(seed) }

    mutating func digit(_ range: ClosedRange<Int> = 0...9) -> Int { range.lowerBound + random.below(range.count) }
    mutating func digits(_ count: Int) -> [Int] { (0..<count).map { _ in digit() } }
    mutating func pick<Element>(_ list: [Element]) -> Element { list[random.below(list.count)] }
    mutating func letters(_ count: Int, of alphabet: String) -> String {
        let all = Array(alphabet)
        return String((0..<count).map { _ in all[random.below(all.count)] })
    }

    static func text(_ digits: [Int]) -> String { digits.map(String.init).joined() }
    static func grouped(_ text: String, _ sizes: [Int], _ gap: String = " ") -> String {
        var rest = Substring(text)
        return sizes.map { size in
            defer { rest = rest.dropFirst(size) }
            return String(rest.prefix(size))
        }.joined(separator: gap)
    }

    /// Two digits each.
    mutating func date(_ order: String) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let parts: [Character: String] = ["y": two(digit(40...99)), "m": two(digit(1...12)), "d": two(digit(1...28))]
        return order.map { parts[$0] ?? "" }.joined()
    }

    static func values(_ text: String) -> [Int] { text.compactMap(\.wholeNumberValue) }

    /// The one last digit with which `holds` is true, if there is one.
    static func completing(_ head: [Int], _ holds: ([Int]) -> Bool) -> [Int]? { (0...9).map { head + [$0] }.first(where: holds) }

    static func sum(_ digits: [Int], _ weights: [Int]) -> Int { zip(digits, weights).map(*).reduce(0, +) }

    /// Digits doubled from the right, written out and added.
    static func isLuhn(_ digits: [Int]) -> Bool {
        let written = digits.reversed().enumerated().map { $0.offset % 2 == 1 ? $0.element * 2 : $0.element }
        return written.flatMap { values(String($0)) }.reduce(0, +) % 10 == 0
    }

    // MARK: Cards and accounts

    mutating func card() -> String {
        let (prefix, length, sizes) = pick([
            ("4", 16, [4, 4, 4, 4]), ("4", 16, [4, 4, 4, 4]), ("53", 16, [4, 4, 4, 4]), ("2230", 16, [4, 4, 4, 4]), ("37", 15, [4, 6, 5]),
            ("6011", 16, [4, 4, 4, 4]), ("3540", 16, [4, 4, 4, 4]), ("6221", 16, [4, 4, 4, 4]), ("36", 14, [4, 6, 4]),
        ])
        let head = Self.values(prefix) + digits(length - 1 - prefix.count)
        let number = Self.text(Self.completing(head, Self.isLuhn)!)
        return Self.grouped(number, sizes, pick([" ", "-", "", " "]))
    }

    mutating func iban() -> String {
        let (country, length, bank) = pick([
            ("DE", 22, ""), ("FR", 27, ""), ("ES", 24, ""), ("IT", 27, "X"), ("PT", 25, ""), ("NL", 18, "ABNA"), ("PL", 28, ""), ("GB", 22, "NWBK"),
            ("AT", 20, ""), ("CH", 21, ""), ("BE", 16, ""),
        ])
        let account = bank + Self.text(digits(length - 4 - bank.count))
        func number(_ text: String) -> String { text.map { $0.isLetter ? String(Int($0.asciiValue!) - 55) : String($0) }.joined() }
        let rest = number(account + country + "00").reduce(0) { ($0 * 10 + $1.wholeNumberValue!) % 97 }
        let check = 98 - rest
        let whole = country + (check < 10 ? "0" : "") + String(check) + account
        guard random.below(3) > 0 else { return whole }
        return Self.grouped(whole, Array(repeating: 4, count: length / 4) + (length % 4 > 0 ? [length % 4] : []))
    }

    // MARK: Secrets

    mutating func secret() -> String {
        let word = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        let hex = "0123456789abcdef"
        return switch random.below(14) {
        case 0: "sk-proj-" + letters(48, of: word + "_")
        case 1: "sk-ant-api03-" + letters(80, of: word + "_")
        case 2: "AKIA" + letters(16, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        case 3: "ghp_" + letters(36, of: word)
        case 4: "github_pat_" + letters(22, of: word) + "_" + letters(59, of: word)
        case 5: "xoxb-" + Self.text(digits(12)) + "-" + Self.text(digits(12)) + "-" + letters(24, of: word)
        case 6: "sk_live_" + letters(24, of: word)
        case 7: "AIza" + letters(35, of: word + "_")
        case 8: "glpat-" + letters(20, of: word)
        case 9: "hf_" + letters(34, of: word)
        case 10:
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + letters(43, of: word + "_")
        case 11: "npm_" + letters(36, of: word)
        case 12: "SK" + letters(32, of: hex)
        default: "dop_v1_" + letters(64, of: hex)
        }
    }

    mutating func password() -> String {
        pick([
            "Tr0ub4dor&3", "hunter2!", "Winter2024#", "qwe123RTY", "S0mmer$onne", "x9-Kp!22z", "geheim123", "p4ssw0rd", "correct-horse9",
            "Zebra!Kabel7",
        ])
    }

    // MARK: Fillings of clean lines

    mutating func isbn() -> String {
        let head = Self.values("978") + digits(9)
        let number = Self.completing(head) { Self.sum($0, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0 }!
        return pick([Self.text(number), Self.grouped(Self.text(number), [3, 1, 5, 3, 1], "-")])
    }

    mutating func clean(_ slot: String) -> String {
        let parts = slot.split(separator: ":").map(String.init)
        let count = parts.count > 1 ? Int(parts[1])! : 0
        switch parts[0] {
        case "digits": return String(digit(1...9)) + Self.text(digits(count - 1))
        case "hash": return letters(count, of: "0123456789abcdef")
        case "uuid": return Self.grouped(letters(32, of: "0123456789abcdef"), [8, 4, 4, 4, 12], "-")
        case "isbn": return isbn()
        case "version": return "\(digit()).\(digit(0...30)).\(digit(0...12))"
        case "amount": return "\(digit(1...9)),\(digit())\(digit())\(digit()).\(digit())\(digit())"
        default: return pick(["2024-03-05", "05.03.2024", "5 March 2024", "2023-11-30", "03/05/2024", "1999-12-31"])
        }
    }
}
