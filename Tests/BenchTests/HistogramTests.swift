import Testing

@testable import Bench

@Suite("Histogram") struct HistogramTests {
    @Test("a percentile is right to one part in a hundred at any scale", arguments: [1, 10, 1_000, 50_000, 3_000_000, 9_000_000_000])
    func scales(unit: Int64) throws {
        var histogram = Histogram()
        for value in 1...1_000 { histogram.record(Int64(value) * unit) }
        for (fraction, exact) in [(0.5, 501.0), (0.9, 901), (0.99, 991), (0.999, 1_000)] {
            let found = try #require(histogram.percentile(fraction))
            let wanted = exact * Double(unit)
            #expect(abs(found - wanted) <= wanted / 100, "\(fraction) of \(unit): \(found), not \(wanted)")
        }
    }

    @Test("small values are exact")
    func exact() {
        var histogram = Histogram()
        for value in [3, 3, 3, 200, 255] as [Int64] { histogram.record(value) }
        #expect(histogram.percentile(0.5) == 3)
        #expect(histogram.percentile(0.7) == 200)
        #expect(histogram.percentile(0.99) == 255)
    }

    @Test("no values, no percentile; negative and huge ones stay within")
    func edges() {
        var histogram = Histogram()
        #expect(histogram.percentile(0.5) == nil)
        histogram.record(-5)
        #expect(histogram.percentile(0.5) == 0)
        histogram.record(.max)
        #expect(histogram.largest == .max)
        #expect(histogram.percentile(0.99) != nil)
    }
}
