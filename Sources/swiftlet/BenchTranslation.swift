import ArgumentParser
import Bench
import NIOCore
import Translation
import Wire

/// `swiftlet bench translation`: what it costs to stand between two dialects.
struct BenchTranslation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translation", abstract: "Time requests, answers and streams of every dialect for every other, on one core.")

    @Option(help: "Samples of each figure; the middle one is shown.")
    var samples = 101
    @Option(help: "Only pairs whose name contains this, as in `messages from chat_completions`.")
    var only: String?
    @Option(help: "Events of the long stream.")
    var events = 100_000
    @Flag(help: "End with 1 when a figure that must be reached is not.")
    var strict = false
    @Flag(help: "Print one line of JSON instead of a table.")
    var json = false

    func validate() throws {
        if samples < 11 { throw ValidationError("--samples: at least 11, for a median needs some") }
        if events < 1_000 { throw ValidationError("--events: at least 1000") }
    }

    func run() throws {
        let samples = try TranslationSample.providers.map(TranslationSample.init)
        var figures = Figures(events: events)
        line("client from provider", "1 KB us", "200 KB us", "event us", "heap KiB", "of \(events)")
        line("must be at most", "25", "2500", "2.5", "", "same")
        for client in samples where TranslationSample.clients.contains(client.api) {
            for provider in samples where provider.api != client.api {
                let name = "\(client.api.name) from \(provider.api.name)"
                guard only.map(name.contains) ?? true else { continue }
                let row = try measure(TranslatedPair(client: client, provider: provider), name)
                figures.data.append(row)
                line(
                    name, "\(row.smallMicroseconds)", "\(row.largeMicroseconds)", "\(row.eventMicroseconds)", "\(row.heapKiB)",
                    "\(row.longHeapKiB)")
            }
        }
        if json { try JSONLine.write(figures) }
        if strict, !figures.data.allSatisfy(\.isReached) { throw ExitCode.failure }
    }

    private func measure(_ pair: TranslatedPair, _ name: String) throws -> Figures.Row {
        let (small, long) = (try pair.exchange(samples), try pair.longRequest(samples))
        let event = try pair.event(samples)
        let (short, all) = (try pair.heap(events: 10), try pair.heap(events: events))
        // A Responses stream ends with all that was said, four times over, here twelve bytes an event.
        let mayGrow = pair.client.api == .responses ? events * 256 : 4_096
        return Figures.Row(
            name: name, smallMicroseconds: Self.microseconds(small), largeMicroseconds: Self.microseconds(long),
            eventMicroseconds: Self.microseconds(event), heapKiB: short / 1_024, longHeapKiB: all / 1_024,
            isReached: small <= 25_000 && long <= 2_500_000 && event <= 2_500 && all <= short + mayGrow)
    }

    /// As JSON.
    private struct Figures: Encodable {
        struct Row: Encodable {
            var name: String
            var smallMicroseconds: Double
            var largeMicroseconds: Double
            var eventMicroseconds: Double
            /// Of a stream of ten events, and of one of `events`.
            var heapKiB: Int
            var longHeapKiB: Int
            var isReached: Bool
        }

        var events: Int
        var data: [Row] = []
    }

    private func line(_ name: String, _ cells: String...) {
        if json { return }
        func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) }
        StandardStream.output.write(name + padded(name, 44) + cells.map { padded($0, 11) + $0 }.joined() + "\n")
    }

    private static func microseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds / 10) / 100 }
}

/// A client's dialect and the provider's.
private struct TranslatedPair {
    let client: TranslationSample
    let provider: TranslationSample

    /// Nanoseconds of CPU for a request of 1 KB to the provider and an answer of 1 KB from it. All of it counts, though where
    /// nothing is translated the answer is read too.
    func exchange(_ samples: Int) throws -> Int64 {
        try median(samples, of: 20) {
            try request(client.small)
            try reply()
        }
    }

    func longRequest(_ samples: Int) throws -> Int64 { try median(samples, of: 1) { try request(client.long) } }

    /// Of one event that comes by itself.
    func event(_ samples: Int) throws -> Int64 {
        let stream = try Stream(self)
        defer { stream.close() }
        return try median(samples, of: 200) { try stream.take(provider.event) }
    }

    /// The most bytes of the heap that a stream of so many events had at a time, beyond what was there before it.
    func heap(events: Int) throws -> Int {
        let before = ThisProcess.heap()
        let stream = try Stream(self)
        var most = 0
        for _ in 0..<events {
            try stream.take(provider.event)
            most = max(most, ThisProcess.heap())
        }
        try stream.take(provider.end)
        stream.close()
        return max(most, ThisProcess.heap()) - before
    }

    // MARK: What is measured

    private func request(_ body: [UInt8]) throws {
        guard let source = client.api.dialect, let dialect = provider.api.dialect else { return }
        try body.withUnsafeBytes { raw in
            var loss = Loss()
            let conversation = try source.read(raw, Call(api: client.api))
            if try dialect.write(conversation, to: TranslationSample.target, loss: &loss).isEmpty { throw ValidationError("nothing was written") }
        }
    }

    private func reply() throws {
        let context = TranslationSample.context(isStream: false)
        guard let reader = provider.api.dialect?.replyReader(context), let writer = client.api.dialect?.replyWriter(context) else { return }
        let tap = ReplyTap(writer)
        try provider.reply.withUnsafeBytes { try reader.read(whole: $0, to: tap) }
        tap.end()
        if tap.output.bytes.isEmpty { throw ValidationError("nothing was written") }
    }

    /// The median of `samples` times, each the mean of `rounds` in a row, after one that does not count.
    private func median(_ samples: Int, of rounds: Int, _ work: () throws -> Void) throws -> Int64 {
        var times: [Int64] = []
        for sample in 0...samples {
            let started = ThisProcess.cpu()
            for _ in 0..<rounds { try work() }
            if sample > 0 { times.append((ThisProcess.cpu() - started) / Int64(rounds)) }
        }
        return times.sorted()[samples / 2]
    }

    /// A stream from the provider that has begun.
    private final class Stream {
        private let translation: StreamTranslation
        private var out = ByteBuffer()

        init(_ pair: TranslatedPair) throws {
            let context = TranslationSample.context(isStream: true)
            guard let reader = pair.provider.api.dialect?.replyReader(context), let writer = pair.client.api.dialect?.replyWriter(context) else {
                throw ValidationError("no dialect")
            }
            translation = StreamTranslation(from: reader, to: writer)
            try take(pair.provider.begin)
        }

        func take(_ bytes: [UInt8]) throws {
            try bytes.withUnsafeBytes { try translation.take($0, into: &out) }
            out.clear()
        }

        func close() {
            _ = translation.end(into: &out)
            out.clear()
        }
    }
}
