import Routing
import Wire

/// Hands on whole items of an output as events.
struct ResponsesItemEmitter {
    let origin: Seal.Origin?
    /// A function was called.
    var hasCalls = false

    init(origin: Seal.Origin?) { self.origin = origin }

    mutating func emitRest(
        of output: UnsafeRawBufferPointer, told: Set<Int>, _ ids: Set<[UInt8]>, to writer: any ReplyWriter
    ) throws(JSONProblem) {
        var scanner = JSONScanner(output)
        try scanner.enterArray()
        var index = 0
        while try scanner.nextElement() {
            let isObject = try scanner.peek() == .object
            let range = try scanner.skip()
            if isObject, !told.contains(index) { try emit(range.of(output), unless: ids, to: writer) }
            index += 1
        }
    }

    /// The item's id.
    @discardableResult
    mutating func emit(
        _ bytes: UnsafeRawBufferPointer, unless told: Set<[UInt8]> = [], to writer: any ReplyWriter
    ) throws(JSONProblem) -> [UInt8]? {
        let item = try ItemFields.read(bytes)
        let id = item.id.map { Array($0.range.of(bytes)) }
        if let id, told.contains(id) { return id }
        try emit(item, bytes, to: writer)
        return id
    }

    private mutating func emit(_ item: ItemFields, _ bytes: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        if item.says("message", bytes) {
            if let content = item.content { try parts(content.of(bytes), to: writer) }
        } else if item.says("function_call", bytes), let name = item.name {
            hasCalls = true
            writer.write(.opened(Block(.toolCall(id: item.callID.map { TextSlice($0, of: bytes) }, name: TextSlice(name, of: bytes)))))
            if let arguments = item.arguments, !arguments.range.isEmpty { writer.write(.piece(TextSlice(arguments, of: bytes))) }
            writer.write(.closed)
        } else if item.says("reasoning", bytes) {
            try reasoning(item, bytes, to: writer)
        } else if let type = item.type {
            writer.write(.opened(Block(.native(type: TextSlice(type, of: bytes), JSONSlice(bytes), of: .responses))))
            writer.write(.closed)
        }
    }

    private func parts(_ content: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(content)
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard let range = try scanner.looseObject() else { continue }
            try part(range.of(content), to: writer)
        }
    }

    private func part(_ bytes: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var type: JSONText?
        var text: JSONText?
        var annotations: ByteRange?
        var logprobs: ByteRange?
        var scanner = JSONScanner(bytes)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "type") {
                type = try scanner.looseString()
            } else if scanner.text(name, is: "text") || scanner.text(name, is: "refusal") {
                text = try scanner.looseString()
            } else if scanner.text(name, is: "annotations") {
                annotations = try scanner.looseArray()
            } else if scanner.text(name, is: "logprobs") {
                logprobs = try scanner.looseArray()
            } else {
                try scanner.skip()
            }
        }
        guard let text else { return }
        let isRefusal = type?.range.of(bytes).says("refusal") ?? false
        writer.write(.opened(Block(isRefusal ? .refusal : .text)))
        if !text.range.isEmpty { writer.write(.piece(TextSlice(text, of: bytes))) }
        if let annotations { try cite(annotations.of(bytes), to: writer) }
        if let logprobs, logprobs.count > 2 { self.logprobs(logprobs.of(bytes), to: writer) }
        writer.write(.closed)
    }

    private func cite(_ list: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(list)
        try scanner.enterArray()
        while try scanner.nextElement() { writer.write(.citation(JSONSlice(try scanner.skip(), of: list), of: .responses)) }
    }

    /// The list becomes OpenAI's chat `logprobs` object.
    func logprobs(_ list: UnsafeRawBufferPointer, to writer: any ReplyWriter) {
        var json = JSONWriter(capacity: list.count + 16)
        json.beginObject()
        json.name("content")
        json.raw(list)
        json.endObject()
        json.bytes.withUnsafeBytes { writer.write(.logprobs(choice: 0, JSONSlice($0))) }
    }

    /// Its content is the thought itself; the summary stands in where there is none.
    private func reasoning(_ item: ItemFields, _ bytes: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var texts: [TextSlice] = []
        if let content = item.content { try Self.texts(content.of(bytes), into: &texts) }
        if texts.isEmpty, let summary = item.summary { try Self.texts(summary.of(bytes), into: &texts) }
        guard !texts.isEmpty || item.sealed != nil else { return }
        writer.write(.opened(Block(.reasoning(id: item.id.map { TextSlice($0, of: bytes) }))))
        for (i, text) in texts.enumerated() {
            if i > 0 { writer.write(.piece(TextSlice("\n\n"))) }
            writer.write(.piece(text))
        }
        if let sealed = item.sealed { seal(TextSlice(sealed, of: bytes), to: writer) }
        writer.write(.closed)
    }

    func seal(_ data: TextSlice, to writer: any ReplyWriter) {
        if let origin, !data.isEmpty { writer.write(.seal(Seal(origin, .redacted, data))) }
    }

    private static func texts(_ list: UnsafeRawBufferPointer, into texts: inout [TextSlice]) throws(JSONProblem) {
        var scanner = JSONScanner(list)
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "text"), let text = try scanner.looseString() {
                    if !text.range.isEmpty { texts.append(TextSlice(text, of: list)) }
                } else if !scanner.text(name, is: "text") {
                    try scanner.skip()
                }
            }
        }
    }
}
