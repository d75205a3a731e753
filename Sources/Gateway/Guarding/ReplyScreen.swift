import Guarding
import Wire

/// Stands between a stream in the client's dialect and the client: reads the texts of its events, and lets an event go on once it is certain
/// what becomes of all of them. Events keep their number and their order; what is not changed goes on byte for byte as it came.
///
/// What is put in the place of something stands in the event in which that began; what it covered is missing from the events after it.
final class ReplyScreen {
    /// Bytes of events that wait. Beyond it nothing is waited for any longer: texts are taken to be over.
    static let mostWaiting = 1 << 18

    private struct Waiting {
        var bytes: [UInt8]
        var document: Range<Int>
        /// Of an AWS event stream: where the headers end is where the document begins.
        var texts: [Piece]
    }

    /// A text of an event, and where it stands in its channel.
    private struct Piece {
        var text: ReplyText
        /// Nil: no text to be scanned.
        var channel: ReplyChannel?
        var start = 0
        var count = 0
    }

    private let form: ReplyForm
    private let tools: Guard
    private let restores: Bool
    private(set) var reply: GuardedReply
    var policy: GuardPolicy { tools.policy }
    /// Bytes of texts read.
    private(set) var scanned = 0
    private var source: ReplyEvents
    private var open: [ReplyChannel] = []
    private var queue: [Waiting] = []
    private var waiting = 0
    /// Events that went on.
    private(set) var passed = 0
    /// Choices and blocks whose thoughts were changed.
    private var rethought: Set<Int> = []

    /// - Parameter largest: Bytes that one event may have.
    init(
        _ form: ReplyForm, _ framing: ReplyEvents.Framing, _ tools: Guard, _ reply: GuardedReply, restores: Bool,
        largest: Int = EventSplitter.largest
    ) {
        (self.form, self.tools, self.reply, self.restores) = (form, tools, reply, restores)
        source = ReplyEvents(framing, largest: largest)
    }

    /// The stream cannot be read on: it is not what it says it is, or an event is too large.
    var isBroken: Bool { source.isBroken }

    // MARK: Streams

    /// Takes bytes of the stream and appends what may go on. False: the reply is blocked, and nothing goes on any more.
    func take(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) -> Bool {
        source.append(bytes)
        while let event = source.next() {
            guard take(event, into: &out) else { return false }
        }
        if waiting > Self.mostWaiting {
            guard closeAll() else { return false }
            release(into: &out)
        }
        return true
    }

    /// The stream is over, maybe within an event.
    func finish(into out: inout [UInt8]) -> Bool {
        while let event = source.next(isLast: true) {
            guard take(event, into: &out) else { return false }
        }
        return end(into: &out)
    }

    /// The stream is over, or nothing more of it goes on: what is held may go.
    func end(into out: inout [UInt8]) -> Bool {
        guard !reply.isBlocked, closeAll() else { return false }
        release(into: &out)
        return true
    }

    private func take(_ event: ReplyEvents.Event, into out: inout [UInt8]) -> Bool {
        guard let document = event.document, !event.isPing else {
            // What says nothing goes past what waits; a stream's brackets do not.
            if queue.isEmpty || event.isPing { out += event.bytes } else { wait(Waiting(bytes: event.bytes, document: 0..<0, texts: [])) }
            return true
        }
        let pieces = event.bytes.withUnsafeBytes { raw in
            read(
                UnsafeRawBufferPointer(rebasing: raw[document]), name: event.name.map { UnsafeRawBufferPointer(rebasing: raw[$0]) },
                at: document.lowerBound)
        }
        guard let pieces else { return false }
        if queue.isEmpty, pieces.isEmpty {
            out += event.bytes
            passed += 1
            return true
        }
        wait(Waiting(bytes: event.bytes, document: document, texts: pieces))
        release(into: &out)
        return true
    }

    private func wait(_ event: Waiting) {
        waiting += event.bytes.count
        queue.append(event)
    }

    /// The texts of a document; nil: one of them is blocked.
    private func read(_ document: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer?, at start: Int, isWhole: Bool = false) -> [Piece]? {
        let found: ReplyTexts
        do throws(JSONProblem) { found = try ReplyTexts(document, form, name: name) } catch {
            return readOther(document, at: start)
        }
        var pieces: [Piece] = []
        pieces.reserveCapacity(found.texts.count)
        let standAlone = found.standAlone || isWhole && form != .generateContent
        for text in found.texts {
            guard let piece = push(text, of: document, at: start, standAlone: standAlone) else { return nil }
            pieces.append(piece)
        }
        for owner in found.closed { guard close({ $0.owner == owner }) else { return nil } }
        if found.closesAll { guard closeAll() else { return nil } }
        return pieces
    }

    /// What is no JSON: the mark that ends a stream, or a text of its own.
    private func readOther(_ document: UnsafeRawBufferPointer, at start: Int) -> [Piece]? {
        if document.says("[DONE]") { return closeAll() ? [] : nil }
        let text = ReplyText(range: 0..<document.count, form: .raw, kind: .words)
        guard let piece = push(text, of: document, at: start, standAlone: true) else { return nil }
        return [piece]
    }

    private func push(_ text: ReplyText, of document: UnsafeRawBufferPointer, at start: Int, standAlone: Bool) -> Piece? {
        var piece = Piece(text: text)
        piece.text.range = text.range.lowerBound + start..<text.range.upperBound + start
        guard text.form == .string || text.form == .raw else { return piece }
        let alone = standAlone || text.standsAlone
        guard let channel = channel(for: text, standAlone: alone) else { return nil }
        (piece.channel, piece.start) = (channel, channel.window.count)
        let raw = UnsafeRawBufferPointer(rebasing: document[text.range])
        let mayPass = Self.withPlain(raw, of: text) { plain in
            piece.count = plain.count
            scanned += plain.count
            return channel.window.push(plain, &reply)
        }
        guard mayPass, !alone && text.form == .string || channel.window.finish(&reply) else { return nil }
        return piece
    }

