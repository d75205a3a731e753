import Routing
import Settings
import Storage
import Translation
import Wire

/// A decision and what came of it, for people and programs: the `routing` of an answer, of `explain`, and of a stored request.
public struct DecisionReport: Sendable {
    public struct AttemptLine: Sendable {
        public var deployment: String
        /// Milliseconds since the request came.
        public var started: Double
        public var firstByte: Double?
        public var ended: Double
        public var outcome: String
        public var fault: String?
        public var status: Int
        public var cost: Nanodollars?
    }

    public var decision: Decision
    public var names: DecisionNames
    /// Of the policy that decided, with the project it came by.
    public var policy: String?
    public var project: String?
    public var customer: String?
    /// Whose policy it is: the first that names one of `request`, `key`, `project`, `organisation`.
    public var policySource: String?
    public var modelRequested: String?
    public var modelUsed: String?
    public var providerUsed: String?
    public var attempts: [AttemptLine] = []
    public var cost: Nanodollars?
    /// Of a prompt that was made shorter.
    public var compression: PromptSaving?
    public var warnings: [String] = []
    public var guardrails: [GuardLine] = []
    /// Only to explain: what all providers are believed to remember of the prompt, where the route looks at that.
    public var warmths: [Warmth] = []
    /// Of the settings in force, where the decision was made on an extension of their table.
    public var tableVersion: Int?

    public init(_ decision: Decision, _ names: DecisionNames) {
        self.decision = decision
        self.names = names
    }

    public var strategies: [String] { names.strategies(of: decision) }

    /// The sentence.
    public var text: String { decision.text(names) }

    public func write(to writer: inout JSONWriter) {
        writer.object { record in
            record.member("policy", orNull: policy)
            if let policySource { record.member("policy_source", policySource) }
            if let project { record.member("project", project) }
            if let customer { record.member("customer", customer) }
            record.member("route", names.route(decision.route))
            if decision.route != decision.entry { record.member("entry_route", names.route(decision.entry)) }
            record.member("rule", orNull: decision.hits.first.map { names.rule($0) })
            record.key("rules")
            record.array { list in
                for hit in decision.hits { write(hit, &list) }
            }
            record.member("strategy", orNull: strategies.last)
            record.key("strategies")
            record.array { list in for name in strategies { list.string(name) } }
            if let mode = decision.mode { record.member("mode", mode.rawValue) }
            if let confidence = decision.confidence {
                record.key("confidence")
                record.raw(Self.written(Double(confidence)))
            }
            if let terms = decision.terms { Self.write(terms, to: &record) }
            if let complexity = decision.complexity { Self.write(complexity, to: &record) }
            if decision.nanoseconds > 0 {
                record.key("latency")
                record.object { latency in
                    latency.key("routing_decision_ms")
                    latency.raw(Self.written(Double(decision.nanoseconds) / 1e6))
                }
            }
            record.key("candidates")
            record.array { list in
                for candidate in decision.candidates { write(candidate, &list) }
            }
            record.member("chosen", orNull: decision.chosen.map { names.deployment($0) })
            if !warmths.isEmpty || decision.warm != nil { writeWarmths(&record) }
            record.member("reason", text)
            if !warnings.isEmpty {
                record.key("warnings")
                record.array { list in for warning in warnings { list.string(warning) } }
            }
            if !guardrails.isEmpty {
                record.key("guardrails")
                record.array { list in for line in guardrails { Self.write(line, to: &list) } }
            }
            if let modelRequested { record.member("model_requested", modelRequested) }
            if let modelUsed { record.member("model_used", modelUsed) }
            if let providerUsed { record.member("provider_used", providerUsed) }
            if let compression {
                record.key("compression")
                record.object { saving in
                    saving.member("tokens_before", compression.before)
                    saving.member("tokens_after", compression.after)
                    saving.member("dropped_messages", compression.dropped)
                }
            }
            record.key("attempts")
            record.array { list in
                for attempt in attempts { Self.write(attempt, to: &list) }
            }
            if let cost {
                record.key("cost_usd")
                record.raw(cost.dollars)
            }
            // Above 2^53 many readers of JSON round numbers.
            record.member("seed", "\(decision.seed)")
            record.member("table_version", tableVersion ?? decision.tableVersion)
        }
    }

