import Logging
import NIOPosix
import Settings
import Storage

/// Keeps the ledger in bounds, beside the path of requests: forgets what is older or more than the settings allow, sums up what is over.
public final class LedgerKeeper: Sendable {
    /// Between one look and the next.
    private static let pause = Duration.seconds(30)
    /// Between two pieces of work, for writers to come between.
    private static let rest = Duration.milliseconds(10)

    private let server: Server
    private let ledger: any UsageStore
    private let failed = Locked(false)
    private let log: Logger

    public init(_ server: Server, ledger: any UsageStore, log: Logger) { (self.server, self.ledger, self.log) = (server, ledger, log) }

    /// Until its task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            while await tend() > 0, !Task.isCancelled {
                try? await Task.sleep(for: Self.rest)  // fails when it is cancelled, and then the loop ends
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// One piece of work. Returns how much was done, 0 where nothing is left or the store fails.
    private func tend() async -> Int {
        let retention = Retention(server.live?.blueprint.ledger.retention ?? RetentionSettings())
        let done = try? await NIOThreadPool.singleton.runIfActive { self.tend(retention) }  // fails when the process ends
        return done ?? 0
    }

    private func tend(_ retention: Retention) -> Int {
        do throws(StoreFailure) {
            let done = try ledger.forget(retention, unixMilliseconds: WallClock.milliseconds())
            failed.withLock { $0 = false }
            return done
        } catch {
            let isNew = failed.withLock { failed in
                defer { failed = true }
                return !failed
            }
            if isNew, error.kind != .closed { log.warning("the ledger could not be kept in bounds; tried again", metadata: ["problem": "\(error)"]) }
            return 0
        }
    }
}

extension Retention {
    init(_ settings: RetentionSettings) {
        self.init()
        requests = settings.requests
        texts = settings.texts
        mostBytes = settings.maxSize.map { Int64($0.bytes) }
    }
}
