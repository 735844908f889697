"""People as sets of embeddings: named, unknown, enrolled, forgotten, saved."""

from __future__ import annotations

import dataclasses
import itertools
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]

from castlist.errors import SettingsError, ShapeError, WeightsError
from castlist.gallery import NOBODY, WRONG_NAMES, Answers, Background, Gallery, default_background, fit_beside
from castlist.gallery.album import judge_groups, share_in_groups
from castlist.gallery.answers import measure_gains, name_best
from castlist.gallery.assignment import assign_people
from castlist.gallery.fitting import COMMON, LIMITS, OWN_KIND, SOFTNESS, SPARSE, find_thresholds
from castlist.gallery.gallery import BLOCK
from castlist.gallery.knowledge import Knowledge, add_up, with_squares
from castlist.gallery.mixture import Mixture

VALUES = 24


def world(seed: int, n_people: int, photos_each: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of people nobody has met: around one point, people far apart, photos of one person close."""
    rng = np.random.default_rng(seed)
    center = np.ones(VALUES) / np.sqrt(VALUES)
    people = center + 0.12 * rng.standard_normal((n_people, VALUES))
    person = np.repeat(np.arange(n_people), photos_each)
    vectors = people[person] + 0.05 * rng.standard_normal((len(person), VALUES))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), person


@pytest.fixture(scope="module")
def background() -> Background:
    return Background.fit(*world(1, 400, 3))


def gallery_of(background: Background, seed: int, n_people: int, photos_each: int, rate: float = 0.01) -> Gallery:
    embeddings, person = world(seed, n_people, photos_each)
    names = [f"person {i}" for i in range(n_people)]
    photos = [f"{i}.jpg" for i in range(len(person))]
    return Gallery.fit(names, embeddings, person, photos, stranger_rate=rate, background=background)


def split_world(seed: int, n_people: int, known: int, asked: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Known embeddings, asked embeddings, and who is asked for."""
    embeddings, person = world(seed, n_people, known + asked)
    first = np.tile(np.arange(known + asked) < known, n_people)
    return embeddings[first], embeddings[~first], person[~first]


def test_sure_photos_help_to_name_the_others(background: Background) -> None:
    strangers, _ = world(22, 2000, 1)
    people, photos = [f"person {i}" for i in range(6)], [f"{i}.jpg" for i in range(6)]
    right = []
    for seed in range(30, 38):
        known, asked, who = split_world(seed, 6, 1, 30)
        asked = asked + 0.05 * np.random.default_rng(5).standard_normal(asked.shape, np.float32)  # in worse light
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        alone = Gallery.fit(people, known, np.arange(6), photos, stranger_rate=0.01, background=background)
        together = alone.answer_together(np.concatenate([asked, strangers]))
        right.append([(named == who).mean() for named in (alone.answer(asked).named, together.named[: len(asked)])])
        assert (together.named[len(asked) :] != NOBODY).mean() <= 0.02
        sure = alone.with_sure(np.concatenate([asked, strangers]))
        assert len(alone.photos) == 6 < len(sure.photos) < 6 + len(asked)
    missed, missed_together = 1 - np.mean(right, axis=0)
    assert missed > 0.02
    assert missed_together < missed / 2
    with pytest.raises(ShapeError):
        alone.answer_together(asked[:, :-1])


def test_a_stranger_is_told_by_the_other_photos_of_the_same_person() -> None:
    rng = np.random.default_rng(0)
    values = 80

    def photos(people: np.ndarray, count: int) -> np.ndarray:
        vectors = np.repeat(people, count, axis=0)
        vectors = vectors + 0.07 * rng.standard_normal(vectors.shape)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    people = 1 / np.sqrt(values) + 0.12 * rng.standard_normal((1200, values))
    background = Background.fit(photos(people[:900], 3), np.repeat(np.arange(900), 3))
    cast, strangers = people[900:906], people[906:]
    # Doubles: six other people, each a quarter of the way from anybody to somebody of the cast.
    doubles = 0.25 * cast + 0.75 * strangers[:6]
    gallery = Gallery.fit("abcdef", photos(cast, 2), np.repeat(np.arange(6), 2), ["p"] * 12, background=background)
    asked = np.concatenate([photos(cast, 10), photos(doubles, 15), photos(strangers[6:], 1)])
    is_cast, is_double = np.arange(len(asked)) < 60, (np.arange(len(asked)) >= 60) & (np.arange(len(asked)) < 150)
    alone, together = gallery.answer(asked), gallery.answer_together(asked)
    assert np.allclose(together.probabilities.sum(axis=1), 1, atol=1e-5)
    assert ((together.gains.max(axis=1) > 0) == (together.named != NOBODY)).all()
    shares = [(answers.named[is_double] != NOBODY).mean() for answers in (alone, together)]
    assert shares[0] > 0.1
    assert shares[1] < shares[0] / 3
    assert shares[1] == pytest.approx(5 / 90, abs=0.03), "judged with the others that aren't beyond doubt"
    told = is_double & (alone.named != NOBODY) & (together.named == NOBODY)
    assert together.probabilities[told, -1].mean() > alone.probabilities[told, -1].mean() + 0.1
    assert (together.named[is_cast] == np.repeat(np.arange(6), 10)).mean() > 0.97
    # As many strangers will be told by their other photos, more may reach the thresholds: these are lower.
    strict = gallery.with_sure(asked).answer(asked)
    assert (together.gains[is_cast].max(axis=1) > strict.gains[is_cast].max(axis=1)).all()


def test_a_group_speaks_for_its_own_person_and_against_another() -> None:
    between = np.full(40, 9.0)
    rng = np.random.default_rng(0)
    somebody, other = rng.normal(0, 3, (2, 40))
    known = somebody + rng.standard_normal((4, 40))
    mine, theirs = somebody + rng.standard_normal((5, 40)), other + rng.standard_normal((5, 40))
    lonely = np.full((1, 40), 30.0)
    placed = np.concatenate([mine, theirs, lonely])
    suspects = np.array([0, 5, 10])
    sums, counts = np.repeat(known.sum(axis=0)[None], 3, axis=0), np.full(3, 4.0)
    own, against, alone = judge_groups(between, placed, suspects, np.arange(11), sums, counts)
    assert own > 5
    assert against < -5
    assert alone == np.inf
    assert share_in_groups(between, placed, np.arange(5, 11), np.arange(11)) == pytest.approx(5 / 6)
    assert share_in_groups(between, placed, np.arange(0), np.arange(11)) == 0


def test_strangers_of_a_rare_kind_are_named_no_oftener_than_others() -> None:
    rng = np.random.default_rng(0)
    center = np.ones(VALUES) / np.sqrt(VALUES)
    rare = np.zeros(VALUES)
    rare[0] = 1.2

    def faces(seed: int, n_people: int, photos_each: int, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `world`, `share` of the people being of a kind that is far from the others."""
        vectors, person = world(seed, n_people, photos_each)
        is_rare = person < share * n_people
        vectors = vectors + is_rare[:, None] * (rare + 0.6 * (center - vectors))  # and they are more alike
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), person, is_rare

    embeddings, person, _ = faces(1, 1500, 3, 0.1)
    background = Background.fit(embeddings, person)
    strangers, _, is_rare = faces(2, 20_000, 1, 0.1)
    rates = []
    for seed in range(3, 11):
        known, who, _ = faces(seed, 7, 3, 1 / 7)  # one of the seven is of the rare kind
        order = rng.permutation(len(who))
        gallery = Gallery.fit("abcdefg", known[order], who[order], ["p"] * 21, background=background)
        named = gallery.answer(strangers).named != NOBODY
        rates.append((named[is_rare].mean(), named[~is_rare].mean(), named.mean()))
    of_rare, of_others, of_all = np.mean(rates, axis=0)
    assert 0.005 < of_all < 0.02
    assert of_rare < 4 * of_others


@pytest.mark.parametrize("n_people", [1, 6])
def test_gains_keep_the_order_of_the_scores(n_people: int) -> None:
    rng = np.random.default_rng(0)
    scores, thresholds = rng.normal(0, 3, (500, n_people)), rng.normal(0, 3, n_people)
    above = measure_gains(scores, thresholds)
    assert np.array_equal(above.argmax(axis=1), scores.argmax(axis=1))
    best = scores.argmax(axis=1)
    assert np.allclose(above.max(axis=1), scores.max(axis=1) - thresholds[best])
    assert (above <= scores - thresholds + 1e-12).all()


def test_background_finds_the_covariances_it_was_drawn_with() -> None:
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(3000), rng.integers(1, 5, 3000))
    people = np.array([5, 0, -1]) + 2 * rng.standard_normal((3000, 3))
    found = Background.fit(people[person] + 0.5 * rng.standard_normal((len(person), 3)), person)
    assert np.abs(found.between - 16).max() < 1.5  # variance of people over that of photos of one person
    assert np.abs(found.mean - [5, 0, -1]).max() < 0.1
    drawn = found.place(people + 0.5 * rng.standard_normal((3000, 3)))
    assert np.abs(np.cov(drawn.T) - 17 * np.eye(3)).max() < 2


def test_background_leaves_out_what_the_network_does_not_use() -> None:
    embeddings, person = world(14, 200, 3)
    embeddings[:, 3] = 0.5
    assert Background.fit(embeddings, person).directions.shape == (VALUES, VALUES - 1)


def test_background_of_few_photos_names_none_the_less() -> None:
    embeddings, asked, who = split_world(15, 3, 4, 10)
    person = np.repeat(np.arange(3), 4)
    background = Background.fit(embeddings, person)
    gallery = Gallery.fit("abc", embeddings, person, ["p"] * 12, background=background)
    assert (gallery.answer(asked).gains.argmax(axis=1) == who).mean() > 0.95


def test_background_survives_its_file(background: Background, tmp_path: Path) -> None:
    background.save(tmp_path / "b.npz")
    again = Background.load((tmp_path / "b.npz").read_bytes())
    for name in ("mean", "directions", "between"):
        assert np.array_equal(getattr(again, name), getattr(background, name))
    assert np.allclose(again.kinds.covariances, background.kinds.covariances, atol=1e-5)
    with pytest.raises(WeightsError):
        Background.load(b"nothing")


@pytest.mark.parametrize("known", [1, 3, 30])
def test_the_cast_is_named_and_probabilities_are_shares(background: Background, known: int) -> None:
    embeddings, asked, who = split_world(2, 5, known, 20)
    names = list("abcde")
    gallery = Gallery.fit(
        names, embeddings, np.repeat(np.arange(5), known), [str(i) for i in range(5 * known)], background=background
    )
    answers = gallery.answer(asked)
    assert answers.probabilities.shape == (100, 6)
    assert np.allclose(answers.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (answers.named == who).mean() >= 0.97
    sure = answers.named != NOBODY
    assert (answers.probabilities[sure, :5].argmax(axis=1) == answers.named[sure]).all()


@pytest.mark.parametrize("n_people", [2, 40])
@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_as_many_strangers_are_named_as_asked(background: Background, n_people: int, rate: float) -> None:
    gallery = gallery_of(background, 3, n_people, 2, rate)
    strangers, _ = world(4, 6000, 1)
    named = (gallery.answer(strangers).named != NOBODY).mean()
    assert rate / 1.6 < named < rate * 1.6


def test_a_wrong_name_among_many_is_not_trusted_and_does_no_harm(background: Background) -> None:
    embeddings, asked, who = split_world(5, 4, 12, 20)
    person = np.repeat(np.arange(4), 12)
    person[[0, 13]] = 3
    gallery = Gallery.fit(list("abcd"), embeddings, person, [str(i) for i in range(48)], background=background)
    assert set(np.flatnonzero(gallery.trust_ < 0.5)) == {0, 13}
    assert (gallery.answer(asked).named == who).mean() >= 0.97


@pytest.mark.parametrize("count", [2, 5])
def test_of_photos_that_all_disagree_all_count(background: Background, count: int) -> None:
    embeddings, _ = world(9, count + 1, 1)
    person = np.append(np.zeros(count, int), 1)
    gallery = Gallery.fit("ab", embeddings, person, [str(i) for i in person], background=background)
    assert (gallery.trust_ > 0.9).all()


def test_a_photo_alone_is_as_probably_named_right_as_any_and_more_so_beside_its_like(background: Background) -> None:
    embeddings, _ = world(7, 2, 3)
    assert fit_beside(background, embeddings[:0], embeddings[:1]) == pytest.approx([1 - WRONG_NAMES])
    same, other = fit_beside(background, embeddings[:2], embeddings[[2, 3]])
    assert same > 1 - WRONG_NAMES / 2 and other < 0.5


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", ["person 2", "new"])
def test_enrolling_equals_fitting_all_at_once(background: Background, own: bool, name: str) -> None:
    embeddings, person = world(7, 6, 5)
    person[[3, 12]] = person[[12, 3]]  # two wrong names, one of them of person 2
    people, ids = [f"person {i}" for i in range(5)], [f"{i}.jpg" for i in range(30)]
    general = None if own else background
    part = Gallery.fit(people, embeddings[:25], person[:25], ids[:25], background=general, own_background=own)
    enrolled = part.enrol(name, embeddings[25:], ids[25:])
    people, who = (people, 2) if name in people else ([*people, name], 5)
    person[25:] = who
    whole = Gallery.fit(people, embeddings, person, ids, background=general, own_background=own)
    assert (enrolled.people, enrolled.photos, enrolled.own_background) == (whole.people, whole.photos, own)
    assert np.array_equal(enrolled.person, person)
    assert np.allclose(enrolled.trust_, whole.trust_, atol=1e-5)
    asked, _ = world(7, 40, 2)
    answers, expected = enrolled.answer(asked), whole.answer(asked)
    assert np.allclose(answers.probabilities, expected.probabilities, atol=1e-5)
    assert np.allclose(answers.gains, expected.gains, atol=1e-2)
    assert np.array_equal(answers.named, expected.named)


def test_what_does_not_fit_is_not_enrolled(background: Background) -> None:
    gallery = gallery_of(background, 8, 2, 2)
    for vectors, ids in ((np.ones((1, 3)), ["x"]), (np.ones((1, VALUES)), ["x", "y"]), (np.ones((0, VALUES)), [])):
        with pytest.raises(ShapeError):
            gallery.enrol("new", vectors, ids)
    with pytest.raises(ShapeError, match="numbers"):
        gallery.enrol("new", np.full((1, VALUES), np.nan), ["x"])


@pytest.mark.parametrize("own", [False, True])
def test_forgetting_equals_never_having_known(background: Background, own: bool) -> None:
    embeddings, person = world(7, 4, 5)
    ids, general = [f"{i}.jpg" for i in range(20)], None if own else background
    whole = Gallery.fit("abcd", embeddings, person, ids, background=general, own_background=own)
    part = whole.forget("c")
    kept = person != 2
    order = np.array([0, 1, 9, 2])
    never = Gallery.fit(
        "abd",
        embeddings[kept],
        order[person[kept]],
        [ids[i] for i in np.flatnonzero(kept)],
        background=general,
        own_background=own,
    )
    assert (part.people, part.photos) == (never.people, never.photos)
    assert np.array_equal(part.person, never.person)
    assert np.allclose(part.trust_, never.trust_, atol=1e-5)
    assert np.allclose(part.thresholds_, never.thresholds_, atol=1e-4)
    written = part.to_bytes()
    assert not any(row.tobytes() in written for row in embeddings[person == 2])
    assert all(row.tobytes() in written for row in embeddings[kept])


def test_statistics_of_the_cast_itself_forget_too() -> None:
    embeddings, person = world(19, 5, 6)
    gallery = Gallery.fit("abcde", embeddings, person, ["p"] * 30, own_background=True)
    forgotten, rest = embeddings[person == 1].astype(np.float64), embeddings[person != 1].astype(np.float64)

    def cosine(mean: np.ndarray) -> float:
        """Of the forgotten, as the sums of all and of the others tell them, to what they were."""
        told, true = 30 * mean - rest.sum(axis=0), forgotten.mean(axis=0)
        told, true = (vector - rest.mean(axis=0) * vector.sum() / rest.mean(axis=0).sum() for vector in (told, true))
        return float(told @ true / np.linalg.norm(told) / np.linalg.norm(true))

    assert cosine(gallery.background.mean) > 0.999
    part = gallery.forget("b")
    assert abs(cosine(part.background.mean)) < 0.5
    never = Gallery.fit("acde", rest, person[person != 1] - (person[person != 1] > 1), ["p"] * 24, own_background=True)
    assert part.to_bytes() == never.to_bytes()


def test_nobody_is_forgotten_where_a_single_photo_of_a_network_would_be_left() -> None:
    embeddings, _ = world(19, 2, 1)
    gallery = Gallery.fit("ab", embeddings, np.arange(2), "xy", own_background=True)
    with pytest.raises(SettingsError, match="Without 'a' a single photo") as caught:
        gallery.forget("a")
    assert caught.value.code == "too-few-left"


def test_the_threshold_follows_the_cast(background: Background) -> None:
    few = gallery_of(background, 8, 2, 2)
    others, _ = world(9, 3, 8)
    more = few.enrol("new", others[:8], ["x"] * 8).enrol("newer", others[8:16], ["x"] * 8)
    assert (more.thresholds_[:2] > few.thresholds_).all()
    assert np.array_equal(more.forget("new").forget("newer").thresholds_, few.thresholds_)


def test_nobody_is_forgotten_who_is_not_there_or_the_last(background: Background) -> None:
    gallery = gallery_of(background, 8, 2, 1)
    with pytest.raises(SettingsError, match="Nobody here is called 'x'"):
        gallery.forget("x")
    with pytest.raises(SettingsError, match="only person"):
        gallery.forget("person 0").forget("person 1")


def test_what_is_known_is_worked_out_once(background: Background) -> None:
    gallery = gallery_of(background, 8, 2, 2)
    assert gallery.known is gallery.known
    assert gallery.known.weights.dtype == gallery.known.bias.dtype == np.float32
    assert background.strangers[0] is background.strangers[0]


def test_many_faces_are_answered_as_each_alone(background: Background) -> None:
    gallery = gallery_of(background, 8, 5, 2)
    asked, _ = world(8, 11, 1)
    whole = gallery.answer(asked)
    times = BLOCK // 5 // len(asked) + 1  # more than are scored at once of five people
    parts = gallery.answer(np.tile(asked, (times, 1)))[-len(asked) :]
    assert np.allclose(parts.probabilities, whole.probabilities, atol=1e-6)
    assert np.allclose(parts.gains, whole.gains, atol=1e-3)
    assert np.array_equal(parts.named, whole.named)
    assert gallery.answer(asked[:0]).probabilities.shape == (0, 6)
    with pytest.raises(ShapeError):
        gallery.answer(asked[:0, :3])


def answers_of(probabilities: list[list[float]]) -> Answers:
    rows = np.array(probabilities, np.float32)
    return Answers(("a", "b"), rows, rows[:, :2] - 0.5, np.where(rows[:, :2].max(axis=1) > 0.5, 0, NOBODY))


def test_some_answers_are_taken_by_index_slice_list_or_mask() -> None:
    answers = answers_of([[0.9, 0.1, 0], [0.2, 0.2, 0.6], [0.3, 0.3, 0.4], [0.7, 0.2, 0.1]])
    mask = np.array([True, False, False, True])
    for part, rows in ((-1, [3]), (slice(1, 3), [1, 2]), ([2, 0], [2, 0]), (mask, [0, 3]), ([], [])):
        some = answers[part]
        assert some.people == ("a", "b")
        assert np.array_equal(some.probabilities, answers.probabilities[np.array(rows, int)])
        assert np.array_equal(some.gains, answers.gains[np.array(rows, int)])
        assert np.array_equal(some.named, answers.named[np.array(rows, int)])
    with pytest.raises(IndexError):
        answers[4]


def test_who_gains_nothing_is_nobody_and_looks_are_averaged() -> None:
    assert name_best(np.array([[-0.5, -2.0], [0.0, 0.0], [0.1, 0.2]])).tolist() == [NOBODY, NOBODY, 1]
    merged = answers_of([[0.9, 0.05, 0.05], [0.1, 0.65, 0.25]]).merged(np.array([[0, 1]]))
    np.testing.assert_allclose(merged.probabilities, [[0.5, 0.35, 0.15]], atol=1e-6)
    merged = answers_of([[0.9, 0.05, 0.05], [0.3, 0.65, 0.05]]).merged(np.array([[0, 1, 1], [0, 0, 0]]))
    np.testing.assert_allclose(merged.gains, [[0, -0.05], [0.4, -0.45]], atol=1e-6)


def test_answers_of_unlike_columns_are_refused() -> None:
    rows = np.zeros((2, 3), np.float32)
    for wrong in ((rows[:, :2], rows[:, :2], rows[:, 0]), (rows, rows, rows[:, 0]), (rows, rows[:, :2], rows[:1, 0])):
        with pytest.raises(ShapeError) as caught:
            Answers(("a", "b"), *wrong)
        assert caught.value.code == "answers-shape"


def test_the_best_come_in_order_and_the_first_of_equals_first() -> None:
    answers = answers_of([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.4, 0.4, 0.2]])
    index, probability = answers.best(2)
    assert index.tolist() == [[1, NOBODY], [NOBODY, 0], [0, 1]]
    assert np.allclose(probability, [[0.7, 0.2], [0.4, 0.3], [0.4, 0.4]])
    assert answers.best(9)[0].tolist() == [[1, NOBODY, 0], [NOBODY, 0, 1], [0, 1, NOBODY]]
    people, nobody = tuple(map(str, range(3000))), np.array([NOBODY])
    equals = np.float32([[*np.tile([1, 2, 3], 1000), 0]])
    order = [*range(2, 3000, 3), *range(1, 3000, 3), *range(0, 3000, 3), NOBODY]
    assert Answers(people, equals, equals[:, :-1], nobody).best(3001)[0].tolist() == [order]
    ranks = np.float32([np.random.default_rng(0).permutation(3001)])
    for k in (1, 2, 500, 1500):
        best = Answers(people, ranks, ranks[:, :-1], nobody).best(k)[1]
        assert np.array_equal(best, [np.arange(3000, 3000 - k, -1)])


def test_thresholds_are_those_of_looking_at_each_person_alone() -> None:
    rng = np.random.default_rng(0)
    axes, n_people, rate = 6, 150, 0.01
    # Rare kinds around a common one: they count with its people, too, and their strangers come far down for these.
    centers = np.concatenate([np.zeros((1, axes)), 7 * np.eye(axes)]).astype(np.float32)
    kinds = Mixture(np.float32([0.94, *[0.01] * axes]), centers, np.tile(4 * np.eye(axes, dtype=np.float32), (7, 1, 1)))
    between = np.full(axes, 4, np.float32)
    background = Background(np.zeros(axes, np.float32), np.eye(axes, dtype=np.float32), between, kinds)
    known = Knowledge.from_sums(between, 5 * rng.normal(0, 2, (n_people, axes)), rng.uniform(1, 5, n_people))
    thresholds, best = find_thresholds(known, background, rate)
    placed, kind = background.strangers
    scores = known.scores(placed)
    counts = kinds.shares(known.mean, SOFTNESS) / np.bincount(kind)
    alone = []
    for column, count in zip(scores.T, counts, strict=True):
        order = np.argsort(-column)
        alone.append(column[order[np.searchsorted(np.cumsum(count[kind[order]]), OWN_KIND)]])
    assert np.ptp(thresholds - alone) < 1e-3, "above what each has alone, one step for all"
    first = scores.argmax(axis=1)
    assert np.allclose(best, scores.max(axis=1), atol=1e-3)
    rarer = rate * (rate / n_people / COMMON) ** LIMITS.rarity
    assert (best - thresholds[first] > 0).mean() == pytest.approx(rarer, abs=2 / len(kind))


def test_the_order_in_which_strangers_are_asked_changes_no_threshold(background: Background) -> None:
    known = gallery_of(background, 1, 3, 2).known
    placed, kind = background.strangers
    nearest = np.argsort(-known.scores(placed)[:, 0])
    looked_at = (
        np.arange(len(kind)) % SPARSE == 0
    )  # first: all that are like somebody, so that they tell nothing of the others
    order = np.empty(len(kind), np.int64)
    order[np.argsort(~looked_at, kind="stable")] = nearest

    class Ordered(Background):
        @property
        def strangers(self) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[override]
            return placed[order], kind[order]

    ordered = Ordered(background.mean, background.directions, background.between, background.kinds)
    thresholds, best = find_thresholds(known, ordered, 0.01)
    expected, expected_best = find_thresholds(known, background, 0.01)
    np.testing.assert_allclose(thresholds, expected, atol=1e-4)
    np.testing.assert_allclose(best, expected_best[order], atol=1e-4)


def test_one_thread_asks_the_strangers(background: Background) -> None:
    seen: list[int] = []

    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    class Watched(Background):
        @property
        def asked(self) -> np.ndarray:  # type: ignore[override]
            seen.extend(threads())
            return with_squares(self.strangers[0]).T

    gallery = gallery_of(background, 1, 3, 2)
    watched = Watched(background.mean, background.directions, background.between, background.kinds)
    with threadpool_limits(2, user_api="blas"):
        find_thresholds(gallery.known, watched, 0.01)
        assert (set(seen), set(threads())) in (({1}, {2}), (set(), set()))  # some systems have no such library


def test_a_score_is_the_ratio_of_two_densities() -> None:
    rng = np.random.default_rng(0)
    between = np.array([4.0, 1.0, 0.25])
    known = Knowledge.from_sums(between, rng.normal(0, 3, (2, 3)), np.array([1.0, 3.5]))
    placed = rng.normal(0, 2, (5, 3))

    def log_density(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        return (-((placed - mean) ** 2) / variance - np.log(variance)).sum(axis=1) / 2

    for i in range(2):
        expected = log_density(known.mean[i], 1 + known.variance[i]) - log_density(np.zeros(3), 1 + between)
        assert np.allclose(known.scores(placed)[:, i], expected, atol=1e-4)
        rows = Knowledge(between, known.mean[[i] * 5], known.variance[[i] * 5])
        assert np.allclose(rows.own_scores(placed), expected, atol=1e-4)
    # Of n photos of variance 1: the mean is drawn to the middle, as the normal distribution's conjugate says.
    assert np.allclose(known.variance[1], between / (1 + 3.5 * between))


def test_sums_are_of_each_person_by_trust() -> None:
    placed = np.array([[1.0, 2], [10, 20], [100, 200], [1000, 2000]], np.float32)
    sums, counts = add_up(placed, np.array([1, 0, 1, 0]), np.array([1.0, 0.5, 0.25, 0]))
    assert sums.tolist() == [[5, 10], [26, 52]]
    assert counts.tolist() == [0.5, 1.25]
    # A float32 doesn't hold the sum of many photos.
    sums, _ = add_up(np.float32([[2**24], [1]]), np.zeros(2, int), np.ones(2, np.float32))
    assert sums.tolist() == [[2**24 + 1]]


def test_another_stranger_rate_is_learnt_as_if_from_the_beginning(background: Background) -> None:
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(3), 4)
    embeddings = rng.normal(size=(12, len(background.mean))).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    ids = [str(i) for i in range(12)]
    loose = Gallery.fit("abc", embeddings, person, ids, stranger_rate=0.2, background=background)
    strict = Gallery.fit("abc", embeddings, person, ids, background=background)
    assert strict.with_stranger_rate(0.2).to_bytes() == loose.to_bytes() != strict.to_bytes()
    with pytest.raises(SettingsError, match=r"at most 0\.5\. Got 0\.6"):
        strict.with_stranger_rate(0.6)
    assert strict.with_stranger_rate(0.5).stranger_rate == 0.5


def test_scores_beyond_all_measure_are_still_shares(background: Background) -> None:
    gallery = dataclasses.replace(gallery_of(background, 2, 3, 4), slope_=1e6)
    probabilities = gallery.answer(gallery.embeddings).probabilities
    assert np.array_equal(np.unique(probabilities), [0, 1]) and (probabilities.sum(axis=1) == 1).all()


def test_once_each_names_a_person_once(background: Background) -> None:
    embeddings, asked, who = split_world(10, 3, 4, 2)
    gallery = Gallery.fit("abc", embeddings, np.repeat(np.arange(3), 4), ["p"] * 12, background=background)
    answers = gallery.answer(asked)
    assert (answers.named == who).all()
    once = answers.once_each().named
    assert sorted(once) == [NOBODY] * 3 + [0, 1, 2]
    assert all(name in (NOBODY, right) for name, right in zip(once, who, strict=True))


def test_assignment_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        n_faces, n_people = rng.integers(1, 5, 2).tolist()
        gains = rng.normal(0, 1, (n_faces, n_people))
        found = assign_people(gains)
        given = found[found >= 0]
        assert len(set(given)) == len(given)
        total = sum(gains[face, person] for face, person in enumerate(found) if person >= 0)
        best = max(
            sum(gains[face, choice[face]] for face in range(n_faces) if choice[face] < n_people)
            for choice in itertools.permutations(range(n_people + n_faces), n_faces)
        )
        assert total == pytest.approx(best)
    assert (assign_people(np.zeros((3, 0))) == -1).all()


def test_what_does_not_fit_is_refused(background: Background) -> None:
    embeddings, person = world(13, 2, 2)
    photos = list("wxyz")
    for wrong in (
        (["a", "a"], embeddings, person, photos),
        (["a", "b", "c"], embeddings, person, photos),
        (["a", "b"], embeddings[:, :3], person, photos),
        (["a", "b"], embeddings, person[:3], photos),
        (["a", "b"], embeddings, person, photos[:3]),
        (["a", "b"], embeddings * np.nan, person, photos),
    ):
        with pytest.raises(ShapeError):
            Gallery.fit(*wrong, background=background)
    with pytest.raises(SettingsError, match="stranger_rate"):
        Gallery.fit(["a", "b"], embeddings, person, photos, stranger_rate=0, background=background)
    gallery = Gallery.fit(["a", "b"], embeddings, person, photos, background=background)
    with pytest.raises(ShapeError):
        gallery.answer(embeddings[:, :3])


@pytest.mark.parametrize(("known", "strangers_told"), [(1, 0.8), (8, 0.9)])
def test_probabilities_mean_what_they_say(background: Background, known: int, strangers_told: float) -> None:
    embeddings, asked, who = split_world(16, 30, known, 20)
    names = [str(i) for i in range(30)]
    ids = [str(i) for i in range(30 * known)]
    gallery = Gallery.fit(names, embeddings, np.repeat(np.arange(30), known), ids, background=background)
    answers = gallery.answer(asked)
    sure = answers.probabilities[:, :-1].max(axis=1)
    right = answers.probabilities[:, :-1].argmax(axis=1) == who
    bins = np.minimum((sure * 10).astype(int), 9)
    assert sum(abs(sure[bins == i].sum() - right[bins == i].sum()) for i in range(10)) / len(who) < 0.05
    strangers, _ = world(17, 1000, 1)
    # Photos are supposed to spread more than these do: where one is known, a stranger may be a person in another light.
    assert gallery.answer(strangers).probabilities[:, -1].mean() > strangers_told


def test_kinds_of_faces_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    placed = np.concatenate([rng.normal((6, 0, 0), 1, (600, 3)), rng.normal(0, 0.5, (300, 3))])
    mixture = Mixture.fit(placed, n_people=200)
    order = np.argsort(mixture.centers[:, 0])
    assert np.allclose(mixture.weights[order], [1 / 3, 2 / 3], atol=0.01)
    assert np.allclose(mixture.centers[order], [[0, 0, 0], [6, 0, 0]], atol=0.2)
    assert np.allclose(mixture.covariances[order[0]], 0.25 * np.eye(3), atol=0.1)
    drawn, _ = mixture.draw(9000)
    assert np.allclose(drawn.mean(axis=0), placed.mean(axis=0), atol=0.1)
    assert np.allclose(np.cov(drawn.T), np.cov(placed.T), atol=0.3)


def test_a_narrow_kind_is_the_likelier_where_it_is_dense() -> None:
    spreads = np.array([[[1.0]], [[100.0]]], np.float32)
    kinds = Mixture(np.full(2, 0.5, np.float32), np.zeros((2, 1), np.float32), spreads)
    np.testing.assert_allclose(kinds.shares(np.zeros((1, 1))), [[10 / 11, 1 / 11]], rtol=1e-6)


def test_the_statistics_that_ship_fit_the_default_network_and_are_small() -> None:
    background = default_background()
    assert background.directions.shape[0] == 128
    assert (resources.files("castlist.gallery") / "background.npz").stat().st_size < 600_000  # type: ignore[attr-defined]
    assert background.kinds.weights.min() * 3095 > 49  # people of LFW in each kind: it tells of nobody in particular
