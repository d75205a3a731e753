/// As much of Crypto as the sources under test name: nothing that is fuzzed signs.
public struct SHA256 {
    public init() {}
    public mutating func update(data: some Sequence<UInt8>) {}
    public mutating func update(bufferPointer: UnsafeRawBufferPointer) {}
    public func finalize() -> [UInt8] { [] }
    public static func hash(data: some Sequence<UInt8>) -> [UInt8] { [] }
}

public struct SymmetricKey {
    public init(data: some Sequence<UInt8>) {}
}

public enum HMAC<Hash> {
    public typealias MAC = [UInt8]
    public static func authenticationCode(for data: some Sequence<UInt8>, using key: SymmetricKey) -> MAC { [] }
}
