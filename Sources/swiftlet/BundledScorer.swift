import CWeights
import Complexity

/// The scorer in the binary.
enum BundledScorer {
    static func read() throws(WeightsProblem) -> Scorer {
        let file = weights_complexity()
        return try Scorer(weights: UnsafeRawBufferPointer(start: file.bytes, count: file.count))
    }
}
