import Translation
import Wire

/// What must not leave: the key that the client showed us, and any other of the gateway's keys that it has in its request.
struct Withheld {
    private let ring: KeyRing
    /// As the client showed it. Nil: it showed none.
    private let presented: [UInt8]?
    /// Shorter ones would be found in texts that have nothing to do with them.
    private static let findable = 8

    init(_ ring: KeyRing, presented: UnsafeRawBufferPointer?) {
        self.ring = ring
        self.presented = presented.flatMap { $0.count > 0 ? Array($0) : nil }
    }

    /// Whether a value holds the client's key, or has any other key of ours for one of its words. `named`: by its name it may hold one.
    func hides(_ value: UnsafeRawBufferPointer, named: Bool) -> Bool {
        if holds(value) { return true }
        guard named else { return false }
        if value.startsIgnoringCase("basic "), let plain = Base64.decode(plain: value.trimmedFront(from: 6)) {
            return plain.withUnsafeBytes { holds($0) || hides(wordOf: $0) }
        }
        return hides(token: value) || hides(wordOf: value)
    }

    private func holds(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let presented else { return false }
        return presented.count >= Self.findable ? value.holds(presented) : presented.elementsEqual(value)
    }

    /// What schemes, cookies and lists have between their words.
    private func hides(wordOf value: UnsafeRawBufferPointer) -> Bool {
        value.split { " \t,;:=\"'".utf8.contains($0) }.contains { hides(token: UnsafeRawBufferPointer(rebasing: $0)) }
    }

    /// Whether it is a key of ours.
    func hides(token: UnsafeRawBufferPointer) -> Bool {
        if let presented, presented.elementsEqual(token) { return true }
        return ring.knows(token)
    }
}

extension UnsafeRawBufferPointer {
    /// Linear in this times `text`: for heads.
    func holds(_ text: [UInt8]) -> Bool {
        guard let first = text.first else { return true }
        var at = 0
        while count - at >= text.count {
            if self[at] == first, self[at..<at + text.count].elementsEqual(text) { return true }
            at += 1
        }
        return false
    }
}
