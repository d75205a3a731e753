/// RFC 3986: names of models within paths.
public enum PercentEncoding {
    /// All but letters, digits, `-._~` and what `keeping` has becomes `%XX`.
    public static func encode(_ text: some StringProtocol, keeping others: String = "") -> String {
        var out = ""
        for byte in text.utf8 {
            if isUnreserved(byte) || others.utf8.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~".utf8.contains(byte)
        }
    }
}
