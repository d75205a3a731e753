import Testing

@testable import Schema

@Suite("Units") struct UnitTests {
    @Test(
        "durations are read in every unit, in several, and as seconds",
        arguments: [
            ("200ms", Duration.milliseconds(200)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("1h", .seconds(3600)), ("7d", .seconds(604_800)),
            ("1h30m", .seconds(5400)), ("1.5s", .milliseconds(1500)), ("250us", .microseconds(250)), ("60", .seconds(60)),
            ("0.2", .milliseconds(200)), ("0", .zero), ("0s", .zero), ("2 s", .seconds(2)),
        ])
    func durations(text: String, expected: Duration) {
        #expect(Duration(written: text) == expected)
    }

    @Test(
        "what is no duration is refused",
        arguments: ["", "s", "5 parsecs", "-1s", "-1", "1..5s", "1h30", "nan", "inf", "1e300", "99999999999d", "1S", "５s"])
    func noDurations(text: String) {
        #expect(Duration(written: text) == nil)
    }

    @Test(
        "durations are written in the largest unit that divides them, and read back",
        arguments: [(Duration.seconds(90), "90s"), (.seconds(120), "2m"), (.milliseconds(50), "50ms"), (.zero, "0s"), (.seconds(86_400), "1d")])
    func writtenDurations(duration: Duration, expected: String) {
        #expect(duration.written == expected)
        #expect(Duration(written: expected) == duration)
    }

    @Test(
        "sizes are read in decimal and binary units",
        arguments: [
            ("8MiB", 8 << 20), ("500KB", 500_000), ("1KiB", 1024), ("32 MiB", 32 << 20), ("1.5KiB", 1536), ("0", 0), ("123", 123),
            ("2GB", 2_000_000_000),
            ("7B", 7), ("1mib", 1 << 20),
        ])
    func sizes(text: String, expected: Int) {
        #expect(ByteCount(written: text)?.bytes == expected)
    }

    @Test("what is no size is refused", arguments: ["", "MiB", "-1", "8 MiBs", "1.2.3KB", "9e99GB", "8MiB2"])
    func noSizes(text: String) {
        #expect(ByteCount(written: text) == nil)
    }

    @Test("sizes are written in the largest unit that divides them", arguments: [(32 << 20, "32MiB"), (500_000, "500KB"), (1023, "1023"), (0, "0")])
    func writtenSizes(bytes: Int, expected: String) {
        #expect(ByteCount(bytes).written == expected)
        #expect(ByteCount(written: expected)?.bytes == bytes)
    }
}
