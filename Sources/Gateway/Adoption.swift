import NIOCore
import Routing
import Settings
import Storage
import Translation

/// Deployments that requests brought up: models of known providers that no setting mentions. They stay until settings are read anew.
extension Server {
    /// More are refused: a client that makes names up must not make settings grow without bound.
    static let mostAdopted = 512

    /// Adds what is missing to the settings in force. Nil when it is there now.
    func adopt(_ missing: [(deployment: Deployment, upstream: Upstream)]) async -> Refusal? {
        await changes.enter()
        defer { changes.leave() }
        guard let live else { return Refusal(.shuttingDown, "this gateway is not serving") }
        let fresh = missing.filter { live.table.deployment(named: $0.deployment.name) == nil }
        guard !fresh.isEmpty else { return nil }
        guard live.table.deployments.count + fresh.count <= live.written + Self.mostAdopted else {
            return Refusal(.modelNotFound, "too many models that no setting mentions are in use; write this one into the settings", param: "model")
        }
        do {
            try await extend(live.blueprint.extended(by: fresh, version: TableVersion.next()))
            log.notice("models added", metadata: ["deployments": "\(fresh.map(\.deployment.name).joined(separator: ", "))"])
            return nil
        } catch {
            return Refusal(.modelNotFound, "the model could not be added: \(error)", param: "model")
        }
    }
}
