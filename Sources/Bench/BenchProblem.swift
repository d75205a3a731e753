import Glibc

/// What keeps a measurement from being made: said to the person who started it, never retried.
public struct BenchProblem: Error, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }

    /// Names the system call that failed and what `errno` says of it.
    static func system(_ call: String) -> BenchProblem { BenchProblem("\(call): \(String(cString: strerror(errno)))") }
}
