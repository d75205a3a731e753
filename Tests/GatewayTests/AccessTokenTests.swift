import NIOCore
import Testing
import Translation

@testable import Gateway

@Suite("Access tokens") struct AccessTokenTests {
    @Test(
        "an answer is read as RFC 6749 says, and lives a minute to half a day",
        arguments: [
            (#"{"access_token":"ya29.a","expires_in":3599,"token_type":"Bearer"}"#, "ya29.a", 3599), (#"{"access_token":"t"}"#, "t", 3600),
            (#"{"expires_in":0,"access_token":"t\u0041"}"#, "tA", 60), (#"{"access_token":"t","expires_in":1e9}"#, "t", 43_200),
            (#"{"access_token":"t","expires_in":"3599"}"#, "t", 3600),
        ] as [(String, String, Int64)])
    func reading(body: String, token: String, lifetime: Int64) throws {
        let read = try #require(AccessToken.read(ByteBuffer(string: body), unixSeconds: 1_000))
        #expect(String(buffer: read.line) == "authorization: Bearer \(token)\r\n")
        #expect(read.expires == 1_000 + lifetime)
    }

    @Test(
        "what is no token is none, a header least of all",
        arguments: [
            "", "[]", "{}", #"{"access_token":""}"#, #"{"access_token":7}"#, #"{"access_token":"a\r\nx: y"}"#, #"{"access_token":"a b"}"#,
            #"{"access_token":"a"} x"#, #"{"access_token":"a""#, #"{"id_token":"a"}"#,
        ])
    func refusing(body: String) { #expect(AccessToken.read(ByteBuffer(string: body), unixSeconds: 0) == nil) }

    @Test(
        "a token is renewed while it still holds; failures are repeated more and more slowly",
        arguments: [
            (3_600, 0, 3_300), (60, 0, 48), (300, 0, 240), (2, 0, 2), (0, 0, 1), (-5, 0, 1), (nil, 1, 1), (nil, 2, 2), (nil, 4, 8), (nil, 7, 60),
            (nil, 1_000, 60), (nil, 0, 1),
        ] as [(Int64?, Int, Int64)])
    func renewal(life: Int64?, failures: Int, pause: Int64) { #expect(TokenKeeper.pause(life: life, failures: failures) == pause) }

    @Test("a key that cannot be used signs nothing")
    func badKey() {
        let account = ServiceAccount(
            email: "a@b", privateKey: "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----", tokenURL: "https://t")
        #expect(throws: (any Error).self) { try account.assertion(unixSeconds: 0) }
    }
}
