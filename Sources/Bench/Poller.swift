import CBytes
import Glibc

/// The sockets that have something to say, level-triggered.
final class Poller {
    private let epoll: Int32
    private let ready: UnsafeMutableBufferPointer<cepoll_ready>

    init() throws {
        epoll = cepoll_create()
        guard epoll >= 0 else { throw BenchProblem.system("epoll_create1") }
        ready = .allocate(capacity: 256)
    }

    deinit {
        close(epoll)
        ready.deallocate()
    }

    func add(_ socket: Int32) throws {
        guard cepoll_add(epoll, socket, UInt32(CEPOLL_IN)) == 0 else { throw BenchProblem.system("epoll_ctl") }
    }

    /// Whether to be told too when `socket` takes bytes again.
    func watchWritable(_ socket: Int32, _ wanted: Bool) {
        _ = cepoll_change(epoll, socket, UInt32(CEPOLL_IN | (wanted ? CEPOLL_OUT : 0)))
    }

    /// At most 256 sockets, waited for at most `timeout` nanoseconds; for ever when nil. Valid until the next call.
    func wait(_ timeout: Int64?) throws -> Slice<UnsafeMutableBufferPointer<cepoll_ready>> {
        let count = cepoll_wait(epoll, ready.baseAddress, Int32(ready.count), timeout.map { max($0, 0) } ?? -1)
        guard count >= 0 else { throw BenchProblem.system("epoll_pwait2") }
        return ready.prefix(Int(count))
    }
}

extension cepoll_ready {
    var takesBytes: Bool { events & UInt32(CEPOLL_OUT) != 0 }
    var hasBytes: Bool { events & UInt32(CEPOLL_IN | CEPOLL_BROKEN) != 0 }
}

extension UnsafeRawBufferPointer {
    /// Offset of the first `needle`, or nil.
    func offset(of needle: StaticString) -> Int? {
        let found = cbytes_find(baseAddress, count, needle.utf8Start, needle.utf8CodeUnitCount)
        return found < 0 ? nil : found
    }

    /// The same, with the case of ASCII letters ignored at the front of this buffer; `lowercase` is lower case.
    func startsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count >= lowercase.utf8CodeUnitCount else { return false }
        for index in 0..<lowercase.utf8CodeUnitCount {
            let byte = self[index]
            let folded = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if folded != lowercase.utf8Start[index] { return false }
        }
        return true
    }

    /// The decimal number after optional blanks, up to what is no digit.
    func decimal() -> Int {
        var number = 0
        for byte in self {
            if byte == 0x20 || byte == 0x09 { continue }
            guard byte >= 0x30, byte <= 0x39, number < 1 << 40 else { break }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }
}
