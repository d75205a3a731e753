import Routing

/// What a simulation drives: the router that serves traffic; in tests of the simulator a router with a bug around it.
public protocol Deciding {
    var table: RoutingTable { get }
    mutating func next(_ journey: inout Journey, at now: Instant) -> Step
    mutating func record(_ outcome: Outcome, of attempt: Attempt, in journey: inout Journey, at now: Instant)
    mutating func rule(of policy: RoutingPolicy.ID, facts: Facts, at now: Instant) -> RuleHit?
    mutating func replace(_ table: RoutingTable, at now: Instant)
    mutating func reset(_ deployment: Deployment.ID)
    mutating func hedge(_ journey: inout Journey, beside attempt: Attempt, at now: Instant) -> Attempt?
    mutating func hedgeTime(of attempt: Attempt, in journey: Journey, at now: Instant) -> Instant?
    func state(of deployment: Deployment.ID, at now: Instant) -> HealthReport.State
    func inFlight(at deployment: Deployment.ID) -> Int
    mutating func takeEvents() -> [RouterEvent]
}

extension Router: Deciding {}
