import Foundation
import Testing

@testable import Bench

@Suite("Bodies") struct BodyTests {
    struct Request: Decodable {
        struct Message: Decodable { var role, content: String }
        var model: String
        var messages: [Message]
        var stream: Bool?
    }

    struct Answer: Decodable {
        struct Usage: Decodable { var promptTokens, completionTokens, totalTokens: Int }
        var usage: Usage
    }

    @Test(
        "a request is JSON of about its size",
        arguments: [(ChatBody.small, 800...1_000), (.stream, 850...1_100), (.medium, 19_000...22_000), (.large, 195_000...208_000)])
    func requests(body: ChatBody, size: ClosedRange<Int>) throws {
        let json = body.json(model: "chat")
        #expect(size.contains(json.count), "\(json.count) bytes")
        let request = try JSONDecoder().decode(Request.self, from: Data(json))
        #expect(request.model == "chat")
        #expect(request.stream == (body == .stream ? true : nil))
        #expect(request.messages.allSatisfy { !$0.content.isEmpty })
    }

    @Test("large conversations have an escape every ten to fifteen bytes")
    func escapes() {
        let json = ChatBody.large.json(model: "chat")
        var escapes = 0
        var index = 0
        while index < json.count {
            let isEscape = json[index] == 0x5C
            escapes += isEscape ? 1 : 0
            index += isEscape ? 2 : 1
        }
        let each = json.count / escapes
        #expect((10...15).contains(each), "one in \(each)")
    }

    @Test("the upstream's answer is JSON of 1,155 bytes with usage")
    func answer() throws {
        let answer = CannedAnswers(chunks: 50).completion
        let body = answer.suffix(CannedAnswers.completionBytes)
        #expect(String(decoding: answer.dropLast(body.count), as: UTF8.self).contains("content-length: 1155\r\n"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let usage = try decoder.decode(Answer.self, from: Data(body)).usage
        #expect(usage.promptTokens + usage.completionTokens == usage.totalTokens)
    }
}
