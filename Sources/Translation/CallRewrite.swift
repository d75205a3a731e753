import NIOCore
import Wire

extension Call {
    /// Writes the body that goes to the provider: the client's bytes with the model's name replaced, our own members cut
    /// out and, if `askUsage`, usage asked for at the end of a stream. One copy, of slices.
    public func rewrite(
        _ body: UnsafeRawBufferPointer, model name: QuotedText, askUsage: Bool, into out: inout ByteBuffer
    ) {
        out.reserveCapacity(minimumWritableBytes: rewrittenLength(of: body.count, model: name, askUsage: askUsage))
        pieces(of: body, model: name, askUsage: askUsage) { out.writeBytes($0) }
    }

    /// What `rewrite` writes, piece by piece.
    public func pieces(
        of body: UnsafeRawBufferPointer, model name: QuotedText, askUsage: Bool, _ take: (UnsafeRawBufferPointer) -> Void
    ) {
        func say(_ text: StaticString) { take(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) }
        var done = 0
        edits(askUsage) { place, edit in
            take(UnsafeRawBufferPointer(rebasing: body[done..<Int(place.start)]))
            done = Int(place.end)
            switch edit {
            case .cut: break
            case .model:
                if model == nil, place.count == 0 { say("\"model\":") }
                name.bytes.withUnsafeBytes { take($0) }
                if place.count == 0, hasOthers { say(",") }
            case .usage: say(usageEdit.text)
            }
        }
        take(UnsafeRawBufferPointer(rebasing: body[done...]))
    }

    /// How many bytes `rewrite` writes, for the length in the head.
    public func rewrittenLength(of bodyCount: Int, model name: QuotedText, askUsage: Bool) -> Int {
        var length = bodyCount
        edits(askUsage) { place, edit in
            length -= place.count
            switch edit {
            case .cut: break
            case .model: length += name.bytes.count + (place.count > 0 ? 0 : hasOthers ? 9 : 8)  // "model":,
            case .usage: length += usageEdit.text.utf8CodeUnitCount
            }
        }
        return length
    }

    private enum Edit { case cut, model, usage }

    /// All edits in the order of the body. What is inserted where a cut begins comes first.
    @inline(__always) private func edits(_ askUsage: Bool, _ each: (ByteRange, Edit) -> Void) {
        var cut = 0
        var modelAt = modelPlace.start
        var usageAt = askUsage && usageEdit.form != .none ? usageEdit.place.start : .max
        while true {
            let cutAt = cut < cuts.count ? cuts[cut].start : .max
            if modelAt <= usageAt, modelAt <= cutAt {
                if modelAt == .max { return }
                each(modelPlace, .model)
                modelAt = .max
            } else if usageAt <= cutAt {
                each(usageEdit.place, .usage)
                usageAt = .max
            } else {
                each(cuts[cut], .cut)
                cut += 1
            }
        }
    }
}
