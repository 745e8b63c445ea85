"""Wrong uses of the command line, as a user would type them, and what has to be said.

A row has the words that show that its message names what is wrong, what was found, what
is allowed or what to do. Names in braces are of the files that `wrong_files` makes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """What is typed after `lava-sfdfa`, how it ends, and words of its sentence."""

    typed: str
    words: tuple[str, ...]
    code: int = 2


def wrong(typed, *words):
    return Wrong(typed, words)


def fails(typed, *words):
    """A check that fails, or what does not fit."""
    return Wrong(typed, words, code=1)


def lacks(typed, *words):
    """A backend that is missing."""
    return Wrong(typed, words, code=3)


COMMANDS = [
    wrong("--verbos", "--verbos", "did you mean '--version'", "lava-sfdfa --help"),
    wrong("-x", "No such option", "-x", "lava-sfdfa --help"),
    wrong("trian", "'trian'", "did you mean 'train'"),
    wrong("evalute {artifact}", "'evalute'", "did you mean 'evaluate'"),
    wrong("tune", "No such command 'tune'", "lava-sfdfa --help"),
    wrong("--json train", "lava-sfdfa: No such option", "--json"),
]

TRAIN_OPTIONS = [
    wrong("train now", "lava-sfdfa train", "(now)", "lava-sfdfa train --help"),
    wrong("train --freeze 2", "freeze needs the network", "front"),
    wrong("train --front {artifact} --freeze 0", "'--freeze'", "0 is not in the range"),
    wrong("train --front {artifact} --freeze 9", "freeze must be between 1 and 2"),
    wrong("train --front {notes}", "notes.txt"),
    wrong("train --front {artifact} --precision float", "--front does not go"),
    wrong("train --hiden 30", "--hiden", "'--hidden'"),
    wrong("train --epoch 0", "--epoch", "did you mean '--epochs'"),
    wrong("train --hidden", "lava-sfdfa train", "'--hidden' requires an argument"),
    wrong("train --config", "lava-sfdfa train", "'--config' requires an argument"),
    wrong("train --hidden big", "'--hidden'", "'big' is not a valid integer"),
    wrong("train --hidden 1.5", "'--hidden'", "'1.5' is not a valid integer"),
    wrong("train --hidden 1e3", "'--hidden'", "'1e3' is not a valid integer"),
    wrong("train --hidden nan", "'--hidden'", "'nan' is not a valid integer"),
    wrong("train --hidden 30,20", "'--hidden'", "'30,20'", "train --help"),
    wrong("train --hidden 0", "hidden must be between 1 and 65536", "not 0"),
    wrong("train --hidden -5", "hidden must be between 1 and 65536", "not -5"),
    wrong("train --hidden 65537", "between 1 and 65536", "not 65537"),
    wrong("train --hidden 9 --hidden 0", "hidden must be", "not 0", "(9, 0)"),
    wrong("train --epochs 0", "epochs must be between 1 and 100000", "not 0"),
    wrong("train --epochs -1", "epochs must be between", "not -1"),
    wrong("train --epochs 100001", "epochs must be between", "not 100001"),
    wrong("train --epochs ten", "'--epochs'", "'ten' is not a valid integer"),
    wrong("train --epochs inf", "'--epochs'", "'inf' is not a valid integer"),
    wrong("train --seed -1", "seed must be between 0 and", "not -1"),
    wrong("train --seed 9223372036854775808", "9223372036854775807, not 9223"),
    wrong("train --seed 0x10", "'--seed'", "'0x10' is not a valid integer"),
    wrong("train --limit 0", "limit must be between 1 and", "not 0"),
    wrong("train --limit -3", "limit must be between 1 and", "not -3"),
    wrong("train --limit 999999999999", "limit must be", "2147483648", "not 9999"),
    wrong("train --feedback dfa", "'--feedback'", "'dfa'", "'sfdfa', 'random'"),
    wrong("train --feedback SFDFA", "'SFDFA'", "'sfdfa', 'random', 'symmetric'"),
    wrong("train --feedback exact", "'exact'", "'sfdfa', 'random', 'symmetric'"),
    wrong("train --eligibility traces", "'traces'", "'trace', 'recursive'"),
    wrong("train --rounding up", "'--rounding'", "'up'", "'synapse', 'shared'"),
    wrong("train --precision double", "'double'", "'fixed', 'float'"),
    wrong("train --backend gpu", "'--backend'", "'gpu'", "'cpu', 'lava'"),
    wrong("train --kind sound", "'sound'", "'image', 'table', 'series', 'events'"),
    wrong("train --auto=yes", "'--auto' does not take a value", "train --help"),
    wrong("train --resume=x", "'--resume' does not take a value", "train --help"),
    wrong("train --kind events", "kind is for a file", "digits is none", "leave"),
    wrong("train --kind table --dataset mnist", "kind is for", "mnist is none"),
    wrong("train --out", "'--out' requires an argument", "train --help"),
    wrong("train --out ''", "'--out'", "it is empty"),
    wrong("train --out {notes}", "notes.txt: is a file", "choose another --out"),
    wrong("train --out {notes}/x", "notes.txt/x", "Not a directory", "another --out"),
    wrong("train --out {network}", "network.h5: is a file, not a folder", "--out"),
]

RESUME = [
    wrong("train --resume", "there is no such artifact", "`train` makes one"),
    wrong("train --resume --out {folder}", "folder/network.h5", "no such artifact"),
    wrong("train --resume --out nowhere", "nowhere", "no such artifact"),
    wrong("train --resume --out {plan}", "plan: is a plan, not an artifact"),
    wrong("train --resume --out {in_float}", "float.h5", "floating point"),
    wrong("train --resume --out {alone}", "cannot learn", "again with --dataset"),
    wrong("train --resume --out {artifact} --hidden 9", "hidden = (8,), not (9,)"),
    wrong("train --resume --out {artifact} --seed 2", "seed = 1, not 2", "same set"),
    wrong(
        "train --resume --out {artifact} --feedback random",
        "feedback = 'sfdfa', not 'random'",
        "another folder",
    ),
    wrong(
        "train --resume --out {artifact} --rounding shared",
        "rounding = 'synapse', not 'shared'",
        "another folder",
    ),
    wrong(
        "train --resume --out {artifact} --limit 70", "limit = 60, not 70", "trained/"
    ),
    wrong("train --resume --out {artifact} --epochs 1", "1 epoch", "more with --epo"),
    wrong("train --resume --out {artifact} --auto", "1 epoch", "more with --epochs"),
    wrong("train --resume --out {artifact} --dataset {mine}", "(3, 3)", "takes (8, 8)"),
    wrong(
        "train --resume --out {artifact} --config {other_layers}",
        "hidden = (8,), not (9,)",
        "the same settings",
    ),
]

PRECISION = [
    wrong("train --precision float --resume", "--resume does not go with", "float"),
    wrong("train --precision float --auto", "--auto does not go with", "leave one"),
    wrong("train --precision float --backend lava", "--backend does not go with"),
    wrong("train --precision float --kind table", "--kind does not go", "leave one"),
    wrong(
        "train --precision float --eligibility trace",
        "--eligibility does not go with --precision float",
    ),
    wrong(
        "train --precision float --rounding shared",
        "--rounding does not go with --precision float",
    ),
    wrong("train --precision float --seed 4294967296", "4294967295, not 4294967296"),
    wrong(
        "train --precision float --config {float_batch}",
        "float_batch.toml: batch must be between 1 and 65536",
        "not 0",
    ),
    wrong(
        "train --precision float --config {few_steps}",
        "few_steps.toml: a setting must be one of batch",
        "not 'steps'",
    ),
    wrong("train --precision float --config {targets}", "targets.toml", "target_fal"),
]

SETTINGS = [
    wrong("train --config none.toml", "none.toml", "no such file", "another --config"),
    wrong("train --config {folder}", "folder: cannot be read", "it is a folder"),
    wrong("train --config {folder_toml}", "folder.toml", "it is a folder"),
    wrong("train --config ''", "'--config'", "it is empty"),
    wrong("train --config {mine}", "mine.npz: is not a TOML file", "`epochs = 3`"),
    wrong("train --config {network}", "network.h5: is not a TOML", "`epochs = 3`"),
    wrong("train --config {latin}", "latin.toml: is not a TOML", "can't decode"),
    wrong("train --config {bad_syntax}", "bad_syntax.toml", "line 1", "`epochs = 3`"),
    wrong("train --config {open_text}", "open_text.toml: is not a TOML", "line 1"),
    wrong("train --config {twice}", "twice.toml: is not", "overwrite", "line 2"),
    wrong("train --config {long}", "long.toml: has more than 100,000 bytes"),
    wrong("train --config {unknown_field}", "'hiden'", "did you mean 'hidden'"),
    wrong("train --config {section}", "section.toml: a setting must be", "'train'"),
    wrong("train --config {batches}", "batches.toml: a setting must be", "'batch'"),
    wrong("train --config {wrong_type}", "epochs must be an integer", "'three'"),
    wrong("train --config {fraction}", "epochs must be an integer, not 2.5"),
    wrong("train --config {date}", "date.toml: epochs must be an integer", "2026"),
    wrong("train --config {out_of_range}", "epochs must be between 1 and", "not 0"),
    wrong("train --config {no_layers}", "no_layers.toml", "at least one layer"),
    wrong("train --config {zero_layer}", "hidden must be between", "not 0", "[10, 0]"),
    wrong("train --config {text_layer}", "hidden must be an integer", "not '20'"),
    wrong("train --config {nested_layers}", "hidden must be an integer", "not [10]"),
    wrong("train --config {nan_rate}", "learning_rate must be between", "not nan"),
    wrong("train --config {inf_rate}", "learning_rate must be between", "not inf"),
    wrong("train --config {negative_rate}", "between 0.0 and 10.0", "not -0.1"),
    wrong("train --config {number_for_true}", "wake must be true or false", "not 1"),
    wrong("train --config {true_for_number}", "steps must be an integer", "True"),
    wrong("train --config {few_steps}", "steps must be between 4 and 1024", "not 3"),
    wrong("train --config {digits_of_seed}", "seed must be between 0", "not 1000"),
    wrong("train --config {number_as_data}", "dataset must be a text", "not 5"),
    wrong("train --config {no_feedback}", "sfdfa, random, symmetric", "'dfa'"),
    wrong("train --config {no_loss}", "loss must be one of count, margin", "'mse'"),
    wrong("train --config {no_kind}", "image, table, series, events", "'sound'"),
    wrong("train --config {targets}", "targets.toml", "below target_true", "not 5"),
    wrong("train --config {window}", "window.toml", "at most duration_s, 0.2", "0.3"),
    wrong("train --config {taus}", "taus.toml", "greater than tau_synapse_s", "0.26"),
    wrong("train --config {other_data}", "not 'minst'", "did you mean 'mnist'"),
]

NAMES_OF_DATA = [
    wrong("train --dataset minst", "one of digits", "'minst'", "mean 'mnist'"),
    wrong("train --dataset MNIST", "not 'MNIST'", "did you mean 'mnist'"),
    wrong("train --dataset fashion_mnist", "did you mean 'fashion-mnist'"),
    wrong("train --dataset emnist-blanced", "did you mean 'emnist-balanced'"),
    wrong("train --dataset digit", "'digit'", "did you mean 'digits'"),
    wrong("train --dataset ''", "the data set must be one of digits", "not ''"),
    wrong("train --dataset {folder}", "a file that ends in .npz", "not 'folder'"),
    wrong("train --dataset {notes}", "a file that ends in .npz", "not 'notes.txt'"),
    wrong("train --dataset {network}", "a file that ends in .npz", "network.h5'"),
    wrong("train --dataset none.npz", "none.npz: there is no such file", "savez"),
    wrong("train --dataset {folder_npz}", "folder.npz: is a folder", "numpy.savez"),
    wrong("train --dataset {empty_npz}", "empty.npz: is not a readable", "savez"),
    wrong("train --dataset {notes_npz}", "notes.npz: is not a readable", "savez"),
    wrong("train --dataset {cut_npz}", "cut.npz: is not a readable", "truncated"),
    wrong(
        "train --dataset mnist --data-dir {folder}",
        "train-images-idx3-ubyte.gz",
        "folder is empty",
        "data fetch mnist",
    ),
    wrong("train --dataset mnist --data-dir nowhere", "nowhere cannot be read"),
    wrong("train --dataset mnist --data-dir {notes}", "'notes.txt' is a file"),
    wrong("train --dataset shd --data-dir {folder}", "shd_train.h5", "folder is empty"),
    wrong("train --dataset nmnist --data-dir {folder}", "Train/<label>", "zip file"),
    wrong(
        "train --dataset emnist-balanced --data-dir {folder}",
        "emnist-balanced-train-images",
        "folder is empty",
    ),
]

SAMPLES = [
    wrong("train --dataset {lacks_test}", "lacks y_test;", "x_train, y_train, x_test"),
    wrong("train --dataset {lacks_all}", "lacks x_train", "it holds images"),
    wrong("train --dataset {few_labels}", "y_train has the shape (39,)", "(40,)"),
    wrong("train --dataset {many_labels}", "y_test has the shape (40,)", "(20,)"),
    wrong("train --dataset {square_labels}", "y_train", "(40, 2)", "(samples,)"),
    wrong("train --dataset {half_labels}", "sample 0 has the label 0.5", "integers"),
    wrong("train --dataset {nan_labels}", "sample 1 has the label nan", "integers"),
    wrong("train --dataset {new_label}", "label 2", "does not occur", "0 to 1"),
    wrong("train --dataset {mixed_labels}", "label '0'", "classes are 0 to 1"),
    wrong("train --dataset {nan_data}", "x_train: sample 3", "NaN", "finite"),
    wrong("train --dataset {inf_data}", "inf_data.npz", "infinity", "finite"),
    wrong("train --dataset {huge_data}", "sample 3", "beyond 1e+100", "finite"),
    wrong("train --dataset {objects}", "Python objects", "x.astype(float)"),
    wrong("train --dataset {dates}", "datetime64[D]", "x.astype(float)"),
    wrong("train --dataset {complex}", "complex128", "samples must be numbers"),
    wrong("train --dataset {texts}", "x_train holds <U", "samples must be numbers"),
    wrong("train --dataset {scalar}", "the shape ()", "(samples, features)"),
    wrong("train --dataset {flat}", "the shape (40,)", "(samples, features)"),
    wrong("train --dataset {other_test}", "x_test", "(20, 4, 4)", "(samples, 3, 3)"),
    wrong("train --dataset {no_samples}", "(0, 3, 3)", "none of them 0"),
    wrong("train --dataset {no_test}", "x_test", "(0, 3, 3)", "none of them 0"),
    wrong("train --dataset {two_samples}", "2 training and 2 test", "at least 6"),
    wrong("train --dataset {no_pixels}", "(40, 0, 3)", "none of them 0"),
    wrong("train --dataset {mine} --kind events", "image, table or series"),
]

RECORDINGS = [
    wrong("train --dataset {events_lack}", "lacks offset_test;", "it holds shape"),
    wrong("train --dataset {events_fall}", "offset_train", "begin with 0, or falls"),
    wrong("train --dataset {events_short}", "index_train", "(39,)", "(40,)"),
    wrong("train --dataset {events_outside}", "sample 2", "input 4", "0 to 3"),
    wrong("train --dataset {events_negative}", "sample 0", "input -1", "0 to 3"),
    wrong("train --dataset {events_before}", "sample 0", "-5e-06 s", "0 to 2147 s"),
    wrong("train --dataset {events_nan}", "sample 0", "nan s", "0 to 2147 s"),
    wrong("train --dataset {events_seconds}", "0.001", "multiply seconds by"),
    wrong("train --dataset {events_no_shape}", "shape is (0,)", "how many inputs"),
    wrong("train --dataset {events_labels}", "y_train", "(19,)", "(20,)"),
    wrong("train --dataset {recorded} --kind image", "kind must be events", "image"),
    wrong("train --dataset {recorded} --kind table", "kind must be events", "table"),
]

STREAM = [
    wrong("stream 100", "lava-sfdfa stream", "(100)", "stream --help"),
    wrong("stream --epochs 3", "--epochs", "stream --help"),
    wrong("stream --resume --out x", "--resume", "stream --help"),
    wrong("stream --freeze 1", "freeze needs the network", "front"),
    wrong("stream --front nowhere.nir", "'--front'", "'nowhere.nir' does not exist"),
    wrong("stream --hidden 0", "hidden must be between 1 and 65536", "not 0"),
    wrong("stream --limit 0", "limit must be between 1 and", "not 0"),
    wrong("stream --limit few", "'--limit'", "'few' is not a valid integer"),
    wrong("stream --seed -1", "seed must be between 0 and", "not -1"),
    wrong("stream --feedback exact", "'exact'", "'sfdfa', 'random', 'symmetric'"),
    wrong("stream --late", "'--late' requires an argument", "stream --help"),
    wrong("stream --late 10", "late must be a class of digits, 0 to 9", "not '10'"),
    wrong("stream --late nine", "late must be a class of digits", "not 'nine'"),
    wrong("stream --late ''", "late must be a class of digits", "not ''"),
    wrong("stream --dataset minst", "'minst'", "did you mean 'mnist'"),
    wrong("stream --dataset {nan_data}", "x_train: sample 3", "finite numbers"),
    wrong("stream --config {targets}", "targets.toml", "below target_true"),
    wrong("stream --config none.toml", "none.toml", "give another --config"),
    wrong("stream --kind image", "kind is for a file", "digits is none"),
    wrong("stream --out {notes}", "notes.txt: is a file", "choose another --out"),
    wrong("stream --out {notes}/x", "notes.txt/x", "Not a directory"),
]

COMPARE = [
    wrong("compare {artifact}", "lava-sfdfa compare", "(trained)", "--help"),
    wrong("compare --feedbak sfdfa", "--feedbak", "'--feedback'"),
    wrong("compare --precision float", "--precision", "compare --help"),
    wrong("compare --seeds 0", "'--seeds'", "0 is not in the range x>=1"),
    wrong("compare --seeds -1", "'--seeds'", "-1 is not in the range x>=1"),
    wrong("compare --seeds three", "'--seeds'", "'three' is not a valid integer;"),
    wrong("compare --seed -1", "seed must be between 0 and", "not -1"),
    wrong(
        "compare --seed 9223372036854775807 --seeds 2",
        "seed must be between 0 and 9223372036854775807",
        "not 9223372036854775808",
    ),
    wrong("compare --feedback dfa", "'dfa'", "'symmetric', 'exact'"),
    wrong("compare --feedback sfdfa,random", "'sfdfa,random'", "'sfdfa', 'random'"),
    wrong(
        "compare --feedback exact --hidden 5000",
        "up to 50000 weights",
        "370000",
        "smaller layers",
    ),
    wrong("compare --epochs 0", "epochs must be between 1 and", "not 0"),
    wrong("compare --hidden 0", "hidden must be between 1 and", "not 0"),
    wrong("compare --limit 0", "limit must be between 1 and", "not 0"),
    wrong("compare --dataset minst", "'minst'", "did you mean 'mnist'"),
    wrong("compare --dataset {lacks_test}", "lacks y_test", "it holds x_train"),
    wrong("compare --config {no_feedback}", "no_feedback.toml", "mean 'sfdfa'"),
    wrong("compare --out {notes}", "notes.txt: is a file", "choose another --out"),
    wrong("compare --out {notes}/x", "notes.txt/x", "Not a directory"),
]

# What every command that reads an artifact says of what is none.
NO_ARTIFACT = [
    ("nowhere", "nowhere: there is no such artifact", "`train` makes one"),
    ("{folder}", "folder/network.h5: there is no such artifact", "`train`"),
    ("{empty}", "empty.h5: is not a readable artifact", "it is empty"),
    ("{cut}", "cut.h5: is not a readable artifact", "truncated", "train again"),
    ("{edited}", "edited.h5: is damaged", "digest", "train again or take a copy"),
    ("{newer}", "format version 99", "reads 1 to 1", "install a newer one"),
    ("{plan}", "plan: is a plan, not an artifact", "`run` runs it"),
]
READERS = (
    *("evaluate {}", "verify {}", "info {}", "export {} --out x.net"),
    *("fit {} --board nahuku", "compile {} --board nahuku"),
)
NOT_ARTIFACTS = [
    wrong(reader.replace("{}", name), *words)
    for reader in READERS
    for name, *words in NO_ARTIFACT
]

EVALUATE = [
    wrong("evaluate", "lava-sfdfa evaluate", "Missing argument 'ARTIFACT'"),
    wrong("evaluate ''", "'ARTIFACT'", "it is empty"),
    wrong("evaluate {artifact} {own}", "(own)", "evaluate --help"),
    wrong("evaluate {notes}", "notes.txt: is not a readable artifact", "something"),
    wrong("evaluate {foreign}", "foreign.h5", "but not an artifact", "`train` wrote"),
    wrong("evaluate {mine}", "mine.npz: is not a readable artifact", "something else"),
    wrong("evaluate {nir}", "trained.nir", "but not an artifact", "`train` wrote"),
    wrong("evaluate {plan}/plan.h5", "plan.h5: is a plan", "`check` proves a plan"),
    wrong("evaluate {artifact} --limit 0", "'--limit'", "0 is not in the range x>=1"),
    wrong("evaluate {artifact} --limit -1", "'--limit'", "-1 is not in the range"),
    wrong("evaluate {artifact} --limit all", "'all' is not a valid integer;"),
    wrong("evaluate {artifact} --limit 1e2", "'1e2' is not a valid integer;"),
    wrong("evaluate {artifact} --dataset yin-yang", "(4,)", "(8, 8)", "'digits'"),
    wrong("evaluate {artifact} --dataset {mine}", "mine.npz", "(3, 3)", "(8, 8)"),
    wrong("evaluate {artifact} --dataset {recorded}", "recorded.npz", "(4,)"),
    wrong("evaluate {artifact} --dataset digts", "did you mean 'digits'"),
    wrong("evaluate {artifact} --dataset ''", "must be one of digits", "not ''"),
    wrong("evaluate {artifact} --dataset none.npz", "none.npz: there is no such"),
    wrong(
        "evaluate {artifact} --dataset mnist --data-dir {folder}",
        "folder is empty",
        "data fetch mnist",
    ),
    wrong("evaluate {artifact} --data-dir", "'--data-dir' requires an argument"),
    wrong("evaluate {artifact} --samples 3", "--samples", "evaluate --help"),
    wrong("evaluate {own} --dataset digits", "(8, 8)", "(3, 3)", "'mine.npz'"),
    wrong("evaluate {own} --dataset {new_label}", "label 2", "classes are 0 to 1"),
    wrong("evaluate {own} --dataset {nan_data}", "sample 3", "finite numbers"),
    wrong("evaluate {alone}", "without a data set", "with --dataset"),
    wrong("evaluate {in_float} --dataset yin-yang", "(4,)", "(8, 8)", "'digits'"),
    wrong("evaluate {in_float} --dataset digts", "did you mean 'digits'"),
    wrong("evaluate {in_float} --dataset ''", "must be one of digits", "not ''"),
]

VERIFY = [
    wrong("verify", "lava-sfdfa verify", "Missing argument 'ARTIFACT'"),
    wrong("verify {in_float}", "floating point", "without --precision float"),
    wrong("verify {alone}", "cannot learn", "import the file again with --dataset"),
    wrong("verify {artifact} --samples 0", "'--samples'", "not in the range x>=1"),
    wrong("verify {artifact} --samples many", "'many' is not a valid integer;"),
    wrong("verify {artifact} --backend cpu", "'--backend'", "'cpu'", "'lava'"),
    wrong("verify {artifact} --dataset {mine}", "(3, 3)", "(8, 8)"),
    wrong("verify {artifact} --dataset digts", "did you mean 'digits'"),
    wrong("verify {artifact} --limit 3", "--limit", "verify --help"),
]

INFO = [
    wrong("info", "lava-sfdfa info", "Missing argument 'ARTIFACT'"),
    wrong("info {artifact} {plan}", "(plan)", "info --help"),
    wrong("info {artifact} --jsn", "--jsn", "did you mean '--json'"),
    wrong("info {artifact} --dataset digits", "--dataset", "info --help"),
    wrong("info {plan}/plan.json", "plan.json: is a plan", "`check` proves a plan"),
    wrong("info {notes_h5}", "notes.h5: is not a readable artifact"),
]

DATA = [
    wrong("data lst", "lava-sfdfa data", "'lst'", "did you mean 'list'"),
    wrong("data list digits", "lava-sfdfa data list", "(digits)"),
    wrong("data list --name digits", "--name", "data list --help"),
    wrong("data list --data-dir", "data list", "'--data-dir' requires an argument"),
    wrong("data list --data-dir {notes}", "'--data-dir'", "'notes.txt' is a file"),
    wrong("data fetch", "lava-sfdfa data fetch", "Missing argument 'NAME'"),
    wrong("data fetch mnits", "'mnits'", "did you mean 'mnist'"),
    wrong("data fetch DIGITS", "'DIGITS'", "did you mean 'digits'"),
    wrong("data fetch {mine}", "must be one of digits", "not 'mine.npz'"),
    wrong("data fetch mnist --data-dir {notes}", "'notes.txt' is a file"),
    wrong("data fetch mnist --data-dir {notes}/x", "x/mnist: cannot be written"),
    wrong(
        "data fetch emnist-balanced --data-dir {folder}",
        "no published checksums",
        "www.nist.gov",
        "into folder/emnist-balanced",
    ),
    wrong("data check", "lava-sfdfa data check", "Missing argument 'NAME'"),
    wrong("data check nothing", "must be one of digits", "not 'nothing'"),
    wrong("data check --all", "--all", "data check --help"),
    wrong("data check digits yin-yang", "(yin-yang)", "data check --help"),
    wrong("data check mnist --data-dir {notes}", "'notes.txt' is a file"),
    fails(
        "data check mnist --data-dir {folder}",
        "mnist: files are missing in folder/mnist",
        "data fetch mnist",
    ),
    fails("data check shd --data-dir nowhere", "missing in nowhere/shd", "fetch shd"),
]

LAYERS = "three numbers between 1 and 1,000,000, such as 784,800,10"
FIT = [
    wrong("fit", "lava-sfdfa fit", "Missing option '--board'"),
    wrong("fit --layers 784,800,10", "Missing option '--board'", "fit --help"),
    wrong("fit --board nahuku", "an artifact or --layers, one of the two"),
    wrong("fit {artifact} --layers 784,800,10 --board nahuku", "one of the two"),
    wrong("fit {artifact} --bord nahuku", "--bord", "'--board'"),
    wrong("fit 784,800,10 --board nahuku", "784,800,10: there is no such artifact"),
    wrong("fit {artifact} --board nahuku --eligibility trace", "trained", "leave it"),
    wrong("fit {artifact} --board oheo-glch", "'oheo-glch'", "mean 'oheo-gulch'"),
    wrong("fit --layers 784,800,10 --board loihi", "one of oheo-gulch", "'loihi'"),
    wrong("fit --layers 784,800,10 --board ''", "one of oheo-gulch", "not ''"),
    wrong("fit --layers 784,800,10 --board NAHUKU", "did you mean 'nahuku'"),
    wrong("fit --layers 784,,10 --board nahuku", LAYERS, "not '784,,10'"),
    wrong("fit --layers 784 --board nahuku", LAYERS, "not '784'"),
    wrong("fit --layers 784,10 --board nahuku", LAYERS, "not '784,10'"),
    wrong("fit --layers a,b --board nahuku", LAYERS, "not 'a,b'"),
    wrong("fit --layers '' --board nahuku", LAYERS, "not ''"),
    wrong("fit --layers 784-800-10 --board nahuku", LAYERS, "not '784-800-10'"),
    wrong("fit --layers '784 800 10' --board nahuku", LAYERS, "not '784 800 10'"),
    wrong("fit --layers 784,0,10 --board nahuku", LAYERS, "not '784,0,10'"),
    wrong("fit --layers 784,-800,10 --board nahuku", LAYERS, "'784,-800,10'"),
    wrong("fit --layers 784,8.5,10 --board nahuku", LAYERS, "'784,8.5,10'"),
    wrong("fit --layers 784,1e3,10 --board nahuku", LAYERS, "'784,1e3,10'"),
    wrong("fit --layers 784,nan,10 --board nahuku", LAYERS, "'784,nan,10'"),
    wrong("fit --layers 784,800,10, --board nahuku", LAYERS, "'784,800,10,'"),
    wrong("fit --layers 784,1000001,10 --board nahuku", LAYERS, "1000001"),
    wrong(
        "fit --layers 784,800,10 --board nahuku --mode training",
        "'training'",
        "'learning', 'inference'",
    ),
    wrong(
        "fit --layers 784,800,10 --board nahuku --eligibility tag",
        "'tag'",
        "'trace', 'recursive'",
    ),
    wrong(
        "fit --layers 784,800,10 --board nahuku --conservative",
        "--conservative is for boards of Loihi 2",
        "leave it out",
    ),
    wrong("fit {in_float} --board nahuku", "floating point", "--precision float"),
    wrong("fit {alone} --board nahuku", "cannot learn", "again with --dataset"),
    fails("fit {symmetric} --board nahuku", "symmetric", "or use --mode inference"),
    fails(
        "fit --layers 784,9000,10 --board oheo-gulch",
        "needs 268 cores on 3 chips",
        "4135 instead of 9000 neurons",
        "kapoho-point",
    ),
    fails(
        "fit --layers 784,9000,10 --board kapoho-bay",
        "18,020 input axons",
        "4,096",
        "use 2,038 neurons in 'hidden'",
    ),
    fails(
        "fit --layers 784,9000,10 --board kapoho-bay --mode inference",
        "9,000 input axons",
        "use 4,096 neurons in 'hidden'",
    ),
    fails("fit --layers 784,65536,10 --board hala-point", "65,546", "16,000", "9,988"),
    fails("fit --layers 2312,800,10 --board nahuku", "4,644", "2,038 neurons in"),
]

COMPILE = [
    wrong("compile", "lava-sfdfa compile", "Missing argument 'ARTIFACT'"),
    wrong("compile {artifact}", "Missing option '--board'", "compile --help"),
    wrong("compile --board nahuku", "Missing argument 'ARTIFACT'"),
    wrong("compile {artifact} {own} --board nahuku", "(own)", "compile --help"),
    wrong("compile {artifact} --board oheo-glch", "did you mean 'oheo-gulch'"),
    wrong("compile {artifact} --board nahuku --mode lerning", "'lerning'", "'learn"),
    wrong("compile {artifact} --board nahuku --layers 64,8,10", "--layers", "--help"),
    wrong("compile {artifact} --board nahuku --conservative", "leave it out"),
    wrong("compile {artifact} --board nahuku --conservative=1", "take a value"),
    wrong("compile {artifact} --board nahuku --out {notes}", "notes.txt: is a file"),
    wrong("compile {artifact} --board nahuku --out {notes}/x", "another --out"),
    wrong("compile {artifact} --board nahuku --dataset {mine}", "(3, 3)", "(8, 8)"),
    wrong("compile {artifact} --board nahuku --dataset digts", "mean 'digits'"),
    wrong(
        "compile {artifact} --board nahuku --dataset mnist --data-dir {folder}",
        "folder is empty",
        "data fetch mnist",
    ),
    wrong("compile {in_float} --board nahuku", "float.h5", "--precision float"),
    wrong("compile {alone} --board nahuku", "cannot learn", "--mode inference"),
    fails("compile {symmetric} --board nahuku", "symmetric", "use --mode inference"),
]

# What both commands that read a plan say of what is none.
NO_PLAN = [
    ("nowhere", "nowhere: there is no plan", "`compile` makes one"),
    ("{folder}", "folder: there is no plan", "`compile` makes one"),
    ("{artifact}", "trained: is no plan", "looks like an artifact", "`info`"),
    ("{network}", "network.h5: is no plan", "looks like an artifact", "`info`"),
    ("{notes}", "notes.txt: is not a readable plan", "something else"),
    ("{empty}", "empty.h5: is not a readable plan", "compile the artifact again"),
    ("{plan}/report.txt", "report.txt: is not a readable plan"),
    ("{plan_edited}", "plan_edited: is damaged", "digest", "artifact again"),
    ("{plan_half}", "plan_half/plan.h5", "it is empty", "artifact again"),
    ("{plan_lacks}", "plan_lacks/plan.h5", "there is no such file"),
    ("{plan_dream}", "mode must be one of learning, inference", "not 'x'"),
]
NOT_PLANS = [
    wrong(f"{reader} {name}", *words)
    for reader in ("check", "run")
    for name, *words in NO_PLAN
]

CHECK_AND_RUN = [
    wrong("check", "lava-sfdfa check", "Missing argument 'PLAN'"),
    wrong("check {plan} {plan}", "(plan)", "check --help"),
    wrong("check {plan} --board nahuku", "--board", "check --help"),
    fails("check {plan_false}", "plan_false", "period is 5", "artifact again"),
    wrong("run", "lava-sfdfa run", "Missing argument 'PLAN'"),
    wrong("run {plan} --target chip", "'chip'", "'sim', 'board'"),
    wrong("run {plan} --samples 0", "'--samples'", "0 is not in the range x>=1"),
    wrong("run {plan} --samples -1", "'--samples'", "-1 is not in the range"),
    wrong("run {plan} --samples all", "'all' is not a valid integer;"),
    wrong("run {plan} --limit 3", "--limit", "run --help"),
    wrong("run {plan} --dataset {mine}", "mine.npz", "(3, 3)", "plan takes (8, 8)"),
    wrong("run {plan} --dataset digts", "did you mean 'digits'"),
    wrong("run {plan} --dataset none.npz", "none.npz: there is no such file"),
    wrong("run {plan} --dataset mnist --data-dir {folder}", "data fetch mnist"),
    fails("run {plan_false}", "plan_false", "period is 5", "artifact again"),
    lacks("run {plan} --target board", "lava-loihi", "use --target sim"),
    lacks("run {inference} --target board", "lava-loihi", "use --target sim"),
]

EXPORT = [
    wrong("export", "lava-sfdfa export", "Missing argument 'ARTIFACT'"),
    wrong("export {artifact}", "Missing option '--out'", "export --help"),
    wrong("export --out x.net", "Missing argument 'ARTIFACT'", "export --help"),
    wrong("export {artifact} {own} --out x.net", "(own)", "export --help"),
    wrong("export {artifact} --out x", "x: its ending", ".net, .nir", "netx, nir"),
    wrong("export {artifact} --out x.onnx", "x.onnx: its ending", ".net, .nir"),
    wrong("export {artifact} --format onnx --out x", "'onnx'", "'netx', 'nir'"),
    wrong("export {artifact} --format nir --out ''", "'--out'", "it is empty"),
    wrong("export {artifact} --format nir --out .", "names no file", "another --out"),
    wrong("export {artifact} --format netx --out {folder}", "Is a directory", "--out"),
    wrong("export {artifact} --out {notes}/x.net", "notes.txt", "Not a directory"),
    wrong("export {artifact} --out none/x.net", "none: cannot be written", "--out"),
    wrong("export {artifact} --out none/x.nir", "none: cannot be written", "--out"),
    wrong("export {in_float} --out x.nir", "float.h5", "without --precision float"),
    wrong("export {net} --out x.nir", "trained.net", "but not an artifact"),
]

IMPORT = [
    wrong("import", "lava-sfdfa import", "Missing argument 'FILE'"),
    wrong("import {net}", "Missing option '--out'", "import --help"),
    wrong("import --out x", "Missing argument 'FILE'", "import --help"),
    wrong("import none.net --out x", "'none.net' does not exist", "import --help"),
    wrong("import {folder} --out x", "'folder' is a directory", "import --help"),
    wrong("import {empty_net} --out x", "empty.net", "a netx file", "it is empty"),
    wrong("import {empty_nir} --out x", "empty.nir", "a NIR graph", "it is empty"),
    wrong("import {cut_net} --out x", "cut.net", "truncated file", "lava-dl"),
    wrong("import {cut_nir} --out x", "cut.nir", "truncated file", "nir.write"),
    wrong("import {net} --format nir --out x", "no group node", "nir.write made"),
    wrong("import {nir} --format netx --out x", "no group layer", "lava-dl"),
    wrong("import {network} --out x", "network.h5: its ending", ".net, .nir"),
    wrong("import {network} --format netx --out x", "no group layer", "lava-dl"),
    wrong("import {network} --format nir --out x", "no group node", "nir.write"),
    wrong("import {notes} --out x", "notes.txt: its ending", "netx, nir"),
    wrong("import {notes} --format nir --out x", "cannot be read as a NIR graph"),
    wrong("import {foreign} --format nir --out x", "foreign.h5", "no group node"),
    wrong("import {net} --format onnx --out x", "'onnx'", "'netx', 'nir'"),
    wrong("import {net} --out {artifact}", "is there already", "another --out"),
    wrong("import {net} --out {notes}", "notes.txt: is a file", "another --out"),
    wrong("import {net} --out {notes}/x", "notes.txt/x", "another --out"),
    wrong("import {net} --out x --dataset yin-yang", "64 inputs", "4 pixels"),
    wrong("import {net} --out x --dataset {mine}", "64 inputs", "mine.npz has 9"),
    wrong("import {net} --out x --dataset digts", "did you mean 'digits'"),
    wrong("import {net} --out x --dataset none.npz", "there is no such file"),
    wrong("import {net} --out x --dataset {nan_data}", "sample 3", "finite"),
    wrong("import {net} --out x --config none.toml", "give another --config"),
    wrong("import {net} --out x --config {unknown_field}", "mean 'hidden'"),
    wrong("import {net} --out x --config {targets}", "below target_true", "not 5"),
    wrong("import {net} --out x --config {bad_syntax}", "not a TOML file", "line 1"),
    wrong("import {nir} --out x --step 0", "'--step'", "0.0 is not in the range x>0"),
    wrong("import {nir} --out x --step -1e-4", "-0.0001 is not in the range x>0"),
    wrong("import {nir} --out x --step nan", "--step must be", "above 0, not nan"),
    wrong("import {nir} --out x --step inf", "--step must be", "above 0, not inf"),
    wrong("import {nir} --out x --step fast", "'fast' is not a valid float;"),
    wrong("import {net} --out x --hidden 8", "--hidden", "import --help"),
]

BENCH = [
    wrong("bench engine", "lava-sfdfa bench", "(engine)", "bench --help"),
    wrong("bench --what", "'--what' requires an argument", "bench --help"),
    wrong("bench --what gpu", "'--what'", "'gpu'", "'engine', 'lava', 'limit'"),
    wrong("bench --what Engine", "'Engine'", "'engine', 'lava', 'limit', 'all'"),
    wrong("bench --what ''", "'--what'", "'engine', 'lava', 'limit', 'all'"),
    wrong("bench --samples 3", "--samples", "bench --help"),
    wrong("bench --out x", "--out", "bench --help"),
    wrong("bench --json=yes", "'--json' does not take a value", "bench --help"),
]

WRONG_USES = [
    *(*COMMANDS, *TRAIN_OPTIONS, *RESUME, *PRECISION, *SETTINGS, *NAMES_OF_DATA),
    *(*SAMPLES, *RECORDINGS, *STREAM, *COMPARE, *NOT_ARTIFACTS, *EVALUATE, *VERIFY),
    *(*INFO, *DATA, *FIT, *COMPILE, *NOT_PLANS, *CHECK_AND_RUN, *EXPORT, *IMPORT),
    *BENCH,
]
