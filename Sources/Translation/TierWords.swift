import Routing
import Wire

extension ServiceTier {
    /// What a provider or a client calls it. Whoever leaves the choice to the provider, as with `auto`, asks for the usual one.
    init(_ word: UnsafeRawBufferPointer) {
        switch word.count {
        case 7 where word.says("default"), 4 where word.says("auto"), 8 where word.says("standard"), 13 where word.says("standard_only"),
            9 where word.says("on_demand"):
            self = .standard
        case 4 where word.says("flex"): self = .flex
        case 8 where word.says("priority"), 11 where word.says("performance"): self = .priority
        case 4 where word.says("fast"): self = .fast
        case 9 where word.says("ultrafast"): self = .ultrafast
        case 5 where word.says("batch"): self = .batch
        case 9 where word.says("optimized"): self = .optimized
        default: self = Self.rare(word)
        }
    }

    /// Gemini's names of enumerated values, in whatever case.
    private static func rare(_ word: UnsafeRawBufferPointer) -> ServiceTier {
        let prefix = "service_tier_"
        var text = String(decoding: word.prefix(64), as: UTF8.self).lowercased()
        if text.hasPrefix(prefix) { text.removeFirst(prefix.utf8.count) }
        if ["unspecified", "standard", ""].contains(text) { return .standard }
        return ServiceTier.priced.first { "\($0.name)" == text } ?? .other
    }

    init(_ text: TextSlice) { self.init(text.bytes) }
}
