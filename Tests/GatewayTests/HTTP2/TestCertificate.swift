import Glibc

/// Self-signed for `localhost` and 127.0.0.1 until 2126, made for these tests:
/// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost
///     -addext subjectAltName=DNS:localhost,IP:127.0.0.1
enum TestCertificate {
    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHkBhhT7T18cM3UPY
        szzy4bZHtKehzfXnkGewDb9Mz+6hRANCAAQQLJ7FvSzCEzQMpxtNAo1Sqaj4hMxq
        MoNQBL+G4jN9k1kL+dI69YH7KCFdaTLv+I60GyqOdcJUXJP3TvJfmksa
        -----END PRIVATE KEY-----
        """

    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBmjCCAUGgAwIBAgIUSf0Z7785Z4+NKyy1kbcKRu7mvZ8wCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEzMDI1N1oYDzIxMjYxMDI4
        MTMwMjU3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQQLJ7FvSzCEzQMpxtNAo1Sqaj4hMxqMoNQBL+G4jN9k1kL+dI69YH7
        KCFdaTLv+I60GyqOdcJUXJP3TvJfmksao28wbTAdBgNVHQ4EFgQUZs6vVN+opXuL
        Af0p6JzjLMCOo28wHwYDVR0jBBgwFoAUZs6vVN+opXuLAf0p6JzjLMCOo28wDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDRwAwRAIgVTZJkt2iCEyqSZvjHHkqqCAygL/HHCmyCzuc6BZ+o3YCICp6
        bUNBYR9VGYy77TLlYFwFMB1dil/rJWREvExpBOU3
        -----END CERTIFICATE-----
        """

    /// A file of its own for whoever wants a path.
    static func write() -> String {
        var path = Array("/tmp/swiftlet-certificate-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        precondition(file >= 0, "no temporary file")
        let bytes = Array(certificate.utf8) + [UInt8(ascii: "\n")]
        precondition(Glibc.write(file, bytes, bytes.count) == bytes.count)
        close(file)
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
