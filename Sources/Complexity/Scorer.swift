/// Says how much a prompt gains from a capable model.
///
/// One pass over at most 6 KB, some hundred sums of bytes and a walk through each tree; no allocation that lives on. The same prompt
/// gives the same bits on every machine: n-grams and trees are summed as integers, and what is not an integer comes of single
/// divisions and roots, which IEEE 754 rounds alike everywhere.
public struct Scorer: Sendable {
    let weights: Weights
    private let table = Scan.byteClasses

    /// Reads and checks a file of weights. Linear in its size.
    public init(weights file: UnsafeRawBufferPointer) throws(WeightsProblem) {
        weights = try Weights(file)
    }

    /// When the model was fitted, as YYYYMMDD.
    public var version: UInt32 { weights.version }

    /// The score alone, 0 clearly simple … 1 clearly complex.
    public func score(_ prompt: UnsafeRawBufferPointer) -> Double { assess(prompt).score }

    public func assess(_ prompt: String) -> Assessment {
        var prompt = prompt
        return prompt.withUTF8 { assess(UnsafeRawBufferPointer($0)) }
    }

    /// Any bytes will do; what is no UTF-8 counts as letters of no known script.
    public func assess(_ prompt: UnsafeRawBufferPointer) -> Assessment {
        withFeatures(of: prompt) { features, summary in
            guard !summary.isOdd else { return .unknown }
            let heads = UnsafeBufferPointer(rebasing: features[weights.shape.counts...])
            func chance(_ head: Int) -> Double { min(1, max(0, heads[head])) }
            return Assessment(
                score: weights.score(of: weights.sum(of: features)), isOdd: false, task: task(heads),
                difficulty: chance(Assessment.difficulty), cheapRight: chance(Assessment.cheapRight),
                capableRight: chance(Assessment.capableRight))
        }
    }

    /// The task that stands out most above its share of the training data, where examination questions are many and small talk is rare.
    private func task(_ heads: UnsafeBufferPointer<Double>) -> PromptTask {
        var best = (task: PromptTask.chat, lift: -Double.infinity)
        for task in PromptTask.allCases {
            let head = Assessment.firstTask + Int(task.rawValue)
            let lift = heads[head] - weights.share(of: head)
            if lift > best.lift { best = (task, lift) }
        }
        return best.task
    }

    /// Counts, then what the heads say: all that the trees see.
    func withFeatures<Result>(of prompt: UnsafeRawBufferPointer, _ use: (UnsafeBufferPointer<Double>, Scan.Summary) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: weights.shape.features) { features in
            let summary = weights.bytes.withUnsafeBytes { file in
                table.withUnsafeBufferPointer { classes in
                    Scan.run(prompt, weights: weights, file: file, classes: classes, into: features)
                }
            }
            return use(UnsafeBufferPointer(features), summary)
        }
    }
}
