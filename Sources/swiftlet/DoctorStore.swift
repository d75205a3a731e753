import FoundationEssentials
import Schema
import Settings
import Storage

/// The store: whether it can be opened, is sound, has room, and tells the time that this machine tells.
enum StoreChecks {
    static func run(_ blueprint: Blueprint) -> [Finding] {
        switch blueprint.store {
        case .memory:
            return [
                Finding(
                    .odd, "store", "memory: budgets, ledger and changed settings are forgotten at the end",
                    remedy: "`store: sqlite:swiftlet.db` keeps them")
            ]
        case .sqlite(let path):
            return [look("store", path), look("ledger", SQLiteStore.ledgerPath(for: path)), room(blueprint, SQLiteStore.ledgerPath(for: path))]
                .compactMap(\.self)
        case .postgres(let url): return server(url) + [room(blueprint, blueprint.server.spool)].compactMap(\.self)
        }
    }

    private static func look(_ about: String, _ path: String) -> Finding {
        do throws(StoreFailure) {
            guard let file = try StoreLook.file(path) else { return Finding(.good, about, "\(path) will be made at the first start") }
            let sound = file.isChecked ? "sound" : "too large to be read through here"
            return Finding(.good, about, "\(path): \(size(file.bytes)), schema version \(file.version), \(sound)")
        } catch {
            return Finding(.bad, about, "\(error)")
        }
    }

    private static func server(_ url: Secret) -> [Finding] {
        do throws(StoreFailure) {
            let server = try StoreLook.server(try PostgresAddress(url.reveal()))
            let schema = server.schema.map { "schema version \($0)" } ?? "no tables yet, made at the first start"
            var findings = [
                Finding(.good, "store", "PostgreSQL \(server.version), \(schema), \(text(server.roundTrip)) there and back")
            ]
            let left = server.maxConnections - server.connections
            if left < connectionsOfOne {
                findings.append(
                    Finding(
                        .odd, "store", "\(server.connections) of \(server.maxConnections) connections are taken; a gateway needs \(connectionsOfOne)",
                        remedy: "raise max_connections, or close what does not need its own"))
            }
            let offset = server.clockOffset
            if offset.magnitude > .seconds(1) {
                findings.append(
                    Finding(
                        offset.magnitude > .seconds(60) ? .bad : .odd, "clock", "the store's clock is \(text(offset)) off from this machine's",
                        remedy: "let both follow a time server: `apt-get install chrony`"))
            }
            return findings
        } catch {
            return [Finding(.bad, "store", "\(error)", remedy: "docs/guide/postgresql.md says what a gateway needs there")]
        }
    }

    /// As docs/guide/postgresql.md counts them.
    private static let connectionsOfOne = 7

    private static func room(_ blueprint: Blueprint, _ path: String) -> Finding? {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let free = MachineFacts.freeBytes(folder) else { return nil }
        guard free < 1 << 30 else { return Finding(.good, "disk", "\(size(free)) free for \(path)") }
        return Finding(
            free < 64 << 20 ? .bad : .odd, "disk", "only \(size(free)) free for \(path)",
            remedy: "make room, or lower ledger.retention.max_size; requests are refused when no row can be written")
    }

    static func size(_ bytes: Int64) -> String {
        for (unit, name) in [(Int64(1) << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where bytes >= unit {
            let tenths = bytes / (unit / 10)
            return tenths >= 100 || tenths % 10 == 0 ? "\(tenths / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
        }
        return "\(bytes) B"
    }

    private static func text(_ span: Duration) -> String {
        let microseconds = span.components.seconds * 1_000_000 + span.components.attoseconds / 1_000_000_000_000
        if abs(microseconds) < 10_000 { return "\(microseconds) µs" }
        return abs(microseconds) < 10_000_000 ? "\(microseconds / 1_000) ms" : "\(microseconds / 1_000_000) s"
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