    private static func write(_ terms: Decision.Terms, to record: inout JSONWriter) {
        record.key("worth")
        record.object { worth in
            for (name, term) in [("cost", terms.cost), ("quality", terms.quality), ("latency", terms.latency)] {
                worth.key("\(name)")
                worth.raw(written(Double(term)))
            }
        }
    }

    /// In one object, and its numbers again by the names that Merge's clients know.
    private static func write(_ complexity: Decision.Complexity, to record: inout JSONWriter) {
        let isTiered = complexity.tiers > 0
        func number(_ name: String, _ value: Float?, _ writer: inout JSONWriter) {
            guard let value else { return }
            writer.key(name)
            writer.raw(written(Double(value)))
        }
        record.key("complexity")
        record.object { own in
            number("score", complexity.score, &own)
            number("score_in_context", complexity.inContext, &own)
            number("adjusted_score", complexity.adjusted, &own)
            number("chance", complexity.chance, &own)
            if isTiered {
                own.member("tier", complexity.tier)
                own.member("tiers", complexity.tiers)
            }
            if complexity.trouble != .none { own.member("unscored_because", complexity.trouble.text) }
            if let learnt = complexity.learnt { write(learnt, to: &own) }
        }
        record.member("intelligent_routing_used", isTiered)
        number("complexity_score", complexity.score, &record)
        guard isTiered else { return }
        number("adjusted_score", complexity.adjusted, &record)
        record.member("selected_tier", complexity.tier)
        record.member("total_tiers", complexity.tiers)
    }

    private static func write(_ learnt: Decision.Learnt, to own: inout JSONWriter) {
        func number(_ name: String, _ value: Float, _ writer: inout JSONWriter) {
            writer.key(name)
            writer.raw(written(Double(value)))
        }
        own.key("learning")
        own.object { line in
            line.member("task", LearningDesk.taskName(Int(learnt.task)))
            number("score_before", learnt.frozen, &line)
            number("correction", learnt.offset, &line)
            line.member("trial", learnt.isTrial)
            number("propensity", learnt.propensity, &line)
            let why = learnt.isTrial ? "its session tries another model" : learnt.offset == 0 ? "nothing is corrected here" : "feedback corrects it"
            line.member("reason", why)
        }
    }

    private func write(_ hit: Decision.Hit, _ writer: inout JSONWriter) {
        writer.object { rule in
            rule.member("name", names.rule(hit))
            rule.key("observed")
            rule.object { fields in
                for seen in hit.observed { fields.member("\(seen.field)", "\(seen.value)") }
            }
        }
    }

    private func write(_ candidate: Decision.Candidate, _ writer: inout JSONWriter) {
        writer.object { line in
            line.member("deployment", names.deployment(candidate.deployment))
            line.member("eligible", candidate.isEligible)
            line.member("excluded_because", orNull: candidate.excludedBecause?.name)
            if let why = candidate.excludedBecause { line.member("detail", "\(why)") }
            line.key("score")
            if let score = candidate.score, score.isFinite { line.raw(Self.written(Double(score))) } else { line.null() }
        }
    }

