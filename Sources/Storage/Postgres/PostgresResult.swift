import CPostgres

/// What a statement gave. Values are binary and read by their length, so that a column may become wider.
final class PostgresResult {
    private let result: PostgresRes

    init(_ result: PostgresRes) { self.result = result }
    deinit { postgres_clear(result) }

    var status: Int32 { postgres_result_status(result) }
    var isGood: Bool { [POSTGRES_COMMAND_OK, POSTGRES_TUPLES_OK, POSTGRES_EMPTY_QUERY].contains(Int(status)) }
    var isSync: Bool { status == Int32(POSTGRES_PIPELINE_SYNC) }
    /// Not run, because a statement before it failed.
    var isAborted: Bool { status == Int32(POSTGRES_PIPELINE_ABORTED) }
    /// Five characters, such as 23505.
    var state: String { postgres_result_state(result).map { String(cString: $0) } ?? "" }
    var message: String { postgres_result_message(result).map { String(cString: $0) } ?? "" }
    /// `COMMIT`, `INSERT 0 5`.
    var tag: String { String(cString: postgres_result_tag(result)) }
    /// Rows changed.
    var affected: Int { Int(String(cString: postgres_result_affected(result))) ?? 0 }
    var count: Int { Int(postgres_rows(result)) }

    func isNull(_ row: Int, _ column: Int) -> Bool { postgres_is_null(result, Int32(row), Int32(column)) != 0 }

    private func raw(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: postgres_value(result, Int32(row), Int32(column)), count: Int(postgres_length(result, Int32(row), Int32(column))))
    }

    /// A whole number or a truth value; 0 for NULL.
    func int(_ row: Int, _ column: Int) -> Int64 {
        let raw = raw(row, column)
        switch raw.count {
        case 8: return Int64(bigEndian: raw.loadUnaligned(as: Int64.self))
        case 4: return Int64(Int32(bigEndian: raw.loadUnaligned(as: Int32.self)))
        case 2: return Int64(Int16(bigEndian: raw.loadUnaligned(as: Int16.self)))
        case 1: return Int64(raw[0])
        default: return 0
        }
    }

    func optionalInt(_ row: Int, _ column: Int) -> Int64? { isNull(row, column) ? nil : int(row, column) }
    func name(_ row: Int, _ column: Int) -> NameID { NameID(rawValue: Int32(truncatingIfNeeded: int(row, column))) }
    func text(_ row: Int, _ column: Int) -> String { String(decoding: raw(row, column), as: UTF8.self) }
    func bytes(_ row: Int, _ column: Int) -> [UInt8] { Array(raw(row, column)) }
    func withBytes<Value>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value { body(raw(row, column)) }
}
