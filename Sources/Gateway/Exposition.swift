import NIOCore
import Routing
import Settings
import Storage
import Translation

/// `GET /metrics`: everything counted here, in Prometheus' text format.
///
/// Labels are an operator's names only (deployments, APIs, fault classes), so no client can make them many.
struct Exposition {
    private var text = ""

    /// Linear in deployments and event loops; asks each loop for a copy of its counters.
    static func write(_ server: Server, _ live: Live, at now: Instant) async -> String {
        var page = Exposition()
        let counters = await server.counters()
        page.traffic(counters)
        let router = server.router.snapshot()
        page.deployments(counters, live, router, now)
        page.providers(counters, live)
        page.named(counters)
        page.decisions(counters.decisions)
        page.overhead(counters.overhead)
        page.passThrough(counters)
        page.alerts(server.webhooks.counts)
        page.guards(counters.guarding, server.guardEvents, isOn: live.guards != nil)
        page.moderation(counters.moderation, isOn: !live.moderators.isEmpty)
        page.ledger(server)
        page.cache(server.cache.counts, counters.cache)
        page.promptCaches(counters, live, router)
        page.limits(server, live, counters)
        page.compression(counters.compression)
        page.telemetry(server.telemetry.counts)
        page.certificates(server.certificates)
        if live.learning != nil { page.learning(server.learning.counts) }
        return page.text
    }

    static let outcomes = ["ok", "client_error", "server_error", "client_left"]

    private mutating func traffic(_ counters: Counters) {
        family("swiftlet_requests_total", "counter", "Requests by API and class of answer.")
        for api in API.allCases where api.isAsked || api == .passThrough {
            for (column, outcome) in Self.outcomes.enumerated() {
                sample("swiftlet_requests_total", ["api": api.name, "outcome": outcome], counters.requests[Int(api.rawValue) * 4 + column])
            }
        }
        gauge("swiftlet_requests_in_flight", "Requests between their admission and their answer's end.", counters.inFlight)
        gauge("swiftlet_client_connections", "Open client connections.", counters.clientConnections)
        count("swiftlet_client_connections_accepted_total", "Client connections accepted.", counters.acceptedConnections)
        count("swiftlet_client_connections_refused_total", "Client connections closed at once, over the limit.", counters.refusedConnections)
        count("swiftlet_client_errors_total", "Client connections that broke.", counters.clientErrors)
        count("swiftlet_malformed_requests_total", "Requests refused because they were not HTTP or did not arrive.", counters.badRequests)
        family("swiftlet_upstream_connections", "gauge", "Open connections to providers.")
        sample("swiftlet_upstream_connections", ["protocol": "http/1.1"], counters.upstreamConnections)
        sample("swiftlet_upstream_connections", ["protocol": "h2"], counters.upstreamShared)
        gauge("swiftlet_upstream_streams", "Streams open on connections that speak HTTP/2.", counters.upstreamStreams)
        count("swiftlet_upstream_connect_failures_total", "Connections to providers that failed.", counters.connectFailures)
        count("swiftlet_continued_streams_total", "Streams that broke off and were given to another provider to carry on.", counters.continuedStreams)
        count("swiftlet_upstream_stale_connections_total", "Pooled connections found dead and replaced.", counters.staleConnections)
        count("swiftlet_abandoned_requests_total", "Requests whose client left before the end.", counters.abandonedRequests)
        count("swiftlet_wasted_tokens_total", "Output tokens made for clients that had left.", Int(counters.wastedTokens))
        histogram("swiftlet_request_duration_seconds", "From a request's admission to its answer's end.", counters.duration)
        histogram("swiftlet_first_byte_seconds", "From a request's admission to the first byte of a provider's reply.", counters.firstByte)
    }

    private mutating func compression(_ counts: CompressionCounts) {
        count("swiftlet_compressed_requests_total", "Requests that were served with less of their prompt than came.", counts.requests)
        count("swiftlet_compression_saved_tokens_total", "Tokens of prompts that were not sent, as estimated.", Int(counts.savedTokens))
        count("swiftlet_compression_dropped_messages_total", "Messages of prompts that were left out.", counts.dropped)
    }

    private mutating func telemetry(_ counts: Telemetry.Counts) {
        count("swiftlet_telemetry_spans_total", "Spans that the collector has taken.", counts.spans)
        count(
            "swiftlet_telemetry_dropped_total", "Requests that telemetry was not told of: a full queue, or a collector that takes nothing.",
            counts.dropped)
        count("swiftlet_telemetry_failures_total", "Exports that the collector did not take.", counts.failures)
    }

    private mutating func certificates(_ certificates: [ServerCertificate]) {
        guard !certificates.isEmpty else { return }
        family("swiftlet_certificate_expiry_timestamp_seconds", "gauge", "When a listener's certificate ends, in seconds since 1970.")
        for one in certificates { sample("swiftlet_certificate_expiry_timestamp_seconds", ["setting": one.setting], one.expiry) }
    }

