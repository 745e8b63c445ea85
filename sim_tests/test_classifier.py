"""The scikit-learn estimator: its own checks, and use as people use estimators."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import lava_sfdfa as ls
from lava_sfdfa.data.tables import PopulationCode

# Nothing is marked: all checks of scikit-learn apply, at the defaults.
CHECKS = list(estimator_checks_generator(ls.SFDFAClassifier()))


@pytest.mark.parametrize(
    ("estimator", "check"), CHECKS, ids=[check.func.__name__ for _, check in CHECKS]
)
@pytest.mark.filterwarnings("default")
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_tables_are_learned_at_the_defaults():
    """Chance is 0.33, 0.4 and 0.5; multilayer perceptrons have 0.95 to 0.98."""
    for (x, y), least in (
        (load_iris(return_X_y=True), 0.93),
        (load_wine(return_X_y=True), 0.93),
        (make_moons(300, noise=0.2, random_state=0), 0.93),
    ):
        model = ls.SFDFAClassifier(epochs=15)
        assert cross_val_score(model, x, y, cv=3).mean() > least


def test_units_and_offsets_of_features_do_not_matter():
    x, y = load_iris(return_X_y=True)
    scores = [
        ls.SFDFAClassifier(epochs=3).fit(changed, y).decision_function(changed)
        for changed in (x, x * 1024.0, x / 1024.0)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])


def test_it_works_in_a_pipeline_and_in_a_search_with_labels_of_text():
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), ls.SFDFAClassifier(epochs=5))
    grid = {"sfdfaclassifier__hidden": [(5,), (40,)]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(x, names)
    assert search.best_params_ == {"sfdfaclassifier__hidden": (40,)}
    assert set(search.predict(x)) == set(names) and search.score(x, names) > 0.9


def test_partial_fit_is_learning_of_what_arrives():
    x, y = load_iris(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))
    model, whole = ls.SFDFAClassifier(), ls.SFDFAClassifier()
    for part in np.split(order, 5):
        model.partial_fit(x[part], y[part], classes=[0, 1, 2])
    assert model.model_.artifact.n_learned == 150
    # Cut elsewhere, from the same first samples, it is the same network.
    whole.partial_fit(x[order[:30]], y[order[:30]], classes=[0, 1, 2])
    whole.partial_fit(x[order[30:]], y[order[30:]])
    assert whole.model_.digest == model.model_.digest
    for _ in range(10):
        model.partial_fit(x[order], y[order])
    assert model.score(x, y) > 0.9
    with pytest.raises(ValueError, match="label 7, which is not among the classes"):
        model.partial_fit(x[:1], [7])
    with pytest.raises(ValueError, match="classes must be given in the first call"):
        ls.SFDFAClassifier().partial_fit(x, y)


def test_its_network_is_a_model():
    x, y = load_iris(return_X_y=True)
    classifier = ls.SFDFAClassifier(hidden=(20,), epochs=2).fit(x, y)
    model = classifier.model_
    encoded = classifier.code_.encode(x)
    np.testing.assert_array_equal(model.predict(encoded), classifier.predict(x))
    plan = model.compile(board="oheo-gulch")
    plan.check()
    assert plan.report.fits and ls.fit(model, board="oheo-gulch").cores == 1
    with pytest.raises(ls.InputError, match="has no test part"):
        model.evaluate()
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict(x), classifier.predict(x))


def test_settings_are_checked():
    x, y = load_iris(return_X_y=True)
    for settings, message in (
        ({"foo": 1}, "a setting must be one of"),
        ({"steps": 2}, "steps must be between 4 and 1024, not 2"),
    ):
        with pytest.raises(ls.InputError, match=message):
            ls.SFDFAClassifier(settings=settings).fit(x, y)
    with pytest.raises(ls.InputError, match="hidden must be between 1 and 65536"):
        ls.SFDFAClassifier(hidden=(0,)).fit(x, y)


# --- the population code ------------------------------------------------------------


def test_the_code_lights_the_fields_around_a_value():
    code = PopulationCode.of(np.linspace(0, 1, 101)[:, None])
    assert code.n_inputs == code.n_fields == 24
    bright = code.encode(np.array([[0.0], [0.5], [1.0], [9.0]]))
    assert bright.dtype == np.uint8 and bright.argmax(axis=1).tolist()[::2] == [0, 23]
    assert bright[0, 0] == bright[2, 23] == 255
    np.testing.assert_array_equal(bright[2], bright[3])  # beyond the range: the edge
    middle = bright[1].astype(int)
    assert np.abs(middle - middle[::-1]).max() <= 1  # a half is rounded either way
    assert (bright > 0).sum(axis=1).max() <= 6


def test_constant_and_tied_features_have_a_place():
    x = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 5.0], [1.0, 5.0]])
    bright = PopulationCode.of(x).encode(x)
    assert (bright[:, :24] == bright[0, :24]).all()
    assert (bright[0] == bright[1]).all() and (bright[0] != bright[2]).any()
