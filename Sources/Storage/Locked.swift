import Synchronization

/// A value behind a `Mutex`, whose order ThreadSanitizer can see.
///
/// The lock of Swift 6.3's `Mutex` is taken inside the standard library, which is built without the sanitizer: what it
/// guards looks like a race (two threads appending to one array under a `Mutex` are reported). The atomic is inlined
/// here, so its release and acquire tell the sanitizer what the lock does anyway; on x86 they are two plain moves.
public struct Locked<Value>: ~Copyable, Sendable {
    @usableFromInline let mutex: Mutex<Value>
    @usableFromInline let order = Atomic(false)

    public init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Release before calling out: `body` must not wait, nor take the lock again.
    @inlinable
    public borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { (value) throws(Failure) -> sending Result in
            _ = order.load(ordering: .acquiring)
            defer { order.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
