import Routing
import Settings
import Storage
import Translation

/// A request that is over, as telemetry is told of it. Names are looked up where nobody waits.
struct FinishedRequest: Sendable {
    let live: Live
    let entry: LedgerEntry
    let trace: TraceContext
    let api: API
    /// The route that was asked for.
    let route: String
    let key: String
    let project: String?
    let maxTokens: Int64?
    let choices: Int
    /// How soon it was to be served.
    var tier = ServiceTier.standard
    /// Why it went where it went. Nil: nobody wrote it down.
    let decision: Decision?
    let table: RoutingTable
    let policy: String?
    /// Of the last attempt, whose row may say nothing of it.
    let lastStartedMicroseconds: Int64
    let saving: PromptSaving?
    /// What the last failed attempt failed of.
    let detail: String?
    /// The error's code of one that was refused before it was routed.
    var refusal: String?
    /// Of a passage: the target's host.
    var passedTo: String?

    struct Tried {
        var record: AttemptRecord
        var target: Target
        var deployment: String
        /// It is what the client was answered by.
        var isLast: Bool
    }

    /// Its attempts, in the order in which they began.
    var attempts: [Tried] {
        var history = entry.history
        if entry.attemptLog.isEmpty, let only = history.indices.first { history[only].startedMicroseconds = lastStartedMicroseconds }
        return history.enumerated().compactMap { index, record in
            guard let id = live.numbers.deployments.firstIndex(of: record.deployment) else { return nil }
            return Tried(record: record, target: live.targets[id], deployment: live.deploymentName(id), isLast: index == history.count - 1)
        }
    }

    var operation: String { api == .passThrough ? "pass_through" : GenAINames.operation(api) }
    /// Nanoseconds since 1970, `microseconds` after it came.
    func nanoseconds(_ microseconds: Int64) -> Int64 { entry.startedUnixMilliseconds * 1_000_000 + microseconds * 1_000 }
}

extension Target {
    var genAIName: String { GenAINames.provider(type(of: provider).name) }
}
