/// A fitted model as it lies in its file, checked once so that scoring needs no checks.
///
/// All numbers are little-endian. 64 bytes of head: `SWIFTCPX`, format (4 bytes), version (4), checksum of all behind the head (8), then
/// 4 bytes each: bits of a row's number, heads, counts, tasks, trees, nodes, words of the lexicon, knots, edges, 0. Behind it, each
/// part padded to 8 bytes: scale and bias of each head (doubles), rows of n-grams (a signed byte for each head), the lexicon
/// (sorted hashes, then a class each), the edges (where a feature's begin, then floats), the trees (where one begins, then nodes),
/// the knots (sums, then scores as doubles). `training/complexity/resource.py` writes it.
struct Weights: Sendable {
    let bytes: [UInt8]
    /// When the model was fitted, as YYYYMMDD.
    let version: UInt32
    let shape: Shape
    let places: Places

    static let format: UInt32 = 1
    static let headBytes = 64
    /// A leaf where a feature's number would stand.
    static let leaf: UInt8 = 255

    struct Shape: Sendable, Hashable {
        var bits = 0
        var heads = 0
        var counts = 0
        var tasks = 0
        var trees = 0
        var nodes = 0
        var words = 0
        var knots = 0
        var edges = 0

        var features: Int { counts + heads }
        var rows: Int { 1 << bits }
    }

    /// Offsets of the parts.
    struct Places: Sendable {
        var scales = 0
        var rows = 0
        var hashes = 0
        var classes = 0
        var edgeStarts = 0
        var edges = 0
        var treeStarts = 0
        var nodes = 0
        var sums = 0
        var scores = 0
        var end = 0

        init(_ shape: Shape) {
            var offset = Weights.headBytes
            func next(_ count: Int) -> Int {
                defer { offset += (count + 7) / 8 * 8 }
                return offset
            }
            scales = next(16 * shape.heads)
            rows = next(shape.rows * shape.heads)
            hashes = next(4 * shape.words)
            classes = next(shape.words)
            edgeStarts = next(4 * (shape.features + 1))
            edges = next(4 * shape.edges)
            treeStarts = next(4 * (shape.trees + 1))
            nodes = next(4 * shape.nodes)
            sums = next(4 * shape.knots)
            scores = next(8 * shape.knots)
            end = offset
        }
    }

    init(_ file: UnsafeRawBufferPointer) throws(WeightsProblem) {
        guard file.count >= Self.headBytes, file.prefix(8).elementsEqual("SWIFTCPX".utf8) else { throw .noWeights }
        func number(_ offset: Int) -> UInt32 { UInt32(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        guard number(8) == Self.format else { throw .format(number(8)) }
        let fields = (0..<9).map { Int(number(24 + 4 * $0)) }
        guard fields.allSatisfy({ $0 < 1 << 22 }), 8...20 ~= fields[0], 1...128 ~= fields[1] else { throw .shape }
        let shape = Shape(
            bits: fields[0], heads: fields[1], counts: fields[2], tasks: fields[3], trees: fields[4], nodes: fields[5], words: fields[6],
            knots: fields[7], edges: fields[8])
        guard
            shape.counts == Features.count, shape.features < Int(Self.leaf), shape.tasks == PromptTask.allCases.count,
            shape.heads >= Assessment.firstTask + shape.tasks, shape.knots >= 2
        else { throw .shape }
        places = Places(shape)
        guard file.count == places.end else { throw .length(expected: places.end, found: file.count) }
        let sum = UInt64(littleEndian: file.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        guard Self.checksum(UnsafeRawBufferPointer(rebasing: file[Self.headBytes...])) == sum else { throw .checksum }
        bytes = Array(file)
        version = number(12)
        self.shape = shape
        guard isSound else { throw .shape }
    }

    /// A head's mean over its training data, which it says where a prompt has no known n-gram.
    func share(of head: Int) -> Double {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: places.scales + 16 * head + 8, as: Double.self) }
    }

    /// Whole words of 8 bytes; a part's padding makes them whole.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for offset in stride(from: 0, to: bytes.count &- 7, by: 8) {
            sum = (sum ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))) &* 0x0000_0100_0000_01b3
            sum ^= sum >> 29
        }
        return sum
    }

    /// Starts ascend and end where they should, children stand behind their parents and inside their tree: no walk leaves the file or ends never.
    private var isSound: Bool {
        bytes.withUnsafeBytes { file in
            func starts(_ place: Int, _ count: Int, _ end: Int) -> Bool {
                var before: UInt32 = 0
                for i in 0...count {
                    let start = file.loadUnaligned(fromByteOffset: place + 4 * i, as: UInt32.self)
                    if start < before || (i == 0 && start != 0) { return false }
                    before = start
                }
                return Int(before) == end
            }
            guard
                starts(places.edgeStarts, shape.features, shape.edges), starts(places.treeStarts, shape.trees, shape.nodes),
                (0..<shape.words).allSatisfy({ file[places.classes + $0] < Features.lexicon }),
                (0..<2 * shape.heads).allSatisfy({ file.loadUnaligned(fromByteOffset: places.scales + 8 * $0, as: Double.self).isFinite }),
                (0..<shape.knots).allSatisfy({ 0...1 ~= file.loadUnaligned(fromByteOffset: places.scores + 8 * $0, as: Double.self) })
            else { return false }
            for knot in 1..<shape.knots {
                let place = places.sums + 4 * knot
                guard file.loadUnaligned(fromByteOffset: place - 4, as: Int32.self) < file.loadUnaligned(fromByteOffset: place, as: Int32.self)
                else { return false }
            }
            for tree in 0..<shape.trees {
                let start = Int(file.loadUnaligned(fromByteOffset: places.treeStarts + 4 * tree, as: UInt32.self))
                let end = Int(file.loadUnaligned(fromByteOffset: places.treeStarts + 4 * tree + 4, as: UInt32.self))
                guard end > start else { return false }
                for node in start..<end {
                    let place = places.nodes + 4 * node
                    if file[place] == Self.leaf { continue }
                    let left = Int(file.loadUnaligned(fromByteOffset: place + 2, as: UInt16.self))
                    guard Int(file[place]) < shape.features, left > node - start, left + 1 < end - start else { return false }
                }
            }
            return true
        }
    }
}

/// Why a file of weights cannot be used.
public enum WeightsProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case noWeights
    case format(UInt32)
    case length(expected: Int, found: Int)
    case checksum
    case shape

    public var description: String {
        switch self {
        case .noWeights: "it is not a file of weights for scoring prompts"
        case .format(let format): "it is of format \(format); this version reads format \(Weights.format)"
        case .length(let expected, let found): "it has \(found) bytes and should have \(expected)"
        case .checksum: "its checksum is wrong"
        case .shape: "its parts do not fit together, or belong to another version"
        }
    }
}
