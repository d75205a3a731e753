import Testing

@testable import Complexity

@Suite("Weights of the scorer") struct WeightsTests {
    let file = bundledBytes()

    @Test("those in the binary are whole, dated and at most 1.5 MB")
    func bundled() throws {
        #expect(file.count <= 1_500_000)
        #expect(20_261_101...20_991_231 ~= (try scorer(file).version))
    }

    @Test("a changed byte anywhere is noticed")
    func changed() {
        var random = Random(seed: 3)
        let places =
            (0..<10).map { $0 } + (16..<60).map { $0 } + (0..<20).map { _ in Int.random(in: 64..<file.count, using: &random) } + [file.count - 1]
        for place in places {
            var file = file
            file[place] ^= 0x10
            #expect(throws: WeightsProblem.self, "byte \(place)") { try scorer(file) }
        }
    }

    @Test("a cut, long or empty file is refused", arguments: [0, 7, 63, 64, 65, 4096, 1_000_000, -1, -8])
    func cut(count: Int) {
        #expect(throws: WeightsProblem.self) { try scorer(count < 0 ? Array(file.dropLast(-count)) : Array(file.prefix(count))) }
        #expect(throws: WeightsProblem.self) { try scorer(file + [0]) }
    }

    @Test("each reason has its words")
    func reasons() {
        var other = file
        other[8] = 9
        var changed = file
        changed[100] ^= 1
        let cases: [([UInt8], WeightsProblem)] = [
            ([], .noWeights), (Array("something else, and long enough to be a file of weights for all one knows".utf8), .noWeights),
            (other, .format(9)), (changed, .checksum), (Array(file.dropLast(8)), .length(expected: file.count, found: file.count - 8)),
        ]
        for (bytes, problem) in cases { #expect(throws: problem) { try scorer(bytes) } }
    }

    @Test("parts that do not fit are refused even where the checksum is right")
    func unsound() throws {
        let weights = try scorer(file).weights
        let places = weights.places
        func refuses(_ change: (inout [UInt8]) -> Void, _ what: Comment) {
            var file = file
            change(&file)
            let sum = file.withUnsafeBytes { Weights.checksum(UnsafeRawBufferPointer(rebasing: $0[Weights.headBytes...])) }
            for byte in 0..<8 { file[16 + byte] = UInt8(truncatingIfNeeded: sum >> (8 * UInt64(byte))) }
            #expect(throws: WeightsProblem.shape, what) { try scorer(file) }
        }
        refuses({ $0[places.nodes] = 250 }, "a feature that is not there")
        refuses({ ($0[places.nodes + 2], $0[places.nodes + 3]) = (0, 0) }, "a node that is its own child")
        refuses({ ($0[places.nodes + 2], $0[places.nodes + 3]) = (255, 255) }, "a child outside its tree")
        refuses({ $0[places.treeStarts] = 1 }, "a tree that begins late")
        refuses({ $0[places.edgeStarts + 7] = 200 }, "edges beyond the end")
        refuses({ $0[places.classes] = 99 }, "a list that is not there")
        refuses({ for byte in 0..<8 { $0[places.scales + byte] = 0xff } }, "a scale that is no number")
        refuses({ for byte in 0..<8 { $0[places.scores + byte] = 0xff } }, "a score that is no number")
        refuses({ file in for byte in 0..<4 { file[places.sums + 4 + byte] = file[places.sums + byte] } }, "two knots in one place")
    }
}
