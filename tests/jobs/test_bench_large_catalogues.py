"""The comparison of engines on large catalogues, and the synthetic platform that it runs on."""

import json

import numpy as np
from click.testing import CliRunner
from scipy.sparse import csr_array

from jobs.bench.joined_index import command as joined
from jobs.bench.large_catalogue_engines import HeldOut, command
from jobs.bench.large_night import until
from jobs.bench.large_night_quality import night_quality
from jobs.bench.niche_world import NicheConfig, niche_events, niche_world, word
from jobs.bench.title_popularity_scorer import Blend, BlendedScores
from recsys.data.dataset import Dataset
from recsys.models.item_to_item_weights import ItemWeights
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.training.model_builder import TextVectors, assemble, fit_engines
from recsys.tuning.engine_catalogue import engine_named


def test_users_keep_to_six_niches_and_read_what_is_born():
    config = NicheConfig(3_000, 20_000, 400)
    niche, user, item, time = niche_events(config)
    assert (np.diff(time) >= 0).all()
    assert max(len(np.unique(niche[item[user == one]])) for one in range(400)) <= config.niches
    counts = np.bincount(user)
    assert counts.max() > 5 * np.median(counts)  # long histories are there
    first_act = np.arange(3_000)[item] / 3_000
    moment = (time - time[0]) / (time[-1] - time[0])
    assert (first_act <= moment + 0.05).mean() > 0.95
    assert (moment - first_act < 0.1).mean() > 0.3  # news


def test_the_seed_gives_the_platform_and_titles_share_the_words_of_their_niche():
    config = NicheConfig(500, 2_000, 50)
    (events, items), again = niche_world(config), niche_world(config)
    assert np.array_equal(events.item, again[0].item) and items.title == again[1].title
    niche = niche_events(config)[0]
    titles = [set(title.split()[:5]) for title in items.title]
    own = [i for i in range(500) if niche[i] == niche[0]]
    others = [i for i in range(500) if niche[i] != niche[0]]
    shared = set.union(*(titles[i] for i in own))
    assert len(shared) <= config.own_words
    assert not shared & set.union(*(titles[i] for i in others))
    assert len({word(n) for n in range(5_000)}) == 5_000


def test_users_are_judged_by_what_is_new_to_them():
    """Ann read 0 and 1, later 1 again and 2; bob, who comes later, is unknown and not judged."""
    before = (np.array([0, 0]), np.array([0, 1]))
    after = (np.array([0, 0, 1]), np.array([1, 2, 0]))
    held = HeldOut.of(before, after, (2, 4), most=9, seed=0)
    assert held.users.tolist() == [0] and held.later.items.tolist() == [2]
    weights = np.zeros((4, 4), np.float32)
    weights[0, 2] = 1.0
    recall, ndcg = held.evaluated(ItemWeights.from_dense(weights, 4))
    assert recall.tolist() == [1.0] and ndcg.tolist() == [1.0]
    behind = np.array([9.0, 9.0, 0.0, 1.0])  # item 3 before item 2
    assert held.evaluated(behind)[1].tolist() == [1 / np.log2(3)]


def test_titles_like_those_of_the_history_come_first_then_popular_ones():
    words = np.array([[0, 1], [0, 2], [3, 4], [3, 5]])
    counts = np.array([1.0, 1.0, 1.0, 9.0])
    history = csr_array(np.array([[1.0, 0, 0, 0]], np.float32))
    scores = BlendedScores.of(words, [counts, counts[::-1]])
    settings = [Blend(30.0), Blend(0.1), Blend(0.1, popular=1)]
    assert scores.lists(history, settings, 3).tolist() == [[1, 3, 2], [3, 1, 2], [1, 2, 3]]
    weights = np.zeros((4, 4), np.float32)
    weights[0, 2] = 1.0
    near = scores.with_rows(ItemWeights.from_dense(weights, 4))
    assert near.lists(history, [Blend(0.1, rows=9.0)], 2).tolist() == [[2, 3]]


def test_a_blend_scores_what_may_stand_in_a_list_as_if_it_scored_all_items():
    rng = np.random.default_rng(0)
    words, counts = rng.integers(60, size=(300, 3)), [rng.integers(40, size=300) * 1.0] * 2
    history = csr_array((rng.random((1, 300)) < 0.03).astype(np.float32))
    weights = np.where(rng.random((300, 300)) < 0.02, rng.random((300, 300)), 0.0)
    np.fill_diagonal(weights, 0.0)
    scores = BlendedScores.of(words, counts)
    scores = scores.with_rows(ItemWeights.from_dense(weights.astype(np.float32), 300))
    like = (history @ scores.titles @ scores.titles.T).toarray()[0]
    like /= np.sqrt((history @ scores.titles).power(2).sum())
    rows = np.log1p((history @ scores.rows).toarray()[0] / 0.03)
    every = 3.0 * like + 0.5 * rows + np.log1p(counts[0])
    every[history.indices] = -np.inf
    found = scores.lists(history, [Blend(3.0, 0.5)], 20)[0]
    assert np.allclose(every[found], np.sort(every)[::-1][:20], atol=1e-5)
    assert len(np.unique(found)) == 20


