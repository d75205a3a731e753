import Routing
import Settings
import Storage
import Translation

/// The most that a request may come to at any deployment that may serve it, before it is sent.
struct RequestBounds {
    /// What stands above the request, and so how carefully its answer is bounded.
    enum Care: UInt8, Comparable, Sendable {
        /// Nothing that tokens or money could use up for good: what the client allows, else a guess.
        case loose
        /// A hard budget of money or tokens: the provider is told a limit where the client named none.
        case strict

        static func < (left: Care, right: Care) -> Bool { left.rawValue < right.rawValue }
    }

    /// Without a limit of the client's, and where nobody knows the model's own.
    static let usualOutput: Int64 = 4_096
    /// What is reserved for an answer that nobody limits, where the truth may follow later.
    private static let looseOutput: Int64 = 1_024
    /// No model makes as many.
    static let absurd: Int64 = 1_000_000_000

    let prompt: PromptSize
    /// Counts tokens of prompts and asks for none.
    private let isCount: Bool
    /// The client's own limit.
    private let wished: Int64?
    private let choices: Int64
    private let makesOutput: Bool
    private let care: Care
    /// How soon it is to be served.
    private let tier: ServiceTier

    /// What an answer has at most, by what its request and its model allow.
    static func mostOutput(of call: Call, _ target: Target) -> Int64 {
        let most = target.maxOutputTokens.map { Int64($0) } ?? usualOutput
        let wished = call.maxTokens.flatMap { $0 > 0 && $0 < absurd ? $0 : nil } ?? most
        return min(wished, target.maxOutputTokens.map { Int64($0) } ?? wished) * Int64(call.answers)
    }

    /// Throws for limits that no answer can have.
    init(of call: Call, _ api: API, bodyBytes: Int, _ care: Care) throws(Refusal) {
        makesOutput = api.family == .chat || api.family == .completion
        if let wished = call.maxTokens, makesOutput, care == .strict {
            guard wished > 0 else {
                throw Refusal(.invalidValue, "the limit of output tokens is \(wished); it must be 1 or more", param: "max_tokens")
            }
            guard wished < Self.absurd else {
                throw Refusal(
                    .invalidValue,
                    "the limit of output tokens is \(wished), which no model makes; a budget reserves what it allows: say how many you need",
                    param: "max_tokens")
            }
        }
        self.care = care
        tier = call.tier
        wished = call.maxTokens.map { min(max($0, 0), Self.absurd) }
        choices = Int64(call.answers)
        isCount = api.family == .count
        prompt = PromptSize(call, bodyBytes: bodyBytes)
    }

    /// The limit that a provider is told; nil where it is the client's own, or nothing hangs on it.
    func forcedOutput(at target: Target) -> Int64? {
        guard care == .strict, makesOutput else { return nil }
        return outputPerChoice(at: target)
    }

    /// The client named no limit itself.
    var namesNoLimit: Bool { wished == nil }

    private func outputPerChoice(at target: Target) -> Int64 {
        guard makesOutput else { return 0 }
        let most = target.maxOutputTokens.map { Int64($0) }
        if let wished { return most.map { min($0, wished) } ?? wished }
        switch care {
        case .strict: return most ?? Self.usualOutput
        case .loose: return min(most ?? Self.looseOutput, Self.looseOutput)
        }
    }

    /// Nil money: nobody knows what it costs.
    func demand(at target: Target, ceiling: Price?) -> Demand {
        isCount ? Demand(nanodollars: 0, tokens: 0) : demand(target.estimator.bound(prompt, at: target), at: target, ceiling)
    }

    /// The most at any of the deployments that cost alike.
    func demand(at alike: CostClass, _ targets: [Target], ceiling: Price?) -> Demand {
        let target = targets[alike.first]
        return isCount ? Demand(nanodollars: 0, tokens: 0) : demand(target.estimator.bound(prompt, at: alike), at: target, ceiling)
    }

    private func demand(_ input: Int64, at target: Target, _ ceiling: Price?) -> Demand {
        let output = outputPerChoice(at: target)
        let made = output.multipliedReportingOverflow(by: choices)
        let cost = target.most(input: input, output: output, choices: choices, tier: tier, ceiling: ceiling)
        return Demand(nanodollars: cost?.amount, tokens: input + (made.overflow ? Self.absurd : min(made.partialValue, Self.absurd)))
    }
}

/// What is learned of all models' prompts, for all loops; outlasts changes of settings.
final class Estimators: Sendable {
    private let estimator = Locked(TokenEstimator())

    func number(of provider: String, _ model: String) -> Int { estimator.withLock { $0.number(of: "\(provider)/\(model)") } }

    func bound(_ prompt: PromptSize, at target: Target) -> Int64 {
        estimator.withLock { $0.bound(prompt, model: target.estimatorNumber, contextWindow: target.contextWindow) }
    }

    func bound(_ prompt: PromptSize, at alike: CostClass) -> Int64 {
        estimator.withLock { $0.bound(prompt, models: alike.models, contextWindow: alike.contextWindow) }
    }

    func expected(_ prompt: PromptSize, at target: Target) -> Int64 {
        estimator.withLock { $0.expected(prompt, model: target.estimatorNumber) }
    }

    /// A provider has counted the prompt.
    func learn(_ tokens: Int64, of prompt: PromptSize, at target: Target) {
        estimator.withLock { $0.observe(prompt, model: target.estimatorNumber, tokens: tokens) }
    }
}

/// Deployments of a route at which a request costs the same, whichever of them serves it, but for how their models count a prompt.
/// Shared, not copied: each request looks at those of its route.
final class CostClass: Sendable {
    let first: Deployment.ID
    let deployments: [Deployment.ID]
    let contextWindow: Int64?
    /// Numbers among `Estimators`.
    let models: [Int]

    private init(_ deployments: [Deployment.ID], _ models: [Int], contextWindow: Int64?) {
        (first, self.deployments, self.models, self.contextWindow) = (deployments[0], deployments, models, contextWindow)
    }

    static func classes(of deployments: [Deployment.ID], _ targets: [Target]) -> [CostClass] {
        var groups: [(deployments: [Deployment.ID], models: [Int])] = []
        for deployment in deployments where targets.indices.contains(deployment) {
            let target = targets[deployment]
            let same = groups.firstIndex { group in
                let first = targets[group.deployments[0]]
                return first.price == target.price && first.maxOutputTokens == target.maxOutputTokens && first.contextWindow == target.contextWindow
            }
            if let same {
                groups[same].deployments.append(deployment)
                if !groups[same].models.contains(target.estimatorNumber) { groups[same].models.append(target.estimatorNumber) }
            } else {
                groups.append(([deployment], [target.estimatorNumber]))
            }
        }
        return groups.map { CostClass($0.deployments, $0.models, contextWindow: targets[$0.deployments[0]].contextWindow) }
    }
}
