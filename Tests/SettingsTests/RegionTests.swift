import Settings
import Testing

@Suite("Regions of callers") struct RegionTests {
    static let table: RegionTable = {
        var table = RegionTable()
        let rows = [
            ("10.0.0.0/8", "eu"), ("10.1.0.0/16", "us"), ("10.1.2.3", "lab"), ("2001:db8::/32", "asia"), ("2001:db8:1::/48", "japan"),
            ("::1/128", "home"),
            ("192.168.0.128/25", "upper"),
        ]
        for (prefix, region) in rows { _ = table.add(prefix, region: region) }
        return table
    }()

    @Test(
        "the longest prefix counts",
        arguments: [
            ("10.2.3.4", "eu"), ("10.1.0.0", "us"), ("10.1.255.255", "us"), ("10.1.2.3", "lab"), ("10.1.2.4", "us"), ("11.0.0.1", nil),
            ("2001:db8::1", "asia"), ("2001:DB8:1:ffff::", "japan"), ("2001:db8:2::", "asia"), ("2001:db9::", nil), ("::1", "home"), ("::2", nil),
            ("::ffff:10.1.2.3", "lab"), ("0:0:0:0:0:ffff:a01:203", "lab"), ("192.168.0.128", "upper"), ("192.168.0.127", nil), ("", nil),
            ("10.1.2", nil),
            ("10.1.2.3.4", nil), ("10.1.2.256", nil), ("10.1.2.-3", nil), ("1::2::3", nil), ("12345::", nil), (":::", nil), ("10.1.2.3/8", nil),
            ("fe80::1%eth0", nil),
        ] as [(String, String?)])
    func lookUp(address: String, region: String?) {
        #expect(Self.table.region(of: address) == region)
    }

    @Test(
        "what is no prefix is refused",
        arguments: ["", "eu", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "2001:db8::/129", "::/x", "10.0.0.0/8/8"])
    func none(prefix: String) {
        var table = RegionTable()
        let isPrefix = table.add(prefix, region: "eu")
        #expect(!isPrefix)
        #expect(table.isEmpty)
    }

    @Test("the table and the bounds of a key come from the document")
    func document() throws {
        let blueprint = try #require(compile(Files.text("examples/strategies/geographic.yaml")).blueprint)
        #expect(blueprint.regions.region(of: "10.2.9.9") == "us")
        #expect(blueprint.regions.region(of: "2001:db8::7") == "us")
        #expect(blueprint.keys.map(\.region) == ["eu", "us"])
        #expect(blueprint.keys.map(\.regions) == [["eu"], []])
        #expect(blueprint.keys.map(\.deniedRegions) == [[], ["eu-west-1"]])
        #expect(
            problems(good + "regions: { prefixes: { 10.0.0.0/40: eu } }") == [
                "f:8: regions.prefixes.10.0.0.0/40: is no prefix of addresses; expected such as 10.1.0.0/16 or 2001:db8::/32"
            ])
    }
}
