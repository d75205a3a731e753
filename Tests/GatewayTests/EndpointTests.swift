import Testing
import Translation
import Wire

@testable import Gateway

@Suite("Endpoint") struct EndpointTests {
    struct Row: Sendable {
        var method: Method
        var path: String
        var surface: Surface
        var found: String
    }

    @Test(
        "a method and a path are one endpoint, or none",
        arguments: [
            Row(method: .post, path: "/v1/chat/completions", surface: .clients, found: "chat_completions"),
            Row(method: .post, path: "/v1/completions", surface: .clients, found: "completions"),
            Row(method: .post, path: "/v1/embeddings", surface: .clients, found: "embeddings"),
            Row(method: .get, path: "/v1/models", surface: .clients, found: "models"),
            Row(method: .get, path: "/v1/models/a/b", surface: .clients, found: "models"),
            Row(method: .get, path: "/healthz", surface: .clients, found: "healthz"),
            Row(method: .get, path: "/healthz", surface: .admin, found: "healthz"),
            Row(method: .get, path: "/readyz", surface: .admin, found: "readyz"),
            Row(method: .get, path: "/metrics", surface: .admin, found: "metrics"),
            // Metrics are the operator's, and chat is not served where only operators come.
            Row(method: .get, path: "/metrics", surface: .clients, found: "unknown"),
            Row(method: .post, path: "/v1/chat/completions", surface: .admin, found: "unknown"),
            // One spelling only: what a path check and a handler could read differently is nothing.
            Row(method: .post, path: "/v1/chat/completions/", surface: .clients, found: "unknown"),
            Row(method: .post, path: "//v1/chat/completions", surface: .clients, found: "unknown"),
            Row(method: .post, path: "/v1/Chat/Completions", surface: .clients, found: "unknown"),
            Row(method: .post, path: "/v1/chat%2fcompletions", surface: .clients, found: "unknown"),
            Row(method: .get, path: "/v1/models/", surface: .clients, found: "unknown"),
        ])
    func finds(_ row: Row) {
        #expect("\(Self.find(row.method, row.path, row.surface).name)" == row.found)
    }

    @Test("another method than the path's is told what the path takes")
    func wrongMethod() {
        guard case .wrongMethod(let allow) = Self.find(.get, "/v1/chat/completions", .clients) else {
            Issue.record("a GET of a POST path is not refused as one")
            return
        }
        #expect("\(allow)" == "POST")
    }

    private static func find(_ method: Method, _ path: String, _ surface: Surface) -> Endpoint {
        Array(path.utf8).withUnsafeBytes { Endpoint.find(method, path: $0, on: surface) }
    }
}
