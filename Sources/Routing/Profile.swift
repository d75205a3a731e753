/// What strategies ask of a deployment that does not change while its table lasts, without strings.
struct Profile: Sendable {
    /// US dollars for a token; not a number: no price.
    var inputPrice = Double.nan
    var outputPrice = Double.nan
    /// As an operator says. Not a number: not said.
    var quality = Float.nan
    /// As its price and age suggest. Not a number: no price.
    var inferred = Float.nan
    var place: Regions.Place

    init(_ deployment: Deployment) {
        place = deployment.region.map(Regions.place) ?? .nowhere
        if let quality = deployment.quality { self.quality = Float(min(max(quality, 0), 1)) }
        defer { if let capability = deployment.capability { inferred = Float(capability) } }
        guard let price = deployment.price else { return }
        inputPrice = Double(price.input) * 1e-15
        outputPrice = Double(price.output) * 1e-15
        inferred = Float(InferredCapability.of(input: inputPrice * 1e6, output: outputPrice * 1e6, released: nil))
    }
}
