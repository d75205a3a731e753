import Glibc

/// Small text files, those of /proc among them, whose size is not known before they are read.
enum TextFile {
    /// Empty when it cannot be read.
    static func read(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &bytes, bytes.count)
            guard count > 0 else { break }
            all += bytes[..<count]
        }
        return String(decoding: all, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws { try put(text, to: path, O_TRUNC) }

    static func append(_ text: String, to path: String) throws { try put(text, to: path, O_APPEND) }

    private static func put(_ text: String, to path: String, _ mode: Int32) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o644)
        guard file >= 0 else { throw BenchProblem.system("open \(path)") }
        defer { close(file) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw BenchProblem.system("write \(path)") }
            rest = rest.dropFirst(count)
        }
    }
}
