import NIOCore

extension ByteBuffer {
    /// The readable bytes, for parsers with typed errors.
    @inline(__always)
    func readable<Result, Problem: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        var outcome: Swift.Result<Result, Problem>?
        withUnsafeReadableBytes { raw in
            do throws(Problem) { outcome = .success(try body(raw)) } catch { outcome = .failure(error) }
        }
        return try outcome.unsafelyUnwrapped.get()
    }
}
