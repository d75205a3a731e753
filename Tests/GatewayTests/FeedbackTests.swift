import NIOCore
import Storage
import Testing
import Translation

@testable import Gateway

@Suite("Feedback") struct FeedbackTests {
    private func read(_ text: String) throws(Refusal) -> Feedback { try Reception.feedback(in: ByteBuffer(string: text)) }

    @Test(
        "scores and labels",
        arguments: [
            (#""score": 0.25"#, 0.25), (#""score": 1"#, 1), (#""label": "thumbs_up""#, 1), (#""label": "bad""#, 0),
            (#""score": 0.5, "label": "whatever""#, 0.5),
            (#""score": null, "label": "good""#, 1),
        ])
    func scores(_ members: String, _ score: Double) throws {
        let feedback = try read("{\"request_id\": \"req_0000000000001\", \(members)}")
        #expect(feedback.score == score)
        #expect(feedback.request.rawValue == 1)
    }

    @Test(
        "what cannot be meant is refused, with the field",
        arguments: [
            ("", nil), ("[]", nil), ("{}", "request_id"), (#"{"request_id": "x", "score": 1}"#, "request_id"),
            (#"{"request_id": "req_0000000000001"}"#, "score"), (#"{"request_id": "req_0000000000001", "score": 2}"#, "score"),
            (#"{"request_id": "req_0000000000001", "score": "1"}"#, "score"), (#"{"request_id": "req_0000000000001", "score": nan}"#, nil),
            (#"{"request_id": "req_0000000000001", "label": "meh"}"#, "label"), (#"{"request_id": "req_0000000000001", "scor": 1}"#, "scor"),
        ] as [(String, String?)])
    func bad(_ body: String, _ param: String?) {
        do throws(Refusal) {
            _ = try read(body)
            Issue.record("it was taken")
        } catch {
            #expect((400..<500).contains(error.status))
            #expect(error.param == param)
        }
    }
}
