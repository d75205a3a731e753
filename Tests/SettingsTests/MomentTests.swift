import Settings
import Testing

@Suite("Moments") struct MomentTests {
    @Test(
        "days and times are read as seconds since 1970",
        arguments: [
            ("1970-01-01", 0), ("1970-03-01", 5_097_600), ("2000-02-29", 951_782_400), ("2027-01-31", 1_801_353_600),
            ("2100-03-01", 4_107_542_400), ("9999-12-31T23:59:59Z", 253_402_300_799), ("2027-01-31T12:00:01Z", 1_801_396_801),
        ] as [(String, Int64)])
    func moments(text: String, expected: Int64) {
        #expect(Moment(written: text)?.seconds == expected)
    }

    @Test(
        "what is no day is refused",
        arguments: [
            "", "2027", "2027-1-31", "2027-13-01", "2027-00-01", "2027-02-29", "2100-02-29", "2027-01-00", "2027-04-31", "1969-12-31",
            "2027-01-31T", "2027-01-31T12:00:00", "2027-01-31T24:00:00Z", "2027-01-31T12:00Z", "2027-01-31T12:00:00ZT", "+027-01-31", "２027-01-31",
        ])
    func none(text: String) {
        #expect(Moment(written: text) == nil)
    }
}
