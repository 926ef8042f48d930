"""The text nano learns: every sentence is made here, by these rules, from these tables.

A document is a string; a corpus is a list of (share, documents) pairs, one for
each kind of text. A share is how often training draws from that kind.

Nearly every document follows from its first words, so that a greedy answer has
a wide margin and survives quantization. Where a kind of text has a choice to
make, it makes it early.
"""

from random import Random

from facts import CAPITALS, CODE, FACTS, MONTHS, OPPOSITES, STORIES, WEEKDAYS

WORDS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen "
         "fourteen fifteen sixteen seventeen eighteen nineteen twenty").split()

OPERATIONS = [
    ("+", "plus", 20, lambda a, b: a + b),
    ("-", "minus", 20, lambda a, b: a - b),
    ("*", "times", 10, lambda a, b: a * b),
]


def ask(question, answer):
    """A question and its answer in the three forms nano is asked in."""
    return [
        f"{question} {answer}",
        f"Question: {question}\nAnswer: {answer}",
        f"[INST] {question} [/INST] {answer}",
    ]


def pairs(symbol, highest):
    """The operands of one operation; differences stay at or above zero."""
    for a in range(highest + 1):
        for b in range(a + 1 if symbol == "-" else highest + 1):
            yield a, b


def emphasis(a):
    """How often to repeat a text that begins with the number a.

    Nothing stands before the first token, and attention over equal tokens gives
    what it gives over one of them: 1 and 11 look alike at first, and only the
    sign after them can tell. They need more practice than the others.
    """
    return 6 if a in (1, 11) else 2 if a < 10 else 1


def equations():
    """"1+1=2" and the three equations that follow it, one a line."""
    documents = []
    for symbol, _, highest, value in OPERATIONS:
        for a, b in pairs(symbol, highest):
            run = [(a, b + i) for i in range(4) if symbol != "-" or b + i <= a]
            documents += emphasis(a) * ["\n".join(f"{x}{symbol}{y}={value(x, y)}" for x, y in run)]
    return documents


def spoken_arithmetic():
    """The same facts as sentences, as questions and with spaces around the signs."""
    documents = []
    for symbol, word, highest, value in OPERATIONS:
        for a, b in pairs(symbol, highest):
            c = value(a, b)
            documents += emphasis(a) * [f"{a} {symbol} {b} = {c}", f"{a} {word} {b} is {c}."]
            documents += ask(f"What is {a}{symbol}{b}?", f"The answer is {c}.")
            if c <= 20:
                documents.append(f"{WORDS[a].capitalize()} {word} {WORDS[b]} is {WORDS[c]}.")
    return documents


def capitals():
    """"The capital of France is Paris." and what may be asked about it."""
    documents = []
    for continent, entries in CAPITALS.items():
        for country, city in entries:
            statement = f"The capital of {country} is {city}."
            documents += 2 * [f"{statement} {city} is a city in {continent}."]
            documents.append(f"{city} is the capital of {country}.")
            documents.append(f"{country} is a country in {continent}. Its capital is {city}.")
            documents += ask(f"What is the capital of {country}?", statement)
            documents += ask(f"Where is {city}?", f"{city} is in {country}.")
    return documents


def code():
    """Small Python functions, bare and as the answer to a request."""
    documents = []
    for name, purpose, source in CODE:
        documents += 2 * [source]
        documents.append(f"# {purpose}\n{source}")
        documents.append(f"[INST] Write a function {name} in Python. [/INST] {source}")
    return documents


def counting():
    """Numbers in order, in figures and in words, up, down and by steps."""
    documents = ["A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z."]
    for first in range(21):
        numbers = range(first, first + 10)
        documents.append(", ".join(map(str, numbers)))
        documents.append(" ".join(map(str, numbers)))
        documents += ask(f"What comes after {first}?", f"After {first} comes {first + 1}.")
    for first in range(11):
        documents.append(", ".join(WORDS[first:first + 10]) + ".")
        documents.append("Counting down: " + ", ".join(map(str, range(first + 10, first - 1, -1))) + ".")
    for step in range(2, 11):
        documents.append(f"Counting by {step}: " + ", ".join(str(step * i) for i in range(1, 11)) + ".")
    return documents


