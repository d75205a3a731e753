import Crypto

/// ETags of what is set, and If-Match against them.
struct EntityTags: Sendable {
    /// Mixed in, so that a tag tells nothing of the secrets in what it stands for.
    private let salt = UInt64.random(in: .min ... .max)

    /// - Parameter json: All of it, secrets too.
    func tag(_ json: String) -> String {
        let digest = SHA256.hash(data: Array("\(salt)\(json)".utf8))
        let digits = Array("0123456789abcdef")
        return "\"" + String(digest.prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) + "\""
    }

    /// Refuses with 412 where the call wants to change something else than what there is.
    func check(_ call: AdminCall, _ json: String) throws {
        guard let wanted = call.ifMatch, wanted != "*" else { return }
        let tags = wanted.split(separator: ",").map { $0.drop { $0 == " " } }
        guard tags.contains(where: { $0 == tag(json) }) else {
            throw AdminRefusal(412, "changed_meanwhile", "it was changed since you read it: read it again")
        }
    }
}
