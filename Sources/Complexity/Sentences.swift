/// Sentences as marks end them, with how many words and numbers stand in each. Positions are in bytes without white space.
struct Sentences {
    struct Sentence {
        var words = 0
        var numbers = 0
        var begin = 0
    }

    private(set) var withNumbers = 0
    private var said = Sentence()
    private var last = Sentence()
    private var asked: Sentence?

    /// The last sentence that ended in a question mark, or the last one.
    var question: Sentence { asked ?? last }

    mutating func word() { said.words += 1 }

    mutating func number() { said.numbers += 1 }

    /// `next` is where the sentence behind begins.
    mutating func end(isQuestion: Bool, next: Int) {
        if said.words + said.numbers > 0 {
            last = said
            if said.numbers > 0 { withNumbers += 1 }
            if isQuestion { asked = said }
        }
        said = Sentence(begin: next)
    }
}
