import Gateway
import Logging

/// Log lines as JSON objects on standard error, like the access log's.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = LogLine()
        line.text("time", Timestamp.now())
        line.text("level", event.level.rawValue)
        line.text("message", event.message.description)
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }) {
            line.text(named: key, value.description)
        }
        line.end()
        StandardError.write(line)
    }
}
