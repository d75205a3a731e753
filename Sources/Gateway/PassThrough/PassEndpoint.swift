import NIOCore
import Routing
import Settings
import Storage
import Translation
import Wire

/// A pass-through endpoint made ready to be called.
final class PassEndpoint: Sendable {
    /// Without a slash at its end where paths below it are meant too.
    let path: [UInt8]
    let includesSubpath: Bool
    /// Of the target; without a slash at its end where paths follow on it.
    let targetPath: [UInt8]
    /// The path itself was called and nothing below it: its target's path as written.
    let wholeTargetPath: [UInt8]
    let origin: Int
    let authority: String
    let needsKey: Bool
    let forwardsHeaders: Bool
    /// Header lines that are added.
    let headerLines: [UInt8]
    /// Their names in lower case.
    let headerNames: Set<[UInt8]>
    let defaultQuery: [(name: [UInt8], text: [UInt8])]
    let timeout: Duration
    let cost: Nanodollars
    /// The ledger's numbers for its path and its target's host.
    let route: NameID
    let deployment: NameID
    let pathText: String
    let quotedRoute: QuotedText
    let quotedTarget: QuotedText
    /// The header line that names it in answers.
    let routeLine: ByteBuffer
    /// Empty: all.
    private let methods: Set<UInt8>
    /// The value of `allow`.
    let allow: String
    /// What it says of itself where keys demand something of who gets their data.
    private let described: Deployment

    init(_ settings: PassThroughEndpoint, to target: PassTarget, route: NameID, deployment: NameID, origins: OriginNumbers) {
        includesSubpath = settings.includesSubpath
        let text = settings.path.text
        path = Array((includesSubpath && text.hasSuffix("/") ? String(text.dropLast()) : text).utf8)
        wholeTargetPath = Array((target.path.isEmpty ? "/" : target.path).utf8)
        targetPath = Array((target.path.hasSuffix("/") ? String(target.path.dropLast()) : target.path).utf8)
        // HTTP/1.1: a body that comes bit by bit goes on as it is, and another protocol can be asked for.
        var address = target.origin
        if address.tls { address.offersHTTP2 = false }
        origin = origins.number(of: address)
        authority = target.origin.authority
        needsKey = settings.auth
        forwardsHeaders = settings.forwardsHeaders
        headerLines = settings.headers.entries.flatMap { Array("\($0.name): \($0.value.reveal())\r\n".utf8) }
        headerNames = Set(settings.headers.entries.map { Array($0.name.lowercased().utf8) })
        defaultQuery = settings.defaultQuery.entries.map { entry in
            let name = Translation.PercentEncoding.encode(entry.name)
            return (Array(entry.name.utf8), Array("\(name)=\(Translation.PercentEncoding.encode(entry.value.reveal()))".utf8))
        }
        timeout = settings.timeout ?? .seconds(600)
        var described = Deployment(name: text, kind: settings.kind.deployment, region: settings.region)
        described.keepsNothing = settings.zeroDataRetention
        self.described = described
        cost = settings.cost
        self.route = route
        self.deployment = deployment
        pathText = text
        quotedRoute = QuotedText(text)
        quotedTarget = QuotedText(authority)
        routeLine = ByteBuffer(string: "x-swiftlet-route: \(text.headerSafe)\r\n")
        let known = settings.methods.compactMap { method in Method.allCases.first { "\($0.name)" == method.rawValue } }
        methods = Set(known.map(\.rawValue))
        allow = Method.allCases.filter { [methods] in methods.contains($0.rawValue) }.map { "\($0.name)" }.joined(separator: ", ")
    }

    /// Why the data of a key may not go there; nil: it may.
    func refusal(of standing: Live.Standing) -> Refusal? {
        guard standing.residency != nil || standing.regions != nil else { return nil }
        let (allowed, denied) = standing.regions ?? ([], [])
        let reason = Residency.verdict(on: described, standing.residency, regions: allowed, deniedRegions: denied)
        return reason.map { Refusal(.residencyNotMet, "this endpoint may not get the data of this request: it \($0), as its key or project demands") }
    }

    func takes(_ method: Method) -> Bool { methods.isEmpty || methods.contains(method.rawValue) }
}
