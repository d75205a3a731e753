import NIOCore
import Routing
import Wire

/// Asks an upstream and takes its reply. Lives on the loop of the connection.
protocol UpstreamCaller: AnyObject {
    var loop: Loop { get }

    /// `reused`: the connection has served before, so that it may be dead already.
    func connected(_ channel: UpstreamChannel, reused: Bool)
    func notConnected(_ reason: String)

    func replyBegan(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer)
    /// `last`: the reply ends with these bytes, and `replyEnded` follows in the same turn.
    func replyBytes(_ bytes: UnsafeRawBufferPointer, last: Bool)
    /// One read's worth has been handed over.
    func readEnded()
    func replyEnded()

    func connectionLost(beforeReply: Bool)
    func connectionProblem(_ error: any Error)
    func upstreamTimedOut()
    func replyMalformed(_ reason: String)
    /// A shared connection has said what became of the reply.
    func replyBroke(_ fault: Fault, _ reason: String)
    /// The upstream takes more of the request, or no more until it says so.
    func upstreamWritable(_ writable: Bool)
}

extension UpstreamCaller {
    func upstreamWritable(_ writable: Bool) {}
}

/// Answers the request that a client's connection has in hand.
protocol ClientServer: AnyObject {
    func clientGone()
    func clientWritable(_ writable: Bool)
    /// The whole exchange took longer than anything may.
    func outOfTime()
    func shutDown()
}

/// How a reply to a request is read.
struct ReplyMode {
    /// The request was a HEAD: there is no body, whatever the head says.
    var toHead = false
    /// The request asked for another protocol.
    var mayUpgrade = false
    /// The request's body follows its head bit by bit.
    var bodyFollows = false
}
