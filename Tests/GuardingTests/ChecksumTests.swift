import Testing

@testable import Guarding

@Suite("Checksums") struct ChecksumTests {
    func digits(_ text: String) -> [UInt8] { text.utf8.map { $0 - 0x30 } }

    @Test("published numbers pass", arguments: ["79927398713", "4111111111111111", "378282246310005", "490154203237518"])
    func luhn(number: String) { #expect(Checksum.luhn(digits(number))) }

    /// Verhoeff's own example, and ones worked out by hand with the published tables.
    @Test("Verhoeff's numbers pass", arguments: ["2363", "123451", "84736430954837284567892"])
    func verhoeff(number: String) { #expect(Checksum.verhoeff(digits(number))) }

    /// The example of ISO 7064.
    @Test("MOD 11,10 passes", arguments: ["07945", "86095742719"])
    func mod11(number: String) { #expect(Checksum.mod11Of10(digits(number))) }

    @Test("one wrong digit never passes, wherever it is", arguments: ["79927398713", "4111111111111111", "378282246310005"])
    func wrongLuhn(number: String) { expectEveryChangeFails(number) { Checksum.luhn($0) } }

    @Test("nor in Verhoeff's code", arguments: ["2363", "123451"])
    func wrongVerhoeff(number: String) {
        expectEveryChangeFails(number) { Checksum.verhoeff($0) }
        for (index, pair) in zip(digits(number), digits(number).dropFirst()).enumerated() where pair.0 != pair.1 {
            var swapped = digits(number)
            swapped.swapAt(index, index + 1)
            #expect(!Checksum.verhoeff(swapped), "\(swapped)")
        }
    }

    @Test("nor in MOD 11,10")
    func wrongMod11() { expectEveryChangeFails("86095742719") { Checksum.mod11Of10($0) } }

    @Test("remainders and weighted sums are what they are by hand")
    func sums() {
        #expect(Checksum.remainder(of: digits("3214282912345698765432161182"), by: 97) == 1)
        #expect(Checksum.weighted(digits("123"), [3, 2, 1]) == 10)
    }

    func expectEveryChangeFails(_ number: String, _ passes: ([UInt8]) -> Bool) {
        for index in number.indices {
            for digit in "0123456789" where digit != number[index] {
                var changed = number
                changed.replaceSubrange(index...index, with: [digit])
                #expect(!passes(digits(changed)), "\(changed)")
            }
        }
    }
}
