import Guarding
import NIOCore
import Routing
import Schema
import Settings
import Translation
import Wire

/// A moderation endpoint made ready to be asked.
final class Moderator: Sendable {
    let settings: ModerationSettings
    let origin: Int
    let timeout: Duration
    /// The request's head up to the length of its body.
    private let head: [UInt8]
    private let most: Int
    private let roles: GuardPolicy.Roles

    init?(_ settings: ModerationSettings, origins: OriginNumbers) {
        guard let url = settings.url else { return nil }
        self.settings = settings
        var address = url.base.origin
        if address.tls { address.offersHTTP2 = false }
        origin = origins.number(of: address)
        timeout = settings.timeout ?? .seconds(2)
        most = Int((settings.maxSize ?? ByteCount(1 << 20)).bytes)
        var lines = "POST \(url.target) HTTP/1.1\r\nhost: \(address.authority)\r\ncontent-type: application/json\r\nuser-agent: swiftlet\r\n"
        lines += "accept-encoding: identity\r\n"
        if let key = settings.apiKey { lines += "authorization: Bearer \(key.reveal())\r\n" }
        head = Array((lines + "content-length: ").utf8)
        roles = settings.rail.roles.map { $0.reduce([]) { $0.union(.init(Self.role($1))) } } ?? .prompt
    }

    private static func role(_ role: GuardRole) -> GuardPolicy.Role {
        switch role {
        case .system: .system
        case .user: .user
        case .assistant: .assistant
        case .tool: .tool
        }
    }

    var isClosed: Bool { settings.onFailure == .closed }
    var isShadow: Bool { settings.rail.shadow ?? false }
    var blocks: Bool { settings.rail.action == .block && !isShadow }

    enum Question {
        /// There is no text of those that it is asked about.
        case nothing
        case tooLarge
        case request(UpstreamRequest)
    }

    /// What it is asked about a body that was read as a call of `api`. Linear in the body.
    func question(of body: ByteBuffer, _ api: API) -> Question {
        var texts = PromptTexts()
        body.withUnsafeReadableBytes { PromptReader.read($0, api, into: &texts) }
        let asked = texts.texts.filter { roles.contains($0.role) && !$0.bytes.isEmpty }
        if asked.isEmpty { return .nothing }
        if asked.reduce(0, { $0 + $1.bytes.count }) > most { return .tooLarge }
        var writer = JSONWriter()
        writer.object { whole in
            if let model = settings.model { whole.member("model", model) }
            whole.key("input")
            whole.array { list in for text in asked { list.string(String(decoding: text.bytes, as: UTF8.self)) } }
        }
        var out = ByteBuffer()
        out.reserveCapacity(head.count + 24 + writer.bytes.count)
        out.writeBytes(head)
        out.writeString("\(writer.bytes.count)\r\n\r\n")
        out.writeBytes(writer.bytes)
        return .request(UpstreamRequest(head: out, rest: nil))
    }
}
