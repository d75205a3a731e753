import Routing

/// One request as the invariants know it: what it was promised and what became of it.
struct Course {
    /// In order of arrival.
    let number: Int
    let route: Route.ID
    let deadline: Instant
    let envelope: Envelope
    /// A mode chooses for it, and no strategy.
    var isWeighed = false
    var attempts = 0
    var hedges = 0
    var open = 0
    var ended = false
    /// Lives of deployments that failed, with the fault of each one's last attempt.
    var tried: [(life: Int, fault: Fault)] = []
    var waitedSinceLast = false
    var waited = Duration.zero
    var lastFault: Fault?
    var lastRoute: Route.ID
    /// Held back for the attempts that are open.
    var reserved: Int64 = 0
    var cost: Int64 = 0

    init(number: Int, route: Route.ID, envelope: Envelope) {
        self.number = number
        self.route = route
        self.envelope = envelope
        deadline = envelope.deadline
        lastRoute = route
    }

    func fault(of life: Int) -> Fault? { tried.first { $0.life == life }?.fault }

    mutating func failed(_ life: Int, _ fault: Fault) {
        lastFault = fault
        if let index = tried.firstIndex(where: { $0.life == life }) {
            tried[index].fault = fault
        } else {
            tried.append((life, fault))
        }
    }
}
