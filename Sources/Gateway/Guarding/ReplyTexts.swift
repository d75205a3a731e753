import Wire

/// Finds the texts of one JSON document: an event of a stream, or a whole reply. In their order.
struct ReplyTexts {
    private let form: ReplyForm
    private let bytes: UnsafeRawBufferPointer
    private(set) var texts: [ReplyText] = []
    /// Choices, blocks or items that are over.
    private(set) var closed: [Int] = []
    /// All are.
    private(set) var closesAll = false
    /// Each text is one of its own: what is said again as a whole.
    private(set) var standAlone = false
    private var type = 0..<0
    private var depth = 0
    /// Of a document in nobody's dialect: it is a piece of what a chat says.
    private var isPiece = false
    /// The member that is being read.
    private var member: UInt64 = 0

    /// - Parameter name: Of the event: of AWS event streams.
    init(_ bytes: UnsafeRawBufferPointer, _ form: ReplyForm, name: UnsafeRawBufferPointer? = nil) throws(JSONProblem) {
        self.form = form
        self.bytes = bytes
        texts.reserveCapacity(4)
        var scanner = JSONScanner(bytes)
        guard try scanner.peek() == .object else {
            try value(&scanner, nil)
            return
        }
        let owner = try object(&scanner, nil)
        conclude(owner, name)
    }

    // MARK: What an event says beside its texts

    private mutating func conclude(_ owner: Int?, _ name: UnsafeRawBufferPointer?) {
        let type = UnsafeRawBufferPointer(rebasing: bytes[type])
        switch form {
        case .choices, .generateContent: break
        case .anything: concludeAnything(type, owner, name)
        case .messages:
            if type.says("content_block_stop"), let owner { closed.append(owner) }
            if type.says("message_delta") || type.says("message_stop") { closesAll = true }
            if texts.contains(where: { $0.form == .signature }), let owner { closed.append(owner) }
        case .converse:
            if let name, name.says("contentBlockStop"), let owner { closed.append(owner) }
            if let name, name.says("messageStop") || name.says("metadata") { closesAll = true }
            if texts.contains(where: { $0.form == .signature }), let owner { closed.append(owner) }
        case .responses:
            guard !type.ends(with: ".delta") else { return rename(by: type) }
            standAlone = true
            if let owner { closed.append(owner) } else if !texts.isEmpty { closesAll = true }
        }
    }

    /// Signs of all dialects. What is no piece of a chat's answer is a text of its own.
    private mutating func concludeAnything(_ type: UnsafeRawBufferPointer, _ owner: Int?, _ name: UnsafeRawBufferPointer?) {
        if type.says("content_block_stop") || name?.says("contentBlockStop") ?? false, let owner { closed.append(owner) }
        let ends = type.says("message_delta") || type.says("message_stop") || name?.says("messageStop") ?? false || name?.says("metadata") ?? false
        if ends { closesAll = true }
        if type.starts(with: "response.".utf8) {
            isPiece = type.ends(with: ".delta")
            if isPiece { rename(by: type) } else if let owner { closed.append(owner) } else if !texts.isEmpty { closesAll = true }
        }
        standAlone = !isPiece
    }

    /// Deltas of Responses have one name for all.
    private mutating func rename(by type: UnsafeRawBufferPointer) {
        let kind: ReplyText.Kind =
            type.ends(with: "_arguments.delta")
            ? .arguments : type.contains("reasoning") ? .thoughts : type.contains("refusal") ? .refusal : type.contains("_code") ? .code : .words
        for at in texts.indices where texts[at].form == .string { texts[at].kind = kind }
    }

    // MARK: Walking

    /// `kind`: of the text that surrounds it, where one does.
    private mutating func value(_ scanner: inout JSONScanner, _ kind: ReplyText.Kind?) throws(JSONProblem) {
        switch try scanner.peek() {
        case .object: _ = try object(&scanner, kind)
        case .array:
            try scanner.enterArray()
            while try scanner.nextElement() {
                // A list of pieces of text.
                if let kind, try scanner.peek() == .string { try string(&scanner, kind) } else { try value(&scanner, kind) }
            }
        case .string where form == .anything: try lone(&scanner)
        default: try scanner.skip()
        }
    }

