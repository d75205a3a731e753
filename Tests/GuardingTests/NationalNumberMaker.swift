extension NumberMaker {
    /// Of a country, by its two letters, or by the number's own name.
    mutating func national(_ name: String) -> String {
        for _ in 0..<200 {
            if let number = attempt(name) { return number }
        }
        preconditionFailure("no number of \(name)")
    }

    private mutating func attempt(_ name: String) -> String? {
        switch name {
        case "US": return "\(digit(1...5))\(digit())\(digit(1...9))-\(digit(1...9))\(digit())-\(digit(1...9))\(Self.text(digits(3)))"
        case "GB":
            let number = letters(1, of: "ABCEHJKLMPRSTWXY") + letters(1, of: "CEHJLMPRSWXY") + Self.text(digits(6)) + letters(1, of: "ABCD")
            return random.below(2) == 0 ? number : Self.grouped(number, [2, 2, 2, 2, 1])
        case "NHS":
            let number = Self.completing(digits(9)) { Self.sum($0, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0 }
            return number.map { Self.grouped(Self.text($0), [3, 3, 4]) }
        case "IN": return Self.grouped(Self.text(verhoeff([digit(2...9)] + digits(10))), [4, 4, 4])
        case "CA":
            return Self.completing([digit(1...7)] + digits(7), Self.isLuhn).map { Self.grouped(Self.text($0), [3, 3, 3], pick([" ", "-", ""])) }
        case "PAN":
            return letters(3, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ") + "P" + letters(1, of: "ABCDKRS") + Self.text(digits(4)) + letters(1, of: "ABCDEFXYZ")
        default: return european(name) ?? elsewhere(name)
        }
    }

    private mutating func european(_ name: String) -> String? {
        switch name {
        case "DE": return taxID()
        case "CH":
            let number = Self.completing([7, 5, 6] + digits(9)) { Self.sum($0, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0 }!
            return Self.grouped(Self.text(number), [3, 4, 4, 2], ".")
        case "AT":
            let (serial, birthday) = ([digit(1...9)] + digits(2), Self.values(date("dmy")))
            let check = (Self.sum(serial, [3, 7, 9]) + Self.sum(birthday, [5, 8, 4, 2, 1, 6])) % 11
            return check == 10 ? nil : Self.text(serial + [check]) + pick([" ", ""]) + Self.text(birthday)
        case "FR":
            let head = pick(["1", "2"]) + date("ym") + "\(digit(1...9))\(digit(1...5))" + Self.text(digits(6))
            let key = 97 - head.reduce(0) { ($0 * 10 + $1.wholeNumberValue!) % 97 }
            let whole = head + (key < 10 ? "0" : "") + String(key)
            return random.below(2) == 0 ? whole : Self.grouped(whole, [1, 2, 2, 2, 3, 3, 2])
        case "BE":
            let head = date("ymd") + "0\(digit())\(digit(1...9))"
            let check = 97 - Int(head)! % 97
            let whole = head + (check < 10 ? "0" : "") + String(check)
            return
                "\(whole.prefix(2)).\(whole.dropFirst(2).prefix(2)).\(whole.dropFirst(4).prefix(2))-\(whole.dropFirst(6).prefix(3)).\(whole.suffix(2))"
        case "ES":
            let number = digits(8)
            return Self.text(number) + pick(["", "-"]) + spanishLetter(Int(Self.text(number))!)
        case "NIE":
            let first = digit(0...2)
            let number = Self.text(digits(7))
            return ["X", "Y", "Z"][first] + number + spanishLetter(Int("\(first)\(number)")!)
        case "IT": return fiscalCode()
        case "PT": return Self.completing([2] + digits(7)) { Self.sum($0, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0 }.map(Self.text)
        case "NL": return Self.completing([digit(1...9)] + digits(7)) { Self.sum($0, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0 }.map(Self.text)
        case "PL":
            return Self.completing(Self.values(date("ymd")) + digits(4)) { Self.sum($0, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0 }.map(Self.text)
        case "SE":
            let number = Self.completing(Self.values(date("ymd")) + digits(3), Self.isLuhn)!
            return pick(["", "19"]) + Self.grouped(Self.text(number), [6, 4], "-")
        case "FI":
            let (birthday, serial) = (date("dmy"), Self.text([digit(1...8)] + digits(2)))
            return birthday + "-" + serial + String(Array("0123456789ABCDEFHJKLMNPRSTUVWXY")[Int(birthday + serial)! % 31])
        case "NO":
            let head = Self.values(date("dmy")) + digits(3)
            let first = (11 - Self.sum(head, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11
            let second = (11 - Self.sum(head + [first], [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11
            return first > 9 || second > 9 ? nil : Self.text(head + [first, second])
        case "CZ":
            let number = Self.completing(Self.values(date("ymd")) + digits(3)) { Int(Self.text($0))! % 11 == 0 }
            return number.map { Self.grouped(Self.text($0), [6, 4], "/") }
        case "RO":
            let head = Self.values("\(digit(1...2))" + date("ymd") + "\(digit(1...3))\(digit(1...9))") + digits(3)
            let rest = Self.sum(head, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
            return Self.text(head + [rest == 10 ? 1 : rest])
        default: return nil
        }
    }

    private mutating func elsewhere(_ name: String) -> String? {
        switch name {
        case "BR":
            var number = digits(9)
            for weight in [10, 11] {
                let rest = 11 - Self.sum(number, Array((2...weight).reversed())) % 11
                number.append(rest > 9 ? 0 : rest)
            }
            let text = Self.text(number)
            return random.below(3) == 0 ? text : Self.grouped(String(text.prefix(9)), [3, 3, 3], ".") + "-" + text.suffix(2)
        case "CNPJ":
            var number = digits(8) + [0, 0, 0, 1]
            for weights in [[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2], [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]] {
                let rest = 11 - Self.sum(number, weights) % 11
                number.append(rest > 9 ? 0 : rest)
            }
            let text = Self.text(number)
            return
                "\(text.prefix(2)).\(Self.grouped(String(text.dropFirst(2).prefix(6)), [3, 3], "."))/\(text.dropFirst(8).prefix(4))-\(text.suffix(2))"
        case "AR":
            let head = [2, 0] + digits(8)
            let rest = 11 - Self.sum(head, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
            return rest == 10 ? nil : Self.grouped(Self.text(head + [rest == 11 ? 0 : rest]), [2, 8, 1], "-")
        case "MX": return populationCode()
        case "CN":
            let head = [digit(1...6)] + digits(5) + Self.values("19" + date("ymd")) + digits(3)
            let rest = (12 - Self.sum(head, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11) % 11
            return Self.text(head) + (rest == 10 ? "X" : String(rest))
        case "TR":
            let head = [digit(1...9)] + digits(8)
            let tenth = ((head[0] + head[2] + head[4] + head[6] + head[8]) * 7 - (head[1] + head[3] + head[5] + head[7])) % 10
            return tenth < 0 ? nil : Self.text(head + [tenth, (head.reduce(0, +) + tenth) % 10])
        case "SG":
            let number = digits(7)
            let rest = (Self.sum(number, [2, 7, 6, 5, 4, 3, 2])) % 11
            return "S" + Self.text(number) + String(Array("JZIHGFEDCBA")[rest])
        default: return nil
        }
    }

    private func spanishLetter(_ number: Int) -> String { String(Array("TRWAGMYFPDXBNJZSQVHLCKE")[number % 23]) }

    /// One digit of the first ten twice, the others once.
    private mutating func taxID() -> String? {
        var pool = Array(0...9)
        pool[random.below(10)] = pool[random.below(10)]
        var head: [Int] = []
        while !pool.isEmpty { head.append(pool.remove(at: random.below(pool.count))) }
        guard head[0] != 0, Set(head).count == 9 else { return nil }
        var product = 10
        for digit in head {
            let sum = (digit + product) % 10
            product = (sum == 0 ? 10 : sum) * 2 % 11
        }
        let check = 11 - product == 10 ? 0 : 11 - product
        return Self.grouped(Self.text(head + [check]), [2, 3, 3, 3], pick([" ", ""]))
    }

    /// The tables of D. J. Verhoeff as they are usually printed.
    private func verhoeff(_ head: [Int]) -> [Int] {
        let product = [
            "0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043", "8765932104",
            "9876543210",
        ].map(Self.values)
        let permutation = [
            "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
        ].map(Self.values)
        let inverse = Self.values("0432156789")
        var check = 0
        for (place, digit) in head.reversed().enumerated() { check = product[check][permutation[(place + 1) % 8][digit]] }
        return head + [inverse[check]]
    }

    private mutating func fiscalCode() -> String {
        let head =
            letters(6, of: "BCDFGLMNPRSTV") + Self.text(digits(2)) + letters(1, of: "ABCDEHLMPRST") + "\(digit(0...2))\(digit(1...8))"
            + letters(1, of: "ABCDEFGHL") + Self.text(digits(3))
        let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
        var sum = 0
        for (place, sign) in head.enumerated() {
            let value = sign.wholeNumberValue ?? Int(sign.asciiValue!) - 65
            sum += place % 2 == 0 ? odd[value] : value
        }
        return head + String(Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")[sum % 26])
    }

    private mutating func populationCode() -> String {
        let head = letters(4, of: "ABCDEGHLMR") + date("ymd") + pick(["H", "M"]) + pick(["DF", "JC", "NL"]) + letters(3, of: "BCDFGHLMNPR") + "0"
        let alphabet = Array("0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ")
        let sum = head.enumerated().reduce(0) { $0 + alphabet.firstIndex(of: $1.element)! * (18 - $1.offset) }
        return head + String((10 - sum % 10) % 10)
    }
}
