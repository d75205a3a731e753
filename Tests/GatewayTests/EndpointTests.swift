import Testing
import Translation
import Wire

@testable import Gateway

@Suite("Endpoint") struct EndpointTests {
    struct Row: Sendable {
        var method: Method
        var path: String
        var found: String
    }

    @Test(
        "a method and a path are one endpoint, or none",
        arguments: [
            Row(method: .post, path: "/v1/chat/completions", found: "chat_completions"),
            Row(method: .post, path: "/v1/completions", found: "completions"),
            Row(method: .post, path: "/v1/embeddings", found: "embeddings"),
            Row(method: .get, path: "/v1/models", found: "models"),
            Row(method: .get, path: "/v1/models/a/b", found: "models"),
            Row(method: .get, path: "/healthz", found: "healthz"),
            Row(method: .get, path: "/readyz", found: "readyz"),
            // Metrics are the operator's.
            Row(method: .get, path: "/metrics", found: "unknown"),
            // One spelling only: what a path check and a handler could read differently is nothing.
            Row(method: .post, path: "/v1/chat/completions/", found: "unknown"),
            Row(method: .post, path: "//v1/chat/completions", found: "unknown"),
            Row(method: .post, path: "/v1/Chat/Completions", found: "unknown"),
            Row(method: .post, path: "/v1/chat%2fcompletions", found: "unknown"),
            Row(method: .get, path: "/v1/models/", found: "unknown"),
        ])
    func finds(_ row: Row) {
        #expect("\(Self.find(row.method, row.path).name)" == row.found)
    }

    @Test("another method than the path's is told what the path takes")
    func wrongMethod() {
        guard case .wrongMethod(let allow) = Self.find(.get, "/v1/chat/completions") else {
            Issue.record("a GET of a POST path is not refused as one")
            return
        }
        #expect("\(allow)" == "POST")
    }

    private static func find(_ method: Method, _ path: String) -> Endpoint {
        Array(path.utf8).withUnsafeBytes { Endpoint.find(method, path: $0) }
    }
}
