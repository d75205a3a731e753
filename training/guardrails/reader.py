"""The features of a text, block by block: the reference that `Sources/Guarding/Scoring` follows to the bit.

A text is read once. Words give hashes of themselves, of their first five letters, of pairs with the two words before and of
sentence starts; runs of punctuation, scripts without spaces, hidden characters and the like give theirs. A feature counts
once a block; a block is about 12 words, and what is scored is a block with up to two before it.
"""

import fold
import lexicon
from hashes import *  # noqa: F403

LEXICON = lexicon.table()


class Reader:
    """Reads one text; `blocks` are sorted lists of feature numbers."""

    def __init__(self):
        self.blocks, self.block, self.seen, self.units = [], [], set(), 0
        self.before = self.earlier = 0  # stems of the last two words
        self.starts = True
        self.run_after = 0
        self.dense = self.denser = 0
        self.shouted = False
        self.place = 0  # units read so far
        self.chains = [[(0, 0)] * 3, [(0, 0)] * 3]  # the last three concepts and their places, for each scorer
        self.begin_word()
        self.begin_run()
        self.joined, self.joined_count, self.joined_stem, self.joined_before, self.gap = SEED, 0, 0, 0, 0

    def begin_word(self):
        self.word = self.twin = SEED
        self.word_stem = self.twin_stem = 0
        self.count = self.capitals = self.latin = self.digits = self.twins = 0

    def begin_run(self):
        self.run, self.run_count, self.run_last, self.run_same = SEED, 0, 0, 0

    def emit(self, value):
        number = value >> 32 - BITS
        bit = number & 4095
        if bit not in self.seen:
            self.seen.add(bit)
            self.block.append(number)

    def know(self, key):
        """Looks a hash up in the lexicon; true if it stands there."""
        place = key >> 20
        while LEXICON[place]:
            entry = LEXICON[place]
            if entry >> 12 == key & 0xFFFFF:
                self.concept(0, entry >> 6 & 63)
                self.concept(1, entry & 63)
                return True
            place = (place + 1) & len(LEXICON) - 1
        return False

    def concept(self, scorer, concept):
        if concept == 0:
            return
        chain = self.chains[scorer]
        own = concept + 64 * scorer
        self.emit(mix(CONCEPT, own))
        if self.starts:
            self.emit(mix(OPENING, own))
        for other, place in chain:
            if other and self.place - place <= REACH:
                self.emit(mix(CONCEPTS, other, own))
                if self.place - place <= NEAR:
                    self.emit(mix(CLOSE, other, own))
        (last, last_place), (second, second_place) = chain[0], chain[1]
        if last and second and self.place - second_place <= REACH:
            self.emit(mix(TRIPLE, second << 12 | last, own))
        self.chains[scorer] = [(concept, self.place), chain[0], chain[1]]

    def spend(self, units):
        self.place += units
        self.units += units
        if self.units >= UNITS:
            self.blocks.append(self.block)
            self.block, self.seen, self.units = [], set(), 0

    def end_word(self):
        if self.count == 0:
            return
        disguised = self.latin > 0 and self.twins > 0
        word, stem = (self.twin, self.twin_stem) if disguised else (self.word, self.word_stem)
        if self.count < STEM:
            stem = word
        if self.latin == self.count == 1:
            self.spell()
        else:
            self.end_joined()
        if self.count > LONGEST:
            self.emit(mix(BLOB if self.digits > 2 and self.capitals > 2 else LONG, 0))
        else:
            self.emit(mix(WORD, word))
        if self.count > STEM:
            self.emit(mix(STEMMED, stem))
        if not self.know(mix(WORD, word)) and self.count > STEM:
            self.know(mix(STEMMED, stem))
        if self.before:
            self.emit(mix(PAIR, self.before, stem))
        if self.earlier:
            self.emit(mix(SKIPPED, self.earlier, stem))
        if self.starts:
            self.emit(mix(FIRST, stem))
        if self.run_after:
            self.emit(mix(AFTER_RUN, self.run_after, stem))
        if disguised:
            self.emit(mix(DISGUISED, 0) if self.digits else mix(MIXED, 0))
        shouted = self.count >= 3 and self.capitals == self.count
        if shouted:
            self.emit(mix(CAPITALS, 0))
            if self.shouted:
                self.emit(mix(SHOUTING, 0))
        self.shouted = shouted
        self.earlier, self.before, self.starts, self.run_after = self.before, stem, False, 0
        self.begin_word()
        self.spend(2)

    def spell(self):
        """A letter by itself: letters that stand alone one after the other make a word again."""
        if self.gap > 1:
            self.end_joined()
        self.joined = step(self.joined, self.last_letter)
        self.joined_count += 1
        if self.joined_count == STEM:
            self.joined_stem = self.joined
        self.gap = 0

    def end_joined(self):
        if self.joined_count >= 3:
            stem = self.joined_stem if self.joined_count >= STEM else self.joined
            self.emit(mix(WORD, self.joined))
            known = self.know(mix(WORD, self.joined))
            if self.joined_count > STEM:
                self.emit(mix(STEMMED, stem))
                if not known:
                    self.know(mix(STEMMED, stem))
            if self.joined_before:
                self.emit(mix(PAIR, self.joined_before, stem))
            self.emit(mix(SPELLED, 0))
            self.joined_before = stem
        elif self.joined_count == 0:
            self.joined_before = 0
        self.joined, self.joined_count, self.joined_stem, self.gap = SEED, 0, 0, 0

    def end_run(self):
        if self.run_count == 0:
            return
        if self.run_count > 1 or self.run_last not in QUIET:
            self.emit(mix(RUN, self.run))
            if self.before:
                self.emit(mix(BEFORE_RUN, self.before, self.run))
            self.run_after = self.run
        self.begin_run()

    def end_dense(self):
        self.dense = self.denser = 0

    def letter(self, code, reading, is_digit):
        self.end_run()
        self.end_dense()
        twin = fold.TWINS.get(reading, 0) if reading < 0x800 else 0
        if 0x61 <= reading <= 0x7A:
            self.latin += 1
            self.capitals += 0x41 <= code <= 0x5A
        self.digits += is_digit
        self.twins += twin != 0
        self.word = step(self.word, 0x30 if is_digit else reading)
        self.twin = step(self.twin, twin or reading)
        self.count += 1
        if self.count == STEM:
            self.word_stem, self.twin_stem = self.word, self.twin
        self.last_letter = reading

    def ideograph(self, code):
        self.end_word()
        self.end_run()
        self.end_joined()
        if self.dense:
            pair = mix(TWO, self.dense, code)
            self.emit(pair)
            self.know(pair)
            if self.denser:
                three = mix(THREE, step(step(SEED, self.denser), self.dense), code)
                self.emit(three)
                self.know(three)
        self.denser, self.dense = self.dense, code
        self.before = self.earlier = 0
        self.starts = False
        self.spend(1)

    def gap_by(self, count):
        self.end_word()
        self.end_dense()
        self.gap += count

    def character(self, code):
        kind, reading = fold.read(code)
        if kind == fold.LETTER:
            self.letter(code, reading, False)
        elif kind == fold.DIGIT:
            self.letter(code, reading, True)
        elif kind == fold.DENSE:
            self.ideograph(reading)
        elif kind == fold.MARK:
            self.gap_by(1)
            if reading in ENDS:
                self.starts = True
            if reading == self.run_last:
                self.run_same += 1
            else:
                self.run_same = 0
            self.run_last = reading
            self.run_count += 1
            if self.run_same < 3:
                self.run = step(self.run, reading)
        elif kind == fold.SPACE:
            self.gap_by(1)
            self.end_run()
        elif kind == fold.LINE:
            self.gap_by(2)
            self.end_run()
            self.starts = True
        elif kind == fold.OTHER:
            self.gap_by(2)
            self.end_run()
        elif kind == fold.UNSEEN:
            self.emit(mix(UNSEEN, 0))

    def finish(self):
        self.end_word()
        self.end_run()
        self.end_joined()
        if self.block:
            self.blocks.append(self.block)
        return self.blocks


def blocks(text):
    """The feature numbers of each block of `text` (a string, or bytes that should be UTF-8)."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    reader = Reader()
    for char in text:
        reader.character(ord(char))
    return reader.finish()


def score(parts, weights, bias):
    """The most suspicious block, with up to DEPTH - 1 before it as far as they add to it, as a sum of weights."""
    best, before = None, []
    for part in parts:
        before = [*before[1 - DEPTH:], sum(int(weights[number]) for number in part)]
        run = 0
        for own in before:
            run = own + max(0, run)
        best = run if best is None else max(best, run)
    return bias + (best or 0)
