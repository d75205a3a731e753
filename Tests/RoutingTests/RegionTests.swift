import Routing
import Testing

@Suite("Regions") struct RegionTests {
    struct Row: Sendable {
        var caller: String?
        var regions: [String?]
        var nearest: Int
    }

    @Test(
        "the nearest deployment serves: the same region, then around or within it, then by distance, then by order",
        arguments: [
            Row(caller: "eu-west-1", regions: ["us-east-1", "eu-central-1", "eu-west-1"], nearest: 2),
            Row(caller: "EU-WEST-1", regions: ["eu-central-1", "eu-west-1"], nearest: 1),
            Row(caller: "eu", regions: ["us-east-1", "europe-west4", "eu-west-1"], nearest: 1),
            Row(caller: "eu-west-1", regions: ["eu-central-1", "eu"], nearest: 1),
            Row(caller: "northeurope", regions: ["eu-central-1", "eu-west-1"], nearest: 1),
            Row(caller: "DE", regions: ["us-east-1", "eu-north-1", "eu-west-3"], nearest: 2),
            Row(caller: "JP", regions: ["us-west-2", "asia-southeast1", "koreacentral"], nearest: 2),
            Row(caller: "BR", regions: ["eu-south-2", "us-east-1", "southamerica-west1"], nearest: 2),
            Row(caller: "AU", regions: ["us-west-2", "ap-southeast-1", "eu"], nearest: 1),
            Row(caller: "CN", regions: ["us-west-2", "eu-central-1", "ap-east-1"], nearest: 2),
            Row(caller: "us-west-2", regions: ["us-east-1", "us-west-1", "ca-central-1"], nearest: 1),
            // Not in the table, known by how they begin.
            Row(caller: "eu-west-99", regions: ["us-east-1", "eu-central-1"], nearest: 1),
            Row(caller: "us-gov-south-7", regions: ["eu-central-1", "us-west-1"], nearest: 1),
            // Nobody knows where these are.
            Row(caller: nil, regions: ["us-east-1", "eu-central-1"], nearest: 0),
            Row(caller: "moon", regions: ["us-east-1", "eu-central-1"], nearest: 0),
            Row(caller: "moon", regions: ["us-east-1", nil, "moon"], nearest: 2),
            Row(caller: "eu-west-1", regions: [nil, "dc1", "ap-southeast-2"], nearest: 2),
            Row(caller: "eu-west-1", regions: [nil, "dc1"], nearest: 0),
        ])
    func nearest(_ row: Row) throws {
        let list = row.regions.enumerated().map { Deployment(name: "d\($0)", region: $1) }
        let tree = Route.choice(Nearest(), list.indices.map { Branch(.deployment($0)) })
        let router = Router(table: try table(list, tree), seed: 1)
        for _ in 0..<5 { #expect(router.choice(Facts(region: row.caller), at: .zero) == row.nearest) }
    }

    @Test(
        "what an operator says of distances stands above the earth's, both ways and for what lies within, an exact name first",
        arguments: [
            Row(caller: "dc1", regions: ["us-east-1", "eu-central-1"], nearest: 1),
            Row(caller: "eu-central-1", regions: ["us-east-1", "dc1"], nearest: 1),
            Row(caller: "us-west-2", regions: ["eu-central-1", "dc1"], nearest: 0),
            Row(caller: "eu-west-1", regions: ["eu-west-3", "us-east-1"], nearest: 1),
            Row(caller: "us-east-1", regions: ["us-west-2", "eu-west-1"], nearest: 1),
            Row(caller: "eu-west-1", regions: ["dc1", "eu-west-1"], nearest: 1),
            Row(caller: "dc1", regions: ["eu-central-1", "eu-west-2", "dc1"], nearest: 2),
        ])
    func said(_ row: Row) throws {
        let list = row.regions.enumerated().map { Deployment(name: "d\($0)", region: $1) }
        let tree = Route.choice(Nearest(), list.indices.map { Branch(.deployment($0)) })
        var distances = RegionDistances()
        distances.add("eu", "dc1", kilometres: 200)
        distances.add("eu-west-1", "us-east-1", kilometres: 0.5)
        let route = NamedRoute(name: "route", tree: tree)
        let table = try RoutingTable(version: 1, deployments: list, routes: [route], distances: distances)
        for _ in 0..<5 { #expect(Router(table: table, seed: 1).choice(Facts(region: row.caller), at: .zero) == row.nearest) }
    }

    @Test(
        "distances are those of the earth, to a tenth",
        arguments: [
            ("eu-west-1", "us-east-1", 5500.0), ("us-east-1", "us-west-2", 3650), ("ap-southeast-2", "eu-west-2", 17_000),
            ("JP", "sa-east-1", 18_500),
            ("eu-west-2", "eu-west-3", 344),
        ])
    func distances(_ from: String, _ to: String, _ kilometres: Double) {
        #expect(abs(Regions.distance(from: from, to: to) - kilometres) < 0.1 * kilometres)
        #expect(Regions.distance(from: from, to: to) == Regions.distance(from: to, to: from))
    }

    @Test(
        "an area covers what lies in it, and the union is not the continent",
        arguments: [
            ("eu", "eu-west-1", true), ("eu", "europe-west4", true), ("eu", "westeurope", true), ("eu", "eu-west-2", false), ("eu", "uksouth", false),
            ("eu", "europe-west6", false), ("europe", "uksouth", true), ("europe", "eu", true), ("eu", "europe", false), ("eu", "DE", true),
            ("de", "eu-central-1", true), ("de", "eu-west-1", false), ("na", "us-east-1", true), ("na", "us", true), ("us", "na", false),
            ("us", "ca-central-1", false), ("us", "us-east", true), ("apac", "ap-southeast-2", true), ("asia", "ap-southeast-2", false),
            ("eu-west-1", "eu", false), ("dc1", "dc1", true), ("dc1", "dc2", false), ("", "", false),
        ])
    func covers(_ area: String, _ region: String, _ wanted: Bool) { #expect(Regions.covers(area, region) == wanted) }

    @Test(
        "lists allow and deny, and a pool that they empty says so",
        arguments: [
            (allowed: ["eu"], denied: [], pool: [0, 1]), (allowed: ["eu", "us"], denied: ["eu-west-1"], pool: [1, 2]),
            (allowed: ["ap", "sa", "us"], denied: [], pool: [2]), (allowed: [], denied: ["eu"], pool: [2, 3]),
            (allowed: [], denied: ["us", "eu-west-1", "eu-central-1"], pool: [3]), (allowed: ["us"], denied: ["us-east-1"], pool: []),
            (allowed: ["dc1"], denied: [], pool: []),
        ] as [(allowed: [String], denied: [String], pool: [Int])])
    func lists(_ allowed: [String], _ denied: [String], _ pool: [Int]) throws {
        let list = ["eu-west-1", "eu-central-1", "us-east-1", nil].enumerated().map { Deployment(name: "d\($0)", region: $1) }
        let tree = Route.choice(RoundRobin(), list.indices.map { Branch(.deployment($0)) })
        var router = Router(table: try table(list, tree, retry: RetryPolicy(maxRetries: 0)), seed: 1)
        let journey = router.journey(route: 0, facts: Facts(regions: allowed, deniedRegions: denied))
        let run = router.run(journey) { _ in .badly(.serverError) }
        #expect(run.tried.sorted() == pool)
        if pool.isEmpty { #expect(run.end?.reason == .noneEligible(.region)) }
    }

    @Test("a provider asked for is the only one")
    func provider() throws {
        let list = [Deployment(name: "a", provider: "one"), Deployment(name: "b", provider: "two")]
        var router = Router(table: try table(list, leaves(Shuffle(), 0, 1)), seed: 1)
        #expect(router.run(router.journey(route: 0, facts: Facts(provider: "two"))) { _ in .well }.tried == [1])
        #expect(router.run(router.journey(route: 0, facts: Facts(provider: "three"))) { _ in .well }.end?.reason == .noneEligible(.provider))
    }
}
