import NIOCore
import Routing
import Testing

@testable import Gateway

@Suite("Head writer") struct HeadWriterTests {
    @Test(
        "numbers are written as decimals",
        arguments: [
            (0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (65_536, "65536"), (Int.max, "9223372036854775807"),
        ])
    func decimal(_ value: Int, _ text: String) {
        #expect(Self.written { $0.decimal(value) } == text)
    }

    @Test(
        "money has as many decimals as it needs",
        arguments: [
            (0, "0"), (1, "0.000000001"), (435_000, "0.000435"), (1_000_000_000, "1"), (12_345_678_900, "12.3456789"), (-5, "0"),
        ])
    func dollars(_ amount: Int64, _ text: String) {
        #expect(Self.written { $0.dollars(Nanodollars(amount)) } == text)
    }

    @Test(
        "a status line names any status",
        arguments: [
            (200, "HTTP/1.1 200 OK\r\n"), (429, "HTTP/1.1 429 Too Many Requests\r\n"), (599, "HTTP/1.1 599 Answer\r\n"),
        ])
    func status(_ status: Int, _ line: String) {
        #expect(Self.written { $0.statusLine(status) } == line)
    }

    @Test(
        "names that a header cannot carry are percent-encoded",
        arguments: [
            ("openai/gpt-5", "openai/gpt-5"), ("a\r\nx-evil: 1", "a%0D%0Ax-evil: 1"), ("größe", "gr%C3%B6%C3%9Fe"), ("50%", "50%25"),
        ])
    func headerSafe(_ name: String, _ safe: String) {
        #expect(name.headerSafe == safe)
    }

    private static func written(_ write: (inout HeadWriter) -> Void) -> String {
        var buffer = ByteBuffer()
        buffer.writeHead(atMost: 256, write)
        return String(buffer: buffer)
    }
}
