import Gateway
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// A connection of operators over TLS, with the certificate that holds when it begins: Hummingbird's own keeps the one it was made with.
struct SecureChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let certificate: ServerCertificate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificate.context))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

extension HTTPServerBuilder {
    /// - Parameter certificate: Nil: plain HTTP.
    static func http1(_ certificate: ServerCertificate?) -> HTTPServerBuilder {
        guard let certificate else { return .http1() }
        return HTTPServerBuilder { SecureChannel(base: HTTP1Channel(responder: $0), certificate: certificate) }
    }
}
