import Testing
import Wire

@testable import Gateway

@Suite("Presented key") struct PresentedKeyTests {
    struct Row: Sendable {
        var line: String
        var target = "/v1/models"
        var key: String?
    }

    @Test(
        "the key is found wherever SDKs put it",
        arguments: [
            Row(line: "Authorization: Bearer sk-1", key: "sk-1"),
            Row(line: "authorization: bearer   sk-1", key: "sk-1"),
            Row(line: "Authorization: Basic c2s=", key: nil),
            Row(line: "x-api-key: sk-2", key: "sk-2"),
            Row(line: "X-Goog-Api-Key: sk-3", key: "sk-3"),
            Row(line: "accept: */*", target: "/v1/models?key=sk-4", key: "sk-4"),
            Row(line: "accept: */*", target: "/v1/models?a=1&key=sk-5&b=2", key: "sk-5"),
            Row(line: "accept: */*", target: "/v1/models?monkey=sk-6", key: nil),
            Row(line: "accept: */*", key: nil),
            // A header stands above the query, which proxies and logs may have rewritten.
            Row(line: "x-api-key: sk-7", target: "/v1/models?key=sk-8", key: "sk-7"),
        ])
    func found(_ row: Row) throws {
        let bytes = Array("GET \(row.target) HTTP/1.1\r\nhost: a\r\n\(row.line)\r\n\r\n".utf8)
        try bytes.withUnsafeBytes { (raw) throws in
            var parser = RequestParser()
            let isWhole = try parser.parse(raw)
            #expect(isWhole)
            let key = parser.head.presentedKey(in: raw).map { String(decoding: $0, as: UTF8.self) }
            #expect(key == row.key)
        }
    }
}
