import Routing
import Settings
import Storage
import Wire

/// Sums over finished requests, as GenAI metrics: cumulative since the gateway started, by operation, provider, model and class of fault.
/// Models are an operator's deployments, so no client can make them many.
struct MetricBook {
    private struct Key: Hashable {
        var operation: String
        var provider: String
        var model: String
        var error: String?
        /// `gen_ai.token.type` or `gen_ai.token.modality`.
        var kind: (name: String, value: String)?

        static func == (left: Key, right: Key) -> Bool {
            left.operation == right.operation && left.provider == right.provider && left.model == right.model && left.error == right.error
                && left.kind?.name == right.kind?.name && left.kind?.value == right.kind?.value
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(operation)
            hasher.combine(provider)
            hasher.combine(model)
            hasher.combine(error)
            hasher.combine(kind?.value)
        }
    }

    private struct Buckets {
        var counts: [Int64]
        var sum = 0.0
        var total: Int64 = 0

        init(_ bounds: [Double]) { counts = Array(repeating: 0, count: bounds.count + 1) }

        mutating func add(_ value: Double, _ bounds: [Double]) {
            counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
            sum += value
            total += 1
        }
    }

    private struct Histogram {
        let name: String
        let unit: String
        let bounds: [Double]
        var rows: [Key: Buckets] = [:]

        mutating func add(_ value: Double, _ key: Key) { rows[key, default: Buckets(bounds)].add(value, bounds) }
    }

    /// As the conventions advise.
    private static let seconds = (0...13).map { 0.01 * Double(1 << $0) }
    private static let tokens = (0...13).map { Double(1 << (2 * $0)) }

    private let conventions: TelemetrySettings.Conventions
    private let since: Int64
    private var duration = Histogram(name: "gen_ai.client.operation.duration", unit: "s", bounds: seconds)
    private var firstChunk = Histogram(name: "gen_ai.client.operation.time_to_first_chunk", unit: "s", bounds: seconds)
    private var requestDuration = Histogram(name: "gen_ai.server.request.duration", unit: "s", bounds: seconds)
    private var firstToken = Histogram(name: "gen_ai.server.time_to_first_token", unit: "s", bounds: seconds)
    private var usage = Histogram(name: "gen_ai.client.token.usage", unit: "{token}", bounds: tokens)
    private var input = Histogram(name: "gen_ai.client.inference.operation.input_tokens", unit: "{token}", bounds: tokens)
    private var output = Histogram(name: "gen_ai.client.inference.operation.output_tokens", unit: "{token}", bounds: tokens)
    private var sums: [String: [Key: Int64]] = [:]
    private var cost: [Key: Double] = [:]

    init(_ conventions: TelemetrySettings.Conventions, sinceUnixNanoseconds: Int64) {
        self.conventions = conventions
        since = sinceUnixNanoseconds
    }

    var isEmpty: Bool { requestDuration.rows.isEmpty }

    /// What passages do is not known, so that they are none of these operations.
    mutating func add(_ request: FinishedRequest) {
        guard request.api != .passThrough else { return }
        let entry = request.entry
        var last: Key?
        for tried in request.attempts {
            var key = Key(operation: request.operation, provider: tried.target.genAIName, model: tried.target.modelName)
            last = key
            let record = tried.record
            if entry.streamed, let first = record.firstByteMicroseconds { firstChunk.add(Double(first - record.startedMicroseconds) / 1e6, key) }
            let used = tried.isLast ? entry.usage : Usage()
            count(used, key)
            key.error = record.fault?.name
            duration.add(Double(max(0, record.endedMicroseconds - record.startedMicroseconds)) / 1e6, key)
        }
        var key = last ?? Key(operation: request.operation, provider: "swiftlet", model: request.route)
        if entry.priced { cost[key, default: 0] += Double(entry.cost.amount) / 1e9 }
        if let first = entry.firstByteMicroseconds { firstToken.add(Double(first) / 1e6, key) }
        if entry.state != .done { key.error = request.refusal ?? entry.fault?.name ?? entry.state.name }
        requestDuration.add(Double(entry.durationMicroseconds) / 1e6, key)
    }

