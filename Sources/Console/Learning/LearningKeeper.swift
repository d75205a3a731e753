import Gateway
import Logging
import Routing
import Schema
import Settings
import Storage
import Translation

/// Learns from feedback beside the path of requests, and takes up what another gateway on the store has learnt.
///
/// What is learnt is a function of the feedback in the store and of what was learnt before, so it does not matter which gateway does it:
/// whoever finds it due. Two that do it at once write the same.
public final class LearningKeeper: Sendable {
    /// Opinions that are looked at, the newest.
    static let mostOpinions = 50_000
    /// What a hint counts beside an opinion that was voiced.
    static let hintWeight = 0.3

    private let server: Server
    private let documents: any Store
    private let opinions: any Store
    private let log: Logger
    private let known = Locked(LearningState())

    /// - Parameters:
    ///   - documents: Where what was learnt is kept.
    ///   - opinions: Where feedback is.
    public init(_ server: Server, documents: any Store, opinions: any Store, log: Logger) {
        (self.server, self.documents, self.opinions, self.log) = (server, documents, opinions, log)
    }

    /// As this gateway goes by it.
    public var state: LearningState { known.withLock { $0 } }

    /// What was learnt before this process began.
    public func begin() async { await look(at: WallClock.milliseconds() / 1000) }

    /// Until its task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // throws when it is cancelled
            if Task.isCancelled { return }
            await look(at: WallClock.milliseconds() / 1000)
        }
    }

    func look(at seconds: Int64) async {
        guard let settings = server.learningSettings else {
            if known.withLock({ $0 != LearningState() }) { take(LearningState(), nil) }
            return
        }
        do {
            try await blocking { [self] in
                var state = LearningState(try documents.documents(.learning))
                if seconds - state.learned >= Int64(settings.interval.components.seconds) || state.learned > seconds {
                    let learnt = try learn(state, settings, at: seconds)
                    // Who was quicker, or has reset it meanwhile, is right.
                    let newest = LearningState(try documents.documents(.learning))
                    if newest.version == state.version { try write(learnt) }
                    state = newest.version == state.version ? learnt : newest
                }
                take(state, settings)
            }
        } catch {
            log.error("feedback could not be learnt from; it is looked at again", metadata: ["problem": "\(error)"])
        }
    }

    private func take(_ state: LearningState, _ settings: LearningSettings?) {
        let isNew = known.withLock { known in
            defer { known = state }
            return known != state
        }
        server.learning.take(state.tenants, explored: settings?.explore ?? 0)
        guard isNew else { return }
        let rates = settings?.ratings ?? false
        server.observe(rates ? state.ratings.compactMapValues(\.capability) : [:])
    }

    // MARK: Learning

    private func learn(_ old: LearningState, _ settings: LearningSettings, at seconds: Int64) throws(StoreFailure) -> LearningState {
        let halfLife = Double(settings.halfLife.components.seconds)
        // What is older counts for less than a sixteenth.
        let first = max(old.reset * 1000, (seconds - Int64(4 * halfLife)) * 1000)
        let rows = try opinions.opinions(from: .first(atUnixMilliseconds: max(0, first)), limit: Self.mostOpinions)
        let lessons = rows.compactMap { row -> RatedLesson? in
            guard let lesson = Lesson(decoding: row.lesson), settings.implicit || row.source == .said else { return nil }
            let weight = row.source == .said ? 1 : Self.hintWeight
            return RatedLesson(lesson, seconds: row.request.unixMilliseconds / 1000, score: row.score, weight: weight)
        }
        let names = try opinions.names()
        let learner = Learner(halfLife: halfLife, maxLoss: settings.maxLoss)
        var new = old
        new.learned = seconds
        new.version += 1
        var counted: [RatedLesson] = []
        let byTenant = Dictionary(grouping: lessons) { one in names[NameID(rawValue: Int32(clamping: one.lesson.tenant))]?.name ?? "" }
        for name in Set(byTenant.keys).union(old.tenants.keys).sorted() {
            let state = learner.learn(byTenant[name] ?? [], from: old.tenants[name] ?? Learner.TenantState(), at: seconds)
            new.tenants[name] = state
            counted += learner.weighed(byTenant[name] ?? [], state, at: seconds)
            tell(name, old.tenants[name], state)
        }
        new.ratings = rated(ModelRatings(counted), names)
        return new
    }

    private func rated(_ ratings: ModelRatings, _ names: [NameID: StoredName]) -> [String: LearningState.Rating] {
        guard let table = server.table else { return [:] }
        var all: [String: LearningState.Rating] = [:]
        for (number, rating) in ratings.byDeployment {
            guard let name = names[NameID(rawValue: Int32(clamping: number))]?.name, let id = table.deployment(named: name) else { continue }
            let deployment = table.deployments[id]
            let before = deployment.quality ?? deployment.capability ?? 0.5
            all[name] = LearningState.Rating(
                effect: rating.effect, deviation: rating.deviation, opinions: rating.opinions, before: before,
                capability: ratings.capability(of: number, from: before))
        }
        return all
    }

    private func tell(_ tenant: String, _ old: Learner.TenantState?, _ new: Learner.TenantState) {
        for task in 0..<Correction.tasks {
            let was = (0..<Correction.bins).contains { old?.inEffect[task, $0] ?? 0 != 0 }
            let holds = (0..<Correction.bins).contains { new.inEffect[task, $0] != 0 }
            guard was != holds else { continue }
            log.notice(
                holds ? "feedback corrects scores of prompts" : "a correction by feedback was taken back: it may have cost content",
                metadata: ["project": "\(tenant)", "task": "\(LearningDesk.taskName(task))"])
        }
    }

    private func write(_ state: LearningState) throws(StoreFailure) {
        try documents.change(.learning, put: state.documents, remove: [])
    }

    // MARK: Back to the scorer as it came

    /// Forgets what was learnt, of one project or of all, and every opinion that came until now.
    ///
    /// - Parameter tenant: Nil: all, ratings of models included.
    func reset(_ tenant: String?) async throws {
        let seconds = WallClock.milliseconds() / 1000 + 1
        try await blocking { [self] in
            var state = LearningState(try documents.documents(.learning))
            let gone = Set(state.documents.map(\.name))
            if let tenant {
                state.tenants[tenant] = .forgotten(at: seconds)
            } else {
                (state.tenants, state.ratings, state.reset) = ([:], [:], seconds)
            }
            state.version += 1
            let put = state.documents
            try documents.change(.learning, put: put, remove: Array(gone.subtracting(put.map(\.name))).sorted())
            take(state, server.learningSettings)
        }
    }
}
