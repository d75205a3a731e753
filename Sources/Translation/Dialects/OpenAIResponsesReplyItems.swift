import Routing
import Wire

// The items of an answer and the events of their life.
extension OpenAIResponsesReplyWriter {
    func openPart(_ kind: ResponsesItem.PartKind) {
        awaits = nil
        if kind == .refusal { hasRefusal = true }
        if item?.kind != .message { openItem(.message) }
        item?.begin(kind)
        event("response.content_part.added") { json in
            self.place(&json)
            json.name("part")
            self.item?.writePart(&json, empty: true)
        }
    }

    func closePart() {
        guard item?.hasPart == true else { return }
        let isText = item?.part == .text
        event(isText ? "response.output_text.done" : "response.refusal.done") { json in
            self.place(&json)
            json.name(isText ? "text" : "refusal")
            json.quoted(self.item?.text ?? [])
            if isText { self.item?.writeLogprobs(&json) }
        }
        event("response.content_part.done") { json in
            self.place(&json)
            json.name("part")
            self.item?.writePart(&json, empty: false)
        }
        item?.endPart()
    }

    func openItem(_ kind: ResponsesItem.Kind, id: String? = nil, callID: String? = nil, name: TextSlice? = nil) {
        closeItem()
        let prefix = kind == .message ? "msg" : kind == .call ? "fc" : "rs"
        let own = "\(prefix)_\(context.requestID)_\(itemCount)"
        var opened = ResponsesItem(kind, id: id ?? own)
        if kind == .call {
            opened.callID = callID ?? "call_\(context.requestID)_\(itemCount)"
            name?.decode { opened.name.append($0) }
        }
        item = opened
        event("response.output_item.added") { json in
            json.member("output_index", self.itemCount)
            json.name("item")
            self.item?.write(&json, status: "in_progress")
        }
    }

    func closeItem() {
        guard item != nil else { return }
        switch item?.kind {
        case .message: closePart()
        case .call: closeCall()
        default: closeSummary()
        }
        // Only the last item of an answer that was cut off is incomplete, and then the reason is known here.
        let status: StaticString = finish?.reason != nil || failure != nil ? "incomplete" : "completed"
        var json = JSONWriter(capacity: 256 + (item?.text.count ?? 0))
        item?.write(&json, status: status)
        finishItem(json.bytes)
        item = nil
    }

    func finishItem(_ bytes: [UInt8]) {
        event("response.output_item.done") { json in
            json.member("output_index", self.itemCount)
            json.name("item")
            bytes.withUnsafeBytes { json.raw($0) }
        }
        if itemCount > 0 { items.append(UInt8(ascii: ",")) }
        items.append(contentsOf: bytes)
        itemCount += 1
    }

    func closeCall() {
        if item?.text.isEmpty == true { piece(TextSlice("{}")) }
        event("response.function_call_arguments.done") { json in
            self.place(&json)
            json.name("name")
            self.item?.name.withUnsafeBytes { json.escaping($0) }
            json.name("arguments")
            json.quoted(self.item?.text ?? [])
        }
    }

    func closeSummary() {
        guard item?.hasPart == true else { return }
        event("response.reasoning_summary_text.done") { json in
            self.place(&json)
            json.name("text")
            json.quoted(self.item?.text ?? [])
        }
        event("response.reasoning_summary_part.done") { json in
            self.place(&json)
            json.name("part")
            json.textPart("summary_text", self.item?.text ?? [])
        }
    }

    /// An item that is complete in itself.
    func writeWhole(_ json: JSONSlice) {
        closeItem()
        let bytes = Array(json.bytes)
        event("response.output_item.added") { json in
            json.member("output_index", self.itemCount)
            json.name("item")
            bytes.withUnsafeBytes { json.raw($0) }
        }
        finishItem(bytes)
    }

    func write(_ media: Media) {
        isIgnoring = true
        guard media.kind == .image, case .base64(let data) = media.source else { return loss.lose("output[\(itemCount)]") }
        var json = JSONWriter(capacity: data.bytes.count + 128)
        json.object { json in
            json.member("type", word: "image_generation_call")
            json.member("id", "ig_\(context.requestID)_\(itemCount)")
            json.member("status", word: "completed")
            json.member("result", data)
        }
        json.bytes.withUnsafeBytes { writeWhole(JSONSlice($0)) }
    }

    // MARK: Events

    func event(_ name: StaticString, _ members: (inout JSONWriter) -> Void) {
        guard context.isStream else { return }
        output.framing("event: ")
        output.framing(name)
        output.framing("\ndata: ")
        output.beginObject()
        output.member("type", word: name)
        output.member("sequence_number", sequence)
        sequence += 1
        members(&output)
        output.endObject()
        output.framing("\n\n")
    }

    /// Which item, and where in it.
    func place(_ json: inout JSONWriter, summary: Bool = false) {
        json.name("item_id")
        json.string(item?.id ?? "")
        json.member("output_index", itemCount)
        switch item?.kind {
        case .message: json.member("content_index", item?.partIndex ?? 0)
        case .reasoning: json.member("summary_index", 0)
        default: break
        }
    }
}
