/// The key of a WebSocket whose client cannot set headers, as a browser's: one of the protocols that it offers, behind this (OpenAI's
/// guide "Realtime API with WebSockets", read 2026-11).
public enum RealtimeKey {
    public static let prefix: StaticString = "openai-insecure-api-key."
}