    /// What is billed; nothing of an unknown kind where an attempt came to no usage.
    private mutating func count(_ used: Usage, _ key: Key) {
        func kind(_ name: String, _ value: String) -> Key {
            var kind = key
            kind.kind = (name, value)
            return kind
        }
        if conventions.areReleased, used != Usage() {
            usage.add(Double(used.totalInput), kind("gen_ai.token.type", "input"))
            usage.add(Double(used.totalOutput), kind("gen_ai.token.type", "output"))
        }
        guard conventions.areLatest else { return }
        let modality = "gen_ai.token.modality"
        guard used != Usage() else {
            add("input_tokens", 0, kind(modality, "unknown"))
            return add("output_tokens", 0, kind(modality, "unknown"))
        }
        input.add(Double(used.totalInput), key)
        output.add(Double(used.totalOutput), key)
        add("input_tokens", used.totalInput - used.audioInput - used.imageInput, kind(modality, "text"))
        add("output_tokens", used.totalOutput - used.audioOutput - used.imageOutput, kind(modality, "text"))
        for (name, value, of) in [
            ("input_tokens", used.audioInput, "audio"), ("input_tokens", used.imageInput, "image"), ("output_tokens", used.audioOutput, "audio"),
            ("output_tokens", used.imageOutput, "image"), ("cache_read.input_tokens", used.cachedInput, "text"),
            ("cache_write.input_tokens", used.cacheWrite &+ used.cacheWriteHour, "text"), ("reasoning.output_tokens", used.reasoning, "text"),
        ] where value > 0 { add(name, value, kind(modality, of)) }
    }

    private mutating func add(_ name: String, _ tokens: Int64, _ key: Key) {
        sums["gen_ai.client.inference.usage.\(name)", default: [:]][key, default: 0] &+= max(0, tokens)
    }

    // MARK: Writing

    func write(to out: inout OTLPWriter, atUnixNanoseconds now: Int64) {
        for histogram in [duration, firstChunk, requestDuration, firstToken, usage, input, output] where !histogram.rows.isEmpty {
            metric(histogram.name, histogram.unit, "histogram", &out) { out in
                for (key, buckets) in histogram.rows { point(key, now, &out) { Self.write(buckets, histogram.bounds, &$0) } }
            }
        }
        for (name, rows) in sums.sorted(by: { $0.key < $1.key }) {
            metric(name, "{token}", "sum", &out) { out in
                for (key, value) in rows { point(key, now, &out) { $0.member("asInt", "\(value)") } }
            }
        }
        guard !cost.isEmpty else { return }
        metric("swiftlet.cost", "{USD}", "sum", &out) { out in
            for (key, value) in cost {
                point(key, now, &out) { json in
                    json.key("asDouble")
                    json.raw("\(value)")
                }
            }
        }
    }

    private func metric(_ name: String, _ unit: String, _ form: String, _ out: inout OTLPWriter, _ points: (inout OTLPWriter) -> Void) {
        out.json.beginObject()
        out.json.member("name", name)
        out.json.member("unit", unit)
        out.json.key(form)
        out.json.beginObject()
        out.json.member("aggregationTemporality", 2)
        if form == "sum" { out.json.member("isMonotonic", true) }
        out.json.key("dataPoints")
        out.json.beginArray()
        points(&out)
        out.json.endArray()
        out.json.endObject()
        out.json.endObject()
    }

    private func point(_ key: Key, _ now: Int64, _ out: inout OTLPWriter, _ value: (inout JSONWriter) -> Void) {
        out.json.beginObject()
        out.attributes { attributes in
            attributes.text("gen_ai.operation.name", key.operation)
            attributes.text("gen_ai.provider.name", key.provider)
            attributes.text("gen_ai.request.model", key.model)
            attributes.text("error.type", key.error)
            if let kind = key.kind { attributes.text(kind.name, kind.value) }
        }
        out.json.member("startTimeUnixNano", "\(since)")
        out.json.member("timeUnixNano", "\(now)")
        value(&out.json)
        out.json.endObject()
    }

    private static func write(_ buckets: Buckets, _ bounds: [Double], _ json: inout JSONWriter) {
        json.member("count", "\(buckets.total)")
        json.key("sum")
        json.raw("\(buckets.sum)")
        json.key("bucketCounts")
        json.array { list in for count in buckets.counts { list.string("\(count)") } }
        json.key("explicitBounds")
        json.array { list in for bound in bounds { list.raw("\(bound)") } }
    }
}
