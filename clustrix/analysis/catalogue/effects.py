"""What changes things that outlive a call: method names, functions, sources of randomness.

    SH1xx  writes that need no order: a lane may make them at any time, none is lost
    SH2xx  writes that depend on what was there before, or on who comes last
    RN1xx  random numbers that another order of the items would deal out differently

Data only.  Names are canonical, as in the rest of the catalogue.
"""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import of, words

__all__ = [
    "ADDS",
    "CALLS_BACK",
    "COPIES",
    "EFFECT_CODES",
    "ENTROPY",
    "FRESH_SHELLS",
    "GENERATORS",
    "GIVES_MEMBER",
    "GIVES_SHELL",
    "GIVES_VIEW",
    "IMMUTABLE",
    "LOOKS",
    "MEMBER_OF",
    "MUTABLE",
    "NOT_DATA",
    "PROCESS_WIDE",
    "RANDOM_DRAWS",
    "RESTORES",
    "SEEDS",
    "TAKES_TURNS",
    "UPDATES",
    "VIEWED",
    "VIEWS",
    "WRITES_ARGUMENT",
]

# code -> why; the name of what is written stands before it.
EFFECT_CODES: Final = {
    "SH101": "outlives the call and is added to",
    "SH102": "belongs to the item, which outlives the call, and is set",
    "SH103": "outlives the call and is changed under a lock",
    "SH201": "outlives the call and is read and rewritten",
    "SH202": "outlives the call and is rebound: the last item decides",
    "SH203": "outlives the call and is used up or rearranged",
    "SH204": "changes a setting of the whole process",
    "SH205": "belongs to the item, which outlives the call, and is read and rewritten",
    "SH206": "outlives the call and may be changed: there is no source that would tell",
    "RN101": "draws from a random state that the items share; seed= gives each item its own",
    "RN103": "sets the random state that the items share",
    "RN102": "makes a generator without a seed; with seed=, clustrix.rng() gives one that has it",
}

# Methods that put something in, whatever is there already.
ADDS: Final = words("add append appendleft extend extendleft update write_through __setitem__")

# Methods that look at what is there, take something out or rearrange it.
UPDATES: Final = words(
    """
    clear difference_update discard insert intersection_update move_to_end pop popitem popleft
    remove reverse rotate setdefault sort subtract symmetric_difference_update
    __delitem__ __iadd__ __ior__ __next__ __setattr__ __delattr__ fill
    """
)

# Function -> the argument that it changes.
WRITES_ARGUMENT: Final = {
    **dict.fromkeys(
        (
            *of(
                "heapq",
                "heappush heappop heapify heapreplace heappushpop _heapify_max _heappop_max"
                " _heapreplace_max heappush_max heappop_max heapify_max heapreplace_max"
                " heappushpop_max",
            ),
            *of("bisect", "insort insort_left insort_right"),
            *of("random", "shuffle Random.shuffle"),
            *of("numpy", "copyto place put putmask fill_diagonal put_along_axis"),
            *of("numpy.random", "shuffle Generator.shuffle RandomState.shuffle"),
            *of("operator", "setitem delitem iadd iand iconcat imul ior isub ixor"),
            *of("xml.etree.ElementTree", "SubElement indent"),
            "elementtree.SubElement",
            "setattr",
            "delattr",
            "next",
            *of("object", "__setattr__ __delattr__"),
            *of("dict", "update setdefault pop popitem clear __setitem__ __delitem__"),
            *of(
                "list",
                "append extend insert remove pop clear sort reverse __setitem__ __delitem__",
            ),
            *of("set", "add discard remove pop clear update"),
        ),
        0,
    ),
    "struct.pack_into": 1,
    "struct.Struct.pack_into": 0,
}

# Settings of the process: every lane on threads would see them, none on processes.
PROCESS_WIDE: Final = frozenset(
    {
        *of("os", "chdir fchdir putenv unsetenv umask nice setuid setgid"),
        *of(
            "sys", "setrecursionlimit set_int_max_str_digits setswitchinterval settrace setprofile"
        ),
        *of("locale", "setlocale"),
        *of("warnings", "simplefilter filterwarnings resetwarnings"),
        *of("logging", "basicConfig disable"),
        *of("signal", "signal setitimer alarm"),
        *of("socket", "setdefaulttimeout"),
        *of("gc", "disable enable freeze set_threshold"),
        *of("numpy", "seterr set_printoptions"),
        *of("calendar", "setfirstweekday"),
    }
)

_READING = "read read1 readinto readline readlines seek truncate __next__"
_FILES = "TextIOWrapper BufferedReader BufferedRandom BufferedRWPair FileIO"
_IN_MEMORY = "StringIO BytesIO"

# Class -> methods with which items would take what is another one's: where a file is read depends
# on who has read before, and what is written to memory is there in the order of the items.
TAKES_TURNS: Final = {
    **dict.fromkeys((*of("io", _FILES), *of("_io", _FILES)), words(_READING)),
    **dict.fromkeys(
        (*of("io", _IN_MEMORY), *of("_io", _IN_MEMORY)), words(f"{_READING} write writelines")
    ),
}

# Context managers that put back at the end what was set inside.
RESTORES: Final = words("catch_warnings localcontext errstate printoptions override_settings")