    /// Its index, if it has one.
    private mutating func object(_ scanner: inout JSONScanner, _ kind: ReplyText.Kind?) throws(JSONProblem) -> Int? {
        let first = texts.count
        var indices: (owner: Int?, mixed: UInt64) = (nil, 0)
        var (isOver, isThought) = (false, false)
        depth += 1
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if form == .anything { note(key, scanner) }
            switch ReplyMember.of(key, in: scanner) {
            case .text(let own): try text(&scanner, kind ?? own, own)
            case .arguments: try arguments(&scanner)
            case .input:
                if form != .converse, try scanner.peek() == .string { try string(&scanner, .words) } else { try arguments(&scanner) }
            case .index:
                guard let index = try scanner.looseInteger() else { continue }
                // The first is the outermost: of the item before those of its parts.
                if indices.owner == nil || scanner.isOutermost(key) { indices.owner = Int(truncatingIfNeeded: index) }
                indices.mixed ^= (UInt64(bitPattern: index) &+ 1) &* UInt64(key.range.count) &* 0x9E37_79B9_7F4A_7C15
            case .type:
                guard try scanner.peek() == .string else {
                    if form == .anything { try value(&scanner, kind) } else { try scanner.skip() }
                    continue
                }
                let said = try scanner.string().range.range
                if depth == 1 { type = said }
            case .finish: isOver = try isString(&scanner) || isOver
            case .thought: isThought = try isTrue(&scanner) || isThought
            case .signature: try signature(&scanner, first)
            case .logprobs: texts.append(ReplyText(range: try scanner.skip().range, form: .logprobs, kind: .words))
            case .foreign: if form == .anything { try foreign(key, &scanner) } else { try scanner.skip() }
            case .whole: if try !saysDone(key, &scanner) { try value(&scanner, kind) }
            }
        }
        depth -= 1
        settle(first, indices, isThought: isThought)
        if isOver { closed.append(indices.owner ?? 0) }
        return indices.owner
    }

    /// What an object says of the texts in it.
    private mutating func settle(_ first: Int, _ indices: (owner: Int?, mixed: UInt64), isThought: Bool) {
        guard texts.count > first, indices.owner != nil || isThought else { return }
        for at in first..<texts.count {
            if let owner = indices.owner {
                texts[at].owner = owner
                texts[at].place = (texts[at].place &* 0x100_0000_01B3) ^ indices.mixed
            }
            if isThought, texts[at].kind == .words { texts[at].kind = .thoughts }
        }
    }

    /// `own`: what the member is by its name, wherever it stands.
    private mutating func text(_ scanner: inout JSONScanner, _ kind: ReplyText.Kind, _ own: ReplyText.Kind) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string: try string(&scanner, own == .words || own == .result ? kind : own)
        case .object, .array:
            // A wrapper of that name, or a list of parts.
            try value(&scanner, own == .thoughts || own == .refusal ? own : own == .result ? nil : kind == .words ? nil : kind)
        default: try scanner.skip()
        }
    }

    private mutating func string(_ scanner: inout JSONScanner, _ kind: ReplyText.Kind) throws(JSONProblem) {
        let string = try scanner.string()
        guard string.range.count > 0 else { return }
        var text = ReplyText(range: string.range.range, form: .string, kind: kind, isEscaped: string.escaped)
        if form == .anything { text.place = member }
        texts.append(text)
    }

    // MARK: Nobody's dialect

    /// What says that a document is a piece of a chat's answer, and whether it is the last.
    private mutating func note(_ key: JSONText, _ scanner: JSONScanner) {
        member = bytes[key.range.range].reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        if scanner.text(key, is: "delta") || scanner.text(key, is: "content_block") { isPiece = true }
        guard depth == 1 else { return }
        if scanner.text(key, is: "choices") || scanner.text(key, is: "candidates") || scanner.text(key, is: "token") { isPiece = true }
    }

    /// `done: false` stands in each piece of some chats' answers. False: it is another member, or none of its own is read here.
    private mutating func saysDone(_ key: JSONText, _ scanner: inout JSONScanner) throws(JSONProblem) -> Bool {
        guard form == .anything, depth == 1, scanner.text(key, is: "done") || scanner.text(key, is: "is_finished"), try scanner.peek() == .bool
        else { return false }
        isPiece = true
        if try scanner.bool() { closesAll = true }
        return true
    }

    /// What elsewhere is nobody's words may be somebody's here, names and numbers of things aside.
    private mutating func foreign(_ key: JSONText, _ scanner: inout JSONScanner) throws(JSONProblem) {
        let isName = scanner.text(key, is: "id") || scanner.text(key, is: "encrypted_content") || scanner.text(key, is: "model")
        if isName { try scanner.skip() } else { try value(&scanner, nil) }
    }

    /// A string that is a text of its own, unless it is base64.
    private mutating func lone(_ scanner: inout JSONScanner) throws(JSONProblem) {
        let first = texts.count
        try string(&scanner, .words)
        guard texts.count > first else { return }
        if PromptReader.isBinary(UnsafeRawBufferPointer(rebasing: bytes[texts[first].range])) {
            texts.removeLast()
        } else {
            texts[first].standsAlone = true
        }
    }

    private mutating func arguments(_ scanner: inout JSONScanner) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string: try string(&scanner, .arguments)
        case .object, .array: texts.append(ReplyText(range: try scanner.skip().range, form: .raw, kind: .arguments))
        default: try scanner.skip()
        }
    }

    private mutating func signature(_ scanner: inout JSONScanner, _ first: Int) throws(JSONProblem) {
        guard try scanner.peek() == .string else {
            try scanner.skip()
            return
        }
        var text = ReplyText(range: try scanner.string().range.range, form: .signature, kind: .thoughts)
        text.first = first
        texts.append(text)
    }

    private func isString(_ scanner: inout JSONScanner) throws(JSONProblem) -> Bool {
        let isString = try scanner.peek() == .string
        try scanner.skip()
        return isString
    }

    private func isTrue(_ scanner: inout JSONScanner) throws(JSONProblem) -> Bool {
        guard try scanner.peek() == .bool else {
            try scanner.skip()
            return false
        }
        return try scanner.bool()
    }
}

extension JSONScanner {
    /// Of members with numbers the one that stands for the choice, block or item.
    fileprivate func isOutermost(_ key: JSONText) -> Bool { text(key, is: "output_index") }
}

extension UnsafeRawBufferPointer {
    func says(_ word: StaticString) -> Bool { count == word.utf8CodeUnitCount && ends(with: word) }

    func ends(with word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard count >= length else { return false }
        for place in 0..<length where self[count - length + place] != word.utf8Start[place] { return false }
        return true
    }
}
