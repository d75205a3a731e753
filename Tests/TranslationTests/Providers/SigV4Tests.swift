import Crypto
import Schema
import Testing

@testable import Translation

@Suite("AWS Signature Version 4") struct SigV4Tests {
    static let key = AWSCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    static let session = AWSCredentials(
        accessKeyID: key.accessKeyID, secretAccessKey: key.secretAccessKey, sessionToken: "fixture-session-token")

    static func sign(
        _ credentials: AWSCredentials, path: String = "/openai/v1/responses", headers: [(name: String, value: String)], body: String, at: Int64
    ) -> SigV4.Signature {
        let signer = SigV4(credentials: credentials, region: "us-east-1", service: "bedrock-mantle")
        return Array(body.utf8).withUnsafeBytes { signer.sign(path: path, headers: headers, payload: [$0], unixSeconds: at) }
    }

    static func digest(_ text: String) -> String { SHA256.hash(data: Array(text.utf8)).hexadecimal }

    /// sigv4.bedrock.vector.json.
    @Test("a request with a session token is signed as the published vector says")
    func vector() {
        let signed = Self.sign(
            Self.session, headers: [("host", "bedrock-mantle.us-east-1.api.aws"), ("content-type", "application/json")],
            body: #"{"model":"gpt-4o","input":"hello"}"#, at: 1_735_787_045)
        #expect(signed.date == "20250102T030405Z")
        #expect(signed.payloadHash == "50329e51ad520f21b77bad0b01999930ff556cd1bf18434701251ba6c9f877bc")
        #expect(Self.digest(signed.canonicalRequest) == "1b69b17ef7548a7bf16a6ee749acfd44b7793e04216345dddd6cfaf4c01bfde5")
        #expect(
            signed.authorization
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250102/us-east-1/bedrock-mantle/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
                + "Signature=dc20c8fbe516daf0ccae7e5b7a78fc2936870413a9f1af6e1b2d44b970ce411f")
    }

