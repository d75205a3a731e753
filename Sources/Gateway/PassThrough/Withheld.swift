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

    /// Whether a value holds the client's key, or is, behind its scheme, any other key of ours. `named`: by its name it may be one.
    func hides(_ value: UnsafeRawBufferPointer, named: Bool) -> Bool {
        if let presented {
            if presented.count >= Self.findable ? value.holds(presented) : presented.elementsEqual(value) { return true }
        }
        guard named else { return false }
        let space = value.lastIndex(of: UInt8(ascii: " ")) ?? -1
        return hides(token: value) || hides(token: UnsafeRawBufferPointer(rebasing: value[(space + 1)...]))
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
