import Glibc
import Storage

/// A process of its own, made to be killed: this very test program, running one suite.
struct Child: ~Copyable {
    /// The descriptor on which it says what it has done.
    static let saying: Int32 = 9
    private let process: pid_t
    private let heard: Int32

    init(_ suite: String, _ environment: [String: String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw StoreFailure(.other, path: "", "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], Self.saying)
        for output: Int32 in [1, 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        let arguments = ["/proc/self/exe", "--testing-library", "swift-testing", "--filter", suite]
        var names = environment.map { "\($0.key)=\($0.value)" }
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"] {
            if let value = getenv(name) { names.append("\(name)=\(String(cString: value))") }
        }
        let path = try Self.program()
        var process: pid_t = 0
        let code = Self.withStrings(arguments) { arguments in
            Self.withStrings(names) { names in posix_spawn(&process, path, &actions, nil, arguments, names) }
        }
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw StoreFailure(.other, path: path, "no child: error \(code)")
        }
        (self.process, heard) = (process, ends[0])
    }

    /// What it said until it was killed, which is when it had said so many bytes.
    consuming func kill(afterReading count: Int) -> String {
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4_096)
        var isKilled = false
        while case let read = Glibc.read(heard, &block, isKilled ? block.count : min(block.count, max(1, count - text.count))), read > 0 {
            text += block[..<read]
            if text.count >= count, !isKilled {
                Glibc.kill(process, SIGKILL)
                isKilled = true
            }
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(heard)
        return String(decoding: text, as: UTF8.self)
    }

    private static func program() throws -> String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let length = readlink("/proc/self/exe", &bytes, bytes.count - 1)
        guard length > 0 else { throw StoreFailure(.other, path: "/proc/self/exe", "cannot be read") }
        return String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func withStrings<Result>(_ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("there is a nil at least") }
            return body(start)
        }
    }
}