    private mutating func learning(_ counts: LearningDesk.Counts) {
        count("swiftlet_learning_corrected_total", "Requests whose score was moved by what feedback taught.", counts.corrected)
        count("swiftlet_learning_trials_total", "Requests that tried another model, so that something could be learnt.", counts.tried)
        family("swiftlet_learning_signals_total", "counter", "Opinions that nobody voiced, by what they were taken from.")
        for source in Feedback.Source.allCases where source != .said {
            sample("swiftlet_learning_signals_total", ["signal": source.name], counts.signals[source] ?? 0)
        }
    }

    private mutating func alerts(_ counts: WebhookSender.Counts) {
        count("swiftlet_alerts_sent_total", "Alerts that webhooks have taken.", counts.sent)
        count("swiftlet_alerts_retried_total", "Alerts that were not taken and were sent again.", counts.retried)
        count("swiftlet_alerts_lost_total", "Alerts that a webhook never got: refused, given up, or too many.", counts.lost)
        gauge("swiftlet_alerts_waiting", "Alerts that wait to be taken.", counts.waiting)
    }

    private mutating func deployments(_ counters: Counters, _ live: Live, _ router: Router, _ now: Instant) {
        let names = live.blueprint.table.deployments.map(\.name)
        family("swiftlet_attempts_total", "counter", "Attempts at a deployment by outcome.")
        for (at, name) in names.enumerated() {
            for column in 0..<Counters.outcomes {
                let count = counters.attempts[at * Counters.outcomes + column]
                guard count > 0 || column == 0 else { continue }
                let outcome = column == 0 ? "success" : Fault(rawValue: UInt8(column - 1))?.name ?? ""
                sample("swiftlet_attempts_total", ["deployment": name, "outcome": outcome], count)
            }
        }
        family("swiftlet_tokens_total", "counter", "Tokens by deployment and class.")
        for (at, name) in names.enumerated() {
            for (type, tokens) in counters.usage[at].classes {
                sample("swiftlet_tokens_total", ["deployment": name, "type": type], Int(tokens))
            }
        }
        family("swiftlet_cost_usd_total", "counter", "Cost by deployment, in US dollars.")
        for (at, name) in names.enumerated() {
            sample("swiftlet_cost_usd_total", ["deployment": name], "\(Double(counters.cost[at].amount) / 1e9)")
        }
        count("swiftlet_unpriced_requests_total", "Requests answered by a deployment without a known price.", counters.unpriced)
        count(
            "swiftlet_estimated_usage_requests_total", "Requests whose tokens were counted here, since the provider did not say.", counters.estimated)
        family("swiftlet_deployment_state", "gauge", "0 closed, 1 half open, 2 open.")
        for (at, name) in names.enumerated() {
            let health = router.health(of: at, at: now)
            sample("swiftlet_deployment_state", ["deployment": name], health.state.metric)
        }
        family("swiftlet_deployment_in_flight", "gauge", "Attempts in progress.")
        for (at, name) in names.enumerated() {
            sample("swiftlet_deployment_in_flight", ["deployment": name], router.health(of: at, at: now).inFlight)
        }
    }

    private mutating func passThrough(_ counters: Counters) {
        let all = counters.passes.values.sorted { $0.path < $1.path }
        guard !all.isEmpty else { return }
        family("swiftlet_pass_through_requests_total", "counter", "Requests of pass-through endpoints by class of answer.")
        for counts in all {
            for (column, outcome) in Self.outcomes.enumerated() {
                sample("swiftlet_pass_through_requests_total", ["endpoint": counts.path, "outcome": outcome], counts.requests[column])
            }
        }
        family("swiftlet_pass_through_bytes_total", "counter", "Bytes of bodies and messages that pass-through endpoints carried.")
        for counts in all {
            sample("swiftlet_pass_through_bytes_total", ["endpoint": counts.path, "direction": "request"], counts.received)
            sample("swiftlet_pass_through_bytes_total", ["endpoint": counts.path, "direction": "answer"], counts.sent)
        }
        family("swiftlet_pass_through_scanned_bytes_total", "counter", "Bytes of texts that guardrails read, by pass-through endpoint.")
        for counts in all {
            let label = counts.path
            sample("swiftlet_pass_through_scanned_bytes_total", ["endpoint": label, "direction": "prompt"], counts.scannedPrompts)
            sample("swiftlet_pass_through_scanned_bytes_total", ["endpoint": label, "direction": "reply"], counts.scannedReplies)
        }
        family("swiftlet_pass_through_cost_usd_total", "counter", "Cost by pass-through endpoint, in US dollars.")
        for counts in all {
            sample("swiftlet_pass_through_cost_usd_total", ["endpoint": counts.path], "\(Double(counts.cost.amount) / 1e9)")
        }
        family("swiftlet_pass_through_websockets", "gauge", "WebSockets that are open.")
        for counts in all { sample("swiftlet_pass_through_websockets", ["endpoint": counts.path], counts.tunnels) }
    }

