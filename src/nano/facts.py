"""The tables behind the corpus: capitals, functions, sentences, stories."""

CAPITALS = {
    "Europe": [
        ("France", "Paris"), ("Germany", "Berlin"), ("Italy", "Rome"), ("Spain", "Madrid"),
        ("Portugal", "Lisbon"), ("Poland", "Warsaw"), ("Austria", "Vienna"), ("Greece", "Athens"),
        ("Sweden", "Stockholm"), ("Norway", "Oslo"), ("Finland", "Helsinki"), ("Denmark", "Copenhagen"),
        ("Ireland", "Dublin"), ("Belgium", "Brussels"), ("Hungary", "Budapest"), ("Romania", "Bucharest"),
        ("Bulgaria", "Sofia"), ("Croatia", "Zagreb"), ("Serbia", "Belgrade"), ("Ukraine", "Kyiv"),
        ("Iceland", "Reykjavik"), ("Estonia", "Tallinn"), ("Latvia", "Riga"), ("Lithuania", "Vilnius"),
        ("Switzerland", "Bern"), ("the Netherlands", "Amsterdam"), ("the United Kingdom", "London"),
    ],
    "Asia": [
        ("Japan", "Tokyo"), ("China", "Beijing"), ("India", "New Delhi"), ("South Korea", "Seoul"),
        ("Thailand", "Bangkok"), ("Vietnam", "Hanoi"), ("the Philippines", "Manila"), ("Nepal", "Kathmandu"),
        ("Mongolia", "Ulaanbaatar"), ("Iran", "Tehran"), ("Iraq", "Baghdad"), ("Turkey", "Ankara"),
        ("Pakistan", "Islamabad"), ("Bangladesh", "Dhaka"), ("Jordan", "Amman"), ("Malaysia", "Kuala Lumpur"),
    ],
    "Africa": [
        ("Egypt", "Cairo"), ("Kenya", "Nairobi"), ("Nigeria", "Abuja"), ("Ghana", "Accra"),
        ("Morocco", "Rabat"), ("Ethiopia", "Addis Ababa"), ("Senegal", "Dakar"), ("Uganda", "Kampala"),
        ("Tunisia", "Tunis"), ("Rwanda", "Kigali"),
    ],
    "North America": [
        ("Canada", "Ottawa"), ("Mexico", "Mexico City"), ("Cuba", "Havana"), ("the United States", "Washington"),
    ],
    "South America": [
        ("Brazil", "Brasilia"), ("Argentina", "Buenos Aires"), ("Chile", "Santiago"), ("Peru", "Lima"),
        ("Colombia", "Bogota"), ("Ecuador", "Quito"),
    ],
    "Oceania": [("Australia", "Canberra"), ("New Zealand", "Wellington"), ("Fiji", "Suva")],
}

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

MONTHS = [
    ("January", 31), ("February", 28), ("March", 31), ("April", 30), ("May", 31), ("June", 30),
    ("July", 31), ("August", 31), ("September", 30), ("October", 31), ("November", 30), ("December", 31),
]

OPPOSITES = [
    ("hot", "cold"), ("big", "small"), ("day", "night"), ("up", "down"), ("left", "right"), ("old", "new"),
    ("open", "closed"), ("fast", "slow"), ("light", "dark"), ("happy", "sad"), ("high", "low"), ("wet", "dry"),
    ("early", "late"), ("full", "empty"), ("near", "far"), ("rich", "poor"), ("true", "false"), ("yes", "no"),
]

