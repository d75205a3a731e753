import Routing
import Wire

// The parts of a body that say how much is asked and of what kind. Wrongly shaped ones are the provider's to refuse.
extension CallReader {
    mutating func flag() throws(JSONProblem) -> Bool {
        if try scanner.peek() == .null {
            try scanner.skip()
            return false
        }
        return try scanner.bool()
    }

    mutating func number() throws(JSONProblem) -> JSONNumber? {
        if try scanner.peek() == .null {
            try scanner.skip()
            return nil
        }
        return try scanner.number()
    }

    /// A number that is not below zero.
    mutating func amount() throws(JSONProblem) -> JSONNumber? {
        _ = try scanner.peek()
        let start = scanner.offset
        guard let number = try number() else { return nil }
        if number.integer < 0 || number.scaled(by: 3) < 0 { throw JSONProblem(.kind, at: start) }
        return number
    }

    mutating func text() throws(JSONProblem) -> JSONText? {
        if try scanner.peek() == .null {
            try scanner.skip()
            return nil
        }
        return try scanner.string()
    }

    /// A string where there is one; anything else is passed over.
    mutating func looseText() throws(JSONProblem) -> JSONText? {
        if try scanner.peek() == .string { return try scanner.string() }
        try scanner.skip()
        return nil
    }

