import Routing
import Settings
import Storage
import Translation

/// Spans of a request: its own, of kind SERVER, and below it one of kind CLIENT for each attempt.
struct SpanWriter {
    private static let server = 2
    private static let client = 3
    private static let failed = 2

    let conventions: TelemetrySettings.Conventions
    var out: OTLPWriter

    mutating func write(_ request: FinishedRequest) {
        let entry = request.entry
        open(
            request, span: request.trace.span, parent: request.trace.parent,
            name: request.route.isEmpty ? request.operation : "\(request.operation) \(request.route)", kind: Self.server,
            from: 0, to: entry.durationMicroseconds)
        let words = SpanAttributes(conventions: conventions)
        out.attributes { attributes in
            if request.passedTo == nil { attributes.text("http.request.method", "POST") }
            attributes.number("http.response.status_code", entry.status == 0 ? nil : Int64(entry.status))
            if request.passedTo == nil { words.common(request, model: request.route, &attributes) }
            words.usage(entry.usage, &attributes)
            words.firstChunk(entry, entry.firstByteMicroseconds, &attributes)
            words.decision(request, &attributes)
            attributes.text("error.type", request.refusal ?? words.errorType(entry))
        }
        close(entry.state == .done, request.detail)
        if let host = request.passedTo { writePassage(request, to: host) }
        for tried in request.attempts { write(tried, of: request) }
    }

    /// The one call of a passage.
    private mutating func writePassage(_ request: FinishedRequest, to host: String) {
        let entry = request.entry
        guard entry.attempts > 0 else { return }
        open(
            request, span: request.trace.span(ofAttemptAt: entry.deployment, startedMicroseconds: 0), parent: request.trace.span, name: host,
            kind: Self.client, from: 0, to: entry.durationMicroseconds)
        out.attributes { attributes in
            attributes.text("server.address", host)
            attributes.number("http.response.status_code", entry.status == 0 ? nil : Int64(entry.status))
            attributes.text("error.type", entry.fault?.name)
        }
        close(entry.fault == nil, request.detail)
    }

    private mutating func write(_ tried: FinishedRequest.Tried, of request: FinishedRequest) {
        let record = tried.record
        let span = request.trace.span(ofAttemptAt: record.deployment, startedMicroseconds: record.startedMicroseconds)
        open(
            request, span: span, parent: request.trace.span, name: "\(request.operation) \(tried.target.modelName)", kind: Self.client,
            from: record.startedMicroseconds, to: record.endedMicroseconds)
        let words = SpanAttributes(conventions: conventions)
        out.attributes { attributes in
            attributes.text("gen_ai.provider.name", tried.target.genAIName)
            if words.conventions.areReleased { attributes.text("gen_ai.system", tried.target.genAIName) }
            words.common(request, model: tried.target.modelName, &attributes)
            if let origin = tried.target.provider.base?.origin {
                attributes.text("server.address", origin.host)
                attributes.number("server.port", Int64(origin.port))
            }
            attributes.number("http.response.status_code", record.status == 0 ? nil : Int64(record.status))
            attributes.text("swiftlet.deployment", tried.deployment)
            if tried.isLast, record.state == .done { words.usage(request.entry.usage, &attributes) }
            words.firstChunk(request.entry, record.firstByteMicroseconds.map { $0 - record.startedMicroseconds }, &attributes)
            attributes.text("error.type", record.fault?.name)
        }
        close(record.fault == nil && record.state != .failed, tried.isLast ? request.detail : nil)
    }

    // MARK: Spans

    private mutating func open(
        _ request: FinishedRequest, span: UInt64, parent: UInt64, name: String, kind: Int, from: Int64, to: Int64
    ) {
        out.json.beginObject()
        out.json.member("traceId", request.trace.traceText)
        out.json.member("spanId", TraceContext.text(span))
        if parent != 0 { out.json.member("parentSpanId", TraceContext.text(parent)) }
        if !request.trace.state.isEmpty { out.json.member("traceState", request.trace.state) }
        out.json.member("name", name)
        out.json.member("kind", kind)
        out.json.member("flags", request.trace.isSampled ? 1 : 0)
        out.json.member("startTimeUnixNano", "\(request.nanoseconds(from))")
        out.json.member("endTimeUnixNano", "\(request.nanoseconds(max(from, to)))")
    }

    private mutating func close(_ isGood: Bool, _ detail: String?) {
        if !isGood {
            out.json.key("status")
            out.json.object { status in
                status.member("code", Self.failed)
                if let detail { status.member("message", detail) }
            }
        }
        out.json.endObject()
    }
}

