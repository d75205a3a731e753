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

    @Test("one of many is as if it were alone, and loops that know of more deployments add up with those that know of fewer")
    func many() {
        var one = Histograms()
        one.fit(2)
        one.add(.milliseconds(3), at: 1)
        one.add(.seconds(2_000), at: 1)
        one.add(.milliseconds(1), at: 0)
        var alone = Histogram()
        alone.add(.milliseconds(3))
        alone.add(.seconds(2_000))
        #expect(one[1].counts == alone.counts)
        #expect(one[1].sum == alone.sum)
        #expect(one[0].counts.reduce(0, +) == 1)
        var all = Histograms()
        all.fit(3)
        all.add(.milliseconds(1), at: 2)
        all += one
        #expect(all[1].sum == alone.sum)
        #expect(all[2].counts[0] == 1)
    }
}
