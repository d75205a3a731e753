import Routing

extension MemoryStore {
    public func rerate(_ reratings: [Rerating]) throws(StoreFailure) -> Int {
        try with { state in
            var deltas = RerateDeltas(state.names)
            var changed = 0
            for rerating in reratings {
                guard let place = state.place(of: rerating.request), let rerated = state.rows[place].rerated(rerating) else { continue }
                deltas.add(state.rows[place], rerated, isCounted: true)
                state.rows[place] = rerated
                changed += 1
            }
            state.usage.correct(deltas.usage)
            for (window, difference) in deltas.windows {
                let key = MemoryLeases.Key(account: window.account, windowStart: window.start)
                guard let used = state.leases.windows[key]?.sums.used else { continue }
                state.leases.windows[key]?.sums.used = max(0, used.saturatingAdd(difference))
            }
            return changed
        }
    }
}
