import Routing
import Schema

/// What somebody may do at the admin API.
public enum AdminRole: String, SettingChoice {
    /// Everything.
    case admin
    /// Routing, providers, keys, limits and their state; neither admin tokens nor what the process is started with.
    case `operator`
    /// Looks at everything, changes nothing.
    case auditor
    /// Keys of its projects, within its own bounds.
    case keyManager = "key_manager"

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> AdminRole? {
        node.scalar == "key-manager" ? .keyManager : readChoice(node, at: path, &reading)
    }
}

/// Who else may use the admin API, beside the bearer of SWIFTLET_ADMIN_TOKEN, who is an admin.
public struct AdminSettings: Configurable {
    public var tokens = Named<AdminTokenSettings>()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("tokens", \.tokens, "Tokens of the admin API by names of your own, which the audit log then shows.")
    ]
}

/// A token of the admin API.
public struct AdminTokenSettings: Configurable {
    public var token = Secret("")
    public var role = AdminRole.auditor
    public var expires: Moment?
    public var projects: [String] = []
    public var models: [String]?
    public var providers: [String]?
    public var limits = LimitSettings()

    public init() {}

    public static let fields: [Field<Self>] =
        [
            .setting("token", \.token, "The token itself, normally env:NAME or file:PATH; or `sha256:` and its digest in hexadecimal.").required,
            .setting("role", \.role, "What it may do.").required,
            .setting("expires", \.expires, "From when on it is refused."),
            .setting("projects", \.projects, "Of a key manager: the projects whose keys it makes, changes and sees."),
            .setting("models", \.models, "Of a key manager: names that its keys may send; without it all."),
            .setting("providers", \.providers, "Of a key manager: providers that may serve its keys; without it all."),
        ]
        + LimitSettings.fields(of: \.limits)
}

/// A token of the admin API, checked.
public struct AdminToken: Sendable {
    public var name: String
    public var secret: Secret
    public var role: AdminRole
    public var expires: Moment?
    /// Of a key manager: its keys' bounds.
    public var projects: [String] = []
    public var models: [String]?
    public var providers: [String]?
    public var limits = LimitSettings()

    public init(name: String, secret: Secret, role: AdminRole) {
        self.name = name
        self.secret = secret
        self.role = role
    }
}

extension Compiler {
    var adminTokens: [AdminToken] {
        document.admin.tokens.entries.map { entry in
            let settings = entry.value
            var token = AdminToken(name: entry.name, secret: settings.token, role: settings.role)
            (token.expires, token.projects, token.models) = (settings.expires, settings.projects, settings.models)
            (token.providers, token.limits) = (settings.providers, settings.limits)
            return token
        }
    }

    mutating func checkAdminTokens() {
        for entry in document.admin.tokens.entries {
            let (path, node) = ("admin.tokens".setting(entry.name), root["admin"]?["tokens"]?[entry.name])
            for (index, project) in entry.value.projects.enumerated() where document.projects[project] == nil {
                let line = node?["projects"]?.items?[index].line ?? entry.line
                let help = Spelling.help(for: project, among: document.projects.names)
                reader.reading.problem(path.setting("projects").item(index), line, "there is no project `\(project.prefix(100))`\(help)")
            }
            if entry.value.role == .keyManager, entry.value.projects.isEmpty {
                reader.reading.problem(path.setting("projects"), entry.line, "a key manager has projects: name them")
            }
        }
    }
}
