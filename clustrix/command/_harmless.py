"""What may stand in a function that is suggested for `@parallel`, and what makes it worth it: data.

HARMLESS_*   changes nothing that anyone else could see
HEAVY        takes long enough to be shared, and computes
WAITS_LONG   groups of the catalogue that wait long enough
TELLTALE     words in the name of a function that changes something, if nothing else is known of it
WRITES       changes files: what one item does could meet what another one does
"""

from __future__ import annotations

from typing import Final

__all__ = ["HARMLESS_BUILTINS", "HARMLESS_METHODS", "HEAVY", "TELLTALE", "WAITS_LONG", "WRITES"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HARMLESS_BUILTINS: Final = _words(
    """
    abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter
    float format frozenset getattr hasattr hash hex id int isinstance issubclass iter len list map
    max memoryview min next object oct ord pow range repr reversed round set slice sorted str sum
    tuple type zip
    """
)

# Of text, numbers, containers, matches, paths, arrays and tables: they answer and change nothing.
HARMLESS_METHODS: Final = _words(
    """
    as_integer_ratio as_posix astype bit_count bit_length capitalize casefold center conj conjugate
    copy count cumsum date day decode diff difference dot encode end endswith exists expandtabs
    find findall finditer flatten format format_map fullmatch get group groupdict groups hex index
    intersection is_dir is_file is_integer isalnum isalpha isascii isdecimal isdigit isdisjoint
    isidentifier isin isinf islower isna isnan isnull isnumeric isoformat isprintable isspace
    issubset issuperset istitle isupper items iterdir join joinpath keys ljust lower lstrip match
    max mean min month nonzero partition prod ravel read_bytes read_text relative_to removeprefix
    removesuffix replace reshape resolve rfind rglob rindex rjust round rpartition rsplit rstrip
    search span split splitlines squeeze start startswith stat std strftime strip sub subn sum
    swapcase symmetric_difference time timestamp title to_bytes tobytes tolist total_seconds trace
    translate transpose union upper values var with_name with_suffix year zfill
    """
)

HEAVY: Final = _words(
    """
    ast.parse bz2.compress bz2.decompress difflib.SequenceMatcher difflib.get_close_matches
    difflib.ndiff difflib.unified_diff gzip.compress gzip.decompress hashlib.pbkdf2_hmac
    hashlib.scrypt itertools.combinations itertools.permutations itertools.product lzma.compress
    lzma.decompress scipy.integrate.dblquad scipy.integrate.nquad scipy.integrate.odeint
    scipy.integrate.quad scipy.integrate.solve_ivp scipy.integrate.tplquad
    scipy.optimize.curve_fit scipy.optimize.differential_evolution scipy.optimize.dual_annealing
    scipy.optimize.least_squares scipy.optimize.minimize tokenize.generate_tokens
    tokenize.tokenize zlib.compress zlib.decompress
    """
)

TELLTALE: Final = _words(
    """
    abort accept acquire activate add advance append apply attach begin bind call callback close
    commit configure connect consume create cut debug delete deprecated detach disable discard
    dispatch display dump emit enable end enqueue ensure enter error exec execute exit feed fill
    finish fire fit flush handle info init initialize inject input insert install invoke kill
    launch learn lock log logger mark mkdir modify mount move next notify patch persist plot pop
    post print process produce publish purge push put raise random raw read readline readlines
    record recv refresh register release remove rename render replace report reset restore rm
    rollback run save schedule secho seek send set setattr setdefault setup show shuffle
    shutdown spawn start step stop store submit subscribe swap switch sync task terminate touch
    track train transfer trigger truncate uninstall unlink unlock unregister update upload visit
    wait warn warning write yield
    """
)

# The network, and sleeping.  Other programs wait long, too, but who knows what they change?
WAITS_LONG: Final = _words("IO2 IO501")

WRITES: Final = _words(
    """
    builtins.print logging.FileHandler os.chdir os.chmod os.chown os.link os.makedirs os.mkdir
    os.mkfifo os.putenv os.remove os.removedirs os.rename os.renames os.replace os.rmdir os.symlink
    os.truncate os.umask os.unlink os.unsetenv os.utime os.write shutil.copy shutil.copy2
    shutil.copyfile shutil.copyfileobj shutil.copymode shutil.copystat shutil.copytree
    shutil.make_archive shutil.move shutil.rmtree shutil.unpack_archive pathlib.Path.chmod
    pathlib.Path.mkdir pathlib.Path.rename pathlib.Path.replace pathlib.Path.rmdir
    pathlib.Path.symlink_to pathlib.Path.touch pathlib.Path.unlink pathlib.Path.write_bytes
    pathlib.Path.write_text sys.exit os._exit os.system
    """
)
