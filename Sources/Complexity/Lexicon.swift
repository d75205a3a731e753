/// Lists of words that tell kinds of prompts apart, found by hash.
struct Lexicon {
    private let hashes: UnsafeRawBufferPointer
    private let classes: UnsafeRawBufferPointer

    init(_ weights: Weights, _ file: UnsafeRawBufferPointer) {
        let (places, words) = (weights.places, weights.shape.words)
        hashes = UnsafeRawBufferPointer(rebasing: file[places.hashes..<places.hashes + 4 * words])
        classes = UnsafeRawBufferPointer(rebasing: file[places.classes..<places.classes + words])
    }

    /// Logarithmic in the words of all lists, some hundred.
    func list(of hash: UInt32) -> Int? {
        var (low, high) = (0, classes.count)
        while low < high {
            let middle = (low + high) / 2
            let found = UInt32(littleEndian: hashes.loadUnaligned(fromByteOffset: 4 * middle, as: UInt32.self))
            if found == hash { return Int(classes[middle]) }
            if found < hash { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
