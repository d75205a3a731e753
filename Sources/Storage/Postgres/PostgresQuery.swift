/// A statement with its parameters, all of them binary.
struct PostgresQuery {
    var sql: String
    var parameters: [PostgresParameter] = []

    init(_ sql: String, _ parameters: PostgresParameter...) {
        self.sql = sql
        self.parameters = parameters
    }

    init(_ sql: String, parameters: [PostgresParameter]) {
        self.sql = sql
        self.parameters = parameters
    }

    static let begin = PostgresQuery("BEGIN")
    static let commit = PostgresQuery("COMMIT")
    /// Of the transaction that it stands in: see `PostgresLane.transaction`.
    static let unflushed = PostgresQuery("SET LOCAL synchronous_commit = off")
}

/// A value as the server's binary format has it: numbers most significant byte first.
struct PostgresParameter {
    /// The type's number in every PostgreSQL there is (pg_type.dat).
    var type: UInt32
    /// Nil is NULL.
    var bytes: [UInt8]?

    static func int8(_ value: Int64?) -> Self { Self(type: 20, bytes: value.map { number in withUnsafeBytes(of: number.bigEndian, Array.init) }) }
    static func int4(_ value: Int32) -> Self { Self(type: 23, bytes: withUnsafeBytes(of: value.bigEndian, Array.init)) }
    static func bool(_ value: Bool) -> Self { Self(type: 16, bytes: [value ? 1 : 0]) }
    static func text(_ value: String?) -> Self { Self(type: 25, bytes: value.map { Array($0.storable.utf8) }) }
    static func bytes(_ value: [UInt8]?) -> Self { Self(type: 17, bytes: value) }

    static func int8s(_ values: some Collection<Int64>) -> Self {
        var array = PostgresArray(element: 20, count: values.count, bytes: 12 * values.count)
        for value in values { array.append(value) }
        return array.parameter(type: 1016)
    }

    static func int4s(_ values: some Collection<Int32>) -> Self {
        var array = PostgresArray(element: 23, count: values.count, bytes: 8 * values.count)
        for value in values { array.append(value) }
        return array.parameter(type: 1007)
    }

    static func texts(_ values: some Collection<String>) -> Self {
        var array = PostgresArray(element: 25, count: values.count, bytes: values.reduce(0) { $0 + 4 + $1.utf8.count })
        for value in values { array.append(value.storable.utf8) }
        return array.parameter(type: 1009)
    }
}

/// An array of one dimension in the server's binary format.
struct PostgresArray {
    private(set) var bytes: [UInt8] = []
    private let count: Int

    init(element: UInt32, count: Int, bytes expected: Int) {
        self.count = count
        bytes.reserveCapacity(20 + expected)
        // Dimensions, whether nulls may stand in it, the elements' type; of the dimension its size and its first index.
        put(UInt32(count == 0 ? 0 : 1))
        put(UInt32(1))
        put(element)
        guard count > 0 else { return }
        put(UInt32(count))
        put(UInt32(1))
    }

    private mutating func put(_ number: UInt32) { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }

    mutating func append(_ value: Int64) {
        withUnsafeTemporaryAllocation(byteCount: 12, alignment: 8) { element in
            element.storeBytes(of: UInt32(8).bigEndian, as: UInt32.self)
            element.storeBytes(of: value.bigEndian, toByteOffset: 4, as: Int64.self)
            bytes.append(contentsOf: element)
        }
    }

    mutating func append(_ value: Int32) {
        withUnsafeBytes(of: (UInt32(4).bigEndian, value.bigEndian)) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ value: some Collection<UInt8>) {
        put(UInt32(truncatingIfNeeded: value.count))
        bytes.append(contentsOf: value)
    }

    mutating func appendNull() { put(.max) }

    func parameter(type: UInt32) -> PostgresParameter { PostgresParameter(type: type, bytes: bytes) }
}

extension String {
    /// PostgreSQL's texts hold every character but U+0000.
    var storable: String { utf8.contains(0) ? String(decoding: utf8.flatMap { $0 == 0 ? [0xef, 0xbf, 0xbd] : [$0] }, as: UTF8.self) : self }
}