    private func writeWarmths(_ record: inout JSONWriter) {
        record.key("prompt_cache")
        record.object { cache in
            cache.member("moved_from", orNull: decision.warm?.instead.map { names.deployment($0) })
            if let warm = decision.warm {
                cache.member("warm_tokens", warm.tokens)
                cache.key("expected_saving_usd")
                if let saving = warm.saving { cache.raw(saving.dollars) } else { cache.null() }
            }
            if warmths.isEmpty { return }
            cache.key("candidates")
            cache.array { list in
                for warmth in warmths {
                    list.object { line in
                        line.member("deployment", names.deployment(warmth.deployment))
                        line.member("warm_tokens", warmth.tokens)
                        line.key("chance")
                        line.raw(Self.written(warmth.chance))
                        for (name, cost) in [("expected_cost_usd", warmth.expected), ("cold_cost_usd", warmth.cold)] {
                            line.key(name)
                            if let cost { line.raw(Nanodollars(Int64(cost.rounded())).dollars) } else { line.null() }
                        }
                    }
                }
            }
        }
    }

    public static func write(_ attempt: AttemptLine, to writer: inout JSONWriter) {
        writer.object { line in
            line.member("deployment", attempt.deployment)
            line.key("started")
            line.raw(Self.written(attempt.started))
            line.key("first_byte_ms")
            if let firstByte = attempt.firstByte { line.raw(Self.written(firstByte)) } else { line.null() }
            line.key("ended_ms")
            line.raw(Self.written(attempt.ended))
            line.member("outcome", attempt.outcome)
            line.member("fault", orNull: attempt.fault)
            line.member("status", attempt.status)
            line.key("cost_usd")
            if let cost = attempt.cost { line.raw(cost.dollars) } else { line.null() }
        }
    }

    /// With at most six digits behind the point.
    private static func written(_ number: Double) -> String {
        let rounded = (number * 1e6).rounded() / 1e6
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
    }
}

extension DecisionReport.AttemptLine {
    /// An attempt as the ledger has it; `deployment` is its name.
    public init(_ record: AttemptRecord, deployment: String) {
        self.deployment = deployment
        started = Double(record.startedMicroseconds) / 1000
        firstByte = record.firstByteMicroseconds.map { Double($0) / 1000 }
        ended = Double(record.endedMicroseconds) / 1000
        outcome = "\(record.state.outcome)"
        fault = record.fault?.name
        status = Int(record.status)
        cost = record.cost == .zero && record.state != .done ? nil : record.cost
    }
}

extension Exchange {
    /// `"routing":{…}` for a whole answer.
    func routingMember(cost: Nanodollars?) -> [UInt8] {
        var writer = JSONWriter()
        report(cost: cost).write(to: &writer)
        return Array("\"routing\":".utf8) + writer.bytes
    }

    /// A chunk without choices that carries `routing`, as the first of a stream: what is known when it begins.
    func routingEvent() -> [UInt8] {
        var writer = JSONWriter()
        let object = request.api == .completions ? "text_completion" : "chat.completion.chunk"
        writer.object { chunk in
            chunk.member("id", id.description)
            chunk.member("object", object)
            chunk.member("created", id.unixMilliseconds / 1000)
            chunk.member("model", target.map { String(decoding: $0.model.bytes.dropFirst().dropLast(), as: UTF8.self) } ?? "")
            chunk.key("choices")
            chunk.array { _ in }
            chunk.key("routing")
            report(cost: nil).write(to: &chunk)
        }
        return Array("data: ".utf8) + writer.bytes + Array("\n\n".utf8)
    }

    private func report(cost: Nanodollars?) -> DecisionReport {
        var report = DecisionReport(request.journey.decision ?? Decision(), DecisionNames(request.table(live)))
        report.fill(from: request, live)
        if let deployment { report.fill(served: deployment, live) }
        report.cost = cost.map { $0 + lost }
        report.compression = shorter?.saving
        var records = attempts
        if let attempt { records.append(attemptRecord(attempt, nil, at: loop.time)) }
        report.attempts = records.map { record in
            let id = live.numbers.deployments.firstIndex(of: record.deployment)
            return DecisionReport.AttemptLine(record, deployment: id.map { live.deploymentName($0) } ?? "")
        }
        if let last = report.attempts.indices.last, report.attempts[last].fault == nil { report.attempts[last].cost = cost }
        return report
    }
}
