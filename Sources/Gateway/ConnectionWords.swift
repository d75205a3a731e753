import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What went wrong on a connection, in words for an operator: some of them reach clients and logs. What the libraries say themselves names
/// their functions and files of the machine they were built on.
public enum ConnectionWords {
    public static func of(_ error: any Error) -> String {
        switch error {
        case let error as IOError: system(error.errnoCode)
        case let error as NIOConnectionError: connecting(error)
        case let error as NIOSSLError: handshake(error) ?? "\(error)"
        case let error as BoringSSLError: stack(error) ?? "\(error)"
        default: "\(error)"
        }
    }

    private static func system(_ code: CInt) -> String { String(cString: strerror(code)) }

    /// Each address is tried; the first one's reason stands for all.
    private static func connecting(_ error: NIOConnectionError) -> String {
        if let lookup = error.dnsAError ?? error.dnsAAAAError { return "the name \(error.host) cannot be resolved\(reason(lookup))" }
        return error.connectionErrors.first.map { of($0.error) } ?? "no address of \(error.host) answers"
    }

    /// ": Name or service not known" of "SocketAddressError.UnknownHost: Name or service not known (error -2) for host …".
    private static func reason(_ lookup: any Error) -> String {
        let words = "\(lookup)".split(separator: ": ")
        guard words.count > 1, let said = words[1].split(separator: " (").first else { return "" }
        return ": \(said)"
    }

    private static func handshake(_ error: NIOSSLError) -> String? {
        switch error {
        case .handshakeFailed(let inner): stack(inner).map { "handshake failed: \($0)" }
        case .unableToValidateCertificate: "its certificate cannot be verified"
        case .uncleanShutdown: "the connection was cut off"
        default: nil
        }
    }

    /// `WRONG_VERSION_NUMBER` of "error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at FILE:LINE".
    private static func stack(_ error: BoringSSLError) -> String? {
        guard case .sslError(let errors) = error, let first = errors.first else { return nil }
        let words = "\(first)".split(separator: ":")
        guard let code = words.first(where: { $0.contains("_") && $0.first?.isUppercase == true && !$0.hasPrefix("OPENSSL") }) else { return nil }
        return switch code.prefix(while: { $0 != " " }) {
        case "WRONG_VERSION_NUMBER": "what answers there speaks no TLS (WRONG_VERSION_NUMBER)"
        case "CERTIFICATE_VERIFY_FAILED": "its certificate cannot be verified (CERTIFICATE_VERIFY_FAILED)"
        case let other: String(other)
        }
    }
}
