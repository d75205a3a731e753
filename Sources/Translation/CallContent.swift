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

    mutating func value() throws(JSONProblem) -> ByteRange? {
        let isNull = try scanner.peek() == .null
        let range = try scanner.skip()
        return isNull ? nil : range
    }

    mutating func messages() throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            try scanner.skip()
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "content") { try content() } else { call.textBytes += try scanner.skip().count }
            }
        }
    }

    private mutating func content() throws(JSONProblem) {
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
            try part()
        }
    }

    private mutating func part() throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "type"), try scanner.peek() == .string {
                let type = try scanner.string()
                if scanner.text(type, is: "image_url") || scanner.text(type, is: "input_image") {
                    call.needs.insert(.vision)
                    call.images += 1
                } else if scanner.text(type, is: "input_audio") {
                    call.needs.insert(.audio)
                } else if scanner.text(type, is: "file") {
                    call.needs.insert(.documents)
                }
                continue
            }
            let range = try scanner.skip()
            if scanner.text(name, is: "input_audio") || scanner.text(name, is: "file") {
                call.attachmentBytes += range.count
            } else if !scanner.text(name, is: "image_url") {
                call.textBytes += range.count
            }
        }
    }

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
            if scanner.text(name, is: "session_id") { call.session = try looseText() } else { try scanner.skip() }
        }
        call.metadata = ByteRange(start, scanner.offset)
    }
}
