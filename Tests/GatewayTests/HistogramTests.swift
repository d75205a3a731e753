import Testing

@testable import Gateway

@Suite("Histogram") struct HistogramTests {
    @Test(
        "a duration counts in the first bucket whose bound it does not pass",
        arguments: [
            (Duration.zero, 0), (.microseconds(999), 0), (.milliseconds(1), 0), (.microseconds(1001), 1), (.milliseconds(3), 2),
            (.milliseconds(4), 2), (.milliseconds(5), 3),
            (.seconds(1), 10), (.seconds(1_000_000), Histogram.buckets),
        ])
    func buckets(_ duration: Duration, _ bucket: Int) {
        var histogram = Histogram()
        histogram.add(duration)
        #expect(histogram.counts.firstIndex(of: 1) == bucket)
        #expect(histogram.sum == duration)
        if bucket < Histogram.buckets { #expect(Double(duration.nanoseconds) / 1e9 <= Histogram.bound(bucket)) }
    }

    @Test("two loops' histograms add up")
    func sums() {
        var one = Histogram()
        var two = Histogram()
        one.add(.milliseconds(2))
        two.add(.milliseconds(2))
        two.add(.seconds(5))
        one += two
        #expect(one.counts.reduce(0, +) == 3)
        #expect(one.sum == .milliseconds(5_004))
    }
}
