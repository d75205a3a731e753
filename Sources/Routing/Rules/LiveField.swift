/// A field that the router answers itself, out of what it knows of deployments at the moment of deciding.
struct LiveField: Sendable {
    enum Measure: String, CaseIterable, Sendable {
        case latencyP50 = "latency_ms_p50"
        case latencyP95 = "latency_ms_p95"
        case errorRate = "error_rate"
        case inFlight = "in_flight"
        case state
        case quotaExceeded = "quota_exceeded"
        case available
    }

    let name: FieldName
    let measure: Measure
    /// One deployment, or all of a provider. Empty: there is no such thing, so the field is missing.
    let deployments: [Deployment.ID]

    static func isLive(_ field: FieldName) -> Bool { field.text.hasPrefix("deployment.") || field.text.hasPrefix("provider.") }

    /// Nil: nothing bears the name.
    init?(_ field: FieldName, _ subjects: LiveSubjects) {
        let part = field.part
        let found = field.text.hasPrefix("deployment.") ? subjects.deployments[part].map { [$0] } : subjects.providers[part]
        guard let found else { return nil }
        self.init(field, of: found)
    }

    /// Of nothing.
    init(_ field: FieldName) { self.init(field, of: []) }

    private init(_ field: FieldName, of deployments: [Deployment.ID]) {
        name = field
        let word = field.text.split(separator: ".").last.map(String.init) ?? ""
        measure = Measure(rawValue: word) ?? .available
        self.deployments = deployments
    }
}

/// What fields may be about.
struct LiveSubjects: Sendable {
    var deployments: [String: Deployment.ID] = [:]
    var providers: [String: [Deployment.ID]] = [:]

    init(_ list: [Deployment]) {
        for (id, deployment) in list.enumerated() {
            deployments[deployment.name] = id
            if !deployment.provider.isEmpty { providers[deployment.provider, default: []].append(id) }
        }
    }
}
