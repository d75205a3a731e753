import Gateway
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Settings
import Storage

/// The admin listener: Hummingbird on event loops that are not the data plane's, so that nothing operators ask stands in the way of
/// clients. They last as long as the process, since connections that end may have a word to say after the listener has.
public final class AdminServer: Sendable {
    private let task: Task<Void, any Error>

    /// Larger bodies are refused: settings have a few kilobytes, a request to explain may be long.
    private static let mostBytes = 4 << 20

    /// Listens and serves. Throws what kept it from listening.
    /// - Parameter certificate: Nil: plain HTTP.
    public init(_ desk: AdminDesk, on address: ListenAddress, certificate: ServerCertificate? = nil, log: Logger) async throws {
        let listening = Listening()
        // Requests are told in our own words, where there is something to tell; Hummingbird calls it an error that it was stopped.
        var quiet = log
        quiet.logLevel = .critical
        let responder = CallbackResponder<AdminContext> { request, context in
            await Self.respond(request, context, desk, overTLS: certificate != nil)
        }
        let application = Application(
            responder: responder, server: .http1(certificate),
            configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port), serverName: nil),
            onServerRunning: { _ in listening.tell(nil) }, eventLoopGroupProvider: .singleton, logger: quiet)
        task = Task {
            do {
                try await application.run()
            } catch {
                listening.tell(error)
                throw error
            }
        }
        do { try await listening.wait() } catch { throw ListenFailure(address: address.written ?? "", reason: ConnectionWords.of(error)) }
    }

    /// Why nobody can ask.
    public struct ListenFailure: Error, CustomStringConvertible {
        let address: String
        let reason: String
        public var description: String { "server.admin: cannot listen on \(address): \(reason)" }
    }

    public func stop() async {
        task.cancel()
        _ = await task.result
    }

    private static func respond(_ request: Request, _ context: AdminContext, _ desk: AdminDesk, overTLS: Bool) async -> Response {
        let id = desk.nextID()
        var call = AdminCall(request.method.rawValue, request.uri.string)
        call.ifMatch = request.headers[.ifMatch]
        call.accept = request.headers[.accept]
        call.ifNoneMatch = request.headers[.ifNoneMatch]
        call.encodings = request.headers[.acceptEncoding]
        call.address = address(request, context)
        call.session = cookie(SessionDesk.cookie, request)
        call.proof = HTTPField.Name("x-swiftlet-csrf").flatMap { request.headers[$0] }
        call.isSecure = overTLS || HTTPField.Name("x-forwarded-proto").flatMap { request.headers[$0] } == "https"
        call.stranger = stranger(request)
        call.foreignOrigin = foreignOrigin(request)
        var answer: AdminAnswer
        do {
            let body = try await request.body.collect(upTo: mostBytes)
            call.body = Array(body.readableBytesView)
            answer = await desk.answer(call, token: token(request), id: id)
        } catch {
            answer = AdminRefusal(413, "request_too_large", "the body did not arrive, or has more than \(mostBytes) bytes").answer(requestID: id)
        }
        var headers = HTTPFields()
        headers[.contentType] = answer.type
        headers[.cacheControl] = answer.caching
        headers[.xContentTypeOptions] = "nosniff"
        if let name = HTTPField.Name("referrer-policy") { headers[name] = "no-referrer" }
        for field in answer.fields {
            if let name = HTTPField.Name(field.name) { headers[name] = field.value }
        }
        headers[.eTag] = answer.etag
        headers[.allow] = answer.allow
        if let name = HTTPField.Name("x-request-id") { headers[name] = id }
        if answer.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        if let retry = answer.retryAfter { headers[.retryAfter] = "\(retry)" }
        if let flow = answer.flow {
            return Response(status: .init(code: answer.status), headers: headers, body: body(of: flow))
        }
        if let events = answer.events {
            return Response(status: .init(code: answer.status), headers: headers, body: body(of: events))
        }
        return Response(status: .init(code: answer.status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    /// Until the reader goes, its session ends or the listener stops.
    private static func body(of events: AdminEventStream) -> ResponseBody {
        ResponseBody { writer in
            defer { events.ended() }
            while !events.isOver() {
                try await writer.write(ByteBuffer(bytes: await events.next()))
                try await Task.sleep(for: events.pace)
            }
            try await writer.write(ByteBuffer(bytes: await events.next()))
            try await writer.finish(nil)
        }
    }

    /// Until it ends or the reader goes.
    private static func body(of flow: AdminFlow) -> ResponseBody {
        ResponseBody { writer in
            defer { flow.stop() }
            for await piece in flow.pieces {
                try await writer.write(ByteBuffer(bytes: piece))
                flow.more()
            }
            try await writer.finish(nil)
        }
    }

    /// A proxy on this machine says for whom it asks; whoever asks from elsewhere says what he likes.
    private static func address(_ request: Request, _ context: AdminContext) -> String {
        let own = context.remoteAddress?.ipAddress ?? "local"
        guard ListenAddress(host: own, port: 0).isLoopback, let name = HTTPField.Name("x-forwarded-for"),
            let last = request.headers[values: name].last?.split(separator: ",").last
        else { return own }
        return String(last.filter { $0 != " " }.prefix(64))
    }

    private static func cookie(_ name: String, _ request: Request) -> String? {
        for line in request.headers[values: .cookie] {
            for pair in line.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0].drop(while: { $0 == " " }) == name { return String(parts[1]) }
            }
        }
        return nil
    }

    private static func token(_ request: Request) -> String? {
        guard let line = request.headers[.authorization], line.lowercased().hasPrefix("bearer ") else { return nil }
        return String(line.dropFirst(7).drop { $0 == " " })
    }

    /// The site whose page sends the request, where it is another than this listener; or the name under which a page reached it that
    /// is none of this machine's own, as with DNS rebinding.
    private static func stranger(_ request: Request) -> String? {
        let host = request.head.authority ?? ""
        let name = host.hasPrefix("[") ? String(host.prefix { $0 != "]" }.dropFirst()) : String(host.prefix { $0 != ":" })
        if !ListenAddress(host: name, port: 0).isLoopback { return "the host `\(host)`" }
        return foreignOrigin(request).map { "the origin `\($0)`" }
    }

    /// The site of the page that asks, where it is another than the one that the call goes to.
    private static func foreignOrigin(_ request: Request) -> String? {
        let host = request.head.authority ?? ""
        guard let origin = request.headers[.origin], origin != "http://\(host)", origin != "https://\(host)" else { return nil }
        return origin
    }
}

/// With where the connection comes from.
private struct AdminContext: RequestContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}

/// Told once whether a server listens, to one who waits for it.
private final class Listening: Sendable {
    private let stream: AsyncThrowingStream<Void, any Error>
    private let continuation: AsyncThrowingStream<Void, any Error>.Continuation

    init() { (stream, continuation) = AsyncThrowingStream.makeStream() }

    func tell(_ failure: (any Error)?) {
        if failure == nil { continuation.yield() }
        continuation.finish(throwing: failure)
    }

    func wait() async throws {
        for try await _ in stream { return }
        throw CancellationError()
    }
}
