import Routing
import Wire

/// Reads replies of OpenAI's chat dialect as its many providers write it: wire.md lists the differences met.
final class OpenAIChatReplyReader: ReplyReader {
    /// What is open: pieces of another kind or choice close it.
    enum Open: Equatable {
        case none, text, refusal, reasoning
        /// By its place among the calls of the choice.
        case call(Int)
    }

    private struct Call {
        var index: Int64?
        var id: String?
    }

    let context: ReplyContext
    private(set) var isComplete = false
    private var begun = false
    private(set) var choice = 0
    private var open = Open.none
    private var calls: [Int: [Call]] = [:]
    private var finished: Set<Int> = []
    private var failed = false
    private var hasTier = false
    private var hasError = false
    private var waiting = OpenAIChatWaiting()
    private var held = HeldCalls()
    /// Audio has come, of which a stream has no whole.
    var hasAudio = false

    init(_ context: ReplyContext) { self.context = context }

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        try chunk(body, writer)
        if !failed, !begun { throw JSONProblem(.kind, at: 0) }
        try closeAll(writer)
    }

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        if data.says("[DONE]") {
            isComplete = true
            return
        }
        guard !name.says("error") else { return fail(FaultyReply.read(status: 200, body: data), writer) }
        try chunk(data, writer)
    }

    func end(to writer: any ReplyWriter) -> Bool {
        do throws(JSONProblem) {
            try closeAll(writer)
            while !waiting.isEmpty {
                try release(writer)
                try closeAll(writer)
            }
        } catch { return false }
        return isComplete && begun || isWhole
    }

    var isWhole: Bool { !failed && finished.count >= max(1, context.choices) }

    // MARK: Chunks

    /// A chunk's members in their places, since `choices` may stand before what it needs.
    private struct Members {
        var id: TextSlice?
        var model: TextSlice?
        var created: Int64?
        var tier: TextSlice?
        var choices: Int?
        var usage: UsageReport?
        var error: FaultyReply?
    }

    private func chunk(_ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        guard !failed else { return }
        var members = Members()
        try gather(&members, data)
        if let tier = members.tier, !hasTier {
            hasTier = true
            writer.write(.tier(tier))
        }
        hasError = members.error != nil
        if let start = members.choices { try choices(data, start, members, writer) }
        if let usage = members.usage { writer.write(.usage(usage.usage)) }
        if let error = members.error { fail(error, writer) }
    }

    private func gather(_ members: inout Members, _ data: UnsafeRawBufferPointer) throws(JSONProblem) {
        var scanner = JSONScanner(data)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "choices"), try scanner.peek() == .array {
                members.choices = Int(try scanner.skip().start)
            } else if scanner.text(name, is: "id"), try scanner.peek() == .string {
                members.id = TextSlice(try scanner.string(), of: data)
            } else if scanner.text(name, is: "model"), try scanner.peek() == .string {
                members.model = TextSlice(try scanner.string(), of: data)
            } else if scanner.text(name, is: "created"), try scanner.peek() == .number {
                members.created = try scanner.number().integer
            } else if scanner.text(name, is: "service_tier"), try scanner.peek() == .string {
                members.tier = TextSlice(try scanner.string(), of: data)
            } else if scanner.text(name, is: "usage") {
                members.usage = try UsageCounts.read(&scanner) ?? members.usage
            } else if scanner.text(name, is: "x_groq"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    if scanner.text(inner, is: "usage") { members.usage = try UsageCounts.read(&scanner) } else { try scanner.skip() }
                }
            } else if scanner.text(name, is: "error") {
                members.error = try FaultyReply.member(&scanner)
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
    }

    private func fail(_ error: FaultyReply, _ writer: any ReplyWriter) {
        guard !failed else { return }
        failed = true
        isComplete = true
        close(writer)
        writer.write(.failed(error))
    }

    // MARK: Choices

    private func choices(
        _ data: UnsafeRawBufferPointer, _ start: Int, _ members: Members, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        let list = UnsafeRawBufferPointer(rebasing: data[start...])
        var scanner = JSONScanner(list)
        try scanner.enterArray()
        var place = 0
        while try scanner.nextElement() {
            if !begun {
                begun = true
                let id = members.id.flatMap { $0.isEmpty ? nil : $0 }
                writer.write(.began(id: id, model: members.model, createdUnixSeconds: members.created))
            }
            try choice(&scanner, list, place, writer)
            place += 1
        }
    }

    private func choice(
        _ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ place: Int, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        var index = place
        var delta: JSONScanner?
        var reason: TextSlice?
        var logprobs: JSONSlice?
        _ = try scanner.peek()
        let start = scanner.offset
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let isDelta = scanner.text(name, is: "delta")
            if isDelta || scanner.text(name, is: "message"), try scanner.peek() == .object {
                // Perplexity sends both: the delta is empty in whole replies, the message repeats all of it in streams.
                if delta == nil || isDelta == context.isStream { delta = scanner }
                try scanner.skip()
            } else if scanner.text(name, is: "index"), try scanner.peek() == .number {
                index = Int(clamping: try scanner.number().integer)
            } else if scanner.text(name, is: "finish_reason"), try scanner.peek() == .string {
                reason = TextSlice(try scanner.string(), of: list)
            } else if scanner.text(name, is: "logprobs"), try scanner.peek() == .object {
                logprobs = JSONSlice(try scanner.skip(), of: list)
            } else {
                try scanner.skip()
            }
        }
        if mustWait(index) { return try waiting.add(index, ByteRange(start, scanner.offset).of(list)) }
        if index != choice { try closeAll(writer) }
        choice = index
        if var delta { try self.delta(&delta, list, logprobs, writer) } else if let logprobs { writer.write(.logprobs(choice: index, logprobs)) }
        // Beside an error a reason is no end.
        guard let reason, !reason.isEmpty, !hasError, finished.insert(index).inserted else { return }
        try closeAll(writer)
        writer.write(.finished(choice: index, Self.reason(reason, calls: calls[index] != nil), stopSequence: nil))
        if !waiting.isEmpty { try release(writer) }
    }

    private func mustWait(_ index: Int) -> Bool {
        guard context.isStream, index != choice else { return false }
        if case .call = open { return true }
        return waiting.has(index)
    }

    /// The call in whose way they were has ended; one of theirs may make the rest wait again.
    private func release(_ writer: any ReplyWriter) throws(JSONProblem) {
        for piece in waiting.takeAll() {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.bytes.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: piece.bytes)
            let bytes = UnsafeRawBufferPointer(copy)
            var scanner = JSONScanner(bytes)
            try choice(&scanner, bytes, piece.choice, writer)
        }
    }

    /// With calls it is a turn of calls whatever is said: with a forced function OpenAI says `stop` (wire.md, trap 15).
    private static func reason(_ text: TextSlice, calls: Bool) -> FinishReason {
        switch text.string {
        case "stop", "eos", "end_turn", "stop_sequence", "COMPLETE": calls ? .toolCalls : .stop
        case "length", "max_tokens", "model_length": .length
        case "tool_calls", "function_call", "tool_use": .toolCalls
        case "content_filter", "safety", "sensitive": .contentFilter
        case "refusal": .refusal
        case "error", "network_error", "insufficient_system_resource": .error
        case let other: .other(other)
        }
    }

    // MARK: Deltas

    private func delta(
        _ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ logprobs: JSONSlice?, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        // Thoughts come first whatever stands first: a whole message may name its content before them.
        var content: JSONScanner?
        var calls: JSONScanner?
        var call: JSONScanner?
        var annotations: JSONScanner?
        var images: JSONScanner?
        var audio: JSONScanner?
        var refusal: TextSlice?
        var hasThoughts = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "content"), kind == .string || kind == .array {
                content = scanner
            } else if scanner.text(name, is: "tool_calls"), kind == .array {
                calls = scanner
            } else if scanner.text(name, is: "function_call"), kind == .object {
                call = scanner
            } else if scanner.text(name, is: "annotations"), kind == .array {
                annotations = scanner
            } else if scanner.text(name, is: "images"), kind == .array {
                images = scanner
            } else if scanner.text(name, is: "audio"), kind == .object {
                audio = scanner
            } else if scanner.text(name, is: "refusal"), kind == .string {
                refusal = TextSlice(try scanner.string(), of: list)
                continue
            } else if scanner.text(name, is: "reasoning_details"), kind == .array {
                hasThoughts = try details(&scanner, list, hasThoughts, writer)
                continue
            } else if scanner.text(name, is: "reasoning_content") || scanner.text(name, is: "reasoning"), kind == .string {
                let text = TextSlice(try scanner.string(), of: list)
                if !hasThoughts { piece(text, .reasoning, writer) }
                hasThoughts = hasThoughts || !text.isEmpty
                continue
            }
            try scanner.skip()
        }
        if var content { try self.content(&content, list, writer) }
        if let refusal { piece(refusal, .refusal, writer) }
        if var annotations { try self.annotations(&annotations, list, writer) }
        if let logprobs { writer.write(.logprobs(choice: choice, logprobs)) }
        if var images { try self.images(&images, list, writer) }
        if var audio { try self.audio(&audio, list, writer) }
        if var calls { try toolCalls(&calls, list, writer) }
        if var call { try legacy(&call, list, writer) }
    }

    func piece(_ text: TextSlice, _ kind: Open, _ writer: any ReplyWriter) {
        guard !text.isEmpty else { return }
        switchTo(kind, writer)
        writer.write(.piece(text))
    }

    func switchTo(_ kind: Open, _ writer: any ReplyWriter) {
        guard open != kind else { return }
        close(writer)
        open = kind
        let block: Block.Kind =
            switch kind {
            case .refusal: .refusal
            case .reasoning: .reasoning(id: nil)
            default: .text
            }
        writer.write(.opened(Block(choice: choice, block)))
    }

    func close(_ writer: any ReplyWriter) {
        if open != .none { writer.write(.closed) }
        open = .none
    }

    // MARK: Calls

    private func toolCalls(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            var delta = OpenAIChatCallDelta()
            let start = scanner.offset
            try delta.read(&scanner, list)
            try take(delta, ByteRange(start, scanner.offset).of(list), writer)
            while !held.isEmpty, held.isOpenWhole {
                close(writer)
                try releaseCalls(writer)
            }
        }
    }

    /// What is open ends, and after it the calls that waited for it, one by one.
    private func closeAll(_ writer: any ReplyWriter) throws(JSONProblem) {
        close(writer)
        while !held.isEmpty {
            try releaseCalls(writer)
            close(writer)
        }
    }

    private func releaseCalls(_ writer: any ReplyWriter) throws(JSONProblem) {
        for piece in held.takeAll() {
            try piece.withUnsafeBufferPointer { element throws(JSONProblem) in
                let bytes = UnsafeRawBufferPointer(element)
                var scanner = JSONScanner(bytes)
                var delta = OpenAIChatCallDelta()
                try delta.read(&scanner, bytes)
                try take(delta, bytes, writer)
            }
        }
    }

    private func legacy(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        var delta = OpenAIChatCallDelta()
        delta.index = 0
        try delta.function(&scanner, list)
        try take(delta, nil, writer)
    }

    /// By id, then by index, then the open one (wire.md, trap 11). Empty ids and names of continuations say nothing.
    ///
    /// - Parameter element: What `delta` was read from; nil: it cannot wait.
    private func take(_ delta: OpenAIChatCallDelta, _ element: UnsafeRawBufferPointer?, _ writer: any ReplyWriter) throws(JSONProblem) {
        var known = calls[choice] ?? []
        let id = delta.id.flatMap { $0.isEmpty ? nil : $0.string }
        let name = delta.name.flatMap { $0.isEmpty ? nil : $0 }
        var place: Int?
        if let id { place = known.firstIndex { $0.id == id } }
        if place == nil, id == nil || name == nil, let index = delta.index { place = known.lastIndex { $0.index == index } }
        if place == nil, id == nil, name == nil, delta.index == nil { place = known.indices.last }
        let isOpen = place.map { open == .call($0) } ?? false
        if let element, place == nil, let index = delta.index, mustHold(index, known) { return try held.add(element, isHead: name != nil) }
        if place != nil {
            guard isOpen else {
                // Its block is closed: only more of the same would be wrong.
                if delta.arguments?.isEmpty ?? true { return }
                throw JSONProblem(.kind, at: 0)
            }
        } else {
            guard let name else { return }
            close(writer)
            held.opened()
            known.append(Call(index: delta.index, id: id))
            calls[choice] = known
            open = .call(known.count - 1)
            writer.write(.opened(Block(choice: choice, .toolCall(id: delta.id.flatMap { $0.isEmpty ? nil : $0 }, name: name))))
        }
        if let seal = delta.seal { writer.write(.seal(Seal(.gemini, .thought, seal))) }
        guard let arguments = delta.arguments, !arguments.isEmpty else { return }
        writer.write(.piece(arguments))
        held.took(arguments)
    }

    /// A call other than the open one, which has not ended: by what the provider says, since some number all calls alike.
    private func mustHold(_ index: Int64, _ known: [Call]) -> Bool {
        guard context.isStream else { return false }
        if !held.isEmpty { return true }
        guard case .call(let place) = open, let told = known[place].index else { return false }
        return told != index && !held.isOpenWhole
    }
}
