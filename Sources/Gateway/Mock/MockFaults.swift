import Routing
import Translation

extension MockBehaviour {
    /// What goes wrong with request `number`, counted from 0. Depends on nothing but the behaviour, its seed and the number.
    func fault(of number: Int) -> MockFault? {
        var random = Random(seed: Random.mix(seed) ^ UInt64(truncatingIfNeeded: number))
        return faults.first { fault in
            let strikes = random.unit() < fault.probability
            let turn = number - fault.afterRequests
            return strikes && turn >= 0 && turn < fault.requests ?? .max
        }
    }
}
