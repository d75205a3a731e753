import NIOCore
import Routing
import Schema
import Settings
import Translation
import Wire

/// A request as tags and conditions look at it. Parts of the body are decoded where something asks for them, and once.
///
/// Holds places in buffers of its request: of use only while those are at hand.
final class RequestView {
    let call: Call
    let api: API
    let head: RequestHead
    let headBytes: UnsafeRawBufferPointer
    let body: UnsafeRawBufferPointer
    /// Where the client's connection comes from, as text.
    let remote: () -> String?

    init(
        _ call: Call, _ api: API, head: RequestHead, headBytes: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer,
        remote: @escaping () -> String?
    ) {
        self.call = call
        self.api = api
        self.head = head
        self.headBytes = headBytes
        self.body = body
        self.remote = remote
    }

    /// The value of `metadata`, an object.
    private(set) lazy var metadata: Node? = node(call.metadata)
    /// The value of `extra`.
    private(set) lazy var extra: Node? = node(call.extras.extra)
    private(set) lazy var text = PromptText.read(body)
    private(set) lazy var modelName = call.modelName(in: body)

    /// Nil: nobody asked yet.
    private(set) var appraisal: Appraisal?

    /// How hard the request is; found out once.
    func appraisal(by appraiser: Appraiser, _ tutor: Tutor?) -> Appraisal {
        if let appraisal { return appraisal }
        let made = appraiser.appraise(call, body, by: tutor)
        appraisal = made
        return made
    }

    /// Whether the request brings tags, or metadata in which some may be.
    var mayHaveTags: Bool {
        call.extras.tags != nil || call.metadata != nil || head.swiftletTags.isPresent || head.litellmTags.isPresent || head.tags.isPresent
    }

    /// What stands at a place of the body, which was validated when it was read.
    func node(_ range: ByteRange?) -> Node? { range.flatMap { JSONNode.read($0.of(body)) } }

    func text(_ text: Wire.JSONText?) -> String? { text.map { JSONEscapes.decoded($0.range.of(body)) } }

    func text(_ part: Wire.Part) -> String? {
        part.isPresent ? String(decoding: part.bytes(in: headBytes), as: UTF8.self) : nil
    }

    /// The first field of that name, which is in lower case.
    func header(_ name: String) -> String? {
        var found: String?
        head.forEachField(in: headBytes) { field, value in
            guard found == nil, field.count == name.utf8.count else { return }
            let isSame = zip(field, name.utf8).allSatisfy { byte, wanted in (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) == wanted }
            if isSame { found = String(decoding: value, as: UTF8.self) }
        }
        return found
    }

    /// The lines of the fields with these names. Nil: there are none.
    func lines(of names: [String]) -> ByteBuffer? {
        var lines: ByteBuffer?
        for name in names {
            guard let value = header(name) else { continue }
            lines = lines ?? ByteBuffer()
            lines!.writeString("\(name): \(value)\r\n")
        }
        return lines
    }
}

extension Value {
    /// As conditions compare it. A map is nothing that could be compared.
    init(_ node: Node?) {
        switch node?.content {
        case nil, .map: self = .missing
        case .list(let items): self = .list(items.map { Value($0) })
        case .scalar(let text, quoted: true): self = .text(text)
        case .scalar(let text, quoted: false):
            if node?.isNull ?? true {
                self = .missing
            } else if text == "true" || text == "false" {
                self = .flag(text == "true")
            } else {
                self = Double(text).map { .number($0) } ?? .text(text)
            }
        }
    }
}
