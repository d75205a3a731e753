import Routing
import Settings
import Translation

extension Admitted {
    /// Reads how the prompt begins, where its route looks at what providers remember.
    func lookBack(_ live: Live) {
        guard api.family == .chat, table(live).routes[journey.route].prefersWarm else { return }
        journey.bring(body.withUnsafeReadableBytes { PromptBeginning.read($0, tokens: Int(clamping: call.estimatedInput)) })
    }
}

extension Price {
    /// What reading from the provider's cache saved against reading anew, less what writing to it cost more. Negative: it did not pay.
    public func savedByCache(_ usage: Usage) -> Nanodollars {
        let write = cacheWrite ?? input
        let classes: [(tokens: Int64, gain: Int64)] = [
            (usage.cachedInput, input - (cachedInput ?? input)), (usage.cacheWrite, input - write),
            (usage.cacheWriteHour, input - (cacheWriteHour ?? write)),
        ]
        let sum = classes.reduce(Int128(0)) { $0 + Int128(max(0, $1.tokens)) * Int128($1.gain) }
        return Nanodollars(Int64(clamping: sum / 1_000_000))
    }
}

extension Server {
    /// What a deployment's provider saved by what it remembered of prompts, at today's price. Nil: no known price, or no such deployment.
    public func savedByPromptCache(_ usage: Usage, at deployment: String) -> Nanodollars? {
        guard let live, let id = live.table.deployment(named: deployment) else { return nil }
        return live.targets[id].price?.savedByCache(usage)
    }
}

extension Exposition {
    mutating func promptCaches(_ counters: Counters, _ live: Live, _ router: Router) {
        family(
            "swiftlet_prompt_cache_saved_usd_total", "counter",
            "What providers' caches of prompts saved, at today's price, less what writing to them cost.")
        for (at, deployment) in live.blueprint.table.deployments.enumerated() {
            guard let price = live.targets[at].price else { continue }
            sample(
                "swiftlet_prompt_cache_saved_usd_total", ["deployment": deployment.name],
                "\(Double(price.savedByCache(counters.usage[at]).amount) / 1e9)")
        }
        family("swiftlet_prompt_cache_affinity_total", "counter", "Requests that went where their prompt is remembered, by who sent them there.")
        sample("swiftlet_prompt_cache_affinity_total", ["by": "affinity"], router.warmMoves)
        sample("swiftlet_prompt_cache_affinity_total", ["by": "strategy"], router.warmStays)
        family("swiftlet_prompt_cache_guesses_total", "counter", "Prompts that were believed to be remembered, by what the provider said.")
        sample("swiftlet_prompt_cache_guesses_total", ["result": "remembered"], router.warmHits)
        sample("swiftlet_prompt_cache_guesses_total", ["result": "forgotten"], router.warmMisses)
    }
}