def test_engines_are_compared_with_words_and_popularity():
    arguments = ["niches", "4000", "24000", "800", "--engine", "blocks 8", "--words"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    found = json.loads(done.stdout)
    popular, words, blocks, every = found["rows"]
    assert words["engine"].startswith("words ") and every["engine"].startswith("blocks 8: rows ")
    assert words["recall@20"]["mean"] > 1.5 * popular["recall@20"]["mean"]
    assert every["recall@20"]["mean"] > words["recall@20"]["mean"]
    for row in (blocks, every):
        mean = row["recall@20"]["mean"] / words["recall@20"]["mean"]
        assert abs(row["to_words"]["recall@20"]["ratio"] - mean) < 1e-9


def test_weights_of_a_blend_are_chosen_by_other_users():
    """Six users; of the two who are not judged all take up item 2, the others item 3."""
    users = np.arange(6)
    before = (users, np.zeros(6, int))
    drawn = np.random.default_rng([0, 1]).permutation(users)[:2]
    after = (users, np.where(np.isin(users, drawn), 2, 3))
    held = HeldOut.of(before, after, (6, 40), most=9, seed=0, choosing=5)
    assert held.users.tolist() == np.setdiff1d(users, drawn).tolist()
    assert held.others.users.tolist() == np.sort(drawn).tolist()
    counts, late = np.ones(40), np.ones(40)
    counts[2], counts[3], late[2], late[3] = 9, 0, 0, 9
    scores = BlendedScores.of(np.arange(80).reshape(40, 2), [counts, late])
    blend, quality = held.best_blend(scores, [Blend(1.0, popular=one) for one in (1, 0)])
    assert blend.popular == 0 and quality[0].max() == 0.0  # item 3 is the last by it


def test_engines_are_compared_with_the_first_row(tmp_path):
    arguments = ["niches", "400", "6000", "200", "--engine", "blocks 8", "--people", "100"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    found = json.loads(done.stdout)
    assert [row["engine"] for row in found["rows"]] == ["popular", "blocks 8"]
    assert found["rows"][1]["recall@20"]["mean"] > 0 and found["rows"][0]["ndcg@20"]["ratio"] == 1
    files = [tmp_path / "events.csv", tmp_path / "test_events.csv"]
    rows = ["u,a", "u,b", "v,a", "v,b", "v,c", "w,b", "w,c"]
    files[0].write_text("user_id,item_id\n" + "\n".join(rows))
    files[1].write_text("user_id,item_id\nu,c\nw,a\nz,a\nu,unknown\n")
    options = ["--engine", "lowpass 2", "--engine", "blocks 2"]
    done = CliRunner().invoke(command, ["given", *map(str, files), *options])
    found = json.loads(done.stdout)
    assert found["judged"] == 2
    assert [row["recall@20"]["mean"] for row in found["rows"]] == [1.0, 1.0]
    options = ["--engine", "blocks 2", "--validation", "0.4"]
    done = CliRunner().invoke(command, ["given", *map(str, files), *options])
    found = json.loads(done.stdout)  # the users of the first file alone, on its own events
    assert 0 < found["judged"] <= 3 and found["pairs"] < 7


def test_rows_and_a_joined_index_are_compared_with_the_final_list():
    arguments = ["niches", "1500", "20000", "400", "--rows", "blocks 16", "--people", "60"]
    options = ["--factors", "directions 16"]
    done = CliRunner().invoke(joined, [*arguments, *options], catch_exceptions=False)
    found = json.loads(done.stdout)
    sources = {row["source"]: row for row in found["rows"]}
    assert sources["rows"]["share_of_list"] == 1.0 and sources["rows"]["recall@20"] > 0
    one, exact = sources["joined, one query"], sources["joined, exact search"]
    assert 0.2 < one["share_of_list"] <= 1.0 and exact["share_of_list"] <= 1.0
    assert 0 < found["index"]["recall"] <= 1 and one["memory_mb"] > exact["memory_mb"] > 0
    done = CliRunner().invoke(joined, [*arguments, "--factors", "blocks 16"])
    assert "an engine of factors is needed" in str(done.exception)


def test_the_bundle_of_a_night_is_judged_by_lists_of_all_its_items():
    """With neighbours alone in its score, its lists are those of the neighbours."""
    events, items = niche_world(NicheConfig(400, 5_000, 120))
    once = np.zeros(len(events), bool)  # who repeats an item would weigh it twice
    once[np.unique(events.user.astype(np.int64) * 400 + events.item, return_index=True)[1]] = True
    events = events.select(once)
    cut = round(len(events) * 0.9)
    data = Dataset.build(until(events, cut), items)
    words = TextVectors.none(400)
    fitted = fit_engines(data, words, [engine_named("item-knn 20")], 0)
    score = ScoreModel((Term("neighbours", np.inf, 1.0),), (LogTerm(1.0, 1.0),))
    model = assemble(data, fitted, words, score, posts=False)
    before = (events.user[:cut], events.item[:cut])
    held = HeldOut.of(before, (events.user[cut:], events.item[cut:]), (120, 400), 50, 0)
    found = night_quality(model, held, (*before, events.time[:cut]))
    expected = held.evaluated(fitted["neighbours"])
    assert found[0].mean() > 0
    np.testing.assert_allclose([one.mean() for one in found], [one.mean() for one in expected], 0.1)
