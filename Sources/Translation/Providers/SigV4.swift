import Crypto

/// AWS's credentials, long-lived or of a session.
public struct AWSCredentials: Hashable, Sendable {
    public var accessKeyID: String
    public var secretAccessKey: String
    public var sessionToken: String?

    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        (self.accessKeyID, self.secretAccessKey, self.sessionToken) = (accessKeyID, secretAccessKey, sessionToken)
    }
}

extension AWSCredentials: CustomStringConvertible, CustomReflectable {
    public var description: String { "AWS key \(accessKeyID)" }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

/// Signature Version 4 (AWS General Reference, "Create a signed AWS API request"; botocore/auth.py, SigV4Auth).
public struct SigV4: Sendable {
    public var credentials: AWSCredentials
    public var region: String
    public var service: String

    public init(credentials: AWSCredentials, region: String, service: String) {
        (self.credentials, self.region, self.service) = (credentials, region, service)
    }

    public struct Signature: Hashable, Sendable {
        /// In hexadecimal, as `x-amz-content-sha256`.
        public var payloadHash: String
        /// `20250102T030405Z`, as `x-amz-date`.
        public var date: String
        public var canonicalRequest: String
        public var authorization: String
    }

    /// Signs `method` on `path`, as it stands in the request line with its query, and `headers`, of which names are in lower
    /// case; what the signature itself sends (`x-amz-date` and so on) is added to them here.
    public func sign(
        _ method: String = "POST", path: String, headers: [(name: String, value: String)], payload: some Sequence<UnsafeRawBufferPointer>,
        unixSeconds: Int64
    ) -> Signature {
        var digest = SHA256()
        for piece in payload { digest.update(bufferPointer: piece) }
        let payloadHash = digest.finalize().hexadecimal
        let date = Self.date(unixSeconds)
        var signed = headers.filter { $0.name != "authorization" } + [("x-amz-content-sha256", payloadHash), ("x-amz-date", date)]
        if let token = credentials.sessionToken { signed.append(("x-amz-security-token", token)) }
        signed.sort { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let canonical =
            ([method, Self.canonicalPath(path), Self.canonicalQuery(path)] + signed.map { "\($0.name):\(Self.trimmed($0.value))" }
            + ["", names, payloadHash]).joined(separator: "\n")
        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(SHA256.hash(data: Array(canonical.utf8)).hexadecimal)"
        let signature = Self.mac(text, key: key(day)).hexadecimal
        let authorization = "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return Signature(payloadHash: payloadHash, date: date, canonicalRequest: canonical, authorization: authorization)
    }

    private func key(_ day: String) -> SymmetricKey {
        [day, region, service, "aws4_request"].reduce(SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))) { key, text in
            SymmetricKey(data: Self.mac(text, key: key))
        }
    }

    private static func mac(_ text: String, key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
    }

    /// Every service but S3 has the path, which is encoded already, encoded once more: `%3A` becomes `%253A`.
    static func canonicalPath(_ path: String) -> String {
        let bare = path.prefix { $0 != "?" }
        return bare.isEmpty ? "/" : PercentEncoding.encode(bare, keeping: "/")
    }

    /// Parameters in order of their names, then of their values.
    static func canonicalQuery(_ path: String) -> String {
        guard let mark = path.firstIndex(of: "?") else { return "" }
        let pairs = path[path.index(after: mark)...].split(separator: "&").map { pair in
            pair.contains("=") ? String(pair) : "\(pair)="
        }
        return pairs.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.joined(separator: "&")
    }

    /// No space around, one within.
    private static func trimmed(_ value: String) -> String { value.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// `20250102T030405Z`.
    static func date(_ unixSeconds: Int64) -> String {
        let day = UTCDay(unixSeconds: unixSeconds)
        let second = unixSeconds - day.number * 86_400
        func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(day.year)\(two(day.month))\(two(day.day))T\(two(second / 3600))\(two(second / 60 % 60))\(two(second % 60))Z"
    }
}

/// A day of the calendar, from Unix time (Howard Hinnant's civil_from_days).
struct UTCDay {
    /// Since 1970.
    let number: Int64
    let year: Int64
    let month: Int64
    let day: Int64

    init(unixSeconds: Int64) {
        number = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension Sequence where Element == UInt8 {
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var text = ""
        for byte in self {
            text.unicodeScalars.append(digits[Int(byte >> 4)])
            text.unicodeScalars.append(digits[Int(byte & 15)])
        }
        return text
    }
}
