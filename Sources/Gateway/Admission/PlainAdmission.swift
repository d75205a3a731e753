import NIOCore
import Routing
import Settings
import Translation
import Wire

/// The way of most requests: one names a model that it may use and asks for nothing else, and no setting asks more of it. What
/// `Admission` would find out is known then.
struct PlainAdmission {
    let live: Live
    /// Index of the virtual key.
    let key: Int
    let keepsDecisions: Bool
    let now: Instant

    /// Nil: `Admission` has to look.
    func admit(_ request: ClientRequest, _ call: Call, _ api: API) -> Admitted? {
        guard !live.isCurious, !live.hasCustomers, !live.hasTrials, !call.hasExtras, !request.head.projectID.isPresent, let text = call.model else {
            return nil
        }
        guard !hasTags(request, call) else { return nil }
        let standing = live.standing(of: key)
        if let policy = standing.policy, live.blueprint.policies[policy].overridesModel { return nil }
        return request.body.withUnsafeReadableBytes { body in
            guard let model = live.names.find(text, in: body), live.allowances[key].permits(model) else { return nil }
            // `default` and `default_routing` mean the default of whoever asks.
            if model.route == live.blueprint.defaultRoute, text.escaped || text.range.count == 7 || text.range.count == 15 { return nil }
            let admitted = Admitted(
                call: call, api: api, key: key, body: request.body, entry: Entry(model: model, policy: standing.policy, project: standing.project),
                ruling: nil,
                journey: Journey(
                    in: live.table, route: model.route, facts: Facts(of: call, body, key: key, standing),
                    envelope: live.envelope(now, timeout: request.deadline)))
            admitted.journey.mode = model.mode
            if let policy = standing.policy { admitted.journey.policy = live.blueprint.policies[policy].rules }
            admitted.journey.keepsDecision = keepsDecisions
            if live.compresses, live.compression(of: admitted).mode != .off { admitted.journey.windows = .yield }
            return admitted
        }
    }
}

extension PlainAdmission {
    /// In a header, or in metadata. Clients that send metadata with each request have none there as a rule.
    @inline(__always)
    private func hasTags(_ request: ClientRequest, _ call: Call) -> Bool {
        let head = request.head
        if head.swiftletTags.isPresent || head.litellmTags.isPresent || head.tags.isPresent { return true }
        guard let metadata = call.metadata else { return false }
        return request.body.withUnsafeReadableBytes { body in
            let bytes = metadata.of(body)
            // `"tags"`: a quote, then the word, then a quote.
            return bytes.indices.dropLast(5).contains { at in
                bytes[at] == 0x22 && bytes[at + 1] == 0x74 && bytes[at + 2] == 0x61 && bytes[at + 3] == 0x67 && bytes[at + 4] == 0x73
                    && bytes[at + 5] == 0x22
            }
        }
    }
}

extension Facts {
    /// What a call and its key's settings say.
    init(of call: Call, _ body: UnsafeRawBufferPointer, key: Int, _ standing: Live.Standing) {
        // A client may write any number; sums of tokens and products with prices are to stay far from overflow.
        let output = min(max(call.maxTokens ?? 0, 0), 1_000_000_000)
        self.init(needs: call.needs, inputTokens: Int(clamping: call.estimatedInput), outputTokens: Int(output), key: Random.mix(UInt64(key + 1)))
        if let user = call.user { self.user = Random.hash(bytes: user.range.of(body)) }
        if let session = call.stickyText { self.session = session.range == call.user?.range ? user : Random.hash(bytes: session.range.of(body)) }
        hasSideEffects = call.needs.contains(.tools) || call.stores
        if let regions = standing.regions { (self.regions, deniedRegions) = regions }
        if let allowed = standing.allowed { self.allowed = allowed }
        if let residency = standing.residency { self.residency = residency }
    }
}
