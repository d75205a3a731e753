import Dispatch
import FoundationEssentials
import Gateway
import Settings
import Synchronization
import Translation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Whether providers can be reached: their names are looked up and a connection is made and closed. No key is sent.
enum ProviderChecks {
    static func run(_ blueprint: Blueprint) -> [Finding] {
        let own = Set(blueprint.mocks.map(\.providerName))
        let providers = blueprint.providers.filter { !own.contains($0.key) }.sorted { $0.key < $1.key }
        let found = Mutex([Int: Finding]())
        DispatchQueue.concurrentPerform(iterations: providers.count) { place in
            let (name, provider) = (providers[place].key, providers[place].value)
            guard let base = provider.base else { return }
            let finding = reach(base.origin, "provider \(name)")
            found.withLock { $0[place] = finding }
        }
        return found.withLock { found in providers.indices.compactMap { found[$0] } }
    }

    private static func reach(_ origin: Origin, _ about: String) -> Finding {
        let began = ContinuousClock.now
        do throws(PlainSocket.Unreachable) { close(try PlainSocket.connect(origin.host, String(origin.port), within: 3)) } catch {
            return Finding(
                .odd, about, "\(origin.authority) cannot be reached: \(error.reason)",
                remedy: "check `base_url`, name server, proxy and firewall; requests go to other deployments meanwhile")
        }
        let span = began.duration(to: .now)
        return Finding(.good, about, "\(origin.authority) answers in \(span.components.attoseconds / 1_000_000_000_000_000) ms")
    }
}

/// What the machine gives: addresses, descriptors, memory, a clock that is kept.
enum MachineChecks {
    static func run(_ blueprint: Blueprint) -> [Finding] {
        var findings = listeners(blueprint) + certificates(blueprint.server)
        let descriptors = MachineFacts.mostDescriptors
        findings.append(
            descriptors < 8_192
                ? Finding(
                    .odd, "limits", "\(descriptors) open files: that many connections at most, clients' and providers' together",
                    remedy: "`ulimit -n 65536`, or LimitNOFILE=65536 in the service's unit")
                : Finding(.good, "limits", "\(descriptors) open files"))
        if let free = MachineFacts.freeMemory, free < 64 << 20 {
            findings.append(Finding(.odd, "memory", "only \(StoreChecks.size(free)) free", remedy: "a gateway under load takes about 64 MiB"))
        }
        if !MachineFacts.isClockKept {
            findings.append(
                Finding(
                    .odd, "clock", "no time server keeps this machine's clock; budgets and limits go by it",
                    remedy: "`apt-get install chrony`, or switch systemd-timesyncd on"))
        }
        return findings
    }

    private static func listeners(_ blueprint: Blueprint) -> [Finding] {
        let server = blueprint.server
        var findings: [Finding] = []
        let hasToken = ProcessInfo.processInfo.environment["SWIFTLET_ADMIN_TOKEN"]?.isEmpty == false || !blueprint.adminTokens.isEmpty
        if !server.admin.isLoopback, !hasToken {
            findings.append(
                Finding(
                    .bad, "admin", "server.admin is reachable from outside and has no token", remedy: "set SWIFTLET_ADMIN_TOKEN, or admin.tokens"))
        }
        if runs(server.adminURL) {
            findings.append(Finding(.good, "gateway", "one is running at \(server.admin.written ?? "")"))
            return findings
        }
        for (name, address) in [("listen", server.listen), ("admin", server.admin)] {
            switch PlainSocket.refusalToListen(address.host, address.port) {
            case nil: findings.append(Finding(.good, name, "\(address.written ?? "") is free"))
            case let reason?:
                findings.append(
                    Finding(
                        .bad, name, "\(address.written ?? "") cannot be listened on: \(reason)",
                        remedy: "end what listens there (`ss -ltnp`), or change server.\(name)"))
            }
        }
        return findings
    }

    private static func certificates(_ server: ServerSettings) -> [Finding] {
        [("server.tls", server.tls), ("server.admin_tls", server.adminTLS)].compactMap { setting, files in
            guard let files else { return nil }
            do throws(CertificateProblem) {
                let certificate = try ServerCertificate.load(files, of: setting)
                let now = Int(Date().timeIntervalSince1970)
                guard let warning = certificate.warning(at: now) else {
                    return Finding(.good, setting, "the certificate lasts for \((certificate.expiry - now) / 86_400) d")
                }
                return Finding(
                    certificate.expiry > now ? .odd : .bad, setting, warning,
                    remedy: "put the renewed files in place of the old ones: a running gateway takes them up by itself")
            } catch {
                return Finding(.bad, setting, "\(error)", remedy: "a gateway does not start with it; one that runs keeps what it has")
            }
        }
    }

    /// A gateway answers there.
    private static func runs(_ url: String) -> Bool {
        guard let client = try? AdminClient(url, patience: 3, isVerifying: false) else { return false }
        return (try? client.get("/healthz"))?.status == 200
    }
}
