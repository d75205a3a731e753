import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// `/api/v1/learning`: what feedback has taught, what the gate says of it, and one call that takes it all back.
struct FeedbackLearningDesk: Sendable {
    let server: Server
    let book: SettingsBook
    let keeper: LearningKeeper

    static let resetMembers: [AdminRoute.Parameter] = [
        .init(name: "project", help: "Only what was learnt of this project; empty for keys without one. Without it everything, ratings included.")
    ]

    func show(_ call: AdminCall) throws -> AdminAnswer {
        try call.checkQuery([])
        let (state, settings, counts) = (keeper.state, server.learningSettings, server.learning.counts)
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("enabled", settings != nil)
                whole.member("version", state.version)
                whole.member("learned", orNull: state.learned > 0 ? Timestamp.text(unixMilliseconds: state.learned * 1000) : nil)
                whole.member("reset", orNull: state.reset > 0 ? Timestamp.text(unixMilliseconds: state.reset * 1000) : nil)
                whole.key("settings")
                if let settings { Self.write(settings, &whole) } else { whole.null() }
                whole.key("counts")
                whole.object { line in
                    line.member("scored", counts.scored)
                    line.member("corrected", counts.corrected)
                    line.member("trials", counts.tried)
                    for source in Feedback.Source.allCases where source != .said { line.member(source.name, counts.signals[source] ?? 0) }
                }
                whole.key("projects")
                whole.array { list in
                    for (name, tenant) in state.tenants.sorted(by: { $0.key < $1.key }) { Self.write(name, tenant, &list) }
                }
                whole.key("ratings")
                whole.array { list in
                    for (name, rating) in state.ratings.sorted(by: { $0.key < $1.key }) { Self.write(name, rating, &list) }
                }
            }
        }
    }

    func reset(_ call: AdminCall) async throws -> AdminAnswer {
        let project = try call.object(Self.resetMembers.map(\.name))["project"]?.scalar
        let known = (server.blueprint?.projects.map(\.name) ?? []) + keeper.state.tenants.keys.sorted()
        if let project, !project.isEmpty, !known.contains(project) { throw AdminRefusal.unknown("project", project, among: known) }
        try await keeper.reset(project)
        try await book.note(call.mark("learning.reset", "learning\(project.map { ".\($0)" } ?? "")"))
        return try show(AdminCall("GET", "/api/v1/learning"))
    }

    // MARK: Form

    private static func number(_ name: String, _ value: Double, _ writer: inout JSONWriter) {
        writer.key(name)
        writer.raw("\((value * 1e6).rounded() / 1e6)")
    }

    private static func list(_ name: String, _ values: [Double], _ writer: inout JSONWriter) {
        writer.key(name)
        writer.raw("[" + values.map { "\(($0 * 1e4).rounded() / 1e4)" }.joined(separator: ",") + "]")
    }

    private static func write(_ settings: LearningSettings, _ whole: inout JSONWriter) {
        whole.object { own in
            number("explore", settings.explore, &own)
            number("max_loss", settings.maxLoss, &own)
            own.member("half_life_seconds", settings.halfLife.components.seconds)
            own.member("interval_seconds", settings.interval.components.seconds)
            own.member("ratings", settings.ratings)
        }
    }

    private static func write(_ name: String, _ tenant: Learner.TenantState, _ writer: inout JSONWriter) {
        writer.object { line in
            line.member("project", orNull: name.isEmpty ? nil : name)
            line.member("opinions", tenant.lessons)
            line.member("changes", tenant.changes)
            line.member("in_effect", !tenant.inEffect.isNothing)
            line.key("tasks")
            line.array { tasks in
                for task in 0..<Correction.tasks {
                    let bins = task * Correction.bins..<(task + 1) * Correction.bins
                    guard tenant.verdicts[task] != nil || tenant.inEffect.offsets[bins].contains(where: { $0 != 0 }) else { continue }
                    tasks.object { own in
                        own.member("task", LearningDesk.taskName(task))
                        list("correction", Array(tenant.inEffect.offsets[bins]), &own)
                        list("believed", Array(tenant.belief.mean.offsets[bins]), &own)
                        list("deviation", Array(tenant.belief.deviations[bins]), &own)
                        if let verdict = tenant.verdicts[task] { write(verdict, &own) }
                    }
                }
            }
        }
    }

    private static func write(_ verdict: LearningGate.Verdict, _ own: inout JSONWriter) {
        own.key("gate")
        own.object { gate in
            gate.member("verdict", verdict.text)
            gate.member("reason", GateReason.text(verdict))
            gate.key("change")
            gate.object { change in
                number("estimate", verdict.change.estimate, &change)
                number("low", verdict.change.low, &change)
                number("high", verdict.change.high, &change)
            }
            number("max_loss", verdict.allowed, &gate)
            number("opinions", verdict.opinions, &gate)
            number("changed", verdict.changed, &gate)
            number("open", verdict.open, &gate)
            number("tried", verdict.tried, &gate)
        }
    }

    private static func write(_ name: String, _ rating: LearningState.Rating, _ writer: inout JSONWriter) {
        writer.object { line in
            line.member("deployment", name)
            number("effect", rating.effect, &line)
            number("deviation", rating.deviation, &line)
            number("opinions", rating.opinions, &line)
            number("capability_before", rating.before, &line)
            if let capability = rating.capability {
                number("capability", capability, &line)
            } else {
                line.key("capability")
                line.null()
            }
        }
    }
}
