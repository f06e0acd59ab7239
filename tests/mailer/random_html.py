"""Documents at random, made of what hides and what holds layouts together; a seed makes the same one again."""

import random


def _several(text: str) -> list[str]:
    return text.split()


def _table(text: str) -> dict[str, list[str]]:
    """Names with their values; a line that is indented goes on with the one before."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    pairs = (line.partition(": ") for line in lines)
    return {
        name: [
            value.strip()
            for value in values.replace("COLOURS", COLOURS).replace("LENGTHS", LENGTHS).split("|")
        ]
        for name, _, values in pairs
    }


TAGS = _several(
    "div div div p span span b a table table td center font h1 h3 small big sub sup ul li blockquote pre img "
    "hr mark caption ol dl dd th tr code u br i strong s ins q em"
)
COLOURS = (
    "#fff | #ffffff | #000 | #000000 | #1a1a1a | #0b3d91 | #eeeeee | white | black | navy | red | yellow | "
    "rgb(0,0,0) | rgb(255,255,255) | rgba(0,0,0,.1) | rgba(255,255,255,.9) | transparent | gold | "
    "hsl(0,0%,100%) | inherit | currentcolor | #fffffe"
)
LENGTHS = (
    "0 | 0px | 1px | 2px | 5px | 8px | 10px | 16px | 24px | 40px | 60px | 100px | 150px | 199px | 300px | 600px | "
    "900px | 5% | 10% | 25% | 50% | 100% | 0.5em | 1em | 2em | 6em | -1px | -50px | -900px | auto | 1pt | 20pt | "
    "calc(1px) | 1vw"
)
VALUES = _table("""
color: COLOURS
background: COLOURS
background-color: COLOURS
-webkit-text-fill-color: COLOURS
font-size: LENGTHS | small | x-large | xx-small | smaller | 90% | 30% | 300%
line-height: 0 | 0.5 | 0.9 | 1 | 1.5 | 4 | 0px | 1px | 10px | 20px | 100px | 50% | 100% | normal | 1em
width: LENGTHS
max-width: LENGTHS
min-width: LENGTHS
height: LENGTHS
max-height: LENGTHS
min-height: LENGTHS
padding: LENGTHS
margin: LENGTHS
padding-left: LENGTHS
margin-left: LENGTHS
padding-right: LENGTHS
margin-top: LENGTHS
margin-bottom: LENGTHS
text-indent: LENGTHS
letter-spacing: 0 | -1px | -5px | 5px | 20px | -0.1em
word-spacing: LENGTHS
border: 1px solid #000 | 20px solid white | none | thick solid red
border-radius: LENGTHS
display: block | inline | inline-block | none | table | table-cell | table-row | flex | grid | list-item |
    inline-table | table-caption | contents | table-row-group
float: left | right | none
clear: both | left | none
position: absolute | relative | fixed | static | sticky
top: LENGTHS
left: LENGTHS
bottom: LENGTHS
overflow: hidden | auto | visible | scroll
overflow-x: hidden | auto
overflow-y: hidden | auto
visibility: hidden | visible | collapse
opacity: 0 | 0.01 | 0.5 | 1
white-space: nowrap | pre | normal | pre-line | pre-wrap
direction: rtl | ltr
text-align: left | right | center | justify
vertical-align: top | sub | super | middle | 900px | text-top
table-layout: fixed | auto
border-collapse: collapse | separate
border-spacing: 0 | 50px
transform: scale(0) | translateY(-300px) | rotate(90deg)
clip-path: circle(0)
zoom: 0.01 | 5
filter: opacity(0) | blur(30px)
text-transform: uppercase | none
writing-mode: vertical-rl
columns: 3
z-index: 9 | -1
mix-blend-mode: difference
font-family: monospace | Georgia,serif
word-break: break-all | keep-all
overflow-wrap: normal | anywhere
text-decoration: none | underline
list-style: none
box-shadow: 0 0 0 900px #fff
outline: 900px solid #fff
all: initial
font: 1px serif | bold 40px/10px Arial | 16px/24px Arial
font-weight: bold | 100
""")
# what layouts are made of, oftener than the rest
USUAL = _several(
    "color background background-color font-size line-height width padding display float "
    "max-width text-align white-space margin height border-radius text-indent"
)
ATTRIBUTES = _table("""
width: 1 | 10 | 40 | 100% | 5% | 300 | 600 | 1200
height: 1 | 50 | 900
align: left | right | center
bgcolor: #000000 | #ffffff | white | #1a1a1a | rgb(0,0,0)
color: #ffffff | #000 | white
size: 1 | 3 | 7 | -4
valign: top | bottom
dir: rtl | ltr
cellpadding: 0 | 20
cellspacing: 0 | 40
border: 0 | 9
hidden: -
colspan: 2 | 50
nowrap: -
""")
WORDS = _several("Roses want covers now and tulips too before the first frost comes down again")


def document(seed: int) -> str:
    chance = random.Random(seed)
    return "".join(_element(chance, 0) for _ in range(chance.randint(2, 6)))


def _element(chance: random.Random, depth: int) -> str:
    tag = chance.choice(TAGS)
    attributes = "".join(
        f" {name}='{chance.choice(ATTRIBUTES[name])}'"
        for name in chance.sample(list(ATTRIBUTES), chance.choice((0, 0, 0, 1, 1, 2)))
    )
    style = ";".join(_declaration(chance) for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 4))))
    if tag == "img":
        return f'<img src="https://example.com/a.png" alt="{_words(chance)}"{attributes} style="{style}">'
    if tag in {"br", "hr"}:
        return f'<{tag}{attributes} style="{style}">'
    inside = "".join(
        _element(chance, depth + 1) if depth < 5 and chance.random() < 0.45 else _words(chance)
        for _ in range(chance.randint(1, 3))
    )
    if tag == "table" and chance.random() < 0.8:
        inside = f"<tr><td>{inside}</td><td{attributes}>{_words(chance)}</td></tr>"
    end = "" if chance.random() < 0.04 else f"</{tag}>"
    return f'<{tag}{attributes} style="{style}">{inside}{end}'


def _declaration(chance: random.Random) -> str:
    name = chance.choice(USUAL) if chance.random() < 0.7 else chance.choice(list(VALUES))
    insisted = "!important" if chance.random() < 0.05 else ""
    return f"{name}:{chance.choice(VALUES[name])}{insisted}"


def _words(chance: random.Random) -> str:
    if chance.random() < 0.03:
        return "W" * chance.randint(10, 90)
    return " " + " ".join(chance.sample(WORDS, chance.choice((1, 1, 2, 3, 8)))) + " "
