import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Wakes one sleeping thread. A signal that comes first is not lost.
struct WakeUp: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func signal() { semaphore.signal() }
    func wait() { semaphore.wait() }
    /// Or until so much time has passed.
    func wait(milliseconds: Int) { _ = semaphore.wait(timeout: .now() + .milliseconds(milliseconds)) }
}

/// Lets the thread sleep, which is none of an event loop.
func pauseThread(_ duration: Duration) { usleep(UInt32(clamping: duration.nanoseconds / 1_000)) }

/// A plain thread for a background writer, outside the cooperative pool since it blocks.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let failed = pthread_create(
        &thread, nil,
        { argument in
            let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
            box.body()
            return nil
        }, box.toOpaque())
    precondition(failed == 0, "a thread can be started when the gateway starts")
    pthread_detach(thread)
}
