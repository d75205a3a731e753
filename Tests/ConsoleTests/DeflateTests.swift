import Testing

@testable import Console

@Suite("Compressed files of the console")
struct DeflateTests {
    @Test(
        "what was compressed is what comes out again, byte for byte",
        arguments: [
            "", "a", "ab", "aaaa", String(repeating: "a", count: 259), String(repeating: "ab", count: 40_000),
            "the quick brown fox, the quick brown dog, the quick brown fox", (0..<3_000).map { "line \($0 % 97) of \($0)\n" }.joined(),
            String(repeating: "x", count: 40_000) + "mark" + String(repeating: "y", count: 33_000) + "mark",
        ])
    func texts(text: String) throws {
        let plain = Array(text.utf8)
        #expect(try Inflate.gunzip(Deflate.gzip(plain)) == plain)
    }

    @Test("bytes without any pattern come out again, too", arguments: 1...12 as ClosedRange<UInt64>)
    func noise(seed: UInt64) throws {
        var state = seed
        let plain = (0..<Int(seed) * 700).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // The higher the seed, the fewer bytes are likely: codes of very unequal lengths.
            return UInt8(truncatingIfNeeded: (state >> 33) & (state >> 41) & (seed > 6 ? state >> 49 : 255))
        }
        #expect(try Inflate.gunzip(Deflate.gzip(plain)) == plain)
    }

    @Test("counts that grow like Fibonacci's numbers, whose code would be longer than 15 bits, have one that is not")
    func deep() throws {
        var (one, two) = (1, 1)
        var plain: [UInt8] = []
        for byte in 0..<22 as Range<UInt8> {
            // A byte of its own behind each keeps copies from being found.
            plain += (0..<one).flatMap { [byte, UInt8(128 + $0 % 101)] }
            (one, two) = (two, one + two)
        }
        #expect(try Inflate.gunzip(Deflate.gzip(plain)) == plain)
    }

    @Test("the files of the console become a third of what they are, and the same file is the same bytes")
    func files() throws {
        var sizes = (plain: 0, packed: 0)
        for name in ConsolePages.names {
            let page = try #require(ConsolePages.page(name))
            sizes.plain += page.plain.bytes.count
            sizes.packed += (page.packed ?? page.plain).bytes.count
            guard let packed = page.packed else { continue }
            #expect(try Inflate.gunzip(packed.bytes) == page.plain.bytes, "\(name)")
            #expect(Deflate.gzip(page.plain.bytes) == packed.bytes && packed.etag != page.plain.etag)
        }
        #expect(sizes.packed * 5 < sizes.plain * 2)
    }

    @Test(
        "a browser that takes gzip gets it, and no other one",
        arguments: [
            ("gzip, deflate, br, zstd", true), ("GZIP", true), ("deflate, gzip;q=0.5", true), ("x-gzip", true), ("", false), ("identity", false),
            ("gzip;q=0, br", false), ("gzip; q=0.000", false), ("*", false), ("notgzip", false),
        ])
    func wanted(_ header: String, _ isPacked: Bool) throws {
        var call = AdminCall("GET", "/console/app.js")
        call.encodings = header
        let answer = try ConsolePages.answer(call)
        let page = try #require(ConsolePages.page("app.js"))
        #expect(answer.fields.contains { $0 == ("content-encoding", "gzip") } == isPacked)
        #expect(answer.fields.contains { $0 == ("vary", "accept-encoding") })
        #expect(answer.etag == (isPacked ? page.packed?.etag : page.plain.etag))
        call.ifNoneMatch = answer.etag
        #expect(try ConsolePages.answer(call).status == 304)
        // What is kept in the other form is not this one.
        call.ifNoneMatch = isPacked ? page.plain.etag : page.packed?.etag
        #expect(try ConsolePages.answer(call).status == 200)
    }
}

/// The way back, by the letter of RFC 1951, 3.2: for the tests alone.
private struct Inflate {
    struct Broken: Error {}

    private let bytes: [UInt8]
    private var bit = 0
    private var out: [UInt8] = []

    static func gunzip(_ file: [UInt8]) throws -> [UInt8] {
        guard file.starts(with: [0x1F, 0x8B, 8, 0]), file.count >= 18 else { throw Broken() }
        var inflate = Inflate(bytes: Array(file[10..<file.count - 8]))
        try inflate.block()
        guard (inflate.bit + 7) / 8 == inflate.bytes.count else { throw Broken() }
        let tail = file.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard tail == UInt64(inflate.out.count) << 32 | UInt64(Deflate.checksum(inflate.out)) else { throw Broken() }
        return inflate.out
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func take(_ count: Int) throws -> Int {
        var value = 0
        for index in 0..<count {
            guard bit / 8 < bytes.count else { throw Broken() }
            value |= Int(bytes[bit / 8] >> UInt8(bit % 8) & 1) << index
            bit += 1
        }
        return value
    }

    /// Symbols by length and code.
    private static func code(_ lengths: ArraySlice<Int>) -> [Int: Int] {
        var symbols: [Int: Int] = [:]
        var code = 0
        for length in 1...15 {
            for (symbol, its) in lengths.enumerated() where its == length {
                symbols[length << 16 | code] = symbol
                code += 1
            }
            code <<= 1
        }
        return symbols
    }

    private mutating func symbol(_ code: [Int: Int]) throws -> Int {
        var value = 0
        for length in 1...15 {
            value = value << 1 | (try take(1))
            if let symbol = code[length << 16 | value] { return symbol }
        }
        throw Broken()
    }

    private mutating func block() throws {
        guard try take(1) == 1, try take(2) == 2 else { throw Broken() }
        let (literals, distances, said) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
        var lengths = [Int](repeating: 0, count: 19)
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(said) { lengths[symbol] = try take(3) }
        let outer = Self.code(lengths[...])
        lengths = []
        while lengths.count < literals + distances {
            switch try symbol(outer) {
            case 16:
                guard let last = lengths.last else { throw Broken() }
                lengths += Array(repeating: last, count: try take(2) + 3)
            case 17: lengths += Array(repeating: 0, count: try take(3) + 3)
            case 18: lengths += Array(repeating: 0, count: try take(7) + 11)
            case let length: lengths.append(length)
            }
        }
        guard lengths.count == literals + distances else { throw Broken() }
        try body(Self.code(lengths[..<literals]), Self.code(lengths[literals...]))
    }

    private mutating func body(_ literals: [Int: Int], _ distances: [Int: Int]) throws {
        let lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
        let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
        let farBase = [
            1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
            24577,
        ]
        while true {
            let symbol = try symbol(literals)
            if symbol == 256 { return }
            guard symbol > 256 else {
                out.append(UInt8(symbol))
                continue
            }
            let length = lengthBase[symbol - 257] + (try take(lengthBits[symbol - 257]))
            let far = try self.symbol(distances)
            let distance = farBase[far] + (try take(max(0, far / 2 - 1)))
            guard distance <= out.count else { throw Broken() }
            for _ in 0..<length { out.append(out[out.count - distance]) }
        }
    }
}
