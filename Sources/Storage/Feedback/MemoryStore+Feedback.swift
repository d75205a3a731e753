import Routing

extension MemoryStore {
    /// Of as many requests as there are rows, the newest.
    public func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool {
        try with { state in
            let isNew = state.feedback[feedback.request].map { $0.source != .said } ?? true
            guard isNew || feedback.source == .said else { return false }
            state.feedback[feedback.request] = feedback
            if state.feedback.count > self.capacity, let oldest = state.feedback.keys.min() { state.feedback[oldest] = nil }
            return isNew
        }
    }

    public func opinions(from: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try with { state in Array(state.feedback.values.filter { from <= $0.request }.sorted { $0.request > $1.request }.prefix(max(0, limit))) }
    }

    public func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try with { state in
            let found = state.feedback.values.filter { $0.source == .said && from <= $0.request && $0.request < before }
            return found.sorted { $0.request > $1.request }.prefix(max(0, limit)).map { kept in
                var said = kept
                said.lesson = []
                return said
            }
        }
    }
}
