/// Words that say what stands next to them.
struct Cue: OptionSet {
    let rawValue: UInt32

    static let phone = Cue(rawValue: 1)
    /// A number of a person given by a state.
    static let identity = Cue(rawValue: 1 << 1)
    static let secret = Cue(rawValue: 1 << 2)
    static let password = Cue(rawValue: 1 << 3)
    /// Numbers of things: orders, versions, articles.
    static let thing = Cue(rawValue: 1 << 4)
    static let version = Cue(rawValue: 1 << 5)
    static let place = Cue(rawValue: 1 << 6)
    /// Mr., Frau, Madame …
    static let title = Cue(rawValue: 1 << 7)
    /// name, nom, nombre …
    static let nameNoun = Cue(rawValue: 1 << 8)
    /// is, ist, est …
    static let nameVerb = Cue(rawValue: 1 << 9)
    /// llamo, heiße, appelle …
    static let nameSelf = Cue(rawValue: 1 << 10)
    /// my, mein, his …
    static let possessive = Cue(rawValue: 1 << 11)
    /// Patient:, Kunde: …
    static let nameLabel = Cue(rawValue: 1 << 12)
    static let signOff = Cue(rawValue: 1 << 13)
    static let salutation = Cue(rawValue: 1 << 14)
    /// Street, Road …: after number and name.
    static let streetLast = Cue(rawValue: 1 << 15)
    /// rue, Via, Calle …: before the name.
    static let streetFirst = Cue(rawValue: 1 << 16)
    /// Not a name, although it begins with a capital where names stand.
    static let noName = Cue(rawValue: 1 << 17)
    /// van, de, von …
    static let particle = Cue(rawValue: 1 << 18)
    static let givenName = Cue(rawValue: 1 << 19)
    /// api, secret …: what makes a key a secret.
    static let keyKind = Cue(rawValue: 1 << 20)
    static let keyNoun = Cue(rawValue: 1 << 21)

    /// Those whose last place is remembered.
    static let remembered: Cue = [.phone, .identity, .secret, .password, .thing, .version, .place]
}

/// Where cues stood last, and what the last words were.
struct CueTrail {
    private var phone = Int.min / 2
    private var identity = Int.min / 2
    private var thing = Int.min / 2
    private var version = Int.min / 2
    private var place = Int.min / 2
    /// The last three words of this line: this one, the one before it, and the first.
    private(set) var last = Cue()
    private(set) var beforeLast = Cue()
    private(set) var third = Cue()

    mutating func note(_ cue: Cue, end: Int) {
        third = beforeLast
        beforeLast = last
        last = cue
        guard !cue.isDisjoint(with: .remembered) else { return }
        if cue.contains(.phone) { phone = end }
        if cue.contains(.identity) { identity = end }
        if cue.contains(.thing) { thing = end }
        if cue.contains(.version) { version = end }
        if cue.contains(.place) { place = end }
    }

    /// The first `count` bytes of the text are gone.
    mutating func forget(_ count: Int) {
        phone = max(phone - count, Int.min / 2)
        identity = max(identity - count, Int.min / 2)
        thing = max(thing - count, Int.min / 2)
        version = max(version - count, Int.min / 2)
        place = max(place - count, Int.min / 2)
    }

    mutating func forgetPhrase() { (last, beforeLast, third) = (Cue(), Cue(), Cue()) }

    /// Within this many bytes before `start`, and no word for things since.
    func suggestsPhone(at start: Int) -> Bool { start - phone <= 40 && thing < phone && identity < phone }
    func suggestsIdentity(at start: Int) -> Bool { start - identity <= 48 && thing < identity }
    func suggestsThing(at start: Int) -> Bool { start - thing <= 24 && thing > max(phone, identity) }
    func suggestsVersion(at start: Int) -> Bool { start - version <= 24 }
    func suggestsPlace(at start: Int) -> Bool { start - place <= 40 }
}

/// A table of words by the hash of their lower case; open addressing, half empty.
struct CueTable: Sendable {
    /// Longer words are none.
    static let longest = 40

    static let shared = CueTable()

    private struct Slot {
        var hash: UInt64 = 0
        var cue: UInt32 = 0
    }

    private let slots: [Slot]
    private let mask: Int

    init() {
        var cues: [UInt64: UInt32] = [:]
        for (cue, words) in CueWords.all {
            for word in words.split(separator: " ") {
                var hash = Self.seed
                for byte in word.utf8 { Self.mix(byte, into: &hash) }
                cues[hash, default: 0] |= cue.rawValue
            }
        }
        var size = 1024
        while size < cues.count * 2 { size *= 2 }
        mask = size - 1
        var slots = Array(repeating: Slot(), count: size)
        for (hash, cue) in cues {
            var place = Int(truncatingIfNeeded: hash >> 20) & (size - 1)
            while slots[place].cue != 0 { place = (place + 1) & (size - 1) }
            slots[place] = Slot(hash: hash, cue: cue)
        }
        self.slots = slots
    }

    /// FNV-1a.
    static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
    @inline(__always) static func mix(_ byte: UInt8, into hash: inout UInt64) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }

    func cue(of hash: UInt64) -> Cue {
        var place = Int(truncatingIfNeeded: hash >> 20) & mask
        while slots[place].cue != 0 {
            if slots[place].hash == hash { return Cue(rawValue: slots[place].cue) }
            place = (place + 1) & mask
        }
        return Cue()
    }

    /// Of a word of a text; capital letters count as small ones, those of Latin-1 too.
    func cue(of word: UnsafeBufferPointer<UInt8>.SubSequence) -> Cue {
        guard word.count <= Self.longest else { return Cue() }
        var hash = Self.seed
        var before: UInt8 = 0
        for byte in word {
            Self.mix(CueTable.small(byte, after: before), into: &hash)
            before = byte
        }
        return cue(of: hash)
    }

    @inline(__always) static func small(_ byte: UInt8, after before: UInt8) -> UInt8 {
        if byte.isUpper { return byte | 0x20 }
        return before == 0xC3 && byte >= 0x80 && byte < 0x9F ? byte + 0x20 : byte
    }
}
