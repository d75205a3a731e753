import Routing
import Schema

/// Conditions are settings: see `ConditionReader`.
extension Condition: SettingValue {
    public static let shape = Shape.free("condition")

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Condition? {
        ConditionReader.read(node, at: path, &reading)
    }
}
