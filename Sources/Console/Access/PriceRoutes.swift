extension AdminRoutes {
    /// The reference of settings has the rest, and what stands within these.
    private static let members: [AdminRoute.Parameter] = [
        .init(name: "name", help: "PROVIDER/MODEL: a type of provider, and its name for the model."),
        .init(name: "input", help: "USD per million tokens of the prompt.", schema: "any"),
        .init(name: "output", help: "USD per million tokens of the answer.", schema: "any"),
        .init(name: "cached_input", help: "USD per million tokens read from the provider's cache.", schema: "any"),
        .init(name: "tiers", help: "What requests of other service tiers cost.", schema: "any"),
        .init(name: "prices", help: "Instead: prices by the day from which they hold.", schema: "any"),
    ]

    static let prices: [AdminRoute] = {
        let handle: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.prices.answer(call) }
        let one = "/api/v1/prices/{name}"
        return [
            AdminRoute("GET", "/api/v1/prices", .read, "What is known of models, and what they cost now.", query: PriceDesk.parameters, handle),
            AdminRoute(
                "POST", "/api/v1/prices", .operate, "Sets what a model costs, above the catalogue's row of it.",
                body: .members(members, required: 1), status: 201, handle),
            AdminRoute("GET", one, .read, "One model, as PROVIDER/MODEL.", handle),
            AdminRoute(
                "PATCH", one, .operate,
                "Changes what settings say of a model: a merge patch (RFC 7396), refused with 412 where If-Match does not hold.",
                body: .members(members, required: 0), handle),
            AdminRoute("DELETE", one, .operate, "Takes it out of the settings: the catalogue's row holds again.", status: 204, handle),
        ]
    }()
}