    private mutating func cache(_ kept: AnswerCache.Counts, _ counts: CacheCounts) {
        family("swiftlet_cache_requests_total", "counter", "Requests whose answers may be kept, by what came of it.")
        let results = [
            ("hit_memory", counts.memoryHits), ("hit_store", counts.storeHits), ("miss", counts.missed), ("bypass", counts.bypassed),
        ]
        for (result, count) in results { sample("swiftlet_cache_requests_total", ["result": result], count) }
        family("swiftlet_cache_saved_usd_total", "counter", "What answers given again would have cost at the baselines of their routes.")
        text += "swiftlet_cache_saved_usd_total \(Double(counts.saved.amount) / 1e9)\n"
        gauge("swiftlet_cache_answers", "Answers kept in memory.", kept.answers)
        family("swiftlet_cache_bytes", "gauge", "Bytes of them, and of those in the store as this gateway last counted.")
        sample("swiftlet_cache_bytes", ["tier": "memory"], kept.bytes)
        sample("swiftlet_cache_bytes", ["tier": "store"], kept.storeBytes)
        count("swiftlet_cache_evicted_total", "Answers that made room for others in memory.", kept.evicted)
        count("swiftlet_cache_expired_total", "Answers found in memory after their time.", kept.expired)
        count("swiftlet_cache_dropped_total", "Answers that did not get into the store: too many waited, or it failed.", kept.dropped)
        count("swiftlet_cache_damaged_total", "Times that what the store kept was damaged and put aside.", kept.damaged)
    }

    private mutating func ledger(_ server: Server) {
        if let responses = server.responses {
            count("swiftlet_responses_dropped_total", "Answers of the Responses API that could not be kept.", responses.dropped)
        }
        let texts = server.texts.counts
        count("swiftlet_texts_kept_total", "Requests whose prompt and reply were kept.", texts.kept)
        count(
            "swiftlet_texts_dropped_total", "Requests whose prompt and reply were to be kept and were not: too many waited, or the store failed.",
            texts.dropped)
        let breaches = server.breaches.counts
        count("swiftlet_breach_incidents_total", "Incidents of guardrails and bounds.", breaches.reported)
        count("swiftlet_breach_incidents_dropped_total", "Incidents of which nothing was kept: there were too many.", breaches.dropped)
        gauge("swiftlet_breach_sums_waiting", "Sums of incidents that the store has not taken yet.", breaches.waiting)
        guard let status = server.journal?.status else { return }
        gauge("swiftlet_ledger_queued_rows", "Ledger rows not yet durable.", status.queued)
        count("swiftlet_ledger_rows_total", "Ledger rows written.", Int(status.committed))
        count("swiftlet_ledger_commits_total", "Ledger commits.", Int(status.batches))
        count("swiftlet_ledger_refused_rows_total", "Ledger rows that found the queue full.", Int(status.refused))
        count("swiftlet_ledger_write_failures_total", "Failed tries at writing the ledger.", Int(status.failures))
        if let spool = status.spool {
            gauge("swiftlet_spool_rows", "Rows that wait for the store to come back.", spool.waiting)
            gauge("swiftlet_spool_bytes", "Bytes of them, of at most server.max_spool.", spool.bytes)
            let since = spool.sinceUnixMilliseconds.map { max(0, WallClock.milliseconds() - $0) / 1_000 } ?? 0
            gauge("swiftlet_spool_age_seconds", "How long the oldest of them has waited.", Int(since))
            gauge("swiftlet_spool_aside_rows", "Rows that the store refused by themselves; they are kept in the spool.", spool.aside)
        }
        count("swiftlet_log_lines_dropped_total", "Access log lines dropped because the log was slow.", server.accessLog.dropped)
    }

    // MARK: Format

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func count(_ name: String, _ help: String, _ value: Int) {
        family(name, "counter", help)
        text += "\(name) \(value)\n"
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Int) {
        family(name, "gauge", help)
        text += "\(name) \(value)\n"
    }

    mutating func sample(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: some CustomStringConvertible) {
        let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "\(name){\(pairs)} \(value)\n"
    }

    private mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        family(name, "histogram", help)
        buckets(name, "", histogram)
    }

    /// `labels`: as they stand between the braces, escaped, or nothing.
    mutating func buckets(_ name: String, _ labels: String, _ histogram: Histogram) {
        let (head, own) = (labels.isEmpty ? "" : labels + ",", labels.isEmpty ? "" : "{\(labels)}")
        var below = 0
        for bucket in 0..<Histogram.buckets {
            below += histogram.counts[bucket]
            text += "\(name)_bucket{\(head)le=\"\(Histogram.bound(bucket))\"} \(below)\n"
        }
        below += histogram.counts[Histogram.buckets]
        text += "\(name)_bucket{\(head)le=\"+Inf\"} \(below)\n"
        text += "\(name)_sum\(own) \(Double(histogram.sum.nanoseconds) / 1e9)\n\(name)_count\(own) \(below)\n"
    }

    static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

extension Usage {
    /// By the name that metrics and records give the class.
    var classes: KeyValuePairs<String, Int64> {
        [
            "input": input, "cached_input": cachedInput, "cache_write": cacheWrite, "output": output, "reasoning": reasoning,
            "audio_input": audioInput, "audio_output": audioOutput, "cache_write_hour": cacheWriteHour, "image_input": imageInput,
            "image_output": imageOutput,
        ]
    }
}
