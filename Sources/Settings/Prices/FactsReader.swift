import Routing
import Schema
import Translation

/// Reads rows of the catalogue, with what is wrong with them.
struct FactsReader {
    private(set) var problems: [Problem] = []

    static let members = [
        "provider", "model", "aliases", "mode", "context", "max_input", "max_output", "dimensions", "can", "cannot", "regions", "released",
        "retires", "prices", "source", "read", "via",
    ]
    static let classes = ["input", "output"] + Price.classes.map(\.name)
    private static let count = 1...1_000_000_000

    mutating func problem(_ path: String, _ line: Int, _ message: String) { problems.append(Problem(path, line: line, message)) }

    /// A row. Nil: it has no name; other problems leave out what they are about.
    /// - Parameter provider: Whose file it is; nil where rows say it themselves.
    mutating func facts(_ node: Node, line: Int, provider: String?) -> ModelFacts? {
        guard let entries = node.entries else {
            problem("", line, "expected an object with a model's facts, found \(node.kind)")
            return nil
        }
        guard let provider = provider ?? node["provider"]?.scalar, !provider.isEmpty, let model = node["model"]?.scalar, !model.isEmpty else {
            problem("", line, "expected `provider` and `model`, which say what the row is about")
            return nil
        }
        var facts = ModelFacts(provider: provider, model: model)
        facts.line = line
        check(entries.map(\.name), among: Self.members, facts.name, line)
        facts.aliases = texts(node, "aliases", facts)
        facts.isEmbedding = isEmbedding(node, facts)
        facts.context = number(node, "context", facts)
        facts.maxInput = number(node, "max_input", facts)
        facts.maxOutput = number(node, "max_output", facts)
        facts.dimensions = number(node, "dimensions", facts)
        facts.can = abilities(node, "can", facts)
        facts.cannot = abilities(node, "cannot", facts)
        facts.regions = texts(node, "regions", facts)
        facts.released = day(node, "released", facts)
        facts.retires = day(node, "retires", facts)
        facts.via = node["via"]?.scalar
        readSource(node, &facts)
        facts.periods = periods(node["prices"], facts)
        checkSense(facts)
        return facts
    }

    private mutating func checkSense(_ facts: ModelFacts) {
        let both = facts.can.intersection(facts.cannot)
        if !both.isEmpty { problem(facts.name, facts.line, "can and cannot do \(both.names.joined(separator: ", "))") }
        if let released = facts.released, let retires = facts.retires, retires <= released {
            problem(facts.name.setting("retires"), facts.line, "is not after `released`")
        }
    }

    private mutating func readSource(_ node: Node, _ facts: inout ModelFacts) {
        facts.source = node["source"]?.scalar ?? ""
        if BaseURL(written: String(facts.source.prefix { $0 != "?" && $0 != "#" })) == nil {
            problem(facts.name.setting("source"), facts.line, "expected the address of the page that says so")
        }
        facts.read = day(node, "read", facts)
        if node["read"] == nil { problem(facts.name.setting("read"), facts.line, "is missing: the day on which it was so, such as 2027-01-31") }
    }

    // MARK: Prices

    private mutating func periods(_ node: Node?, _ facts: ModelFacts) -> [PricePeriod] {
        guard let node, !node.isNull else { return [] }
        let path = facts.name.setting("prices")
        // One period needs no list.
        guard let items = node.items ?? (node.entries == nil ? nil : [node]) else {
            problem(path, facts.line, "expected a list of periods, found \(node.kind)")
            return []
        }
        var periods: [PricePeriod] = []
        for (index, item) in items.enumerated() {
            guard let period = period(item, at: path.item(index), facts) else { continue }
            if let last = periods.last, (period.from?.seconds ?? .min) <= (last.from?.seconds ?? .min) {
                problem(path.item(index).setting("from"), facts.line, "is not after the period before it")
            }
            periods.append(period)
        }
        return periods
    }

    private mutating func period(_ node: Node, at path: String, _ facts: ModelFacts) -> PricePeriod? {
        guard let entries = node.entries else {
            problem(path, facts.line, "expected an object with prices, found \(node.kind)")
            return nil
        }
        check(entries.map(\.name), among: ["from", "above", "tiers", "per_image"] + Self.classes, path, facts.line)
        var period = PricePeriod(price: nil)
        if let from = node["from"], !from.isNull { period.from = moment(from, at: path.setting("from"), facts.line) }
        if let image = node["per_image"], !image.isNull { period.perImage = price(image, at: path.setting("per_image"), facts.line) }
        let said = prices(node, at: path, facts.line)
        guard let input = said["input"] else {
            if !said.isEmpty { problem(path, facts.line, "has no price for `input`") }
            return period
        }
        guard let output = said["output"] ?? (facts.isEmbedding ? 0 : nil) else {
            problem(path, facts.line, "has no price for `output`")
            return period
        }
        var price = Price(input: input, output: output)
        for (name, keyPath) in Price.classes { price[keyPath: keyPath] = said[name] }
        addLongPrompts(node["above"], to: &price, at: path.setting("above"), facts.line)
        addTiers(node["tiers"], to: &price, at: path.setting("tiers"), facts.line)
        period.price = price
        return period
    }

