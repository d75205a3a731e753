import Crypto
import Schema

/// `t=SECONDS,v1=HEX`: the HMAC-SHA256 of SECONDS, a dot and the body. The time is part of what is signed, so that a message that
/// somebody kept cannot be sent again later.
enum WebhookSignature {
    static let header = "x-swiftlet-signature"

    static func text(of body: [UInt8], secret: Secret, unixSeconds: Int64) -> String {
        let signed = Array("\(unixSeconds).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: Array(secret.reveal().utf8)))
        let digits = Array("0123456789abcdef")
        return "t=\(unixSeconds),v1=" + String(code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
