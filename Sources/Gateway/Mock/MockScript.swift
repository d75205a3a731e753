import Routing
import Translation
import Wire

/// One thing the mock provider does, in the order of an answer.
enum MockStep: Hashable, Sendable {
    case send([UInt8], tokens: Int = 0)
    case wait(Duration)
    /// Answered; the connection may be used again.
    case done
    /// Closes when all is sent.
    case close
    case reset
    /// Does nothing more and keeps the connection.
    case silence
}

/// The answer to one request, step by step: no clock, no socket, no chance.
struct MockScript {
    /// What was sent before a reset may get lost with it unless the peer has a moment to read it.
    private static let moment = Duration.milliseconds(10)

    private let bodies: MockBodies
    private let keepAlive: Bool
    private var steps: [MockStep] = []
    private var at = 0
    /// Of a stream; the next token's number and how many there are.
    private var token = 0
    private var tokens = 0
    private var streaming = false
    /// The answer has been said to its end, though the connection may have to close.
    private(set) var isWhole = false
    private let words: [Substring]

    private var fault: MockFault? { bodies.fault }
    private var behaviour: MockBehaviour { bodies.behaviour }

    init(_ request: MockRequest, _ behaviour: MockBehaviour, number: Int, keepAlive: Bool) {
        let fault = behaviour.fault(of: number)
        bodies = MockBodies(request: request, behaviour: behaviour, fault: fault, number: number)
        words = behaviour.text.split(separator: " ")
        self.keepAlive = keepAlive && fault?.kind != .conflictingLength
        begin()
    }

    /// Nil after the last step.
    mutating func next() -> MockStep? {
        while at == steps.count {
            guard streaming else { return nil }
            steps.removeAll(keepingCapacity: true)
            at = 0
            step()
        }
        at += 1
        return steps[at - 1]
    }

    // MARK: Before the reply

    private mutating func begin() {
        switch fault?.kind {
        case .hang: return steps = [.silence]
        case .reset: return steps = [.wait(behaviour.latency), .reset]
        case .close: return steps = [.wait(behaviour.latency), .close]
        case .garbage: return steps = [.wait(behaviour.latency), .send(Array("\u{1}SSH-2.0-not HTTP\r\n\r\n".utf8)), .close]
        default: break
        }
        steps.append(.wait(behaviour.latency + (fault?.kind == .slowFirstByte ? fault?.delay ?? .zero : .zero)))
        let asked = bodies.request.asked
        if let fault, fault.kind == .status || fault.kind == .html {
            refuse(fault)
        } else if bodies.request.stream, asked == .chat || asked == .completions {
            beginStream()
        } else {
            answerWhole()
        }
    }

    private mutating func refuse(_ fault: MockFault) {
        if fault.kind == .html {
            let page = "<html><head><title>\(fault.status)</title></head><body><center><h1>\(fault.status) mock</h1></center></body></html>"
            return whole(status: fault.status, type: "text/html", Array(page.utf8))
        }
        let type = fault.status == 429 ? "rate_limit_error" : fault.status < 500 ? "invalid_request_error" : "server_error"
        let body = MockBodies.error("the mock provider was told to answer \(fault.status)", type: type, code: fault.code)
        var fields = ""
        if let wait = fault.retryAfter {
            let milliseconds = wait.nanoseconds / 1_000_000
            fields = "retry-after: \((milliseconds + 999) / 1000)\r\nretry-after-ms: \(milliseconds)\r\n"
        }
        whole(status: fault.status, fields: fields, Array(body.utf8))
    }

    // MARK: Whole

    private mutating func answerWhole() {
        let asked = bodies.request.asked
        if asked == .chat || asked == .completions {
            let behaviour = self.behaviour
            steps.append(.wait(behaviour.firstToken + behaviour.tokenInterval * max(0, bodies.tokens - 1)))
        }
        var body = Array(bodies.whole().utf8)
        var status = 200
        if asked == .unknown { status = 404 }
        if case .model(let name) = asked, !behaviour.models.contains(name) { status = 404 }
        if fault?.kind == .errorEvent { body = Array(Self.overloaded.utf8) }
        if fault?.kind == .malformedJSON { body.removeLast(body.count / 3) }
        whole(status: status, body, tokens: asked == .chat || asked == .completions ? bodies.tokens : 0)
    }

    private static let overloaded = MockBodies.error("the mock provider was told to fail", type: "server_error", code: "overloaded")

