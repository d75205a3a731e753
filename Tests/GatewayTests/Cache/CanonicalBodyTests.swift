import Testing

@testable import Gateway

@Suite("A request's body, compared") struct CanonicalBodyTests {
    private func canonical(_ text: String) -> [UInt8]? { Array(text.utf8).withUnsafeBytes { CanonicalBody($0)?.bytes } }

    @Test(
        "bodies that say the same are the same",
        arguments: [
            (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#),
            (#"{"a":1,"b":[1,2,{"c":null}]}"#, " {\n \"a\" : 1 ,\t\"b\": [ 1 , 2, { \"c\" : null } ]\r\n}"),
            (#"{"a":" x  y "}"#, #"{ "a" : " x  y " }"#),
        ])
    func same(_ left: String, _ right: String) {
        #expect(canonical(left) != nil)
        #expect(canonical(left) == canonical(right))
    }

    @Test(
        "bodies that may say something else differ",
        arguments: [
            (#"{"a":1}"#, #"{"a":1.0}"#),
            (#"{"a":1}"#, #"{"a":"1"}"#),
            (#"{"a":"b c"}"#, #"{"a":"bc"}"#),
            (#"{"a":"\"b ]"}"#, #"{"a":"\"b]"}"#),
            (#"{"a":1}"#, #"{"a":1,"unknown":null}"#),
            // A model answers in the order of a schema's properties.
            (#"{"s":{"x":1,"y":2}}"#, #"{"s":{"y":2,"x":1}}"#),
            (#"{"a":[1,2]}"#, #"{"a":[2,1]}"#),
            // Which of the two counts depends on their order.
            (#"{"a":1,"a":2}"#, #"{"a":2,"a":1}"#),
            (#"{"a":1,"\u0061":2}"#, #"{"\u0061":2,"a":1}"#),
            (#"{"a":"\ud800"}"#, #"{"a":"\ud801"}"#),
            (#"{"a":[1],"b":[]}"#, #"{"a":[],"b":[1]}"#),
        ])
    func different(_ left: String, _ right: String) {
        #expect(canonical(left) != nil && canonical(right) != nil)
        #expect(canonical(left) != canonical(right))
    }

    @Test("what is no object is nothing", arguments: ["[]", "", "1", "{", #"{"a":1} x"#])
    func none(_ text: String) { #expect(canonical(text) == nil) }
}

@Suite("What a request says of the cache") struct CacheControlTests {
    struct Row {
        var fields: [String]
        var noCache = false
        var noStore = false
        var maxAge: Int64?
    }

    @Test(
        "directives of all fields hold together",
        arguments: [
            Row(fields: []), Row(fields: ["no-cache"], noCache: true), Row(fields: ["No-Store"], noStore: true),
            Row(fields: ["max-age=60"], maxAge: 60), Row(fields: ["max-age = \"60\" , no-cache"], noCache: true, maxAge: 60),
            Row(fields: ["max-age=60", "max-age=30, x"], maxAge: 30), Row(fields: ["max-age=soon"], maxAge: 0),
            Row(fields: ["max-age=-5"], maxAge: 0),
            Row(fields: ["private, no-transform"]), Row(fields: ["max-age"], maxAge: 0),
            Row(fields: [", ,", "no-cache,no-store"], noCache: true, noStore: true),
        ])
    func read(_ row: Row) {
        var control = CacheControl()
        for field in row.fields { Array(field.utf8).withUnsafeBytes { control.take($0) } }
        #expect(control.noCache == row.noCache)
        #expect(control.noStore == row.noStore)
        #expect(control.maxAge == row.maxAge)
    }
}
