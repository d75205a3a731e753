import NIOCore
import Translation
import Wire

/// Whether an answer says all that there was to say: not one that a limit cut off, a filter stopped or a provider gave up.
enum AnswerCheck {
    static func isWhole(_ body: [UInt8], _ api: API, _ call: Call) -> Bool {
        switch api.family {
        case .chat: body.withUnsafeBytes { isWholeChat($0, api, call) }
        case .completion: body.withUnsafeBytes { isWholeCompletion($0, isStream: call.stream) }
        // It was read as JSON with vectors in it before it went out.
        case .embedding: true
        case .count, .passThrough: false
        }
    }

    private static func isWholeChat(_ body: UnsafeRawBufferPointer, _ api: API, _ call: Call) -> Bool {
        guard let dialect = api.dialect else { return false }
        let context = ReplyContext(isStream: call.stream, requestID: "", unixSeconds: 0, model: "")
        let ear = Ear()
        let reader = dialect.replyReader(context)
        do throws(JSONProblem) {
            if !call.stream {
                try reader.read(whole: body, to: ear)
            } else if call.framing == .array, reader.framing == .events {
                var scanner = JSONScanner(body)
                try scanner.enterArray()
                while try scanner.nextElement() {
                    try reader.read(event: UnsafeRawBufferPointer(start: nil, count: 0), data: try scanner.skip().of(body), to: ear)
                }
                try scanner.finish()
                guard reader.end(to: ear) else { return false }
            } else {
                guard isWholeStream(body, reader, ear) else { return false }
            }
        } catch { return false }
        return ear.isWhole
    }

    private static func isWholeStream(_ body: UnsafeRawBufferPointer, _ reader: any ReplyReader, _ ear: Ear) -> Bool {
        let stream = StreamTranslation(from: reader, to: ear)
        var out = ByteBuffer()
        do throws(StreamProblem) { try stream.take(body, into: &out) } catch { return false }
        if case .complete = stream.end(into: &out) { return true }
        return false
    }

    /// OpenAI's older completion, whose reply nobody translates: of each choice the last word that ends it.
    private static func isWholeCompletion(_ body: UnsafeRawBufferPointer, isStream: Bool) -> Bool {
        var reasons: [Int: Bool] = [:]
        do throws(JSONProblem) {
            if isStream {
                for line in body.split(separator: UInt8(ascii: "\n")) where line.starts(with: "data: {".utf8) {
                    try readReasons(UnsafeRawBufferPointer(rebasing: line.dropFirst(6)), into: &reasons)
                }
            } else {
                try readReasons(body, into: &reasons)
            }
        } catch { return false }
        return !reasons.isEmpty && reasons.values.allSatisfy { $0 }
    }

    private static func readReasons(_ json: UnsafeRawBufferPointer, into reasons: inout [Int: Bool]) throws(JSONProblem) {
        var scanner = JSONScanner(json)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "choices"), try scanner.peek() == .array else {
                try scanner.skip()
                continue
            }
            try scanner.enterArray()
            while try scanner.nextElement() { try readChoice(&scanner, into: &reasons) }
        }
    }

    private static func readChoice(_ scanner: inout JSONScanner, into reasons: inout [Int: Bool]) throws(JSONProblem) {
        var (index, isStop) = (0, false)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "finish_reason"), try scanner.peek() == .string {
                let reason = try scanner.string()
                isStop = scanner.text(reason, is: "stop")
            } else if scanner.text(name, is: "index"), try scanner.peek() == .number {
                index = Int(clamping: try scanner.looseInteger() ?? 0)
            } else {
                try scanner.skip()
            }
        }
        reasons[index] = isStop
    }
}

/// Hears how an answer ended.
private final class Ear: ReplyWriter {
    private var finished = 0
    private var isCut = false
    var output = JSONWriter()
    var loss: Loss { Loss() }
    var isWhole: Bool { finished > 0 && !isCut }

    func write(_ event: ReplyEvent) {
        switch event {
        case .finished(_, .stop, _), .finished(_, .toolCalls, _): finished += 1
        case .finished, .failed: isCut = true
        default: break
        }
    }

    func end() {}
}
