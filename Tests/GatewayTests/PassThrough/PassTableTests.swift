import Settings
import Storage
import Testing
import Wire

@testable import Gateway

@Suite("Paths of pass-through endpoints") struct PassTableTests {
    static let table = try? PassTable(
        #require(
            Blueprint.compile(
                yaml: """
                    general:
                      pass_through_endpoints:
                        - { path: /exact, target: "https://h/t" }
                        - { path: /slash/, target: "https://h/t" }
                        - { path: /tree, target: "https://h/base", include_subpath: true }
                        - { path: /tree/inner/, target: "https://h/other/", include_subpath: true }
                        - { path: /bare, target: "https://h", include_subpath: true }
                        - { path: /tree/leaf, target: "https://h/leaf" }
                    """
            ).blueprint
        ).passThrough, store: MemoryStore(), origins: OriginNumbers())

    static func find(_ path: String) -> String? {
        Array(path.utf8).withUnsafeBytes { raw in
            table?.find(raw).map { found in
                let rest = raw[found.rest...]
                let target = rest.isEmpty ? found.endpoint.wholeTargetPath : found.endpoint.targetPath + rest
                return String(decoding: target, as: UTF8.self)
            }
        }
    }

    @Test(
        "the longest path wins, and what follows on it follows on the target's",
        arguments: [
            ("/exact", "/t"), ("/slash/", "/t"), ("/tree", "/base"), ("/tree/", "/base/"), ("/tree/x", "/base/x"), ("/tree/inner", "/other/"),
            ("/tree/inner/", "/other/"), ("/tree/inner/x//y/", "/other/x//y/"), ("/tree/innermost", "/base/innermost"), ("/tree/leaf", "/leaf"),
            ("/tree/leaf/x", "/base/leaf/x"), ("/bare", "/"), ("/bare/x", "/x"), ("/tree/%2F", "/base/%2F"), ("/tree/a%20b", "/base/a%20b"),
            ("/tree/...", "/base/..."), ("/tree/..x", "/base/..x"), ("/tree/x..", "/base/x.."), ("/tree/.", "/base/."), ("/tree/%2e", "/base/%2e"),
            ("/tree//x", "/base//x"), ("/tree/%c3%a9", "/base/%c3%a9"), ("/tree/;..", "/base/;.."), ("/tree/%25", "/base/%25"),
        ])
    func finds(path: String, target: String) { #expect(Self.find(path) == target) }

    @Test("others have none", arguments: ["/", "", "/exact/", "/exact/x", "/exac", "/exactly", "/slash", "/trees", "/Tree/x", "/tre%65/x", "tree/x"])
    func others(path: String) { #expect(Self.find(path) == nil) }

    /// Ways to write "up" that one server or another has understood.
    static let climbs = [
        "..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%25252e%25252e", "%2525252e.", "..;", "..;a=b", "%2e%2e%3b", "..%3Bx", "..%00", "%c0%ae%c0%ae",
        "%c0%ae.", "%e0%80%ae%e0%80%ae", "%c1%9c..",
    ]
    static let slashes = ["/", "%2f", "%2F", "%5c", "%5C", "%252f", "%25255c"]

    @Test("nothing climbs out of a target's path", arguments: climbs)
    func climbing(up: String) {
        for slash in Self.slashes {
            for path in ["\(up)", "a\(slash)\(up)", "\(up)\(slash)x", "a\(slash)\(up)\(slash)\(up)\(slash)x", "inner\(slash)\(up)\(slash)x"] {
                #expect(Self.find("/tree/\(path)") == nil, "\(path)")
                #expect(Self.find("/tree\(slash)\(path)") == nil, "\(path)")
            }
        }
    }

    @Test("a path that is encoded over and over is refused rather than believed")
    func deep() {
        let deep = "%" + String(repeating: "25", count: 12) + "2e"
        #expect(Self.find("/tree/\(deep)\(deep)/x") == nil)
    }

    @Test("two slashes are never the beginning of a target", arguments: ["/bare//x", "/bare//", "/bare//evil.example/x"])
    func hosts(path: String) { #expect(Self.find(path) == nil) }

    @Test("settings refuse the paths that the data plane has itself, and no others")
    func ownPaths() {
        let ids = ["", "/", "/x", "/x/", "/x/y", "/x/cancel", "/x/input_items", "/x/converse", "/x/converse-stream", "/x:generateContent"]
        let stems = ["/v1", "/v1/models", "/v1/responses", "/v1/conversations", "/v1beta/models", "/model", "/v1/realtime", "/v1/files", ""]
        for path in OwnPaths.exact + stems.flatMap({ stem in ids.map { stem + $0 } }) where path.hasPrefix("/") {
            let isKnown = Array(path.utf8).withUnsafeBytes { raw in
                Method.allCases.contains { method in
                    if case .unknown = Endpoint.find(method, path: raw) { return false }
                    return true
                }
            }
            #expect(OwnPaths.isOwn(path) == isKnown, "\(path)")
        }
    }
}
