import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The signals that steer a running gateway, as they come. Their default actions are off from `init` on.
final class Signals {
    enum Wish: Sendable {
        /// SIGTERM or SIGINT: end in good order.
        case drain
        /// SIGHUP: read the settings again.
        case reload
    }

    let wishes: AsyncStream<Wish>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (wishes, continuation) = AsyncStream.makeStream(of: Wish.self)
        self.wishes = wishes
        signal(SIGPIPE, SIG_IGN)
        sources = [(SIGTERM, Wish.drain), (SIGINT, .drain), (SIGHUP, .reload)].map { number, wish in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(wish) }
            source.resume()
            return source
        }
    }
}
