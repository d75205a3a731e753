import Schema

/// Names in parts that have no effect so far: checked as if they had, so that a document does not become wrong one day.
extension Compiler {
    mutating func checkReferences() {
        for (index, rule) in document.firewall.enumerated() {
            guard let node = root["firewall"]?.items?[index], let needed = rule.kind.needs.first else { continue }
            if rule.kind.needs.allSatisfy({ node[$0]?.isEmpty ?? true }) {
                let place = "firewall".item(index).setting(needed)
                reader.reading.problem(place, node.line, "is missing: what a rule of type `\(rule.kind.rawValue)` looks for")
            }
        }
    }
}
