extension MemoryStore {
    public func requests(_ query: LedgerQuery) throws(StoreFailure) -> LedgerPage {
        try with { state in
            var page = LedgerPage()
            page.rows = Array(state.rows.filter { query.admits($0) }.sorted { $0.id > $1.id }.prefix(max(0, query.limit)))
            if page.rows.count == query.limit { page.next = page.rows.last?.id }
            return page
        }
    }

    public func keep(decisionNames names: [UInt8]) throws(StoreFailure) -> NameID {
        try with { state in
            if let known = state.decisionNames.firstIndex(of: names) { return NameID(rawValue: Int32(known + 1)) }
            state.decisionNames.append(names)
            return NameID(rawValue: Int32(state.decisionNames.count))
        }
    }

    public func decisionNames(_ id: NameID) throws(StoreFailure) -> [UInt8]? {
        try with { state in
            let index = Int(id.rawValue) - 1
            return state.decisionNames.indices.contains(index) ? state.decisionNames[index] : nil
        }
    }

    public func append(_ events: [StoredEvent], keeping: Int) throws(StoreFailure) {
        try with { state in
            for var event in events {
                state.lastEvent += 1
                event.id = state.lastEvent
                state.events.append(event)
            }
            state.events.removeFirst(max(0, state.events.count - max(0, keeping)))
        }
    }

    public func events(before cursor: Int64?, kind: String?, limit: Int) throws(StoreFailure) -> [StoredEvent] {
        try with { state in
            let found = state.events.reversed().lazy.filter { event in
                event.id < cursor ?? .max && (kind.map { event.kind == $0 } ?? true)
            }
            return Array(found.prefix(max(0, limit)))
        }
    }

    public func documents(_ kind: DocumentKind) throws(StoreFailure) -> [StoredDocument] { try with { $0.sorted(kind) } }

    public func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) throws(StoreFailure) {
        try with { $0.change(kind, put: put, remove: remove) }
    }

    public func saveCounters(_ counters: [PeriodCounter]) throws(StoreFailure) {
        try with { state in
            for counter in counters { state.counters[counter.period, default: [:]][counter.name] = counter.value }
        }
    }

    public func counters(period: Int) throws(StoreFailure) -> [PeriodCounter] {
        try with { state in
            (state.counters[period] ?? [:]).map { PeriodCounter(name: $0.key, period: period, value: $0.value) }.sorted { $0.name < $1.name }
        }
    }
}

extension MemoryStore.State {
    func sorted(_ kind: DocumentKind) -> [StoredDocument] {
        (documents[kind] ?? [:]).map { StoredDocument(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
    }

    mutating func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) {
        for name in remove { documents[kind]?.removeValue(forKey: name) }
        for document in put { documents[kind, default: [:]][document.name] = document.value }
    }
}