    /// bedrock-auth.cases.json, `sigv4.responses.*`: there the length is signed too.
    @Test(
        "lasting and temporary keys sign as the cases say",
        arguments: [
            (
                key, "c8da8b3104c310e27f93e2b58560f59a9397cbca97d954f50654e9305dc1c9ab",
                "bba77a80c7b39301d1aa29db9bc2f2b349deb932ae2dc5f800cec17baaf0f5de"
            ),
            (
                session, "fe294f3ccfa69899816c7e59516dbfae6bf89959da4d64296aa7e0fcb1f9d130",
                "693a4fef0373c0929f1f71d0da29c748f6bf42e75059648ceb97d52a204fb37c"
            ),
        ])
    func cases(credentials: AWSCredentials, canonical: String, signature: String) {
        let headers = [("host", "bedrock-mantle.us-east-1.api.aws"), ("content-type", "application/json"), ("content-length", "47")]
        let signed = Self.sign(
            credentials, headers: headers, body: #"{"input":"hello","model":"openai.gpt-oss-120b"}"#, at: 1_780_317_296)
        #expect(signed.date == "20260601T123456Z")
        #expect(signed.payloadHash == "9d161ca213ef31dd5b8f01f52294bcd5057bc778cf6ee7719e67b7ff43ef1022")
        #expect(Self.digest(signed.canonicalRequest) == canonical)
        #expect(signed.authorization.hasSuffix("Signature=\(signature)"))
        let later = Self.sign(credentials, headers: headers, body: #"{"input":"hello","model":"openai.gpt-oss-120b"}"#, at: 1_780_317_301)
        #expect(later.date == "20260601T123501Z" && later.authorization != signed.authorization)
    }

    @Test(
        "paths are encoded twice, parameters are sorted",
        arguments: [
            ("/model/a.b-v1%3A0/converse", "/model/a.b-v1%253A0/converse", ""),
            (
                "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/invoke",
                "/model/arn%253Aaws%253Abedrock%253Aus-east-1%253A1%253Ainference-profile%252Fus.x/invoke", ""
            ),
            ("/a?b=2&a=1&a=0&c", "/a", "a=0&a=1&b=2&c="), ("?x=1", "/", "x=1"),
        ])
    func paths(path: String, canonical: String, query: String) {
        #expect(SigV4.canonicalPath(path) == canonical)
        #expect(SigV4.canonicalQuery(path) == query)
    }

    @Test("a body in pieces has one sum, and a blank in a header counts once")
    func pieces() {
        let signer = SigV4(credentials: Self.key, region: "r", service: "s")
        let whole = Array("abcdef".utf8)
        whole.withUnsafeBytes { bytes in
            let one = signer.sign(path: "/", headers: [("x-amz-a", " a  b ")], payload: [bytes], unixSeconds: 0)
            let pieces = [UnsafeRawBufferPointer(rebasing: bytes[..<2]), UnsafeRawBufferPointer(rebasing: bytes[2...])]
            #expect(signer.sign(path: "/", headers: [("x-amz-a", "a b")], payload: pieces, unixSeconds: 0) == one)
        }
    }

    @Test(
        "days are those of the calendar",
        arguments: [
            (0, "19700101T000000Z"), (951_782_400, "20000229T000000Z"), (1_709_251_199, "20240229T235959Z"), (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"), (1_735_689_599, "20241231T235959Z"),
        ] as [(Int64, String)])
    func days(seconds: Int64, text: String) { #expect(SigV4.date(seconds) == text) }

    struct Case: Sendable {
        var name: String
        var explicit = AWSAuthorization.Explicit()
        var environment: [String: String] = [:]
        var chosen: AWSAuthorization?
        var problem: AWSAuthorization.Problem?
    }

    static let token = "AWS_BEARER_TOKEN_BEDROCK"
    static let chain = ["AWS_ACCESS_KEY_ID": "ID", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T", "HOME": "/h/u"]
    static let profiles =
        "[default]\naws_access_key_id=DEF\naws_secret_access_key=x\n\n[ fixture ]\n# note\naws_access_key_id = FIX\r\naws_secret_access_key = a=b\n[bare]\n"

    /// bedrock-auth.cases.json, `auth_selection`, and what lies between.
    @Test(
        "of several credentials the one that was said most plainly is used",
        arguments: [
            Case(name: "explicit-bearer", explicit: .init(bearer: "b"), environment: [token: "e"], chosen: .bearer("b", .settings)),
            Case(
                name: "explicit-aws-over-environment-bearer", explicit: .init(accessKeyID: "i", secretAccessKey: "s"), environment: [token: "e"],
                chosen: .signature(AWSCredentials(accessKeyID: "i", secretAccessKey: "s"), .settings)),
            Case(
                name: "explicit-profile-over-environment-bearer", explicit: .init(profile: "fixture"), environment: [token: "e"],
                chosen: .signature(AWSCredentials(accessKeyID: "FIX", secretAccessKey: "a=b"), .profile)),
            Case(name: "environment-bearer-over-default-chain", environment: [token: "e"], chosen: .bearer("e", .environment)),
            Case(
                name: "default-chain",
                chosen: .signature(AWSCredentials(accessKeyID: "ID", secretAccessKey: "S", sessionToken: "T"), .environment)),
            Case(
                name: "empty-environment-bearer-is-absent", environment: [token: ""],
                chosen: .signature(AWSCredentials(accessKeyID: "ID", secretAccessKey: "S", sessionToken: "T"), .environment)),
            Case(name: "conflicting-explicit-modes", explicit: .init(bearer: "b", accessKeyID: "i", secretAccessKey: "s"), problem: .conflicting),
            Case(name: "bearer beside a profile", explicit: .init(bearer: "b", profile: "fixture"), problem: .conflicting),
            Case(name: "a profile that is not there", explicit: .init(profile: "none"), problem: .noProfile),
            Case(name: "a profile without a key", explicit: .init(profile: "bare"), problem: .noProfile),
            Case(name: "no file", explicit: .init(profile: "fixture"), environment: ["HOME": "/nowhere"], problem: .noFile),
            Case(name: "nothing at all", environment: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]),
        ])
    func choice(_ row: Case) {
        let environment = Self.chain.merging(row.environment) { $1 }
        func found(_ source: Secret.Source) -> String? {
            switch source {
            case .environment(let name): environment[name].flatMap { $0.isEmpty ? nil : $0 }
            case .file("/h/u/.aws/credentials"): Self.profiles
            default: nil
            }
        }
        do throws(AWSAuthorization.Problem) {
            let chosen = try AWSAuthorization.choose(row.explicit, found: found)
            #expect(chosen == row.chosen && row.problem == nil, "\(row.name)")
        } catch { #expect(error == row.problem, "\(row.name)") }
    }
}