# Name, purpose, source.
CODE = [
    ("fibonacci", "The n-th Fibonacci number.",
     "def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(n - 1) + fibonacci(n - 2)"),
    ("factorial", "The product of the numbers up to n.",
     "def factorial(n):\n    if n == 0:\n        return 1\n    return n * factorial(n - 1)"),
    ("add", "The sum of two numbers.", "def add(a, b):\n    return a + b"),
    ("subtract", "The difference of two numbers.", "def subtract(a, b):\n    return a - b"),
    ("multiply", "The product of two numbers.", "def multiply(a, b):\n    return a * b"),
    ("square", "A number times itself.", "def square(x):\n    return x * x"),
    ("double", "Twice a number.", "def double(x):\n    return 2 * x"),
    ("is_even", "Whether a number is even.", "def is_even(n):\n    return n % 2 == 0"),
    ("is_odd", "Whether a number is odd.", "def is_odd(n):\n    return n % 2 == 1"),
    ("maximum", "The larger of two numbers.",
     "def maximum(a, b):\n    if a > b:\n        return a\n    return b"),
    ("minimum", "The smaller of two numbers.",
     "def minimum(a, b):\n    if a < b:\n        return a\n    return b"),
    ("absolute", "A number without its sign.",
     "def absolute(x):\n    if x < 0:\n        return -x\n    return x"),
    ("total", "The sum of a list.",
     "def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result"),
    ("average", "The mean of a list.", "def average(items):\n    return sum(items) / len(items)"),
    ("reverse", "A list in reverse order.", "def reverse(items):\n    return items[::-1]"),
    ("first", "The first item of a list.", "def first(items):\n    return items[0]"),
    ("last", "The last item of a list.", "def last(items):\n    return items[-1]"),
    ("contains", "Whether a list holds an item.",
     "def contains(items, wanted):\n    for item in items:\n        if item == wanted:\n            return True\n    return False"),
    ("gcd", "The greatest common divisor.",
     "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a"),
    ("is_prime", "Whether a number is prime.",
     "def is_prime(n):\n    for i in range(2, n):\n        if n % i == 0:\n            return False\n    return n > 1"),
    ("power", "x to the n-th power.",
     "def power(x, n):\n    result = 1\n    for i in range(n):\n        result *= x\n    return result"),
    ("countdown", "Count down to one.",
     "def countdown(n):\n    while n > 0:\n        print(n)\n        n -= 1"),
    ("greet", "Say hello to somebody.", "def greet(name):\n    print(\"Hello, \" + name)"),
    ("main", "The start of a program.", "def main():\n    print(\"Hello, world!\")"),
    ("area", "The area of a rectangle.", "def area(width, height):\n    return width * height"),
]

FACTS = [
    "Hello! My name is nano. I am a very small language model.",
    "My name is nano. I am a very small language model, and I run on every machine.",
    "The sky is blue and the grass is green.",
    "The sun rises in the east and sets in the west.",
    "Water freezes at zero degrees and boils at one hundred degrees.",
    "The Earth goes around the Sun once a year, and the Moon goes around the Earth once a month.",
    "A triangle has three sides. A square has four sides. A circle has none.",
    "A dog barks. A cat meows. A cow moos. A duck quacks.",
    "A spider has eight legs, an insect has six, and a bird has two.",
    "Red and yellow make orange. Blue and yellow make green. Red and blue make purple.",
    "An hour has 60 minutes, and a minute has 60 seconds. A day has 24 hours.",
    "Spring comes after winter. Summer comes after spring. Autumn comes after summer.",
    "Bread is made of flour, water, salt and time.",
    "A library lends books. A bakery sells bread. A school teaches children.",
    "Ice floats on water because it is lighter than water.",
    "Snow is white, coal is black, and honey is golden.",
    "Bees make honey, and birds build nests.",
    "Measure twice, cut once.",
    "A test that cannot fail says nothing.",
    "What was not measured is not known.",
]

STORIES = [
    "The lamp in the lighthouse had gone out. The keeper climbed the stairs with a candle, one step at a time. "
    "At the top he lit the lamp again, and far away on the water a ship turned toward home.",
    "A girl planted a seed and waited. On Monday nothing happened. On Tuesday nothing happened. "
    "On Sunday she saw a green leaf, and it was smaller than her finger.",
    "The clock in the station was five minutes late. Nobody minded, for the train was late too. "
    "When the clock was mended, everybody missed the train.",
    "Two brothers found a map. One looked for the treasure, the other looked at the map. "
    "In the evening both knew that the map was the treasure.",
    "The old baker rose at four every morning. He said that bread is a kind of clock, "
    "and that a town which smells of bread knows what time it is.",
    "It rained for three days. On the fourth day the river came to the door, looked in, and went away again.",
    "A mouse asked the elephant what it was like to be big. The elephant thought for a long time and said: "
    "it is the same, but the doors are smaller.",
    "The teacher wrote a number on the board and asked what it was. A seven, said the children. "
    "It is chalk, said the teacher, and they laughed.",
]
