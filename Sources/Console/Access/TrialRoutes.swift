/// Trials of policies on real traffic.
extension AdminRoutes {
    static let trials: [AdminRoute] = {
        let handle: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer = { desk, call in try await desk.trials.answer(call) }
        return [
            AdminRoute(
                "GET", "/api/v1/experiments", .read, "What percentage splits, canaries and shadow policies came to, side by side.",
                query: ExperimentDesk.parameters
            ) { desk, call in try await desk.experiments.answer(call) },
            AdminRoute("GET", "/api/v1/canaries", .read, "Policies that serve part of another's sessions.", handle),
            AdminRoute(
                "POST", "/api/v1/canaries", .operate, "Begins one.", body: .members(TrialDesk.members, required: 0), status: 201, handle),
            AdminRoute("GET", "/api/v1/canaries/{policy}", .read, "The canary of a policy, and how it stands.", handle),
            AdminRoute("DELETE", "/api/v1/canaries/{policy}", .operate, "Ends it: the policy serves all its sessions again.", status: 204, handle),
            AdminRoute("POST", "/api/v1/canaries/{policy}/promote", .operate, "Makes the policy what was tried.", handle),
            AdminRoute("GET", "/api/v1/learning", .read, "What feedback has taught: corrections, what the gate says of them, ratings of models.") {
                desk, call in try desk.learning.show(call)
            },
            AdminRoute(
                "POST", "/api/v1/learning/reset", .operate, "Back to the scorer as it came: forgets what feedback taught, and the feedback.",
                body: .members(FeedbackLearningDesk.resetMembers, required: 0)
            ) { desk, call in try await desk.learning.reset(call) },
        ]
    }()
}
