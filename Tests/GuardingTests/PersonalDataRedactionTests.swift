import FoundationEssentials
import Testing

@testable import Guarding

@Suite("Redaction of what is kept") struct PersonalDataRedactionTests {
    func redacted(_ json: String) -> String {
        var redaction = PersonalDataRedaction()
        return String(decoding: redaction.redact(json: Array(json.utf8)), as: UTF8.self)
    }

    @Test(
        "strings are read without their escapes, and what was JSON stays JSON",
        arguments: [
            (#"{"a":"mail m@x.example now"}"#, #"{"a":"mail [EMAIL_1] now"}"#),
            (#"{"a":"Mail:\nanna@x.example\nEnd"}"#, #"{"a":"Mail:\n[EMAIL_1]\nEnd"}"#),
            (#"{"a":"an\u006ea\u0040x.example\/y"}"#, #"{"a":"[EMAIL_1]\/y"}"#),
            (#"{"card":4111111111111111,"n":1}"#, #"{"card":"[CARD_1]","n":1}"#),
            (#"{"password":"S0mmer$onne"}"#, #"{"password":"[SECRET_1]"}"#),
            (#"{"lat": 52.5200, "lon": 13.4050, "z": 1}"#, #"{"lat": "[COORDINATES_1]", "z": 1}"#),
            (#"{"a":"Frau M\u00fcller","b":"x"}"#, #"{"a":"Frau [NAME_1]","b":"x"}"#),
            (#"{"q":"say \"203.0.113.9\" twice: \"203.0.113.9\""}"#, #"{"q":"say \"[IP_1]\" twice: \"[IP_1]\""}"#),
            (#"{"m@x.example":true}"#, #"{"[EMAIL_1]":true}"#),
        ])
    func json(from: String, to: String) throws {
        #expect(redacted(from) == to)
        _ = try JSONDecoder().decode(AnyJSON.self, from: Data(redacted(from).utf8))
    }

    @Test("a document that was cut off is redacted up to its end", arguments: [#"{"a":"mail m@x.example and \"#, #"{"a":"m@x.example"#])
    func cut(json: String) {
        let result = redacted(json)
        #expect(result.contains("[EMAIL_1]") && !result.contains("m@x"))
    }

    @Test("prompt and reply share their stand-ins, and kinds are counted")
    func shared() {
        var redaction = PersonalDataRedaction()
        #expect(redaction.redact(json: Array(#"{"a":"m@x.example"}"#.utf8)) == Array(#"{"a":"[EMAIL_1]"}"#.utf8))
        #expect(redaction.redact(text: Array("write to m@x.example or n@x.example".utf8)) == Array("write to [EMAIL_1] or [EMAIL_2]".utf8))
        #expect(redaction.counts == [.email: 3])
    }

    /// Enough to see that a text is JSON.
    struct AnyJSON: Decodable {
        init(from decoder: any Decoder) throws {
            if var list = try? decoder.unkeyedContainer() {
                while !list.isAtEnd { _ = try list.decode(AnyJSON.self) }
            } else if let object = try? decoder.container(keyedBy: Key.self) {
                for key in object.allKeys { _ = try object.decode(AnyJSON.self, forKey: key) }
            } else {
                let single = try decoder.singleValueContainer()
                guard single.decodeNil() || (try? single.decode(Bool.self)) != nil || (try? single.decode(Double.self)) != nil else {
                    _ = try single.decode(String.self)
                    return
                }
            }
        }

        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
