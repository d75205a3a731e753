import FoundationEssentials

/// One JSON document a line: how the bench's processes tell each other what they saw.
public enum JSONLine {
    /// To standard output.
    public static func write(_ value: some Encodable) throws { StandardStream.output.write(try text(value)) }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    static func read<Value: Decodable>(_ type: Value.Type, from line: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(line.utf8))
    }
}