/// What spans say of requests and attempts.
private struct SpanAttributes {
    let conventions: TelemetrySettings.Conventions

    func common(_ request: FinishedRequest, model: String, _ attributes: inout OTLPWriter.Attributes) {
        attributes.text("gen_ai.operation.name", request.operation)
        attributes.text("gen_ai.request.model", model)
        attributes.number("gen_ai.request.max_tokens", request.maxTokens)
        if request.tier != .standard { attributes.text(GenAINames.requestedTier, "\(request.tier.name)") }
        if request.choices > 1 { attributes.number("gen_ai.request.choice.count", Int64(request.choices)) }
        if conventions.areLatest { attributes.flag("gen_ai.request.stream", request.entry.streamed) }
    }

    func usage(_ usage: Usage, _ attributes: inout OTLPWriter.Attributes) {
        guard usage != Usage() else { return }
        attributes.number("gen_ai.usage.input_tokens", usage.totalInput)
        attributes.number("gen_ai.usage.output_tokens", usage.totalOutput)
        if usage.cachedInput > 0 { attributes.number("gen_ai.usage.cache_read.input_tokens", usage.cachedInput) }
        let written = usage.cacheWrite &+ usage.cacheWriteHour
        if written > 0, conventions.areReleased { attributes.number("gen_ai.usage.cache_creation.input_tokens", written) }
        if written > 0, conventions.areLatest { attributes.number("gen_ai.usage.cache_write.input_tokens", written) }
        if usage.reasoning > 0 { attributes.number("gen_ai.usage.reasoning.output_tokens", usage.reasoning) }
        if usage.tier != .standard { attributes.text(GenAINames.servedTier, "\(usage.tier.name)") }
        if usage.estimated { attributes.flag("swiftlet.usage.estimated", true) }
    }

    func firstChunk(_ entry: LedgerEntry, _ microseconds: Int64?, _ attributes: inout OTLPWriter.Attributes) {
        guard entry.streamed, let microseconds else { return }
        attributes.real("gen_ai.response.time_to_first_chunk", Double(microseconds) / 1e6)
    }

    /// Who asked, which way was chosen and why, and what it came to.
    func decision(_ request: FinishedRequest, _ attributes: inout OTLPWriter.Attributes) {
        let entry = request.entry
        attributes.text("swiftlet.request.id", entry.id.description)
        attributes.text("swiftlet.key", request.key)
        attributes.text("swiftlet.project", request.project)
        attributes.text("swiftlet.api", request.api.name)
        attributes.number("swiftlet.attempts", Int64(entry.attempts))
        if entry.priced { attributes.real("swiftlet.cost.usd", Double(entry.cost.amount) / 1e9) }
        if let saving = request.saving {
            attributes.number("swiftlet.compression.saved_tokens", saving.tokens)
            attributes.number("swiftlet.compression.dropped_messages", Int64(saving.dropped))
        }
        attributes.number("swiftlet.request.bytes", entry.receivedBytes > 0 ? entry.receivedBytes : nil)
        attributes.number("swiftlet.response.bytes", entry.sentBytes > 0 ? entry.sentBytes : nil)
        if entry.cached { attributes.flag("swiftlet.cached", true) }
        attributes.text("swiftlet.decision.policy", request.policy)
        attributes.text("swiftlet.decision.route", request.route)
        attributes.text("swiftlet.deployment", request.attempts.last?.deployment)
        guard let decision = request.decision else { return }
        let names = DecisionNames(request.table)
        let report = DecisionReport(decision, names)
        attributes.text("swiftlet.decision.rule", decision.hits.first.map { names.rule($0) })
        attributes.text("swiftlet.decision.strategy", report.strategies.last)
        attributes.text("swiftlet.decision.chosen", decision.chosen.map { names.deployment($0) })
        attributes.text("swiftlet.decision.reason", report.text)
        attributes.texts(
            "swiftlet.decision.candidates",
            decision.candidates.map { "\(names.deployment($0.deployment)): \($0.excludedBecause?.name ?? "eligible")" })
        // Above 2^63 no integer of OpenTelemetry reaches.
        attributes.text("swiftlet.decision.seed", "\(decision.seed)")
    }

    func errorType(_ entry: LedgerEntry) -> String? {
        switch entry.state {
        case .done: nil
        case .cancelled: "cancelled"
        case .failed, .unknown: entry.fault?.name ?? "\(entry.status)"
        }
    }
}
