extension AdminRoutes {
    static let prices: [AdminRoute] = {
        let handle: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.prices.answer(call) }
        let one = "/api/v1/prices/{name}"
        return [
            AdminRoute("GET", "/api/v1/prices", .read, "What is known of models, and what they cost now.", query: PriceDesk.parameters, handle),
            AdminRoute(
                "POST", "/api/v1/prices", .operate, "Sets what a model costs, above the catalogue's row of it.", body: .item(PriceDesk.section),
                status: 201, handle),
            AdminRoute("GET", one, .read, "One model, as PROVIDER/MODEL.", handle),
            AdminRoute(
                "PATCH", one, .operate,
                "Changes what settings say of a model: a merge patch (RFC 7396), refused with 412 where If-Match does not hold.",
                body: .item(PriceDesk.section), handle),
            AdminRoute("DELETE", one, .operate, "Takes it out of the settings: the catalogue's row holds again.", status: 204, handle),
        ]
    }()
}
