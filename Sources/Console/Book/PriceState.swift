import Settings

/// From which file, and until when, prices hold.
struct PriceState {
    let file: String?
    private var stamp: String
    private var change: Moment?

    init(_ blueprint: Blueprint) {
        file = blueprint.pricesFile
        stamp = file.map { PriceCatalogue.stamp(of: $0) } ?? ""
        change = blueprint.pricesChange
    }

    func isOutdated(at moment: Moment) -> Bool {
        if let change, change <= moment { return true }
        return file.map { PriceCatalogue.stamp(of: $0) != stamp } ?? false
    }

    /// What was refused is not tried again until something else changes.
    func seen(at moment: Moment) -> PriceState {
        var state = self
        state.stamp = file.map { PriceCatalogue.stamp(of: $0) } ?? ""
        if let change, change <= moment { state.change = nil }
        return state
    }
}
