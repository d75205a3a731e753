import Routing
import Settings
import Storage
import Testing

@testable import Gateway

@Suite("Alerts of breakers and of the store") struct StoreWatchTests {
    private static let failure = StoreFailure(.locked, path: "/var/lib/x.db", "is locked")

    @Test("the store is lost once, whoever notices, and back once the last says so")
    func once() {
        var loss = StoreLoss()
        loss.gateway = "east"
        func told(_ failure: StoreFailure?, _ witness: StoreWitness, _ now: Int64) -> WebhookMessage? {
            loss.note(failure, by: witness, unixMilliseconds: now)
        }
        #expect(told(nil, .journal, 1) == nil)
        let lost = told(Self.failure, .journal, 100)
        #expect(lost?.event == .store)
        #expect(lost?.details.map(\.value) == [.text("lost"), .text("east"), .text("locked")])
        #expect(lost?.message.contains("locked") == true)
        #expect(told(Self.failure, .settings, 120) == nil)
        #expect(told(StoreFailure(.diskFull, path: "", "full"), .journal, 130) == nil)
        #expect(told(nil, .journal, 150) == nil)
        let back = told(nil, .settings, 400)
        #expect(back?.details.map(\.value) == [.text("back"), .text("east"), .number(300)])
        #expect(told(nil, .settings, 500) == nil)
        #expect(told(Self.failure, .spool, 600) != nil)
    }

    @Test("a store that is closed is not lost")
    func closed() {
        var loss = StoreLoss()
        #expect(loss.note(StoreFailure(.closed, path: "", "the store is closed"), by: .settings, unixMilliseconds: 1) == nil)
        #expect(loss.note(nil, by: .settings, unixMilliseconds: 2) == nil)
    }

    @Test("a breaker's alert names the deployment, what happened and how long it rests")
    func breaker() {
        var event = RouterEvent(at: .zero, kind: .breakerOpened, from: "up/m", fault: .timeout, number: 1_500)
        let open = AdminEvents.alert(event, "up/m", 7, gateway: "east")
        #expect(open.event == .breaker)
        #expect(open.message == "deployment `up/m` rests: timeout")
        #expect(open.details.map(\.name) == ["state", "deployment", "gateway", "fault", "rest_ms"])
        #expect(open.details.last?.value == .number(1_500))
        event.kind = .breakerClosed
        event.fault = nil
        let closed = AdminEvents.alert(event, "up/m", 8, gateway: "east")
        #expect(closed.message == "deployment `up/m` serves again")
        #expect(closed.details.map(\.name) == ["state", "deployment", "gateway"])
    }
}
