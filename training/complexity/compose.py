"""Writes prompts/composed.txt: frames of a known task and difficulty, filled with subjects. Run it after changing a frame."""

import pathlib
import random

PEOPLE = ["my sister", "a new colleague", "our neighbours", "my old teacher", "the choir", "my team", "a customer", "my flatmate",
          "the parents' council"]
THINGS = ["a lost umbrella", "the summer fair", "a lighthouse", "a broken lift", "the first snow", "a vegetable garden", "an old bicycle",
          "the night train", "a chess club", "a market hall", "the village pond", "a violin", "a camping trip", "a rooftop", "a bookshop"]
TOPICS = ["volcanoes", "glass making", "honey bees", "sailing ships", "coral reefs", "the stock exchange", "postage stamps", "migratory birds",
          "windmills", "sleep", "noise", "soil", "bridges", "cheese", "fever", "rubber", "dialects", "satellites", "rice", "tunnels"]
TRADES = ["a bakery with three shops", "a dental practice", "a small brewery", "a public library", "a bicycle courier", "a language school",
          "a farm that sells online", "a theatre", "a software house of twenty", "a care home", "a port authority", "a seed company"]
DATA = ["orders", "sensor readings", "invoices", "library loans", "flight records", "chat messages", "patients' visits", "parking tickets"]
LANGUAGES = ["Python", "Go", "Java", "TypeScript", "Rust", "C++", "Swift", "Kotlin"]

