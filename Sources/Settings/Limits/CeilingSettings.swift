import Routing
import Schema

/// What tokens of unknown price count as.
public struct CeilingSettings: Configurable {
    public var inputPrice = USDPrice(nanodollars: 0)
    public var outputPrice = USDPrice(nanodollars: 0)

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("input_price", \.inputPrice, "USD per million tokens of the prompt.").required,
        .setting("output_price", \.outputPrice, "USD per million tokens of the answer.").required,
    ]

    var price: Price { Price(input: inputPrice.nanodollars, output: outputPrice.nanodollars) }
}
