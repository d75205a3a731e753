import Schema

/// Pass-through endpoints: each alone is right; here they are held against each other and against our own paths.
extension Compiler {
    mutating func checkPassThrough() {
        let general = root["general"]?["pass_through_endpoints"]
        var paths: [String: Int] = [:]
        var ids: [String: Int] = [:]
        for (index, endpoint) in document.general.passThroughEndpoints.enumerated() where !endpoint.path.text.isEmpty {
            let place = "general.pass_through_endpoints".item(index)
            let node = general?.items.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? general
            let line = node?.entry("path")?.line ?? node?.line ?? 0
            let path = endpoint.path.text
            // With and without its last slash it is the same stem.
            let stem = endpoint.includesSubpath && path.hasSuffix("/") ? String(path.dropLast()) : path
            if OwnPaths.isOwn(path) || endpoint.includesSubpath && OwnPaths.isOwn(stem) {
                reader.reading.problem(place.setting("path"), line, "`\(path)` is one of the gateway's own paths")
            }
            if let first = paths.updateValue(line, forKey: stem) {
                reader.reading.problem(place.setting("path"), line, "`\(path)` is the path of another endpoint already\(at(first))")
            }
            if let first = ids.updateValue(line, forKey: endpoint.id) {
                let line = node?.entry("id")?.line ?? line
                reader.reading.problem(place.setting("id"), line, "`\(endpoint.id)` is the id of another endpoint already\(at(first))")
            }
        }
    }

    private func at(_ line: Int) -> String { line > 0 ? ", of line \(line)" : "" }
}
