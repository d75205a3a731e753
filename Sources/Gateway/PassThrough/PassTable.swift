import Settings
import Storage

/// The pass-through endpoints, found by path. Asked for paths that are none of our own.
struct PassTable: Sendable {
    /// The longest path first.
    private let endpoints: [PassEndpoint]

    /// Nil: there are none, and nobody has to look.
    init?(_ settings: [PassThroughEndpoint], store: any Store, origins: OriginNumbers) throws(StoreFailure) {
        let known = settings.compactMap { endpoint in endpoint.target.map { (endpoint, $0) } }
        guard !known.isEmpty else { return nil }
        let routes = try store.intern(known.map(\.0.path.text), as: .route)
        let deployments = try store.intern(known.map(\.1.origin.authority), as: .deployment)
        self.init(
            known.enumerated().map { at, endpoint in
                PassEndpoint(endpoint.0, to: endpoint.1, route: routes[at], deployment: deployments[at], origins: origins)
            })
    }

    init(_ endpoints: [PassEndpoint]) { self.endpoints = endpoints.sorted { $0.path.count > $1.path.count } }

    /// The endpoint, and where in `path` the part begins that its target's path gets. Linear in endpoints.
    func find(_ path: UnsafeRawBufferPointer) -> (endpoint: PassEndpoint, rest: Int)? {
        for endpoint in endpoints where path.starts(with: endpoint.path) {
            let rest = endpoint.path.count
            if path.count == rest { return (endpoint, rest) }
            guard endpoint.includesSubpath, path[rest] == UInt8(ascii: "/") else { continue }
            // Nor may a shorter endpoint have what climbs out of this one.
            return Subpath.staysBelow(UnsafeRawBufferPointer(rebasing: path[rest...]), endpoint.targetPath) ? (endpoint, rest) : nil
        }
        return nil
    }
}

/// Whether a part of a path can lead out of what it is put behind.
enum Subpath {
    /// How often servers one behind another may decode a path.
    private static let rounds = 4

    /// No reading of `path` has a segment `..`: not after percent-decoding, however often, with a backslash for a slash, nor with
    /// parameters behind a semicolon (`..;x`). Nor has it a NUL, or bytes that are an overlong form of such.
    ///
    /// And nothing begins with two slashes, which may be read as a host, once it stands behind `base`.
    static func staysBelow(_ path: UnsafeRawBufferPointer, _ base: [UInt8] = []) -> Bool {
        if base.isEmpty, path.starts(with: "//") { return false }
        var bytes = Array(path)
        for _ in 0..<rounds {
            if climbs(bytes) { return false }
            let plain = PercentEncoding.bytes(bytes)
            if plain == bytes { return true }
            bytes = plain
        }
        return !climbs(bytes) && PercentEncoding.bytes(bytes) == bytes
    }

    private static func climbs(_ path: [UInt8]) -> Bool {
        // 0xC0 and 0xC1 begin overlong forms only, 0xE0 below 0xA0 too.
        for (at, byte) in path.enumerated() {
            if byte == 0 || byte == 0xc0 || byte == 0xc1 { return true }
            if byte == 0xe0, at + 1 < path.count, 0x80..<0xa0 ~= path[at + 1] { return true }
        }
        return path.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }).contains { segment in
            segment.prefix { $0 != UInt8(ascii: ";") }.elementsEqual("..".utf8)
        }
    }
}
