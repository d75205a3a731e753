import Testing
import Wire

@Suite("Retry-After") struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT
    static let now: Int64 = 784_111_777

    @Test(
        "seconds and dates are read, garbage is not",
        arguments: [
            ("0", Duration.zero), ("7", .seconds(7)), ("007", .seconds(7)), ("1.5", .milliseconds(1500)), ("0.0001", .milliseconds(1)),
            ("86400", .seconds(86_400)), ("604800", .seconds(86_400)), ("99999999999999999999999999", .seconds(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .zero), ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)),
            ("Mon, 07 Nov 1994 00:00:00 GMT", .seconds(54_623)), ("Sat, 05 Nov 1994 08:49:37 GMT", .zero),
            ("Thu, 01 Jan 1970 00:00:00 GMT", .zero), ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(86_400)),
            ("", nil), (" ", nil), ("-1", nil), ("+1", nil), ("1s", nil), (".5", nil), ("5.", nil), ("1.2.3", nil), ("1e3", nil), ("soon", nil),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
            ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("Sun, 00 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 nov 1994 08:49:37 GMT", nil), ("Xxx, 06 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Duration?)])
    func parses(_ text: String, _ expected: Duration?) {
        #expect(Array(text.utf8).withUnsafeBytes { RetryAfter.parse($0, now: Self.now) } == expected)
    }

    @Test(
        "leap years and century rules count",
        arguments: [
            ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800), ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
        ])
    func dates(_ text: String, _ seconds: Int64) {
        #expect(Array(text.utf8).withUnsafeBytes { RetryAfter.parse($0, now: seconds - 5) } == .seconds(5))
    }

    @Test(
        "milliseconds are read with fractions",
        arguments: [
            ("1500", Duration.milliseconds(1500)), ("0.5", .microseconds(500)), ("999999999999", .seconds(86_400)), ("x", nil),
        ] as [(String, Duration?)])
    func milliseconds(_ text: String, _ expected: Duration?) {
        #expect(Array(text.utf8).withUnsafeBytes { RetryAfter.parseMilliseconds($0) } == expected)
    }
}
