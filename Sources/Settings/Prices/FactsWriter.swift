import Routing
import Schema

extension ModelFacts {
    /// As a row of the catalogue: a line of JSON, members always in the same order.
    public var row: String { text(withProvider: true) }

    func text(withProvider: Bool) -> String {
        var members: [String] = []
        func add(_ name: String, _ value: String?) { if let value { members.append("\"\(name)\":\(value)") } }
        func quoted(_ text: String) -> String { JSONText.string(text).text() }
        func list(_ texts: [String]) -> String? { texts.isEmpty ? nil : "[" + texts.map(quoted).joined(separator: ",") + "]" }
        if withProvider { add("provider", quoted(provider)) }
        add("model", quoted(model))
        add("aliases", list(aliases))
        if isEmbedding { add("mode", quoted("embedding")) }
        for (name, number) in [("context", context), ("max_input", maxInput), ("max_output", maxOutput), ("dimensions", dimensions)] {
            add(name, number.map { "\($0)" })
        }
        add("can", list(can.names))
        add("cannot", list(cannot.names))
        add("regions", list(regions))
        add("released", released.map { quoted($0.day) })
        add("retires", retires.map { quoted($0.day) })
        if !periods.isEmpty { add("prices", "[" + periods.map(\.text).joined(separator: ",") + "]") }
        add("source", source.isEmpty ? nil : quoted(source))
        add("read", read.map { quoted($0.day) })
        add("via", via.map(quoted))
        return "{" + members.joined(separator: ",") + "}"
    }
}

extension PricePeriod {
    var text: String {
        var members = from.map { ["\"from\":\"\($0.day)\""] } ?? []
        if let price { members += price.members }
        if let perImage { members.append("\"per_image\":\(DecimalDollars.text(perImage))") }
        if let price {
            members += price.longerMembers
            let tiers = price.tiers.compactMap { tier in
                price.price(of: tier).map { "\"\(tier.name)\":{" + ($0.members + $0.longerMembers).joined(separator: ",") + "}" }
            }
            if !tiers.isEmpty { members.append("\"tiers\":{" + tiers.joined(separator: ",") + "}") }
        }
        return "{" + members.joined(separator: ",") + "}"
    }
}

extension Price {
    /// By class, those that are said, USD per million tokens.
    public var said: [(name: String, dollars: String)] {
        let head = [("input", DecimalDollars.text(input))]
        let cached = Self.classes.prefix(3), rest = Self.classes.dropFirst(3)
        func said(_ classes: ArraySlice<(name: String, path: any WritableKeyPath<Price, Int64?> & Sendable)>) -> [(String, String)] {
            classes.compactMap { entry in self[keyPath: entry.path].map { (entry.name, DecimalDollars.text($0)) } }
        }
        return head + said(cached) + [("output", DecimalDollars.text(output))] + said(rest)
    }

    fileprivate var longerMembers: [String] {
        let longer = above.map { "{\"tokens\":\($0.tokens)," + $0.price.members.joined(separator: ",") + "}" }
        return longer.isEmpty ? [] : ["\"above\":[" + longer.joined(separator: ",") + "]"]
    }

    fileprivate var members: [String] { said.map { "\"\($0.name)\":\($0.dollars)" } }
}

extension Moment {
    /// The day, or where it is not a day's beginning, the time.
    public var day: String {
        guard let written else { return "" }
        return seconds % 86_400 == 0 ? String(written.prefix(10)) : written
    }
}
