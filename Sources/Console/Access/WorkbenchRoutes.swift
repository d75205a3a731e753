/// Where operators try things out.
extension AdminRoutes {
    static let workbench: [AdminRoute] = [
        AdminRoute(
            "POST", "/api/v1/playground", .operate,
            "Sends a request as one of the keys, which is not shown; limited, billed and written down like any other. Answers as it comes.",
            body: .members(PlaygroundDesk.members, required: 2), type: "text/event-stream"
        ) { desk, call in try await desk.playground.answer(call) },
        AdminRoute(
            "POST", "/api/v1/tokens", .read, "How many tokens a text or a request has at each model, and what it costs there.",
            body: .members(TokenDesk.members, required: 0)
        ) { desk, call in try await desk.tokens.answer(call) },
        AdminRoute("GET", "/api/v1/simulate", .read, "Scenarios of the simulator's library.") { desk, call in try desk.simulator.list(call) },
        AdminRoute(
            "POST", "/api/v1/simulate", .read,
            "Runs a scenario on virtual time; tells how far it is as events, where `text/event-stream` is asked for.",
            body: .members(SimulatorDesk.members, required: 0)
        ) { desk, call in try await desk.simulator.answer(call) },
    ]
}
