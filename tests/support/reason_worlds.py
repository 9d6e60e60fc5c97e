"""Worlds of the judged reasons: films and statements of the sample, small written catalogues.

The models are fitted by the code that a night runs; times are those of the data.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from worlds import event_table

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.models.ease import EaseConfig, fit_ease
from recsys.serving.model import Model
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.text.clean import document
from recsys.text.encoders.student import Student
from recsys.text.item_texts import documents
from recsys.text.topics.fit import TopicConfig, fit_topics
from recsys.text.topics.labels import with_labels
from recsys.training.model_builder import TextVectors, assemble

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
FILMS, STATEMENTS = 300, 300  # the most rated ones of the sample
DAY = 86_400.0
NOW = 1_700_000_000.0  # of the written worlds
BLEND = ScoreModel(
    terms=(Term("neighbours", 20.0, 1.0), Term("words", 10.0, 0.3)),
    curves=(LogTerm(1.0, 1.0),),
    priors={"share_1d": 0.1, "share_all": 0.05, "liked": 0.1},
    cold_user_weights={"share_1d": 0.3, "share_all": 0.5, "liked": 0.2},
    linear={"exposure_age": -0.02},
    lift=0.05,
)

# id, title, category, author, tags; each reader likes items of one category
NEWS = """
n1|Central bank raises interest rates|economy|mills|banks
n2|Rate rise worries home owners|economy|mills|banks
n3|Inflation falls to two percent|economy|ortega|prices
n4|Bread is cheaper than last year|economy|ortega|prices
n5|Exporters ask for a weaker currency|economy|mills|trade
n6|Striker scores three in cup final|sport|hall|football
n7|Coach resigns after cup defeat|sport|hall|football
n8|Marathon record broken in rain|sport|novak|running
n9|City plans a marathon for children|sport|novak|running
n10|Goalkeeper signs for three years|sport|hall|football
n11|Floods close the northern road|local|weber|weather
n12|Storm leaves villages without power|local|weber|weather
"""
RECIPES = """
r1|Lentil soup with lemon|soup|aziz|vegan
r2|Tomato soup with basil|soup|aziz|vegan
r3|Pumpkin soup with ginger|soup|brandt|vegan
r4|Chicken soup with noodles|soup|brandt|meat
r5|Chocolate cake with cherries|cake|dumas|sweet
r6|Lemon cake with almonds|cake|dumas|sweet
r7|Carrot cake with walnuts|cake|brandt|sweet
r8|Cheese cake with berries|cake|dumas|sweet
r9|Beef stew with red wine|stew|aziz|meat
r10|Bean stew with peppers|stew|aziz|vegan
"""
PRODUCTS = """
p1|Coffee beans, one kilogram|groceries|roaster|coffee
p2|Espresso beans, half a kilogram|groceries|roaster|coffee
p3|Paper filters for coffee|groceries|filtro|coffee
p4|Oat milk, one litre|groceries|mill|milk
p5|Running shoes, blue|shoes|fleet|running
p6|Trail shoes, waterproof|shoes|fleet|running
p7|Hiking boots, brown|shoes|alp|hiking
p8|Insoles for running shoes|shoes|alp|running
p9|Desk lamp, black|home|lumen|light
p10|Reading lamp with clip|home|lumen|light
"""
POSTS = """
z1|新手如何养好阳台上的番茄|园艺|李梅|种菜
z2|番茄叶子发黄怎么办|园艺|李梅|种菜
z3|冬天阳台种什么菜|园艺|王强|种菜
z4|月季修剪的时间和方法|园艺|王强|花卉
z5|多肉植物浇水的误区|园艺|李梅|花卉
z6|周末骑行路线推荐|骑行|赵阳|路线
z7|公路车换胎教程|骑行|赵阳|维修
z8|骑行头盔怎么选|骑行|陈晨|装备
z9|环湖骑行两日记|骑行|陈晨|路线
z10|自行车链条保养|骑行|赵阳|维修
z11|红烧肉的家常做法|美食|周敏|肉菜
z12|番茄牛腩做法|美食|周敏|肉菜
"""
WRITTEN = {"news": NEWS, "recipes": RECIPES, "products": PRODUCTS, "posts": POSTS}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def word_student(texts: list[str], dimensions: int = 48) -> Student:
    """Return a student with a vector of its own for each word: near is what shares words."""
    tokens = BertPreTokenizer()
    found = dict.fromkeys(
        word
        for text in texts
        for word, _ in tokens.pre_tokenize_str(BertNormalizer().normalize_str(text))
    )
    vocabulary = {"[UNK]": 0, **{word: place for place, word in enumerate(found, 1)}}
    rng = np.random.default_rng(0)
    vectors: Floats = rng.normal(size=(len(vocabulary), dimensions)).astype(np.float32)
    vectors[0] = 0
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return Student(tokenizer.to_str().encode(), vectors, "words")


def _model(events: list[Event], items: list[Item], regularization: float, topics: int) -> Model:
    data = Dataset.build(event_table(events), item_table(items))
    texts = documents(data.table)
    student = word_student(texts)
    vectors = student.encode(texts)
    fitted = {"neighbours": fit_ease(data.matrix(), EaseConfig(regularization=regularization))}
    made = assemble(data, fitted, TextVectors(vectors, student), BLEND)
    found = fit_topics(texts, vectors, TopicConfig(n_topics=topics))
    plain = [
        f"{title}\n{text}" for title, text in zip(data.table.title, data.table.text, strict=True)
    ]
    marks = [(*tags, own) for tags, own in zip(data.table.tags, data.table.category, strict=True)]
    return replace(made, topics=with_labels(found, plain, marks))


@cache
def films() -> Model:
    """Return the model of the most rated films of the sample; ids are titles."""
    folder = SAMPLE / "movietweetings"
    rows = list(_rows(folder / "events.csv.gz"))
    counts = Counter(row["item_id"] for row in rows)
    kept = {item for item, _ in counts.most_common(FILMS)}
    known = [row for row in _rows(folder / "items.csv.gz") if row["item_id"] in kept]
    title = {row["item_id"]: row["title"] for row in known}
    items = [
        Item(row["title"], title=row["title"], tags=tuple(row["tags"].split("|"))) for row in known
    ]
    events = [
        Event(
            row["user_id"],
            title[row["item_id"]],
            row["event"],
            float(row["value"]),
            timestamp=float(row["timestamp"]),
        )
        for row in rows
        if row["item_id"] in kept
    ]
    return _model(events, items, 200.0, 12)


@cache
def statements() -> Model:
    """Return the model of the statements of the sample with most votes; ids are theirs."""
    folder = SAMPLE / "polis"
    rows = [row for row in _rows(folder / "events.csv.gz") if row["event"] != "view"]
    kept = {i for i, _ in Counter(row["item_id"] for row in rows).most_common(STATEMENTS)}
    items = [
        Item(
            row["item_id"],
            text=row["text"],
            category=row["category"],
            author_id=row["author_id"],
            created_at=float(row["created_at"]),
        )
        for row in _rows(folder / "items.csv.gz")
        if row["item_id"] in kept
    ]
    events = [
        Event(row["user_id"], row["item_id"], row["event"], timestamp=float(row["timestamp"]))
        for row in rows
        if row["item_id"] in kept
    ]
    return _model(events, items, 100.0, 8)


@cache
def written(name: str) -> Model:
    """Return the model of a written world: eight users of each category like what is in it.

    The categories are read one after the other, the last one of the list lately.
    """
    lines = [line.split("|") for line in WRITTEN[name].strip().splitlines()]
    items = [
        Item(
            line[0],
            title=line[1],
            category=line[2],
            author_id=line[3],
            tags=(line[4],),
            created_at=NOW - (60 - place) * DAY,
        )
        for place, line in enumerate(lines)
    ]
    rng, events = np.random.default_rng(3), list[Event]()
    for order, category in enumerate(dict.fromkeys(line[2] for line in lines)):
        own = [line[0] for line in lines if line[2] == category]
        for reader in range(8):
            for step, item in enumerate(rng.permutation(own)[: max(2, len(own) - 1)].tolist()):
                moment = NOW - (40 - 5 * order - reader / 2) * DAY + 600 * step
                events.append(Event(f"{category}-{reader}", item, "like", timestamp=moment))
    return _model(sorted(events, key=lambda one: one.timestamp or 0.0), items, 2.0, 3)


def model_of(world: str) -> Model:
    """Return the model of a world by its name."""
    return {"films": films, "statements": statements}.get(world, lambda: written(world))()


def text_of(item: Item) -> str:
    """Return the text of an item as encoders read it."""
    return document(item.title, item.text, item.tags, item.category)