_RANDOM = (
    "random uniform triangular randint choice randrange sample choices shuffle normalvariate"
    " lognormvariate expovariate vonmisesvariate gammavariate gauss betavariate binomialvariate"
    " paretovariate weibullvariate getrandbits randbytes seed setstate"
)
_NUMPY = (
    "rand randn randint random random_sample random_integers ranf sample bytes choice shuffle"
    " permutation permuted integers uniform normal standard_normal beta binomial chisquare"
    " dirichlet exponential f gamma geometric gumbel hypergeometric laplace logistic lognormal"
    " logseries multinomial multivariate_normal negative_binomial noncentral_chisquare"
    " noncentral_f pareto poisson power rayleigh standard_cauchy standard_exponential"
    " standard_gamma standard_t triangular vonmises wald weibull zipf seed set_state"
)

# What sets the state itself, by the last part of its name.
SEEDS: Final = words("seed setstate set_state manual_seed")

# Draws from a state that lasts.
RANDOM_DRAWS: Final = frozenset(
    {
        *of("random", _RANDOM),
        *of("random.Random", _RANDOM),
        *of("numpy.random", _NUMPY),
        *of("numpy.random.RandomState", _NUMPY),
        *of("torch", "rand randn randint randperm normal bernoulli manual_seed"),
    }
)

# Class or constructor of a generator -> the methods that draw from it.
GENERATORS: Final = {
    "random.Random": words(_RANDOM),
    "numpy.random.Generator": words(_NUMPY),
    "numpy.random.RandomState": words(_NUMPY),
    "numpy.random.mtrand.RandomState": words(_NUMPY),
    "numpy.random._generator.Generator": words(_NUMPY),
    "numpy.random.default_rng": words(_NUMPY),
}

# Without a seed these start from entropy.  `secrets`, `uuid4` and `os.urandom` are not here: they
# are meant to be different each time, in the plain loop, too.
ENTROPY: Final = frozenset(
    {"random.Random", *of("numpy.random", "default_rng RandomState SeedSequence PCG64")}
)

# Built-ins that make a new container around the members of their arguments.
FRESH_SHELLS: Final = words(
    """
    list tuple set frozenset sorted reversed dict enumerate zip iter filter copy.copy
    itertools.chain itertools.islice itertools.cycle itertools.tee itertools.zip_longest
    itertools.takewhile itertools.dropwhile itertools.product itertools.permutations
    itertools.combinations itertools.filterfalse collections.deque collections.OrderedDict
    """
)

# Functions that give something with nothing old in it.
COPIES: Final = words("copy.deepcopy pickle.loads json.loads")

# Methods of containers that give one of the members, or a new container around them.
GIVES_MEMBER: Final = words("get pop popleft setdefault popitem __getitem__ __next__")
GIVES_SHELL: Final = words("values items keys copy __iter__")

# Types a part of which is no copy, and their methods that give the same memory in another shape.
VIEWED: Final = words("numpy.ndarray memoryview")
GIVES_VIEW: Final = words(
    "reshape ravel view squeeze transpose swapaxes diagonal cast newbyteorder"
)

# Functions that give the memory of what they are given first.
VIEWS: Final = frozenset(
    {
        "memoryview",
        *of(
            "numpy",
            "asarray asanyarray ascontiguousarray asfortranarray require frombuffer reshape ravel"
            " squeeze transpose swapaxes moveaxis rollaxis expand_dims broadcast_to flip fliplr"
            " flipud rot90 diagonal atleast_1d atleast_2d atleast_3d nditer split array_split"
            " hsplit vsplit real imag",
        ),
    }
)

# What calls the functions that it is given, at once or while it is iterated over.
CALLS_BACK: Final = words(
    """
    map filter sorted min max sum any all list tuple set functools.reduce itertools.groupby
    itertools.starmap itertools.takewhile itertools.dropwhile itertools.accumulate
    """
)

# Functions that give one of the members of what they are given.
MEMBER_OF: Final = words("min max functools.reduce random.choice heapq.nlargest heapq.nsmallest")

# Functions that say something of an object, and do not go through it: an iterator stays as it is.
LOOKS: Final = words(
    """
    isinstance issubclass type id callable hasattr getattr repr str bool print vars dir super
    copy.copy weakref.ref weakref.proxy
    """
)

# Types whose objects never change: nothing done to them outlives anything.
IMMUTABLE: Final = words("int float complex bool str bytes tuple frozenset NoneType range slice")

# Types that `+=` changes in place.
MUTABLE: Final = words(
    """
    list dict set bytearray deque collections.deque collections.Counter collections.OrderedDict
    collections.defaultdict array.array numpy.ndarray np.ndarray pandas.DataFrame pandas.Series
    """
)

# Objects that are tools rather than data: what they do is not lost with the lane that did it, is
# private to it, or is shared by every process.
NOT_DATA: Final = frozenset(
    {
        *of("threading", "local Event Condition Semaphore BoundedSemaphore Barrier Thread"),
        *of("_thread", "_local lock RLock"),
        *of("queue", "Queue LifoQueue PriorityQueue SimpleQueue"),
        *of("_queue", "SimpleQueue"),
        *of("logging", "Logger RootLogger LoggerAdapter"),
        *of("_io", "TextIOWrapper BufferedWriter BufferedReader BufferedRandom FileIO"),
        *of("asyncio.queues", "Queue PriorityQueue LifoQueue"),
        *of("multiprocessing.queues", "Queue SimpleQueue JoinableQueue"),
        *of("concurrent.futures.thread", "ThreadPoolExecutor"),
        *of("concurrent.futures.process", "ProcessPoolExecutor"),
        "_contextvars.ContextVar",
        "multiprocessing.managers.BaseProxy",
        "multiprocessing.sharedctypes.SynchronizedBase",
        "numpy.memmap",
        "socket.socket",
    }
)
