import Routing

/// Bad days that users of routers tell of, each with a name.
public enum Library {
    public static let plots: [Plot] = outages + slowness + limits + clients + changes + rules + minds

    public static func named(_ name: String) -> Plot? { plots.first { $0.name == name } }

    /// One deployment with these mishaps.
    static func part(_ mishaps: ImaginaryDeployment.Mishap...) -> ImaginaryDeployment { ImaginaryDeployment(mishaps: mishaps) }

    static let minute = Instant.seconds(30)
    static let later = Instant.seconds(90)

    // MARK: Outages

    static let outages: [Plot] = [
        Plot("calm", "Nothing happens: shares are what the weights say.", on: Stage(strategy: Percentage(), weights: [4, 3, 2, 1]), leastSuccess: 1),
        Plot("primary-dead", "The first of a chain cannot be reached at all.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.fails(1, .unavailable))]
        },
        Plot("one-well", "Three of four fail in ways of their own; the last serves everybody.", leastSuccess: 1) {
            $0.cast = [part(.fails(1, .unavailable)), part(.fails(1, .auth)), part(.fails(0.9, .serverError))]
        },
        Plot("outage", "The first of a chain is down for a minute and comes back.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: minute, to: later, .serverError))]
        },
        Plot("outage-of-two", "Two of four are down for the same minute.", on: Stage(strategy: RoundRobin()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: minute, to: later, .serverError)), part(.outage(from: minute, to: later, .unavailable))]
        },
        Plot("outage-of-all", "Everything is down for half a minute: no storm of repeats, and a quick return.", leastSuccess: 0.5) {
            $0.cast = Array(repeating: part(.outage(from: minute, to: .seconds(60), .serverError)), count: 4)
        },
        Plot("spare-route", "All of a route is down for a minute, and its fallback serves.", on: Stage(hasSpare: true), leastSuccess: 0.9) {
            $0.cast = Array(repeating: part(.outage(from: minute, to: later, .unavailable)), count: 4)
        },
        Plot("flapping", "Three of four go down for seven seconds in every twenty.", leastSuccess: 1) {
            $0.cast = Array(repeating: part(.flaps(period: .seconds(20), down: .seconds(7), .unavailable)), count: 3)
        },
        Plot("all-flap", "All go down together for two seconds in every twenty.", leastSuccess: 0.5) {
            $0.cast = Array(repeating: part(.flaps(period: .seconds(20), down: .seconds(2), .serverError)), count: 4)
        },
        Plot("key-revoked", "One provider's key is revoked under way.", on: Stage(strategy: LeastBusy()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: minute, to: .distantFuture, .auth))]
        },
        Plot("model-retired", "A provider takes the model out of service.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: minute, to: .distantFuture, .notFound))]
        },
        Plot("some-errors", "Two of four fail three calls in ten: too few for a cooldown, too many to bear.", leastSuccess: 0.97) {
            $0.cast = [part(.fails(0.3, .serverError)), part(.fails(0.3, .serverError))]
        },
        Plot("some-users", "A provider refuses a fifth of the users, always the same.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.refuses(0.2, .serverError))]
        },
        Plot("garbage", "Three answers in ten are no answers: HTML, cut-off JSON.", leastSuccess: 0.9) {
            $0.cast = Array(repeating: part(.fails(0.3, .malformedReply)), count: 4)
        },
        Plot(
            "waits-for-operator", "A breaker that does not recover by itself is reset by an operator after a minute.",
            on: Stage(
                strategy: Fallback(), breaker: BreakerPolicy(failureThreshold: 3, window: .seconds(30), cooldown: .seconds(10), autoRecovery: false)),
            leastSuccess: 1
        ) {
            $0.cast = [part(.outage(from: minute, to: .seconds(40), .serverError))]
            var reset = Edit()
            reset.isReset = true
            $0.edits = [(90, 0, reset)]
        },
    ]

    // MARK: Slowness

    static let slowness: [Plot] = [
        Plot("hanging", "Half the calls of two deployments get no answer.", leastSuccess: 0.98) {
            $0.cast = [part(.hangs(0.5)), part(.hangs(0.5))]
        },
        Plot("slow", "Two deployments are alive but forty and four hundred times slower for a minute.", leastSuccess: 0.9) {
            $0.cast = [part(.during(minute, later, .slow(40))), part(.during(minute, later, .slow(400)))]
        },
        Plot(
            "slow-tail", "One call in twenty takes thirty times longer; a second attempt beside it answers.",
            on: Stage(hedge: HedgePolicy(trigger: .after(.seconds(2)), maxShare: 0.1)), leastSuccess: 1
        ) {
            $0.cast = Array(repeating: part(.lags(0.05, times: 30)), count: 4)
        },
        Plot("queueing", "A deployment queues what is more than four at once.", on: Stage(strategy: LeastBusy()), leastSuccess: 0.99) {
            $0.cast = [part(.queues(above: 4))]
            $0.traffic = [Traffic(requestsPerSecond: 30)]
        },
        Plot("streams-break", "One stream in ten breaks off after its first tokens: no second answer is spliced on.", leastSuccess: 0.9) {
            $0.cast = Array(repeating: part(.cuts(0.1)), count: 4)
        },
        Plot("impatient", "Clients wait three seconds, providers often take longer.", leastSuccess: 0.3) {
            $0.cast = Array(repeating: part(.slow(5)), count: 4)
            $0.traffic = [Traffic(patience: .seconds(3))]
        },
    ]
}
