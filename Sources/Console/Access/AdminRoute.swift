import Settings

/// What it takes to use a path of the admin API.
enum AdminRight: Sendable {
    case nothing
    /// Any token.
    case token
    /// Looks, changes nothing.
    case read
    case readKeys
    /// What clients said and got.
    case readTexts
    case changeKeys
    case operate
    case administer

    var roles: [AdminRole] {
        switch self {
        case .nothing, .token: AdminRole.allCases
        case .read: [.admin, .operator, .auditor]
        case .readTexts: [.admin, .auditor]
        case .readKeys: [.admin, .operator, .auditor, .keyManager]
        case .changeKeys: [.admin, .operator, .keyManager]
        case .operate: [.admin, .operator]
        case .administer: [.admin]
        }
    }
}

/// A path of the admin API: who may use it, what it does, who answers. Dispatch and description are readings of this.
struct AdminRoute: Sendable {
    struct Parameter: Sendable {
        var name: String
        var help: String
        var schema = "string"
    }

    enum Body: Sendable {
        case none
        /// The settings of a section, with their name.
        case item(String)
        /// Members and what they are, the required ones first.
        case members([Parameter], required: Int)
        /// Any JSON.
        case anything
    }

    var method: String
    var path: String
    var right: AdminRight
    var summary: String
    var query: [Parameter] = []
    var body = Body.none
    /// What else it may answer than the usual.
    var status = 200
    var type = "application/json"
    let answer: @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer

    init(
        _ method: String, _ path: String, _ right: AdminRight, _ summary: String, query: [Parameter] = [], body: Body = .none, status: Int = 200,
        type: String = "application/json", _ answer: @escaping @Sendable (AdminDesk, AdminCall) async throws -> AdminAnswer
    ) {
        (self.method, self.path, self.right, self.summary) = (method, path, right, summary)
        (self.query, self.body, self.status, self.type, self.answer) = (query, body, status, type, answer)
        segments = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
    }

    // MARK: Matching

    /// Nil: a name, which may have slashes in it.
    private let segments: [String?]

    /// How many segments of the path are those of the route itself; nil: it is another path. The more, the closer.
    func closeness(to path: [String]) -> Int? {
        guard let open = segments.firstIndex(of: nil) else { return path == segments ? path.count * 2 + 1 : nil }
        let (head, tail) = (segments[..<open], segments[(open + 1)...])
        guard path.count >= segments.count, zip(head, path).allSatisfy({ $0 == $1 }), zip(tail.reversed(), path.reversed()).allSatisfy({ $0 == $1 })
        else { return nil }
        return (head.count + tail.count) * 2
    }
}

extension [AdminRoute] {
    /// The route of a call; else the methods that its path takes, none where there is no such path.
    func find(_ method: String, _ path: [String]) -> (route: AdminRoute?, allowed: [String]) {
        let close = compactMap { route in route.closeness(to: path).map { (route, $0) } }
        let best = close.map(\.1).max()
        let found = close.filter { $0.1 == best }.map(\.0)
        let wanted = method == "HEAD" ? "GET" : method
        if let route = found.first(where: { $0.method == wanted }) { return (route, []) }
        return (nil, found.map(\.method))
    }
}
