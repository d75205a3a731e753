import Routing

extension Library {
    // MARK: Limits

    static let limits: [Plot] = [
        Plot("rate-limits", "Each deployment takes ten calls a second and names two seconds of rest.", leastSuccess: 0.6) {
            $0.cast = Array(repeating: part(.limits(calls: 10, per: .seconds(1), retryAfter: .seconds(2))), count: 4)
        },
        Plot("rate-limits-without-time", "Three of four limit calls and do not say for how long.", leastSuccess: 1) {
            $0.cast = Array(repeating: part(.limits(calls: 8, per: .seconds(1), retryAfter: nil)), count: 3)
        },
        Plot("minute-quota", "The first of a chain serves a hundred calls a minute.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.limits(calls: 100, per: .seconds(60), retryAfter: .seconds(20)))]
        },
        Plot("week-long-rest", "A provider asks for a week of rest: no more than the longest believed is given.", leastSuccess: 1) {
            $0.cast = [part(.during(.zero, minute, .limits(calls: 1, per: .seconds(1), retryAfter: .seconds(604_800))))]
        },
        Plot("quota-exceeded", "An account is empty from a moment on.", on: Stage(strategy: RoundRobin()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: minute, to: .distantFuture, .quotaExceeded))]
        },
        Plot("crowded", "Providers refuse a fifth call at once.", on: Stage(strategy: LeastBusy()), leastSuccess: 0.8) {
            $0.cast = Array(repeating: part(.crowded(above: 4, .rateLimit)), count: 4)
        },
        Plot("narrow", "We ourselves allow two calls at once for each deployment, and twice as many come.", on: Stage(parallel: 2), leastSuccess: 0.2)
        {
            $0.traffic = [Traffic(requestsPerSecond: 40)]
        },
        Plot(
            "requests-per-minute", "We ourselves allow each deployment 250 requests a minute; more come.", on: Stage(requestsPerMinute: 250),
            leastSuccess: 0.7),
        Plot(
            "tokens-per-minute", "Each deployment may have 600,000 tokens a minute, and the one with the fewest is asked.",
            on: Stage(strategy: UsageWithinLimits(), tokensPerMinute: 600_000), leastSuccess: 0.8),
        Plot(
            "long-prompts", "Prompts too long for a route go to one with a larger window.",
            on: Stage(hasSpare: true, sparesFor: FaultSet(.contextWindow)), leastSuccess: 1
        ) {
            $0.cast = Array(repeating: part(.tooLong(above: 6000, .contextWindow)), count: 4)
            $0.traffic[0].inputTokens = 100...9000
        },
        Plot(
            "content-policy", "A tenth of the prompts meets a content filter, and another route takes them.",
            on: Stage(strategy: Fallback(), hasSpare: true, sparesFor: FaultSet(.contentPolicy)), leastSuccess: 1
        ) {
            $0.cast = Array(repeating: part(.refuses(0.1, .contentPolicy)), count: 4)
        },
        Plot("callers-mistakes", "A tenth of the requests is wrong itself: nobody else is asked.", leastSuccess: 0.85) {
            $0.cast = Array(repeating: part(.refuses(0.1, .badRequest)), count: 4)
        },
        Plot("cost-cap", "Requests may cost a cent, which not every deployment does for them.", leastSuccess: 1) {
            $0.traffic[0].inputTokens = 100...12_000
            $0.traffic[0].maxCost = Nanodollars(10_000_000)
        },
    ]

    // MARK: Clients

    static let clients: [Plot] = [
        Plot("bursts", "Ten times as many requests for five seconds of every half minute.", on: Stage(strategy: LeastBusy()), leastSuccess: 0.98) {
            $0.cast = Array(repeating: part(.queues(above: 20)), count: 4)
            $0.traffic[0].shape = .burst(every: .seconds(30), lasting: .seconds(5), times: 10)
            $0.traffic[0].requestsPerSecond = 8
        },
        Plot("ramp", "From nothing to a hundred requests a second, past what two of four allow.", on: Stage(strategy: Shuffle()), leastSuccess: 0.9) {
            $0.cast = Array(repeating: part(.limits(calls: 15, per: .seconds(1), retryAfter: .seconds(1))), count: 2)
            $0.traffic[0].shape = .ramp(to: 100)
            $0.traffic[0].requestsPerSecond = 1
            $0.traffic[0].duration = .seconds(60)
        },
        Plot("day", "A day and its night, with an hour's outage at noon.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: .seconds(43_200), to: .seconds(46_800), .unavailable))]
            $0.traffic[0].shape = .wave(period: .seconds(86_400), depth: 0.9)
            $0.traffic[0].requestsPerSecond = 0.03
            $0.traffic[0].duration = .seconds(86_400)
        },
        Plot("clients-leave", "Two clients in five go away before their answer.", leastSuccess: 0.95) {
            $0.cast = Array(repeating: part(.fails(0.2, .serverError), .fails(0.05, .auth)), count: 2)
            $0.traffic = [Traffic(leaving: 0.4)]
        },
        Plot("amplification", "Everything fails and nobody is patient: attempts stay near one for each request.", on: Stage(hasSpare: true)) {
            $0.cast = Array(repeating: part(.fails(1, .serverError)), count: 6)
            $0.traffic = [Traffic(requestsPerSecond: 100, duration: .seconds(30))]
            $0.mostAttempts = 1.4
        },
        Plot(
            "sticky-sessions", "Sessions keep their side of a split; a side goes out for a minute.",
            on: Stage(strategy: Percentage(stickyBy: .session), weights: [70, 30], parallel: nil), leastSuccess: 1
        ) {
            $0.cast = [part(.outage(from: minute, to: .seconds(60), .unavailable))]
        },
        Plot(
            "pools", "Paying and other customers have deployments of their own by tag; one of the better pool is down.",
            on: Stage(tags: [["gold"], ["gold"], ["default"], ["default"]], tagFiltering: .any), leastSuccess: 1
        ) {
            $0.cast = [part(.outage(from: minute, to: later, .unavailable))]
            $0.traffic[0].tags = [Traffic.Part("gold", 0.4)]
        },
        Plot(
            "one-continent", "Requests must stay in the union; one of its two deployments is down.",
            on: Stage(regions: ["us", "eu", "eu", "us"]), leastSuccess: 1
        ) {
            $0.cast = [ImaginaryDeployment(), part(.outage(from: minute, to: later, .serverError))]
            $0.traffic[0].allowedRegions = ["eu"]
        },
    ]

    // MARK: Changes

    static let changes: [Plot] = [
        Plot(
            "canary", "A canary grows from one request in a hundred to half of them.", on: Stage(strategy: Percentage(), weights: [99, 1, 0, 0]),
            leastSuccess: 1
        ) {
            var tenth = Edit()
            tenth.weight = 11
            var half = Edit()
            half.weight = 99
            $0.edits = [(40, 1, tenth), (80, 1, half)]
        },
        Plot("drain", "An operator takes one deployment out, and back in.", on: Stage(strategy: RoundRobin()), leastSuccess: 1) {
            var out = Edit()
            out.paused = true
            var back = Edit()
            back.paused = false
            $0.edits = [(30, 0, out), (60, 0, back), (60, 1, out), (90, 1, back)]
        },
        Plot("key-rotated", "A key stops working and is replaced: the deployment begins anew.", on: Stage(strategy: Fallback()), leastSuccess: 1) {
            $0.cast = [part(.outage(from: minute, to: .seconds(60), .auth))]
            var rotated = Edit()
            rotated.isReplaced = true
            $0.edits = [(60, 0, rotated)]
        },
        Plot(
            "prices-change", "Prices change while requests run, and each goes where it is cheapest then.", on: Stage(strategy: Cheapest()),
            leastSuccess: 1
        ) { plot in
            for round in 0..<10 {
                var edit = Edit()
                edit.price = Price(input: Int64(1 + round * 37 % 7) * 300_000_000, output: Int64(1 + round * 11 % 5) * 900_000_000)
                plot.edits.append((Double(10 + 10 * round), round % 4, edit))
            }
        },
        Plot(
            "capacity-changes", "The places for calls at once shrink to one and grow again.", on: Stage(strategy: LeastBusy(), parallel: 20),
            leastSuccess: 0.7
        ) { plot in
            for (round, places) in [10, 3, 1, 1, 5, 30].enumerated() {
                for place in 0..<4 {
                    var edit = Edit()
                    edit.maxParallelRequests = places
                    plot.edits.append((Double(20 * round), place, edit))
                }
            }
            // Each edit is a table of its own; more of them than a router keeps must not be under way at once.
            plot.traffic = [Traffic(requestsPerSecond: 15, patience: .seconds(15))]
        },
        Plot("restless-operator", "Weights and places change every four seconds on a day with errors.", leastSuccess: 0.8) { plot in
            plot.cast = Array(repeating: part(.fails(0.2, .serverError), .fails(0.03, .auth)), count: 4)
            for round in 0..<28 {
                var edit = Edit()
                edit.weight = Double(1 + round % 5)
                edit.maxParallelRequests = 20 + round % 3
                plot.edits.append((Double(4 + 4 * round), round % 4, edit))
            }
        },
    ]
}
