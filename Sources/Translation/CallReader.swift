import Routing
import Wire

extension Call {
    /// Reads one body. Every byte of it is validated, and each member that we act on may occur once: a provider that
    /// took the other of two would answer another request than the one that was admitted and paid for.
    public static func read(_ body: UnsafeRawBufferPointer, api: API) throws(Malformed) -> Call {
        var reader = CallReader(body, api: api)
        return try reader.read()
    }

    /// Of a dialect that has the model's name in the path, and there whether the answer is to be a stream.
    public static func read(_ body: UnsafeRawBufferPointer, api: API, pathModel: String, stream: Bool, framing: Framing = .events) throws(Malformed)
        -> Call
    {
        var reader = CallReader(body, api: api)
        reader.call.pathModel = pathModel
        reader.call.stream = stream
        reader.call.framing = framing
        return try reader.read()
    }
}

/// The state of one pass over a body.
struct CallReader {
    let body: UnsafeRawBufferPointer
    var scanner: JSONScanner
    var call: Call
    private var seen: UInt64 = 0
    private var streamEnd = 0
    private var streamOptions: UsageEdit?
    /// What makes more answers of one: prompts, and answers to each of them that are thrown away.
    var factors = (prompts: 1, best: 1)

    init(_ body: UnsafeRawBufferPointer, api: API) {
        self.body = body
        scanner = JSONScanner(body)
        call = Call(api: api)
    }

    mutating func read() throws(Malformed) -> Call {
        do throws(JSONProblem) {
            guard try scanner.peek() == .object else {
                throw JSONProblem(.kind, at: scanner.offset)
            }
            try scanner.enterObject()
        } catch {
            throw error.reason == .kind ? Malformed(offset: error.offset, message: "the body must be a JSON object") : Malformed(error)
        }
        let place = call.pathModel == nil ? scanner.offset : Int(UInt32.max)
        call.modelPlace = ByteRange(place, place)
        try members()
        do throws(JSONProblem) { try scanner.finish() } catch { throw Malformed(error) }
        finish()
        return call
    }

    /// Cuts reach from the end of the member before to the end of the member, so that its comma goes too. As long as
    /// nothing was kept they reach from the member to the next one instead.
    private mutating func members() throws(Malformed) {
        var before = scanner.offset
        var leading = false
        while let name = try key() {
            let start = Int(name.range.start) - 1
            if leading {
                call.cuts[call.cuts.count - 1].end = UInt32(start)
                leading = false
            }
            let member = CallMember.of(name, in: body)
            if let member {
                guard seen & (1 << UInt64(member.rawValue)) == 0 else {
                    let text = JSONEscapes.decoded(name.range.of(body))
                    throw Malformed(offset: start, message: "\"\(text)\" must be given only once", member: text)
                }
                seen |= 1 << UInt64(member.rawValue)
            }
            do throws(JSONProblem) {
                if let member { try read(member) } else { try other(name) }
            } catch {
                throw error.reason == .kind ? wrongKind(member, name, error.offset) : Malformed(error)
            }
            if let member, member.isOurs {
                call.hasExtras = true
                leading = !call.hasOthers
                call.cuts.append(ByteRange(leading ? start : before, scanner.offset))
            } else {
                call.hasOthers = true
            }
            before = scanner.offset
        }
    }

    private mutating func other(_ name: JSONText) throws(JSONProblem) {
        switch name.range.count {
        case 4: call.quirks.insert(.randomSeed)  // `seed`
        case 11: call.quirks.insert(.choiceAny)  // `tool_choice`
        default: break
        }
        try scanner.skip()
    }

    private mutating func key() throws(Malformed) -> JSONText? {
        do throws(JSONProblem) { return try scanner.nextKey() } catch { throw Malformed(error) }
    }

    private func wrongKind(_ member: CallMember?, _ name: JSONText, _ offset: Int) -> Malformed {
        let expected =
            switch member {
            case .stream, .disableFallbacks, .includeRoutingMetadata, .store: "a boolean or null"
            case .maxTokens, .maxCompletionTokens, .choices, .bestOf: "a number or null"
            case .retries, .maxRetries, .timeout: "a number, not below zero, or null"
            case .maxOutputTokens: "a number or null"
            case .streamOptions: "an object or null, its include_usage a boolean"
            default: "a string or null"
            }
        let text = JSONEscapes.decoded(name.range.of(body))
        return Malformed(offset: offset, message: "\"\(text)\" must be \(expected)", member: text)
    }

