import Glibc

/// Nanoseconds of the clock that only runs forward. The bench counts in plain integers: a `Duration` has two of them.
enum Monotonic {
    static func now() -> Int64 {
        var spec = timespec()
        clock_gettime(CLOCK_MONOTONIC, &spec)
        return Int64(spec.tv_sec) * 1_000_000_000 + Int64(spec.tv_nsec)
    }

    static func sleep(milliseconds: Int) { usleep(UInt32(milliseconds) * 1_000) }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
