import NIOCore
import Translation
import Wire

// A client's connection while a body goes through it bit by bit, or another protocol.
extension ClientChannel {
    /// Sends the request in hand on before its body is whole, where a pass-through endpoint takes it. False: it is not for one.
    func beginUpload() -> Bool {
        guard loop.live.passes != nil, let received else { return false }
        let request = ClientRequest(head: head, bytes: received, body: ByteBuffer())
        let reception = Reception(client: self, loop: loop)
        guard let match = reception.passMatch(request), !reception.gathersPassed(request, to: match.endpoint) else { return false }
        phase = .upload
        upload = Upload(head.framing, limit: limits.requestBytes)
        reception.pass(request, match, bodyFollows: true)
        guard phase == .upload else { return true }
        self.received?.moveReaderIndex(forwardBy: head.length)
        goOn()
        armUpload()
        return true
    }

    func armUpload() { loop.deadlines.arm(self, at: loop.time + limits.bodyTimeout) }

    /// True when there may be more to do.
    func feedUpload() -> Bool {
        guard let passage, var bytes = received, upload != nil else { return false }
        received = nil
        guard let step = upload?.take(&bytes, loop.allocator) else { return false }
        if bytes.readableBytes > 0 { received = bytes }
        switch step {
        case .more(let piece):
            armUpload()
            if let piece { passage.take(piece) }
        case .ended(let piece):
            if let piece { passage.take(piece) }
            guard phase == .upload else { return false }
            phase = .serving
            upload = nil
            armServing()
            pauseReading(false)
            passage.bodyEnded()
        case .refused(let refusal):
            closeAfterAnswer()
            passage.bodyBroke(refusal)
        }
        return false
    }

    /// The other side takes no more, or again.
    func holdBody(_ hold: Bool) {
        guard phase == .upload || phase == .tunnel, hold != readingPaused else { return }
        pauseReading(hold)
        guard phase == .upload else { return }
        // While the other side is the one that is slow, it is its time that counts.
        if hold { loop.deadlines.disarm(self) } else { armUpload() }
    }

    /// From now on bytes are bytes: the protocol has changed.
    func beginTunnel() {
        phase = .tunnel
        closeAfterAnswer()
        loop.deadlines.disarm(self)
        if readingPaused { pauseReading(false) }
        guard let early = received else { return }
        received = nil
        passage?.clientBytes(early)
    }
}
