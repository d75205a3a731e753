extension Exposition {
    mutating func moderation(_ counts: ModerationCounts, isOn: Bool) {
        guard isOn else { return }
        family("swiftlet_moderation_requests_total", "counter", "Prompts that a moderation endpoint was asked about, by what it said.")
        for (outcome, count) in [("passed", counts.passed), ("flagged", counts.flagged), ("failed", counts.failed)] {
            sample("swiftlet_moderation_requests_total", ["outcome": outcome], count)
        }
    }
}