    private static func withPlain<Result>(_ raw: UnsafeRawBufferPointer, of text: ReplyText, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result
    {
        guard text.isEscaped else { return body(raw.bindMemory(to: UInt8.self)) }
        var plain: [UInt8] = []
        plain.reserveCapacity(raw.count)
        JSONEscapes.decode(raw) { plain.append($0) }
        return plain.withUnsafeBufferPointer(body)
    }

    // MARK: Channels

    /// Nil: what was open before it is blocked.
    private func channel(for text: ReplyText, standAlone: Bool) -> ReplyChannel? {
        let isJSON = text.kind == .arguments
        guard !standAlone, text.form == .string else { return ReplyChannel(text, ReplyWindow(tools, reply, isJSON: isJSON, restores: restores)) }
        // Who goes on to say something else has finished what was said before: thoughts, then words, then calls.
        guard close({ $0.owner == text.owner && $0.kind != text.kind }) else { return nil }
        if let known = open.first(where: { $0.place == text.place && $0.owner == text.owner }) { return known }
        let channel = ReplyChannel(text, ReplyWindow(tools, reply, isJSON: isJSON, restores: restores))
        open.append(channel)
        return channel
    }

    private func closeAll() -> Bool { close { _ in true } }

    private func close(_ isOver: (ReplyChannel) -> Bool) -> Bool {
        var index = 0
        while index < open.count {
            guard isOver(open[index]) else {
                index += 1
                continue
            }
            guard open[index].window.finish(&reply) else { return false }
            open.remove(at: index)
        }
        return true
    }

    // MARK: What may go

    private func release(into out: inout [UInt8]) {
        var done = 0
        while done < queue.count {
            let isCertain = queue[done].texts.allSatisfy { piece in piece.channel.map { $0.window.settled >= piece.start + piece.count } ?? true }
            guard isCertain else { break }
            write(queue[done], into: &out)
            waiting -= queue[done].bytes.count
            if !queue[done].document.isEmpty { passed += 1 }
            done += 1
        }
        queue.removeFirst(done)
    }

    private func write(_ event: Waiting, into out: inout [UInt8]) {
        guard let document = event.bytes.withUnsafeBytes({ rewritten($0, event.texts) }) else {
            out += event.bytes
            return
        }
        source.write(event.bytes, document: event.document, becomes: document[...], into: &out)
    }

    /// The bytes from the document's start on with what becomes of its texts; nil: they stay. In front of it nothing changes.
    private func rewritten(_ bytes: UnsafeRawBufferPointer, _ pieces: [Piece]) -> [UInt8]? {
        var changes: [(range: Range<Int>, text: [UInt8])] = []
        var changed: [Bool] = []
        for piece in pieces {
            guard let channel = piece.channel else {
                changed.append(false)
                continue
            }
            let raw = UnsafeRawBufferPointer(rebasing: bytes[piece.text.range])
            let text = Self.withPlain(raw, of: piece.text) { channel.window.rewritten($0, from: piece.start) }
            changed.append(text != nil)
            guard let text else { continue }
            if piece.text.kind == .thoughts { rethought.insert(piece.text.owner) }
            changes.append((piece.text.range, piece.text.form == .string ? Self.escaped(text) : text))
        }
        neutralize(pieces, changed, bytes, &changes)
        return changes.isEmpty ? nil : Self.replaced(bytes, changes)
    }

    /// What says the same in another way: a signature of thoughts that were changed, probabilities of tokens.
    private func neutralize(
        _ pieces: [Piece], _ changed: [Bool], _ bytes: UnsafeRawBufferPointer, _ changes: inout [(range: Range<Int>, text: [UInt8])]
    ) {
        guard pieces.contains(where: { $0.channel == nil }) else { return }
        for (index, piece) in pieces.enumerated() {
            switch piece.text.form {
            case .signature where changed[piece.text.first..<index].contains(true) || rethought.contains(piece.text.owner) && !source.isWhole:
                changes.append((piece.text.range, []))
            case .logprobs where !changes.isEmpty:
                let isList = bytes[piece.text.range.lowerBound] == UInt8(ascii: "[")
                changes.append((piece.text.range, Array("\(form == .anything && isList ? "[]" : form.noLogprobs)".utf8)))
            default: break
            }
        }
        changes.sort { $0.range.lowerBound < $1.range.lowerBound }
    }

    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        text.withUnsafeBytes { JSONWriter.escape($0, into: &result) }
        return result
    }

    private static func replaced(_ bytes: UnsafeRawBufferPointer, _ changes: [(range: Range<Int>, text: [UInt8])]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var at = 0
        for change in changes {
            result += bytes[at..<change.range.lowerBound]
            result += change.text
            at = change.range.upperBound
        }
        return result + bytes[at...]
    }

    // MARK: Whole replies

    /// What a whole reply becomes; nil: it stays, or it is blocked (`reply.isBlocked`).
    func whole(_ body: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let pieces = read(body, name: nil, at: 0, isWhole: true), closeAll() else { return nil }
        return rewritten(body, pieces)
    }
}

/// One text of a reply across its events.
final class ReplyChannel {
    let window: ReplyWindow
    let kind: ReplyText.Kind
    let place: UInt64
    let owner: Int

    init(_ text: ReplyText, _ window: ReplyWindow) {
        (kind, place, owner, self.window) = (text.kind, text.place, text.owner, window)
    }
}
