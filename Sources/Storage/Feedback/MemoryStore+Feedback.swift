import Routing

extension MemoryStore {
    /// Of as many requests as there are rows, the newest.
    public func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool {
        try with { state in
            let isNew = state.feedback.updateValue(feedback, forKey: feedback.request) == nil
            if state.feedback.count > self.capacity, let oldest = state.feedback.keys.min() { state.feedback[oldest] = nil }
            return isNew
        }
    }

    public func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try with { state in
            let found = state.feedback.values.filter { from <= $0.request && $0.request < before }.sorted { $0.request > $1.request }
            return Array(found.prefix(max(0, limit)))
        }
    }
}
