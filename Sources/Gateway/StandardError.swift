import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Standard error, one writer at a time, so that lines of several threads never mix.
public enum StandardError {
    private static let turn = Locked(())

    /// Blocks while the reader is slow: never called on an event loop. A standard error that is closed loses the rest;
    /// there is nowhere left to say so.
    public static func write(_ bytes: [UInt8]) {
        turn.withLock { _ in
            bytes.withUnsafeBytes { bytes in
                var at = 0
                while at < bytes.count {
                    let written = writeSome(STDERR_FILENO, bytes.baseAddress! + at, bytes.count - at)
                    if written < 0, errno == EINTR { continue }
                    if written <= 0 { return }
                    at += written
                }
            }
        }
    }

    public static func write(_ line: LogLine) { write(line.bytes + [UInt8(ascii: "\n")]) }
}

private func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(descriptor, bytes, count) }