    /// How soon it is to be served: a word, or in an object one of the members that say so. What two members ask for, the later one.
    mutating func tier(_ member: CallMember) throws(JSONProblem) {
        var word: JSONText?
        if try scanner.peek() == .object {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                let isMeant = scanner.text(name, is: member == .serviceTier ? "type" : "latency")
                if isMeant, try scanner.peek() == .string { word = try scanner.string() } else { try scanner.skip() }
            }
        } else {
            word = try looseText()
        }
        guard let word else { return }
        let said = ServiceTier(word.range.of(body))
        if said != .standard { call.tier = said }
    }

    mutating func value() throws(JSONProblem) -> ByteRange? {
        let isNull = try scanner.peek() == .null
        let range = try scanner.skip()
        return isNull ? nil : range
    }

    /// A list of messages, items or contents; a text where the dialect takes one in their place.
    mutating func messages() throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            call.textBytes += try scanner.skip().count
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            if try scanner.peek() == .object { try message() } else { try scanner.skip() }
        }
    }

    @inline(__always) mutating func message() throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "content") || scanner.text(name, is: "parts") {
                try content(depth: 0)
            } else {
                let value = try scanner.skip()
                call.textBytes += value.count
                note(name, value)
            }
        }
    }

    /// What of a message somebody may not take: rarely anything.
    private mutating func note(_ name: JSONText, _ value: ByteRange) {
        switch name.range.count {
        case 4: if value.count == 11, value.of(body)[1] == UInt8(ascii: "d") { call.quirks.insert(.systemRole) }  // `role`: "developer"
        case 10, 12: call.quirks.insert(.nineCharacterIDs)  // `tool_calls`, `tool_call_id`
        case 17: call.quirks.insert(.thinkingParts)  // `reasoning_content`, `reasoning_details`
        default: break
        }
    }

    private mutating func content(depth: Int) throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            call.textBytes += try scanner.skip().count
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                call.textBytes += try scanner.skip().count
                continue
            }
            try part(depth: depth)
        }
    }

    private mutating func part(depth: Int) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "type"), kind == .string {
                type(try scanner.string())
                continue
            }
            // Results of tools hold parts of their own, images among them.
            if depth < 4, kind == .array, scanner.text(name, is: "content") {
                try content(depth: depth + 1)
                continue
            }
            if depth < 4, kind == .object, scanner.text(name, is: "toolResult") {
                try part(depth: depth + 1)
                continue
            }
            let range = try scanner.skip()
            if scanner.text(name, is: "input_audio") || scanner.text(name, is: "file") || scanner.text(name, is: "source")
                || scanner.text(name, is: "file_data")
            {
                call.attachmentBytes += range.count
            } else if kind == .object, let need = attachment(name, range) {
                call.needs.insert(need)
                if need == .vision { call.images += 1 } else { call.attachmentBytes += range.count }
            } else if !scanner.text(name, is: "image_url") {
                call.textBytes += range.count
            }
        }
    }

    private mutating func type(_ type: JSONText) {
        if scanner.text(type, is: "image_url") || scanner.text(type, is: "input_image") || scanner.text(type, is: "image") {
            call.needs.insert(.vision)
            call.images += 1
        } else if scanner.text(type, is: "input_audio") {
            call.needs.insert(.audio)
        } else if scanner.text(type, is: "file") || scanner.text(type, is: "document") || scanner.text(type, is: "input_file") {
            call.needs.insert(.documents)
        }
    }

    /// Of parts that say by a member's name what they are: Bedrock's, and Gemini's, whose media type decides.
    private func attachment(_ name: JSONText, _ range: ByteRange) -> Needs? {
        if scanner.text(name, is: "image") { return .vision }
        if scanner.text(name, is: "document") { return .documents }
        guard scanner.text(name, is: "inlineData") || scanner.text(name, is: "inline_data") || scanner.text(name, is: "fileData") else { return nil }
        let head = UnsafeRawBufferPointer(rebasing: range.of(body).prefix(200))
        let tail = UnsafeRawBufferPointer(rebasing: range.of(body).suffix(200))
        func has(_ word: StaticString) -> Bool { head.contains(word) || tail.contains(word) }
        return has("\"image/") || has("\"image\\/") ? .vision : has("\"audio/") || has("\"video/") ? .audio : .documents
    }

    /// The settings of a request in other dialects than OpenAI's chat.
    mutating func foreign(_ member: CallMember) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        if member == .generationConfig || member == .inferenceConfig { return try configuration() }
        let value = try scanner.skip().of(body)
        switch member {
        case .thinking: if !value.contains("\"disabled\"") { call.needs.insert(.reasoning) }
        case .reasoning: if !value.contains("\"none\"") { call.needs.insert(.reasoning) }
        case .toolConfig:
            guard value.contains("\"tools\"") else { return }
            call.needs.insert(.tools)
            call.textBytes += value.count
        default:
            if value.contains("\"json_schema\"") || value.contains("\"json_object\"") { call.needs.insert(.json) }
            call.textBytes += value.count
        }
    }

    private mutating func configuration() throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let isLimit =
                scanner.text(name, is: "maxOutputTokens") || scanner.text(name, is: "max_output_tokens") || scanner.text(name, is: "maxTokens")
            if isLimit {
                if let limit = try number() { call.maxTokens = max(call.maxTokens ?? 0, limit.integer) }
            } else if scanner.text(name, is: "candidateCount") || scanner.text(name, is: "candidate_count") {
                try choices()
            } else if scanner.text(name, is: "responseMimeType") || scanner.text(name, is: "response_mime_type") {
                if let type = try looseText(), scanner.text(type, is: "application/json") { call.needs.insert(.json) }
            } else {
                call.textBytes += try scanner.skip().count
            }
        }
    }

    // MARK: How many answers

    mutating func choices() throws(JSONProblem) {
        guard let count = try number() else { return }
        call.choices = Int(min(max(count.integer, 1), 1_000_000))
        multiply()
    }

    /// One prompt as text or as numbers of tokens, or a list of such.
    mutating func prompts() throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            call.textBytes += try scanner.skip().count
            return
        }
        let start = scanner.offset
        var count = 0
        try scanner.enterArray()
        while try scanner.nextElement() {
            let kind = try scanner.peek()
            if count > 0 || kind != .number { count += 1 }
            try scanner.skip()
        }
        call.textBytes += scanner.offset - start
        multiply(prompts: count)
    }

    mutating func multiply(prompts: Int? = nil, best: Int64? = nil) {
        if let prompts { factors.prompts = max(1, prompts) }
        if let best { factors.best = Int(min(max(best, 1), 1_000_000)) }
        let (made, isMore) = max(call.choices, factors.best).multipliedReportingOverflow(by: factors.prompts)
        call.answers = isMore ? Self.mostAnswers : min(made, Self.mostAnswers)
    }

    /// More than any provider makes, and what can be multiplied by tokens yet.
    private static let mostAnswers = 1_000_000_000

    /// Tools and functions: part of the prompt; an empty list asks for nothing.
    mutating func schema(needing need: Needs) throws(JSONProblem) {
        let kind = try scanner.peek()
        let range = try scanner.skip()
        guard kind == .array, !isEmpty(range) else { return }
        call.needs.insert(need)
        call.textBytes += range.count
    }

    private func isEmpty(_ container: ByteRange) -> Bool {
        container.of(body).dropFirst().dropLast().allSatisfy { $0 <= 0x20 }
    }

    mutating func responseFormat() throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "type"), try scanner.peek() == .string {
                let type = try scanner.string()
                if scanner.text(type, is: "json_object") || scanner.text(type, is: "json_schema") { call.needs.insert(.json) }
            } else {
                call.textBytes += try scanner.skip().count
            }
        }
    }

    mutating func modalities() throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            try scanner.skip()
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            if let name = try looseText(), scanner.text(name, is: "audio") { call.needs.insert(.audio) }
        }
    }

    mutating func metadata() throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        let start = scanner.offset
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "session_id") {
                call.session = try looseText()
            } else if call.api == .messages, scanner.text(name, is: "user_id") {
                call.user = try looseText()
            } else {
                try scanner.skip()
            }
        }
        call.metadata = ByteRange(start, scanner.offset)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `word`, which is ASCII, stands anywhere in these bytes. For short values.
    func contains(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard count >= length else { return false }
        for start in 0...(count - length) where self[start] == word.utf8Start[0] {
            if UnsafeRawBufferPointer(rebasing: self[start..<start + length]).says(word) { return true }
        }
        return false
    }
}