FRAMES = {
    ("chat", 1, "en"): [
        "Hi, I just wanted to tell you about {thing}.",
        "Good evening! I was thinking of {thing} today.",
        "Thanks, {person} liked it.",
    ],
    ("chat", 2, "en"): [
        "Tell me one funny thing about {topic}.",
        "Ask me a question about {topic}.",
        "What would you say to {person} about {thing}?",
    ],
    ("writing", 2, "en"): [
        "Write a short message to {person} about {thing}.",
        "Write a little poem about {thing}.",
        "Write two sentences that advertise {thing}.",
        "Describe {thing} for a postcard to {person}.",
    ],
    ("writing", 3, "en"): [
        "Write an article of about 500 words on {topic} for a local paper, with a headline, two quotes and a surprising end.",
        "Write a letter to {person} in which you refuse to pay for {thing}; firm, friendly, with a way out.",
    ],
    ("writing", 4, "en"): [
        "Write a story of 1,000 words about {thing} told by three voices who contradict each other, so that the reader knows more than"
        " all of them; no voice may be named.",
        "Write an essay that argues {topic} shaped modern states more than wars did, with objections taken at their strongest and a "
        "conclusion that concedes what must be conceded.",
    ],
    ("knowledge", 1, "en"): [
        "Name three words that have to do with {topic}.",
        "Is there a museum about {topic}? Yes or no.",
    ],
    ("knowledge", 2, "en"): [
        "What are {topic}, in simple words?",
        "Give me three facts about {topic}.",
        "Why do people find {topic} interesting?",
    ],
    ("knowledge", 3, "en"): [
        "Explain how {topic} are studied and which methods gave the most important results.",
        "Compare what was believed about {topic} in 1850 with what is known now.",
    ],
    ("knowledge", 4, "en"): [
        "Which quantitative models describe {topic}, what do they assume, and where do they fail? Be specific about parameters and "
        "orders of magnitude.",
        "Explain the unsettled scientific disputes about {topic}, with the strongest evidence on each side and what would decide them.",
    ],
    ("advice", 2, "en"): [
        "Any ideas for a present to do with {topic}?",
        "Where can I learn a bit about {topic}?",
        "What should I bring when I visit {person}?",
    ],
    ("advice", 3, "en"): [
        "I want to start {trade}. What should I find out in the first month, and in which order?",
        "How should {trade} answer a bad review about {thing}?",
        "How can {trade} keep staff through a slow winter?",
    ],
    ("advice", 4, "en"): [
        "{trade} has lost a third of its income in a year while costs rose by 12 %. Work out a rescue plan with three scenarios, what "
        "to tell the bank, and the signs that mean stop.",
        "Two owners of {trade} no longer speak with each other and hold half the shares each. Which legal and practical ways out are "
        "there, and how do they change with debts, tax and a family lease?",
    ],
    ("advice", 5, "en"): [
        "A regulator must decide whether {trade} may use predictive models on people who cannot consent. Lay out a rule that holds "
        "under adversarial behaviour, its measurable tests and its failure modes, and defend it against the two best objections.",
    ],
    ("persona", 2, "en"): [
        "Pretend to be the owner of {thing} and say hello to {person}.",
        "Speak as someone who loves {topic}: one sentence.",
    ],
    ("persona", 3, "en"): [
        "You run {trade}. I am {person} with a complaint about {thing}. Stay in the role, offer at most 10 % off, and never admit a "
        "fault.",
        "System: You answer for {trade}. Only talk about opening hours, prices and {topic}; else say you will ask. Answer in the "
        "user's language, at most 40 words.\nUser: Bonjour, c'est ouvert lundi ? And what about refunds?",
    ],
    ("persona", 4, "en"): [
        "Play an expert on {topic}, a lawyer and an accountant who advise {trade} together; they must disagree for professional "
        "reasons, correct each other's errors, and end with a plan that all three sign with reservations stated.",
    ],
    ("extraction", 1, "en"): [
        "Which word is a number: {topic}, seven, blue?",
        "Write this in capital letters: {thing}",
    ],
    ("extraction", 2, "en"): [
        "Summarise in one sentence: \"We talked about {thing} and then about {topic}. Nothing was decided, but {person} will call on "
        "Tuesday.\"",
        "Translate into Spanish: \"I told {person} about {thing}.\"",
        "List the nouns: \"{thing} and {topic} in spring\"",
    ],
    ("extraction", 3, "en"): [
        "Make a JSON object with who, what, when and cost from: \"{person} ordered flyers for {thing}, forty euros plus tax, due the "
        "day after Easter Monday; half is paid.\" Use null where it is not said.",
        "Turn these notes of {trade} into minutes with decisions, owners and dates, and list what is unclear: \"{thing}: yes, but "
        "cheaper?? - Kim asks - before June. {topic} talk moved (again). Lee not here, does Lee's part. vote 4-3\"",
    ],
    ("extraction", 4, "en"): [
        "Merge these two versions of the rules of {trade} into one without changing any right or duty, mark each conflict, and say "
        "which principle of interpretation you used. V1: members may bring guests unless the board objects in time. V2: guests need "
        "leave, which counts as given after three days; the board may withdraw it for cause.",
    ],
    ("code", 2, "en"): [
        "Write a {language} function that returns the sum of a list of numbers.",
        "How do I sort {data} by date in {language}?",
        "How do I read a text file in {language}?",
        "Write a {language} loop that prints every second item of a list.",
    ],
    ("code", 3, "en"): [
        "Write a {language} class that keeps {data} in memory with an index by two fields, with tests.",
        "Write a {language} program that reads {data} from a CSV file, drops bad lines with a message and prints totals per month.",
        "Write a SQL query over {data} that finds gaps of more than a week per customer.",
        "My {language} code that loads {data} runs out of memory with 2 GB of input. What should I change first?",
    ],
    ("code", 4, "en"): [
        "Design and write in {language} an append-only store for {data} with crash recovery, checksums, compaction in the background "
        "and readers that never block; explain which writes must be flushed when.",
        "Write a {language} scheduler for jobs over {data} with dependencies, cancellation, retries and fairness between tenants, free"
        " of deadlocks, and say how you would test interleavings.",
        "Implement incremental view maintenance for a join of two streams of {data} with late and retracted rows in {language}; argue "
        "for its correctness.",
    ],
    ("code", 5, "en"): [
        "Prove that your lock-free {language} hash map over {data} is linearizable under resizing, name each linearization point, and "
        "show how memory is reclaimed without a garbage collector.",
    ],
    ("maths", 2, "en"): [
        "{trade} sells {n} tickets at {m} euros each. How much money is that?",
        "What is {n} minus {m}, divided by two?",
        "{person} has {n} coins and loses {m} of them. How many are left?",
    ],
    ("maths", 3, "en"): [
        "{trade} pays {n} euros rent and {m} % of its sales to the landlord. At which sales is a flat rent of 3 times {n} cheaper, and"
        " by how much at half of that?",
        "A stock of {n} items shrinks by {m} % a week and gets 40 new ones each Friday. Where does it settle, and after how many weeks"
        " is it within 1 % of that?",
    ],
    ("maths", 4, "en"): [
        "Prove that for every n >= {m} there is a set of n positive integers whose sum of reciprocals is 1 and whose largest element "
        "is at most a polynomial in n, or find the obstruction.",
        "Let X_1, X_2, ... be independent with P(X_k = k) = 1/k and 0 otherwise. Study the almost sure behaviour of S_n / (n log n) "
        "and the variance of S_{n} for n = {n}, with full proofs.",
    ],
    ("logic", 2, "en"): [
        "If every friend of {person} likes {topic}, and Max does not like {topic}, is Max a friend?",
        "One of three boxes holds {thing}. Box one is empty, box two is lighter than an empty box could be. Where is it?",
    ],
    ("logic", 3, "en"): [
        "Ann, Bob, Cy and Di work for {trade} on four different days. Ann is before Cy, Di is not on Monday, Bob is the day after Di, "
        "and nobody works on Tuesday and Wednesday next to Cy. Who works when? Days are Monday to Thursday.",
    ],
    ("logic", 4, "en"): [
        "Seven clerks of {trade} sit in a row; each says a sentence about the truth of the two neighbours' sentences, exactly three "
        "are true, no two true ones are adjacent, and the first says that the last lies. Give all patterns and prove that there are no"
        " others.",
    ],
    ("agent", 2, "en"): [
        "Tools: find(text), done()\nUser: look for {topic} in the notes",
        "Tool result: {n} rows imported, 0 errors. Tell {person}.",
    ],
    ("agent", 3, "en"): [
        "Task: import {data} of {trade}. The tool says: row {n}: invalid date '31/02'. You may skip, mend or ask. The user said "
        "nothing about bad rows. Next step?",
        "The command `make {data}` ended with exit code {m} and the last line \"No rule to make target\". You have read the Makefile's "
        "first 20 lines only. Next action?",
    ],
    ("agent", 4, "en"): [
        "Step {n} of moving {data} of {trade} between two systems that both stay in use. Checks: counts equal, sums differ by {m}.00, "
        "three rows newer than the snapshot, one failed webhook since. Two earlier repairs ran twice. State what you know, what you "
        "assume, the next read-only check and the condition under which you stop.",
    ],
    ("writing", 2, "de"): [
        "Schreibe einen kurzen Gruß über {topic_de}.",
        "Schreibe zwei nette Sätze für eine Karte mit {topic_de}.",
    ],
    ("knowledge", 3, "de"): [
        "Erkläre die wirtschaftliche Bedeutung von {topic_de} seit 1900 und nenne die wichtigsten Streitfragen.",
    ],
    ("code", 3, "de"): [
        "Schreibe ein {language}-Programm, das {data} einliest, prüft und Fehler mit Zeilennummer meldet.",
    ],
    ("writing", 2, "fr"): [
        "Écris deux phrases gentilles sur {topic_fr}.",
    ],
    ("knowledge", 3, "fr"): [
        "Explique le rôle de {topic_fr} dans l'économie et les débats actuels.",
    ],
    ("code", 4, "fr"): [
        "Écris en {language} un index concurrent pour {data}, avec reprise après panne et preuve de l'absence d'interblocage.",
    ],
    ("writing", 2, "es"): [
        "Escribe un mensaje breve sobre {topic_es}.",
    ],
    ("knowledge", 3, "es"): [
        "Explica cómo cambió {topic_es} en el último siglo y por qué importa.",
    ],
    ("code", 3, "es"): [
        "Escribe en {language} un programa que agrupe {data} por mes y detecte valores extraños.",
    ],
    ("chat", 1, "es"): [
        "Hola, hoy vi algo sobre {topic_es}. ¡Qué bonito!",
    ],
    ("chat", 1, "de"): [
        "Hallo! Heute ging es bei uns um {topic_de}. Bis später!",
    ],
    ("chat", 1, "fr"): [
        "Salut ! On a parlé de {topic_fr} ce midi. À plus !",
    ],
}
WORDS = {
    "topic_de": ["Brücken", "Käse", "Windmühlen", "Reis", "Satelliten", "Tunnel", "Honig", "Schlaf"],
    "topic_fr": ["la musique", "la mer", "la neige", "la vigne", "la poste", "la lumière"],
    "topic_es": ["el queso", "la lluvia", "el tren", "la madera", "el vidrio", "la sal"],
}


def capital(text):
    return text[:1].upper() + text[1:]


def composed(each=8):
    rng = random.Random(20)
    lines = []
    for (task, difficulty, language), frames in FRAMES.items():
        for frame in frames:
            seen = set()
            while len(seen) < (each if "{" in frame else 1):
                seen.add(capital(frame.format(
                    person=rng.choice(PEOPLE), thing=rng.choice(THINGS), topic=rng.choice(TOPICS), trade=rng.choice(TRADES), data=rng.choice(DATA),
                    language=rng.choice(LANGUAGES), n=rng.randrange(12, 400), m=rng.randrange(3, 30),
                    **{k: rng.choice(v) for k, v in WORDS.items()})))
                if len(seen) >= 6 and "topic_" in frame:
                    break
            lines += [f"{task}|{difficulty}|{language}|" + t.replace("\\", "\\\\").replace("\n", "\\n") for t in sorted(seen)]
    return lines


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent / "prompts" / "composed.txt"
    path.write_text("".join(line + "\n" for line in composed()))
