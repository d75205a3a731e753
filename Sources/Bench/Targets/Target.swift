/// Something that is measured: how it is started, and what it is called.
struct Target: Sendable {
    /// The name on the command line and in results.
    var name: String
    /// The row's name, with what was chosen for it.
    var title: String
    /// Empty for "direct", where the upstream itself is asked.
    var command: [String] = []
    /// What makes it say its version.
    var versionCommand: [String] = []
    var settings: [String: String] = [:]
    /// Written into its folder before it starts: name to text.
    var files: [String: String] = [:]
    var port: UInt16
    /// Asked at thousandths of the rates of the others.
    var isSlow = false
    /// Path that answers 200 when it is ready; only Swiftlet is started a second time for this.
    var readiness: String?
}

/// Where things are and how many workers each target gets.
struct Surroundings: Sendable {
    var folder: String
    var upstream: UInt16
    /// The first of the ports that targets listen on.
    var basePort: UInt16
    var workers: Int
    /// Folders of Python environments.
    var peers: String
    var litellm: String
    /// This program.
    var program: String
}

/// A target that may be missing on this machine.
enum Candidate {
    case found(Target)
    case missing(name: String, reason: String)

    var name: String {
        switch self {
        case .found(let target): target.name
        case .missing(let name, _): name
        }
    }
}