    private mutating func addLongPrompts(_ node: Node?, to price: inout Price, at path: String, _ line: Int) {
        guard let node, !node.isNull else { return }
        guard let items = node.items else { return problem(path, line, "expected a list, found \(node.kind)") }
        var last = 0
        for (index, item) in items.enumerated() {
            let place = path.item(index)
            guard let entries = item.entries, let text = item["tokens"]?.scalar, let tokens = Int(text), Self.count.contains(tokens) else {
                problem(place.setting("tokens"), line, "expected how many tokens the prompt has more than")
                continue
            }
            if tokens <= last { problem(place.setting("tokens"), line, "is not above the one before it") }
            last = tokens
            check(entries.map(\.name), among: ["tokens"] + Self.classes, place, line)
            price.setPrice(price.longPrompt(prices(item, at: place, line)), above: Int64(tokens))
        }
    }

    private mutating func addTiers(_ node: Node?, to price: inout Price, at path: String, _ line: Int) {
        guard let node, !node.isNull else { return }
        guard let entries = node.entries else { return problem(path, line, "expected an object with service tiers, found \(node.kind)") }
        check(entries.map(\.name), among: ServiceTier.priced.map { "\($0.name)" }, path, line)
        let usual = price
        for tier in ServiceTier.priced {
            let place = path.setting("\(tier.name)")
            guard let item = node["\(tier.name)"], !item.isNull else { continue }
            guard let members = item.entries else {
                problem(place, line, "expected an object with prices, found \(item.kind)")
                continue
            }
            check(members.map(\.name), among: ["above"] + Self.classes, place, line)
            var own = usual.longPrompt(prices(item, at: place, line))
            addLongPrompts(item["above"], to: &own, at: place.setting("above"), line)
            price.setPrice(own, of: tier)
        }
    }

    private mutating func prices(_ node: Node, at path: String, _ line: Int) -> [String: Int64] {
        var said: [String: Int64] = [:]
        for name in Self.classes {
            guard let value = node[name], !value.isNull else { continue }
            said[name] = price(value, at: path.setting(name), line)
        }
        return said
    }

    private mutating func price(_ node: Node, at path: String, _ line: Int) -> Int64? {
        if let amount = node.scalar.flatMap({ DecimalDollars.nanodollars($0) }) { return amount }
        let found = node.scalar.map { "`\($0.prefix(60))`" } ?? node.kind
        problem(path, line, "\(found) is not valid; expected USD, 0 to 1000000, at most nine digits behind the point")
        return nil
    }

    // MARK: Values

    private mutating func check(_ names: [String], among known: [String], _ path: String, _ line: Int) {
        var seen: Set<String> = []
        for name in names {
            if !known.contains(name) { problem(path, line, "unknown member `\(name.prefix(60))`\(Spelling.help(for: name, among: known))") }
            if !seen.insert(name).inserted { problem(path.setting(name), line, "`\(name.prefix(60))` is written twice") }
        }
    }

    private mutating func isEmbedding(_ node: Node, _ facts: ModelFacts) -> Bool {
        guard let mode = node["mode"], !mode.isNull else { return false }
        if mode.scalar != "chat", mode.scalar != "embedding" {
            problem(facts.name.setting("mode"), facts.line, "expected `chat` or `embedding`")
        }
        return mode.scalar == "embedding"
    }

    private mutating func number(_ node: Node, _ name: String, _ facts: ModelFacts) -> Int? {
        guard let value = node[name], !value.isNull else { return nil }
        if let number = value.scalar.flatMap({ Int($0) }), Self.count.contains(number) { return number }
        problem(facts.name.setting(name), facts.line, "expected a whole number, 1 to 1000000000")
        return nil
    }

    private mutating func texts(_ node: Node, _ name: String, _ facts: ModelFacts) -> [String] {
        guard let value = node[name], !value.isNull else { return [] }
        let texts = value.items?.compactMap(\.scalar) ?? []
        if texts.count != value.items?.count || texts.contains("") { problem(facts.name.setting(name), facts.line, "expected a list of names") }
        return texts
    }

    private mutating func abilities(_ node: Node, _ name: String, _ facts: ModelFacts) -> Abilities {
        texts(node, name, facts).reduce(into: []) { all, text in
            if let ability = Abilities(named: text) { return all.formUnion(ability) }
            let help = Spelling.help(for: text, among: Abilities.names)
            problem(facts.name.setting(name), facts.line, "there is no ability `\(text.prefix(60))`\(help)")
        }
    }

    private mutating func day(_ node: Node, _ name: String, _ facts: ModelFacts) -> Moment? {
        guard let value = node[name], !value.isNull else { return nil }
        return moment(value, at: facts.name.setting(name), facts.line)
    }

    private mutating func moment(_ node: Node, at path: String, _ line: Int) -> Moment? {
        if let moment = node.scalar.flatMap({ Moment(written: $0) }) { return moment }
        problem(path, line, "expected a day such as 2027-01-31")
        return nil
    }
}
