import Routing
import Testing
import Wire

@testable import Translation

@Suite("Embeddings")
struct EmbeddingsTests {
    static func request(_ body: String, _ from: API, _ to: API, _ model: String) -> (String, [String]) {
        var loss = Loss()
        let written = Array(body.utf8).withUnsafeBytes { raw -> [UInt8] in
            guard let source = from.embeddingDialect, let target = to.embeddingDialect else { return [] }
            do throws(Malformed) {
                return try target.write(try source.read(raw), to: TranslationTarget(model: model), loss: &loss)
            } catch { return Array("\(error.member ?? "-"): \(error.message)".utf8) }
        }
        return (String(decoding: written, as: UTF8.self), loss.paths)
    }

    static func reply(_ body: String, _ from: API, _ to: API, base64: Bool = false) -> String {
        Array(body.utf8).withUnsafeBytes { raw in
            guard let source = from.embeddingDialect, let target = to.embeddingDialect else { return "" }
            let request = EmbeddingRequest(api: to)
            request.wantsBase64 = base64
            do throws(JSONProblem) {
                let reply = try source.read(reply: raw)
                return String(decoding: target.write(reply, for: request, .test(stream: false)), as: UTF8.self)
            } catch { return "problem \(error.reason)" }
        }
    }

    struct Row {
        var from = API.embeddings
        var body: String
        var to: API
        var model = "m"
        var written: String
        var lost: [String] = []
    }

    @Test(
        "What is asked in one dialect is asked in another",
        arguments: [
            Row(
                body: #"{"model":"x","input":["a\n","b"],"dimensions":256,"encoding_format":"base64","user":"u"}"#, to: .batchEmbedContents,
                model: "gemini-embedding-001",
                written:
                    #"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a\n"}]},"outputDimensionality":256},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":256}]}"#,
                lost: ["user"]),
            Row(
                body: #"{"input":"a","input_type":"query","x":1}"#, to: .cohereEmbed, model: "embed-v4.0",
                written: #"{"model":"embed-v4.0","input_type":"search_query","embedding_types":["float"],"texts":["a"]}"#, lost: ["x"]),
            Row(
                body: #"{"input":"a","dimensions":512}"#, to: .bedrockInvoke, model: "amazon.titan-embed-text-v2:0",
                written: #"{"inputText":"a","dimensions":512}"#),
            Row(
                body: #"{"input":["a","b"]}"#, to: .bedrockInvoke, model: "cohere.embed-english-v3",
                written: #"{"input_type":"search_document","embedding_types":["float"],"texts":["a","b"]}"#),
            Row(
                body: #"{"input":[[1,2],[3]],"model":"x"}"#, to: .embeddings, model: "m",
                written: #"{"model":"m","input":[[1,2],[3]],"encoding_format":"float"}"#),
            Row(
                from: .embedContent, body: #"{"content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":9}"#,
                to: .embeddings,
                written: #"{"model":"m","input":["a"],"dimensions":9,"encoding_format":"float"}"#, lost: ["taskType"]),
            Row(
                from: .batchEmbedContents,
                body:
                    #"{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"},{"inline_data":{"mime_type":"image/png","data":"A-_A"}}]}}]}"#,
                to: .cohereEmbed,
                written:
                    #"{"model":"m","input_type":"search_document","embedding_types":["float"],"inputs":[{"content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,A+/A"}}]}]}"#
            ),
            Row(
                from: .batchEmbedContents,
                body: #"{"requests":[{"content":{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]}"#,
                to: .embedContent, written: #"{"content":{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}"#),
            Row(
                from: .batchEmbedContents,
                body: #"{"requests":[{"content":{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]}"#,
                to: .bedrockInvoke, model: "amazon.titan-embed-image-v1", written: #"{"inputText":"a","inputImage":"AAAA"}"#),
        ])
    func asks(row: Row) {
        let (written, lost) = Self.request(row.body, row.from, row.to, row.model)
        #expect(written == row.written)
        #expect(lost == row.lost)
    }

    @Test(
        "What cannot be asked names the place and the limit",
        arguments: [
            (
                API.embeddings, #"{"input":["a","b"]}"#, API.bedrockInvoke,
                "input: `input` must have at most 1 elements for model m, and has 2 (byte 0)"
            ),
            (
                .embeddings, #"{"input":[1,2]}"#, .cohereEmbed,
                "input: `input` must be text: token ids are of another model's vocabulary for this model (byte 0)"
            ),
            (.embeddings, #"{"input":[]}"#, .cohereEmbed, "input: `input` must not be empty (byte 11)"),
            (.embeddings, "{}", .cohereEmbed, "input: `input` must be given (byte 2)"),
            (.embeddings, #"{"input":["a",1]}"#, .cohereEmbed, "input[1]: `input[1]` must be a string or a list of token ids (byte 14)"),
            (.batchEmbedContents, #"{"requests":[]}"#, .embeddings, "requests: `requests` must be given (byte 15)"),
            (
                .batchEmbedContents, #"{"requests":[{"content":{"parts":[{"text":"a"},{"text":"b"}]}}]}"#, .embeddings,
                "requests: `requests` must be one text for this model (byte 0)"
            ),
        ])
    func refused(from: API, body: String, to: API, message: String) {
        #expect(Self.request(body, from, to, "m").0 == message)
    }

    @Test(
        "Vectors are copied as they stand",
        arguments: [
            (
                API.batchEmbedContents, #"{"embeddings":[{"values":[0.10,-1e-05]},{"values":[ 2 ]}],"usageMetadata":{"promptTokenCount":8}}"#,
                API.embeddings,
                #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1e-05]},{"object":"embedding","index":1,"embedding":[ 2 ]}],"model":"asked","usage":{"prompt_tokens":8,"total_tokens":8}}"#
            ),
            (
                .cohereEmbed, #"{"id":"1","embeddings":{"float":[[0.5]]},"meta":{"billed_units":{"input_tokens":7,"image_tokens":0}}}"#, .embeddings,
                #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"asked","usage":{"prompt_tokens":7,"total_tokens":7}}"#
            ),
            (
                .bedrockInvoke, #"{"embedding":[0.5,1],"embeddingsByType":{"float":[0.5,1]},"inputTextTokenCount":3}"#, .embedContent,
                #"{"embedding":{"values":[0.5,1]},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"#
            ),
            (
                .bedrockInvoke, #"{"embeddings":[[1],[2]],"id":"x","response_type":"embeddings_floats"}"#, .batchEmbedContents,
                #"{"embeddings":[{"values":[1]},{"values":[2]}]}"#
            ),
            (
                .embeddings,
                #"{"object":"list","data":[{"index":0,"embedding":"AACAPwAAAL8="}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}"#,
                .embedContent,
                #"{"embedding":{"values":[1.0,-0.5]},"usageMetadata":{"promptTokenCount":2,"totalTokenCount":2}}"#
            ),
            (.cohereEmbed, #"{"embeddings":{"float":[["a"]]}}"#, .embeddings, "problem kind"), (.embeddings, "{}", .embeddings, "problem kind"),
        ])
    func answers(from: API, body: String, to: API, written: String) {
        #expect(Self.reply(body, from, to) == written)
    }

    @Test("Numbers as base64, for clients that want it, are the same 32-bit numbers")
    func base64() {
        let written = Self.reply(#"{"embedding":{"values":[1, -0.5,1e-3]}}"#, .embedContent, .embeddings, base64: true)
        #expect(written.contains(#""embedding":"AACAPwAAAL9vEoM6""#), "\(written)")
    }
}
