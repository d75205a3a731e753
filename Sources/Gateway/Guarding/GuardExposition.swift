import Guarding
import Translation

// What guardrails and firewall found, and that every endpoint is read.
extension Exposition {
    mutating func guards(_ counts: GuardCounts, _ events: GuardEvents, isOn: Bool) {
        guard isOn else { return }
        family("swiftlet_guardrail_findings_total", "counter", "What guardrails and firewall found, by what came of it.")
        for kind in GuardPolicy.Kind.allCases {
            for action in GuardPolicy.Action.allCases {
                for isShadow in [false, true] {
                    let found = counts.findings(kind, action, isShadow: isShadow)
                    guard found > 0 else { continue }
                    sample("swiftlet_guardrail_findings_total", ["guardrail": kind.name, "action": "\(action)", "shadow": "\(isShadow)"], found)
                }
            }
        }
        count("swiftlet_guardrail_blocks_total", "Requests and replies that guardrails and firewall stopped.", counts.blocked)
        count("swiftlet_guardrail_shadow_blocks_total", "Those that they would have stopped, but for `shadow`.", counts.shadowBlocks)
        family("swiftlet_guardrail_scanned_bytes_total", "counter", "Bytes of texts that were read, by endpoint.")
        for api in API.allCases where api.isAsked || api == .passThrough {
            for isReply in [false, true] {
                let labels: KeyValuePairs = ["api": api.name, "direction": isReply ? "reply" : "prompt"]
                sample("swiftlet_guardrail_scanned_bytes_total", labels, counts.scanned(api, reply: isReply))
            }
        }
        count(
            "swiftlet_guardrail_unread_bodies_total", "Bodies, replies and WebSockets of pass-through endpoints that went by unread.", counts.unread)
        count("swiftlet_guardrail_events_dropped_total", "Findings that nobody could take note of: too many waited.", events.dropped)
    }
}
