import Routing
import Settings

/// How many tokens a prompt has at a deployment, and what a request with it costs there.
public struct TokenCount: Sendable {
    public var deployment: String
    public var provider: String
    public var model: String
    /// As providers will likely count it, by what they have counted so far; what is reserved stays above that.
    public var tokens: Int64
    public var atMost: Int64
    public var contextWindow: Int?
    public var maxOutput: Int?
    /// Nil: nobody knows what it costs.
    public var price: Price?

    public init(
        deployment: String, provider: String, model: String, tokens: Int64, atMost: Int64, contextWindow: Int?, maxOutput: Int?, price: Price?
    ) {
        (self.deployment, self.provider, self.model) = (deployment, provider, model)
        (self.tokens, self.atMost, self.contextWindow, self.maxOutput, self.price) = (tokens, atMost, contextWindow, maxOutput, price)
    }
}

extension Server {
    /// At every deployment, in their order.
    public func tokens(of prompt: PromptSize) -> [TokenCount] {
        guard let live else { return [] }
        return live.table.deployments.enumerated().map { index, deployment in
            let target = live.targets[index]
            return TokenCount(
                deployment: deployment.name, provider: target.providerName, model: target.modelName, tokens: estimators.expected(prompt, at: target),
                atMost: estimators.bound(prompt, at: target), contextWindow: deployment.contextWindow, maxOutput: deployment.maxOutput,
                price: target.price)
        }
    }
}
