import Gateway
import Settings
import Storage
import Wire

/// `GET /api/v1/webhooks`: who is told of what, and whether he hears it; `POST /api/v1/webhooks/test`: tries it.
struct WebhookDesk: Sendable {
    let server: Server

    func answer(_ call: AdminCall, note: () async throws -> Void) async throws -> AdminAnswer {
        try call.checkQuery([])
        let all = server.webhooks.standings
        guard call.method == "POST" else { return list(all) }
        let number = try call.object(["number"])["number"].flatMap { $0.isNull ? nil : $0.scalar }
        var chosen = Array(all.enumerated())
        if let number {
            guard let index = Int(number), all.indices.contains(index - 1) else {
                throw AdminRefusal(404, "not_found", "there is no webhook \(number.prefix(20)); `alerts.webhooks` has \(all.count)")
            }
            chosen = [(index - 1, all[index - 1])]
        }
        guard !chosen.isEmpty else { throw AdminRefusal(409, "no_webhooks", "no webhook is set: `alerts.webhooks` names them") }
        try await note()
        var results: [(number: Int, url: String, problem: String?)] = []
        for (index, one) in chosen {
            results.append((index + 1, one.hook.url.written ?? "", await server.webhooks.test(one.hook, gateway: server.gatewayName)))
        }
        let outcome = results
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for one in outcome {
                        list.object { line in
                            line.member("number", one.number)
                            line.member("url", one.url)
                            line.member("taken", one.problem == nil)
                            line.member("problem", orNull: one.problem)
                        }
                    }
                }
            }
        }
    }

    private func list(_ all: [(hook: WebhookSettings, standing: WebhookSender.Standing)]) -> AdminAnswer {
        AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for (index, one) in all.enumerated() {
                        list.object { line in
                            line.member("number", index + 1)
                            line.member("url", one.hook.url.written ?? "")
                            line.key("events")
                            line.array { events in for event in one.hook.events { events.string(event.rawValue) } }
                            line.member("signed", one.hook.secret != nil)
                            line.member("sent", one.standing.sent)
                            line.member("retried", one.standing.retried)
                            line.member("lost", one.standing.lost)
                            line.member("waiting", one.standing.waiting)
                            line.key("last")
                            Self.write(one.standing.last, &line)
                        }
                    }
                }
            }
        }
    }

    private static func write(_ last: WebhookSender.Delivery?, _ line: inout JSONWriter) {
        guard let last else { return line.null() }
        line.object { line in
            line.member("at", Timestamp.text(unixMilliseconds: last.unixMilliseconds))
            line.member("outcome", last.isTaken ? "taken" : "not taken")
            line.member("problem", orNull: last.problem)
        }
    }
}
