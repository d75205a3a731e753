import Glibc

/// Unbuffered, so that a line is there as soon as it is said.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case errors = 2

    public func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
