/// How large a head may be. What is larger is refused before more of it is read.
public struct HeadLimits: Hashable, Sendable {
    /// From the first byte to the blank line, both included. At most 1 GiB, since offsets have 32 bits.
    public var bytes: Int
    public var fields: Int
    /// Bytes of a request's target.
    public var target: Int

    public init(bytes: Int = 32_768, fields: Int = 100, target: Int = 8192) {
        self.bytes = min(bytes, 1 << 30)
        self.fields = fields
        self.target = min(target, self.bytes)
    }
}

/// Why a head is not taken. Nothing behind it on the connection can be trusted, so the connection closes.
public struct HeadProblem: Error, Hashable, Sendable {
    public enum Reason: UInt8, CaseIterable, Sendable {
        case tls, http2
        case bareLF, bareCR, control, tooLarge, tooManyFields
        case requestLine, methodToken, method, target, targetForm, targetTooLong, noVersion, version
        case statusLine, status, switchingProtocols, bodyForbidden
        case fold, noColon, emptyName, spaceBeforeColon, name, repeated
        case missingHost, host, hostDiffers
        case contentLength, contentLengthOverflow, repeatedContentLength, lengthAndEncoding
        case transferEncoding, repeatedTransferEncoding, transferEncodingVersion, expectation
    }

    public var reason: Reason
    /// Bytes before the first wrong one; the head's start or end where a whole is wrong.
    public var offset: Int

    @inline(__always) public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What a server answers to a request like this.
    public var status: Int {
        switch reason {
        case .targetTooLong: 414
        case .expectation: 417
        case .tooLarge, .tooManyFields: 431
        case .method: 501
        case .version, .http2: 505
        default: 400
        }
    }

    /// What is wrong and what was expected.
    public var message: String {
        switch reason {
        case .tls: "this is TLS, and the port speaks plain HTTP; use http://"
        case .http2: "this is HTTP/2, and the port speaks HTTP/1.1"
        case .bareLF: "a line feed without a carriage return before it"
        case .bareCR: "a carriage return without a line feed behind it"
        case .control: "a control byte"
        case .tooLarge: "the head is too large"
        case .tooManyFields: "the head has too many fields"
        case .requestLine: "expected METHOD, one space, target, one space, version"
        case .methodToken: "the method has a character that no method has"
        case .method: "unknown method; methods are written in upper case"
        case .target: "the target has a character that must be percent-encoded, or a broken percent-encoding"
        case .targetForm: "the target must begin with a slash or with http://"
        case .targetTooLong: "the target is too long"
        case .noVersion: "expected an HTTP version behind the target"
        case .version: "the version must be HTTP/1.1 or HTTP/1.0"
        case .statusLine: "expected HTTP/1.1 or HTTP/1.0, one space, a status of three digits"
        case .status: "the status must be from 100 to 599"
        case .switchingProtocols: "a change of protocol that nobody asked for"
        case .bodyForbidden: "a body where the status allows none"
        case .fold: "a field continued on a second line"
        case .noColon: "expected a colon behind the field's name"
        case .emptyName: "a field without a name"
        case .spaceBeforeColon: "a space between the field's name and its colon"
        case .name: "the field's name has a character that no name has"
        case .repeated: "a field that may stand only once is there twice"
        case .missingHost: "expected a host field"
        case .host: "the host is not a name or address with an optional port"
        case .hostDiffers: "the host field and the target name different hosts"
        case .contentLength: "the content-length is not a plain number"
        case .contentLengthOverflow: "the content-length is too large a number"
        case .repeatedContentLength: "more than one content-length"
        case .lengthAndEncoding: "a content-length beside a transfer-encoding"
        case .transferEncoding: "the only transfer-encoding known is chunked"
        case .repeatedTransferEncoding: "more than one transfer-encoding"
        case .transferEncodingVersion: "a transfer-encoding in HTTP/1.0"
        case .expectation: "the only expectation known is 100-continue"
        }
    }
}
