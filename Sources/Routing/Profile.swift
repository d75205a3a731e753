/// What strategies ask of a deployment that does not change while its table lasts, without strings.
struct Profile: Sendable {
    /// US dollars for a token; not a number: no price.
    var inputPrice = Double.nan
    var outputPrice = Double.nan
    /// Not a number: not said.
    var quality = Float.nan
    /// In the order of prices among all of the table, from 0 for the cheapest; equals share one. Not a number: no price.
    var rank = Float.nan
    var place: Regions.Place

    init(_ deployment: Deployment) {
        place = deployment.region.map(Regions.place) ?? .nowhere
        if let quality = deployment.quality { self.quality = Float(min(max(quality, 0), 1)) }
        guard let price = deployment.price else { return }
        inputPrice = Double(price.input) * 1e-15
        outputPrice = Double(price.output) * 1e-15
    }

    static func all(_ deployments: [Deployment]) -> [Profile] {
        var profiles = deployments.map(Profile.init)
        func price(_ index: Int) -> Double { profiles[index].inputPrice + profiles[index].outputPrice }
        let order = profiles.indices.filter { !price($0).isNaN }.sorted { price($0) < price($1) }
        var rank: Float = -1
        var last = -1.0
        for index in order {
            if price(index) > last { rank += 1 }
            last = price(index)
            profiles[index].rank = rank
        }
        return profiles
    }
}