    private mutating func read(_ member: CallMember) throws(JSONProblem) {
        switch member {
        case .model: try model()
        case .stream:
            call.stream = try flag()
            streamEnd = scanner.offset
        case .streamOptions:
            call.quirks.insert(.noStreamOptions)
            try options()
        case .maxTokens, .maxCompletionTokens, .maxOutputTokens:
            if member == .maxCompletionTokens { call.quirks.insert(.maxTokens) }
            if let limit = try number() { call.maxTokens = max(call.maxTokens ?? 0, limit.integer) }
        case .choices: try choices()
        case .bestOf: if let most = try number() { multiply(best: most.integer) }
        case .messages, .contents: try messages()
        case .input: if call.api == .responses { try messages() } else { call.textBytes += try scanner.skip().count }
        case .prompt: try prompts()
        case .system, .instructions, .systemInstruction, .content, .requests: call.textBytes += try scanner.skip().count
        case .tools, .functions: try schema(needing: .tools)
        case .responseFormat: try responseFormat()
        case .reasoningEffort: if let effort = try text(), !effort.range.of(body).says("none") { call.needs.insert(.reasoning) }
        case .thinking, .reasoning, .textFormat, .outputFormat, .generationConfig, .inferenceConfig, .toolConfig: try foreign(member)
        case .modalities: try modalities()
        case .user: call.user = try looseText()
        case .promptCacheKey: call.promptCacheKey = try looseText()
        case .metadata: try metadata()
        case .tags: call.extras.tags = try value()
        case .fallbacks: call.extras.fallbacks = try value()
        case .store: call.stores = try flag()
        case .serviceTier, .speed, .performanceConfig: try tier(member)
        case .retries, .maxRetries: call.extras.retries = try amount().map { Int(min($0.integer, 1_000)) }
        case .disableFallbacks: call.extras.disablesFallbacks = try flag()
        case .timeout: call.extras.timeout = try amount().map { .milliseconds($0.scaled(by: 3)) }
        case .includeRoutingMetadata: call.extras.includesRouting = try flag()
        case .router: call.extras.router = try value()
        case .extra: call.extras.extra = try value()
        case .routerMode: call.extras.routerMode = try text()
        case .routerProvider, .vendor: call.extras.routerProvider = try text()
        case .routerModel: call.extras.routerModel = try text()
        case .routingPolicy: call.extras.routingPolicy = try text()
        case .project: call.extras.project = try text()
        }
    }

    private mutating func model() throws(JSONProblem) {
        if call.pathModel != nil {
            try scanner.skip()
            return
        }
        if try scanner.peek() == .null {
            call.modelPlace = try scanner.skip()
        } else {
            let name = try scanner.string()
            call.model = name
            call.modelPlace = ByteRange(Int(name.range.start) - 1, Int(name.range.end) + 1)
        }
    }

    /// What must be done to `stream_options` should a stream lack usage; whether it is a stream may not be known yet.
    private mutating func options() throws(JSONProblem) {
        if try scanner.peek() == .null {
            streamOptions = UsageEdit(form: .object, place: try scanner.skip())
            return
        }
        try scanner.enterObject()
        let inside = ByteRange(scanner.offset, scanner.offset)
        var edit = UsageEdit(form: .only, place: inside)
        var found = false
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "include_usage") else {
                try scanner.skip()
                if !found { edit.form = .firstOfMany }
                continue
            }
            guard !found else { throw JSONProblem(.kind, at: Int(name.range.start) - 1) }
            found = true
            _ = try scanner.peek()
            let start = scanner.offset
            call.asksUsage = try flag()
            edit = UsageEdit(form: call.asksUsage ? .none : .flag, place: ByteRange(start, scanner.offset))
        }
        streamOptions = edit
    }

    private mutating func finish() {
        if call.stream {
            call.needs.insert(.streaming)
            if call.api == .chatCompletions || call.api == .completions {
                call.usageEdit = streamOptions ?? UsageEdit(form: .member, place: ByteRange(streamEnd, streamEnd))
            }
        }
        switch call.api.family {
        case .embedding: call.needs.insert(.embeddings)
        case .completion: call.needs.insert(.completions)
        case .chat: call.needs.insert(.chat)
        case .count, .passThrough: break
        }
    }
}
