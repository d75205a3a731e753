import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The signals that steer a running gateway, as they come.
enum Signals {
    enum Wish: Sendable {
        /// SIGTERM or SIGINT: end in good order.
        case drain
        /// SIGHUP: read the settings again.
        case reload
    }

    /// The default action of these signals is off from here on.
    static func wishes() -> AsyncStream<Wish> {
        let sources = [(SIGTERM, Wish.drain), (SIGINT, .drain), (SIGHUP, .reload)].map { number, wish in
            signal(number, SIG_IGN)
            return (DispatchSource.makeSignalSource(signal: number, queue: .global()), wish)
        }
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream { continuation in
            for (source, wish) in sources {
                source.setEventHandler { continuation.yield(wish) }
                source.resume()
            }
            continuation.onTermination = { _ in for (source, _) in sources { source.cancel() } }
        }
    }
}
