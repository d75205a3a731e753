/// This very program as a target: key check, routing over four deployments, usage and metrics; with a database also one
/// ledger row committed for every request; with budgets also six accounts reserved and settled for each.
public enum Ourselves {
    static func inMemory(_ at: Surroundings) -> Candidate {
        target("swiftlet", title: "Swiftlet", store: "memory:", port: at.basePort + 7, at)
    }

    static func withLedger(_ at: Surroundings) -> Candidate {
        target("swiftlet-all", title: "Swiftlet, all: ledger in SQLite", store: "sqlite:ledger.db", port: at.basePort + 8, at)
    }

    static func withBudgets(_ at: Surroundings) -> Candidate {
        target(
            "swiftlet-budgets", title: "Swiftlet, all and budgets", store: "sqlite:ledger.db", budgets: true, port: at.basePort + 9, at)
    }

    private static func target(
        _ name: String, title: String, store: String, budgets: Bool = false, port: UInt16, _ at: Surroundings
    ) -> Candidate {
        var target = Target(name: name, title: "\(title), \(at.workers) thread\(at.workers == 1 ? "" : "s")", port: port)
        target.command = [at.program, "serve", "--config", "swiftlet.yaml"]
        target.versionCommand = [at.program, "--version"]
        target.files["swiftlet.yaml"] = settings(
            store: store, budgets: budgets, listen: port, admin: port + 100, upstream: at.upstream, threads: at.workers)
        target.readiness = "/readyz"
        return .found(target)
    }

    public static let key = "sk-bench-0123456789abcdef0123456789abcdef"

    /// The settings with which Swiftlet is measured. With budgets: three of money, and a key's requests and tokens a minute and requests at once.
    public static func settings(store: String, budgets: Bool = false, listen: UInt16, admin: UInt16, upstream: UInt16, threads: Int) -> String {
        let providers = ["north", "east", "south", "west"]
        return """
            server: { listen: "127.0.0.1:\(listen)", admin: "127.0.0.1:\(admin)", threads: \(threads), access_log: false }
            store: "\(store)"
            providers:
            \(providers.map { #"  \#($0): { type: openai_compatible, base_url: "http://127.0.0.1:\#(upstream)/v1", api_key: sk-upstream }"# }
                .joined(separator: "\n"))
            models:
              chat:
                strategy: shuffle
                deployments:
            \(providers.map { "      - { provider: \($0), model: mock-large, input_price: 0.15, output_price: 0.6 }" }.joined(separator: "\n"))
            keys:
              bench: { key: \(key), models: [chat]\(budgets ? limits : "") }
            \(budgets ? above : "")
            """
    }

    private static let limits = ", project: lab, budget: { month: 1000000 }, rpm: 100000000, tpm: 100000000000, max_parallel_requests: 10000"
    private static let above = """
        projects: { lab: { budget: { month: 2000000 } } }
        organisation: { budget: { month: 3000000 } }

        """
}