    private mutating func whole(
        status: Int, type: String = "application/json", fields: String = "", _ body: [UInt8], tokens: Int = 0
    ) {
        let chunked = fault?.kind == .badChunk || fault?.kind == .conflictingLength
        let framing = (fault?.kind == .badChunk ? "" : "content-length: \(body.count)\r\n") + (chunked ? "transfer-encoding: chunked\r\n" : "")
        let head = head(status: status, type: type, fields: fields + framing)
        switch fault?.kind {
        case .resetMidstream, .truncate, .stall:
            steps.append(.send(head + body[..<(body.count / 2)]))
            strikeConnection()
        case .badChunk: steps += [.send(head + Array("zz\r\n".utf8) + body), .close]
        default:
            send(head + body, tokens: tokens)
            end()
        }
    }

    private func head(status: Int, type: String, fields: String) -> [UInt8] {
        let type = fault?.kind == .wrongType ? "text/plain" : type
        let close = keepAlive ? "" : "connection: close\r\n"
        return Array(
            ("HTTP/1.1 \(status) \(status < 400 ? "OK" : "Fault")\r\ncontent-type: \(type)\r\nx-request-id: req_mock_\(bodies.number)\r\n"
                + "\(fields)\(close)\r\n").utf8)
    }

    // MARK: Streams

    private mutating func beginStream() {
        streaming = true
        tokens = fault?.kind == .endless ? .max : bodies.tokens
        let framing = "transfer-encoding: chunked\r\n" + (fault?.kind == .conflictingLength ? "content-length: 10\r\n" : "")
        send(head(status: 200, type: "text/event-stream; charset=utf-8", fields: "cache-control: no-cache\r\n" + framing))
        if bodies.request.asked == .chat { event(bodies.chunk(text: nil)) }
        if behaviour.firstToken > .zero { steps.append(.wait(behaviour.firstToken)) }
    }

    private mutating func step() {
        if let fault, token == min(fault.afterTokens, tokens), strike(fault.kind) { return }
        guard token < tokens else { return endStream(bodies.finishReason) }
        if token > 0, behaviour.tokenInterval > .zero { steps.append(.wait(behaviour.tokenInterval)) }
        event(bodies.chunk(text: bodies.token(token, words)), tokens: 1)
        token += 1
    }

    /// Whether the stream ends with this.
    private mutating func strike(_ kind: MockFault.Kind) -> Bool {
        switch kind {
        case .resetMidstream, .truncate, .stall: strikeConnection()
        case .noDone: endStream(nil, done: false)
        case .errorEvent:
            event(Self.overloaded)
            endStream(nil, done: false)
        case .contentFilter: endStream("content_filter")
        case .malformedJSON:
            event(String(bodies.chunk(text: "never whole").dropLast(3)))
            endStream(nil)
        case .badChunk:
            steps += [.send(Array("zz\r\n".utf8)), .close]
            streaming = false
        case .hugeEvent:
            event(bodies.chunk(text: String(repeating: "huge ", count: 420_000)), tokens: 1)
            return false
        default: return false
        }
        return true
    }

    private mutating func strikeConnection() {
        streaming = false
        switch fault?.kind {
        case .resetMidstream: steps += [.wait(Self.moment), .reset]
        case .truncate: steps += [.close]
        default: steps += [.silence]
        }
    }

    private mutating func endStream(_ reason: String?, done: Bool = true) {
        streaming = false
        if let reason {
            event(bodies.chunk(text: nil, finish: reason))
            if bodies.request.includeUsage, let usage = bodies.usageChunk(completion: token) {
                event(usage)
                if fault?.kind == .doubleUsage { event(usage) }
            }
        }
        if done { event("[DONE]") }
        send(Array("0\r\n\r\n".utf8))
        end()
    }

    private mutating func event(_ data: String, tokens: Int = 0) {
        let bytes = Array("data: \(data)\n\n".utf8)
        if fault?.kind == .split {
            send(bytes.flatMap { Array("1\r\n".utf8) + [$0, 13, 10] }, tokens: tokens)
        } else {
            send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10], tokens: tokens)
        }
    }

    // MARK: Both

    private mutating func send(_ bytes: [UInt8], tokens: Int = 0) {
        guard let fault, fault.kind == .slowLoris else { return steps.append(.send(bytes, tokens: tokens)) }
        for (index, byte) in bytes.enumerated() { steps += [.send([byte], tokens: index == 0 ? tokens : 0), .wait(fault.delay)] }
    }

    private mutating func end() {
        isWhole = true
        steps.append(keepAlive && fault?.kind != .closeIdle ? .done : .close)
    }
}
