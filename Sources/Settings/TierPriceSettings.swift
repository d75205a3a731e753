import Routing
import Schema

/// What requests cost that are served in another tier than the usual one.
public struct PricedTiers<Prices: Configurable & Equatable>: Configurable, Equatable {
    public var flex: Prices?
    public var priority: Prices?
    public var fast: Prices?
    public var ultrafast: Prices?
    public var batch: Prices?
    public var optimized: Prices?

    public init() {}

    public static var fields: [Field<Self>] {
        [
            .setting("flex", \.flex, "Served when there is room."),
            .setting("priority", \.priority, "Served before others; also of requests that a provider calls `fast`, unless that has prices here."),
            .setting("fast", \.fast, "Served with faster words."),
            .setting("ultrafast", \.ultrafast, "Served with still faster words."),
            .setting("batch", \.batch, "Served within a day."),
            .setting("optimized", \.optimized, "Served with optimized latency."),
        ]
    }

    var said: [(tier: ServiceTier, prices: Prices)] {
        let all: [(ServiceTier, Prices?)] = [
            (.flex, flex), (.priority, priority), (.fast, fast), (.ultrafast, ultrafast), (.batch, batch), (.optimized, optimized),
        ]
        return all.compactMap { tier, prices in prices.map { (tier, $0) } }
    }
}

/// Of a deployment.
public typealias TierPriceSettings = PricedTiers<TierPrices>

/// Prices of one tier.
public struct TierPrices: Configurable, Equatable {
    public var inputPrice: USDPrice?
    public var outputPrice: USDPrice?
    public var cachedInputPrice: USDPrice?
    public var cacheWritePrice: USDPrice?
    public var cacheWriteHourPrice: USDPrice?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("input_price", \.inputPrice, "USD per million tokens of the prompt; without it as in the usual tier."),
        .setting("output_price", \.outputPrice, "USD per million tokens of the answer; without it as in the usual tier."),
        .setting(
            "cached_input_price", \.cachedInputPrice, "USD per million tokens read from the provider's cache; without it as in the usual tier."),
        .setting(
            "cache_write_price", \.cacheWritePrice, "USD per million tokens written to the provider's cache; without it as in the usual tier."),
        .setting(
            "cache_write_1h_price", \.cacheWriteHourPrice, "USD per million tokens written to be kept an hour; without it as in the usual tier."),
    ]

    /// By class of the catalogue.
    var own: [String: Int64] {
        let all = [
            ("input", inputPrice), ("output", outputPrice), ("cached_input", cachedInputPrice), ("cache_write", cacheWritePrice),
            ("cache_write_1h", cacheWriteHourPrice),
        ]
        return Dictionary(all.compactMap { name, price in price.map { (name, $0.nanodollars) } }) { first, _ in first }
    }
}