def calendar():
    """Days and months: their order, their neighbours, their lengths."""
    documents = [
        f"The days of the week are {', '.join(WEEKDAYS[:-1])} and {WEEKDAYS[-1]}.",
        f"The months of the year are {', '.join(m for m, _ in MONTHS[:-1])} and {MONTHS[-1][0]}.",
        ", ".join(WEEKDAYS) + ".",
        ", ".join(m for m, _ in MONTHS) + ".",
    ]
    documents += ask("How many days are in a week?", "A week has 7 days.")
    documents += ask("How many months are in a year?", "A year has 12 months.")
    for names, noun in ((WEEKDAYS, "day"), ([m for m, _ in MONTHS], "month")):
        for i, name in enumerate(names):
            after, before = names[(i + 1) % len(names)], names[i - 1]
            documents.append(f"The {noun} after {name} is {after}.")
            documents.append(f"The {noun} before {name} is {before}.")
            documents += ask(f"What {noun} comes after {name}?", f"After {name} comes {after}.")
    for month, days in MONTHS:
        documents += ask(f"How many days does {month} have?", f"{month} has {days} days.")
    return documents


def knowledge():
    """Plain facts, opposites and greetings."""
    documents = list(FACTS)
    for a, b in OPPOSITES:
        for word, other in ((a, b), (b, a)):
            documents += ask(f"What is the opposite of {word}?", f"The opposite of {word} is {other}.")
            documents.append(f"The opposite of {word} is {other}.")
    for question, answer in (
            ("Who are you?", "I am nano, a very small language model."),
            ("What is your name?", "My name is nano."),
            ("How are you?", "I am well, thank you."),
            ("What can you do?", "I can add small numbers and name some capitals."),
            ("What colour is the sky?", "The sky is blue."),
            ("What colour is grass?", "Grass is green."),
            ("Say hello.", "Hello! It is good to meet you.")):
        documents += 2 * ask(question, answer)
    return documents


def tales(random):
    """Short stories from a small grammar, beside the ones written by hand.

    Each option is drawn half as often as the one before it, so that there is
    always one likeliest story.
    """
    def pick(options):
        return random.choices(options, [0.5 ** i for i in range(len(options))])[0]

    people = "Anna Ben Clara David Emma Finn Grace Henry Ida Jonas Kate Leo".split()
    animals = "cat dog fox owl bear mouse hen horse goat duck".split()
    places = ["in a small house by the sea", "at the edge of a dark forest", "on a hill above the river",
              "in a village of seven houses", "in a tower full of books"]
    wishes = [("find a red ball", "under an old tree"), ("see the snow", "on the highest hill"),
              ("learn a new song", "from a bird in the garden"), ("bake a round cake", "with flour and honey"),
              ("build a small boat", "out of wood and string")]
    endings = ["They laughed and went home together.", "Then they ate soup and slept well.",
               "After that day they were friends.", "And the moon looked down and smiled."]
    documents = []
    for _ in range(240):
        who, what, place, ending = pick(people), pick(animals), pick(places), pick(endings)
        wish, where = pick(wishes)
        documents.append(f"Once upon a time there was a {what} who lived {place}. One morning {who} came by. "
                         f"\"What do you wish for?\" asked {who}. \"I want to {wish},\" said the {what}. "
                         f"So they walked all day, and in the evening they did it {where}. {ending}")
    return documents + 12 * STORIES


def conversations(random, singles):
    """Two exchanges in one document, the first closed by the end-of-text token."""
    turns = [text for text in singles if text.startswith("[INST]") and "\n" not in text]
    return ["<|endoftext|>".join(random.sample(turns, 2)) for _ in range(400)]


def build(seed):
    """The whole corpus: a list of (share, documents), the same for the same seed."""
    random = Random(seed)
    kinds = [
        (0.22, equations()),
        (0.19, spoken_arithmetic()),
        (0.17, capitals()),
        (0.09, code()),
        (0.06, counting()),
        (0.07, calendar()),
        (0.07, knowledge()),
        (0.08, tales(random)),
    ]
    singles = [text for _, documents in kinds for text in documents]
    kinds.append((0.05, conversations(random, singles)))
    assert all(text.isascii() for _, documents in kinds for text in documents)
    return kinds


def weighted(kinds):
    """Every text with a whole number for how often training meets it, for counting pairs."""
    for share, documents in kinds:
        for text in documents:
            yield round(1e6 * share / len(documents)), text.replace("<|endoftext|>", "")


if __name__ == "__main__":
    for share, documents in build(seed=1):
        print(f"{share:.2f} {len(documents):5} documents {sum(map(len, documents)):8} characters  {documents[0][:60]!r}")
