import Routing

/// Changes as they were made, and the overlay they made of it.
struct MemoryAudit: Sendable {
    var entries: [AuditEntry] = []
    /// Rising, without gaps.
    var versions: [SettingsVersion] = []
}

extension MemoryStore {
    public func append(_ entry: AuditEntry, with change: SettingsChange?) throws(StoreFailure) -> AuditEntry {
        let (sealed, newest) = try with { state -> (AuditEntry?, Int64) in
            let newest = state.audit.versions.last?.version ?? 0
            if let change {
                guard change.version == newest + 1 else { return (nil, newest) }
                state.change(.setting, put: change.put, remove: change.remove)
                state.audit.versions.append(
                    SettingsVersion(
                        version: change.version, unixMilliseconds: entry.unixMilliseconds, actor: entry.actor, documents: state.sorted(.setting)))
            }
            let sealed = AuditChain.sealed(entry, after: state.audit.entries.last.map { ($0.number, $0.hash) })
            state.audit.entries.append(sealed)
            return (sealed, newest)
        }
        guard let sealed else { throw .outdated(change?.version ?? 0, newest: newest, path: "") }
        return sealed
    }

    public func audit(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try with { state in Array(state.audit.entries.reversed().lazy.filter { $0.number < cursor ?? .max }.prefix(max(0, limit))) }
    }

    public func audit(from number: Int64, limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try with { state in Array(state.audit.entries.lazy.filter { $0.number >= number }.prefix(max(0, limit))) }
    }

    public func settingsVersion() throws(StoreFailure) -> Int64 { try with { $0.audit.versions.last?.version ?? 0 } }

    public func settingsVersions(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [SettingsVersion] {
        try with { state in
            state.audit.versions.reversed().lazy.filter { $0.version < cursor ?? .max }.prefix(max(0, limit))
                .map { SettingsVersion(version: $0.version, unixMilliseconds: $0.unixMilliseconds, actor: $0.actor) }
        }
    }

    public func settingsVersion(_ version: Int64) throws(StoreFailure) -> SettingsVersion? {
        try with { state in state.audit.versions.first { $0.version == version } }
    }
}
