import Guarding
import NIOCore
import Routing
import Storage
import Translation

// The reply's way past guardrails and firewall: in the client's dialect, so that the same holds for all providers.
extension Exchange {
    /// The reply has begun, and somebody looks at it.
    func guardReply(by guarded: GuardedRequest) {
        guard guarded.looksAtReply || guarded.restores, relay.isStream, let form = ReplyForm(request.api) else { return }
        // What is carried on by another provider is the same answer.
        if continuation != nil, relay.screen != nil { return }
        let framing: ReplyEvents.Framing =
            request.api == .converse ? .frames : request.call.framing == .array && form == .generateContent ? .array : .events
        relay.screen = ReplyScreen(form, framing, guarded)
    }

    /// Looks at a whole reply. False: it is blocked, and the client has heard so.
    func passesGuards(_ guarded: GuardedRequest, usage: Usage) -> Bool {
        guard guarded.looksAtReply || guarded.restores, relay.status == 200, let form = ReplyForm(request.api) else { return true }
        let screen = ReplyScreen(form, .whole, guarded)
        relay.pass(through: screen)
        guard let refusal = Refusal(reply: screen.reply.outcome, guarded.policy) else {
            guarded.tellReply(screen)
            return true
        }
        last.head = Failure(refusal).answer(for: self)
        settle(.failed, fault: .contentPolicy, status: refusal.status, usage: usage)
        return false
    }

    /// The stream is blocked: what was produced is paid for, and the rest is not wanted.
    func stopReply() {
        guard let screen = relay.screen, let refusal = Refusal(reply: screen.reply.outcome, screen.policy) else { return }
        dismissRival()
        abandonUpstream()
        relay.openGate()
        let usage = streamUsage()
        paid(usage)
        record(.cancelled, .cancelled, at: loop.time, refusal.message)
        let isUnderWay = relay.headIsOut
        last.head = isUnderWay ? relay.lastFrame(refusal, for: self) : Failure(refusal).answer(for: self)
        settle(.failed, fault: .contentPolicy, status: isUnderWay ? 200 : refusal.status, usage: usage)
    }

    /// Counts and tells what was found in the reply, once.
    func tellReply(_ guarded: GuardedRequest) {
        let provider = target?.providerName ?? ""
        guarded.tellPrompt(provider: provider)
        guard let screen = relay.screen else { return }
        var report = GuardReport(
            loop: loop, live: live, key: request.key, project: request.entry.project, api: request.api, model: request.model.name, id: id)
        report.provider = provider
        report.tell(screen.outcome, .reply)
    }
}

extension Relay {
    /// What came into the frame from `index` on goes past the guards.
    mutating func screen(from index: Int) {
        guard let screen, var frame else { return }
        self.frame = nil
        var out: [UInt8] = []
        frame.withUnsafeReadableBytes { raw in
            let fresh = UnsafeRawBufferPointer(rebasing: raw[(index - frame.readerIndex)...])
            isBlocked = !screen.take(fresh, into: &out) || isBlocked
        }
        frame.moveWriterIndex(to: index)
        frame.writeBytes(out)
        self.frame = frame
    }

    /// Nothing more of the stream goes on: what the guards hold may go.
    mutating func releaseScreened(_ loop: Loop) {
        guard let screen, !isBlocked else { return }
        if frame == nil { beginFrame(loop) }
        var out: [UInt8] = []
        isBlocked = !screen.end(into: &out)
        frame?.writeBytes(out)
    }

    /// A whole reply becomes what its guards make of it.
    mutating func pass(through screen: ReplyScreen) {
        self.screen = screen
        guard let changed = withBody({ screen.whole($0) }) else { return }
        replaceBody(changed)
    }
}

extension ReplyForm {
    /// Nil: its replies have no texts.
    init?(_ api: API) {
        switch api {
        case .chatCompletions, .completions: self = .choices
        case .responses: self = .responses
        case .messages: self = .messages
        case .generateContent: self = .generateContent
        case .converse: self = .converse
        default: return nil
        }
    }
}

extension ReplyScreen {
    convenience init(_ form: ReplyForm, _ framing: ReplyEvents.Framing, _ guarded: GuardedRequest) {
        self.init(
            form, framing, guarded.checker, GuardedReply(masking: guarded.masking, asked: guarded.asked), restores: guarded.restores)
    }

    var outcome: GuardOutcome {
        var outcome = reply.outcome
        outcome.scannedBytes = scanned
        return outcome
    }
}

extension GuardedRequest {
    /// A whole answer's head says what was found in the prompt and in the reply.
    func tellReply(_ screen: ReplyScreen) {
        guard screen.reply.outcome.action != .off else { return }
        lines = Self.lines(outcome, screen.reply.outcome)
    }
}

extension Refusal {
    /// Nil: the reply may pass.
    init?(reply outcome: GuardOutcome, _ policy: GuardPolicy) {
        guard let found = outcome.blocking else { return nil }
        if found.kind == .firewall {
            self.init(.firewallBlocked, "the firewall's rule `\(found.detail)` blocks this reply", param: found.detail)
            status = policy.firewallStatus
        } else {
            let what = found.kind == .personalData ? ": it found \(found.detail)" : ""
            self.init(.guardrailBlocked, "the guardrail `\(found.kind.name)` blocks this reply\(what)", param: found.kind.name)
        }
    }
}
