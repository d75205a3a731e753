import Storage
import Testing

@testable import Gateway

@Suite("Trace context") struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let good = "00-\(trace)-00f067aa0ba902b7-01"

    private func id(_ number: Int64) -> RequestID { .first(atUnixMilliseconds: 1_800_000_000_000 + number) }

    @Test("a caller's trace goes on, and its decision to sample holds")
    func parents() {
        let one = TraceContext(of: id(1), parent: Self.good, state: "a=b", share: 0)
        #expect(one.traceText == Self.trace && TraceContext.text(one.parent) == "00f067aa0ba902b7" && one.isSampled && one.state == "a=b")
        #expect(!TraceContext(of: id(1), parent: Self.good.dropLast() + "0", share: 1).isSampled)
        let later = TraceContext(of: id(1), parent: "01" + Self.good.dropFirst(2) + "-more", share: 0)
        #expect(later.traceText == Self.trace, "a later version may say more")
    }

    @Test(
        "what is malformed begins anew, and its state is dropped",
        arguments: [
            "", "00", "00-", good + "-x", "ff" + good.dropFirst(2), "0g" + good.dropFirst(2), good.uppercased(), String(good.dropLast()),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01", good.replacing("-", with: "_"),
            String(repeating: "0", count: 55),
        ])
    func malformed(header: String) {
        let one = TraceContext(of: id(1), parent: header, state: "a=b", share: 1)
        #expect(one.parent == 0 && one.traceText != Self.trace && one.isSampled && one.state.isEmpty)
    }

    @Test("a state that is too long, or that would end a header, is dropped", arguments: [String(repeating: "a", count: 513), "a=b\r\nx: y", "a=é"])
    func states(state: String) {
        #expect(TraceContext(of: id(1), parent: Self.good, state: state, share: 1).state.isEmpty)
    }

    @Test("ids differ from request to request and from attempt to attempt, and are the same whenever they are asked")
    func ids() {
        var traces: Set<String> = []
        var spans: Set<UInt64> = []
        for number in 0..<1_000 as Range<Int64> {
            let one = TraceContext(of: id(number), share: 0.25)
            #expect(one == TraceContext(of: id(number), share: 0.25))
            traces.insert(one.traceText)
            spans.insert(one.span)
            for deployment in 0..<3 as Range<Int32> {
                for start in 0..<3 as Range<Int64> {
                    spans.insert(one.span(ofAttemptAt: NameID(rawValue: deployment), startedMicroseconds: start))
                }
            }
        }
        #expect(traces.count == 1_000 && spans.count == 10_000)
    }

    @Test("of those whose caller says nothing a share is sampled")
    func sampling() {
        let sampled = (0..<10_000).count { TraceContext(of: id($0), share: 0.1).isSampled }
        #expect(850...1_150 ~= sampled)
        #expect((0..<1_000).allSatisfy { !TraceContext(of: id($0), share: 0).isSampled && TraceContext(of: id($0), share: 1).isSampled })
    }
}
