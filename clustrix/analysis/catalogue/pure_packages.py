"""Packages and parts of packages that compute; the catalogue of what waits goes before them."""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import words

__all__ = ["PURE_PACKAGES"]

PURE_PACKAGES: Final = words(
    """
    Crypto Levenshtein PIL.ImageChops PIL.ImageColor PIL.ImageDraw PIL.ImageEnhance
    PIL.ImageFilter PIL.ImageMath PIL.ImageOps PIL.ImageStat
    altair ansi2html anytree apispec arrow asn1crypto asttokens astroid attr
    attrs autograd babel.dates babel.lists babel.numbers babel.plural babel.units base58
    bcrypt bidict bitarray bitstring bleach blinker bs4 bson bytecode cachetools cairosvg cattr
    cattrs cbor2 cerberus cftime chardet charset_normalizer chevron click.Context
    click.HelpFormatter click.format_filename click.style click.types click.unstyle cloudpickle
    colorama colorlog colour commonmark construct contourpy croniter cryptography cssselect
    cssutils cvxpy cycler dacite dataclasses_json dateparser dateutil decorator deepdiff
    defusedxml dictdiffer dill dirty_equals django.core.serializers django.core.signing
    django.core.validators django.forms django.http django.template.defaultfilters
    django.urls django.utils.crypto django.utils.dateformat django.utils.dateparse
    django.utils.dates django.utils.datastructures django.utils.encoding
    django.utils.functional django.utils.hashable django.utils.html django.utils.http
    django.utils.ipv6 django.utils.lorem_ipsum django.utils.numberformat
    django.utils.regex_helper django.utils.safestring django.utils.text django.utils.timesince
    dns.exception dns.flags dns.message dns.name dns.node dns.rdata dns.rdataclass
    dns.rdataset dns.rdatatype dns.rdtypes dns.reversename dns.rrset dns.ttl dns.wire
    docopt docstring_parser docutils.nodes docutils.utils ecdsa einops email_validator emoji
    et_xmlfile eth_abi faker fastjsonschema flask.json flatdict formulaic frozendict ftfy
    furl fuzzywuzzy gensim.utils genshi geojson gmpy2 graphql greenlet h11 h2 hiredis holidays
    hpack html2text html5lib humanfriendly humanize hyperframe hyperlink hypothesis idna iso8601
    immutables inflect inflection iniconfig inputs isodate itsdangerous jaraco.text jax jdcal jedi
    jellyfish jinja2.filters jinja2.lexer jinja2.nodes jinja2.parser jinja2.utils jmespath
    jose jsondiff jsonpatch jsonpath_ng jsonpickle jsonpointer jsonschema jwt jwt.api_jws
    jwt.api_jwt kiwisolver langdetect lark latexcodec lazy_object_proxy levenshtein linkify_it
    llvmlite lmfit logfmt lupa lxml.builder lxml.cssselect lxml.etree lxml.html lxml.objectify
    lz4 mako.filters markdown markdown2 markdown_it markupsafe marshmallow matplotlib mccabe
    mdurl mistletoe mistune more_itertools mpmath msgpack msgspec multidict mypy_extensions
    nacl natsort ndindex networkx nltk.chunk nltk.collocations nltk.grammar nltk.lm
    nltk.metrics nltk.ngrams nltk.parse nltk.probability nltk.sem nltk.stem nltk.text
    nltk.tokenize.api nltk.tokenize.casual nltk.tokenize.mwe nltk.tokenize.regexp
    nltk.tokenize.simple nltk.tokenize.treebank nltk.tree nltk.util num2words numba numexpr
    openpyxl.cell openpyxl.chart openpyxl.formula openpyxl.styles openpyxl.utils
    openpyxl.worksheet opt_einsum ordered_set orjson packaging pandas._libs pandas.api
    pandas.Categorical pandas.DataFrame pandas.DatetimeIndex pandas.Index pandas.MultiIndex
    pandas.Series pandas.Timedelta pandas.Timestamp pandas.arrays pandas.core pandas.errors
    pandas.json_normalize pandas.plotting pandas.testing pandas.tseries pandas.util parse
    parsedatetime parsel parsimonious parso passlib.context passlib.crypto passlib.hash
    passlib.handlers passlib.utils patsy peewee.Node pendulum pep8 periodictable phonenumbers
    pint pkginfo pluggy ply plotly.colors plotly.graph_objects polars prettytable
    prometheus_client.metrics prometheus_client.parser psycopg.conninfo psycopg.sql pulp
    pyasn1 pyarrow.compute pycodestyle pycountry pycparser pydantic pydantic_core pydot
    pyfiglet pyflakes pygments pylru pymdownx pymysql.charset pymysql.converters pynndescent
    pyparsing pypdf._page pypdf.PageObject pypdf.generic pyphen pypinyin pyproj pyrsistent
    pysbd pystache pytz pywt qrcode rapidfuzz readability.parse referencing regex
    requests.cookies requests.structures retrying returns rfc3339_validator rfc3986 rich.align
    rich.box rich.color rich.columns rich.markup rich.panel rich.padding rich.segment
    rich.style rich.table rich.text rich.theme rich.tree rpds rsa ruamel.yaml.comments
    s3transfer.utils schema scipy scramp semantic_version semver shapely shortuuid
    simpleeval simplejson simpy six sklearn slugify smmap snowballstemmer sortedcollections
    sortedcontainers soupsieve sqlalchemy.Column sqlalchemy.Select sqlalchemy.create_engine
    sqlalchemy.sql sqlalchemy.types sqlglot sqlparse srsly stack_data statsmodels strictyaml
    stringcase symengine sympy tabulate termcolor text_unidecode textblob.blob textdistance
    texttable textual.color threadpoolctl tinycss2 toml.decoder toml.dumps toml.encoder
    toml.loads tomli tomli_w tomlkit toolz tornado.escape tornado.httputil tqdm traitlets
    transitions treelib typeguard tzdata tzlocal ujson umap unidecode unyt uritemplate
    uritools urllib3.HTTPHeaderDict urllib3.fields urllib3.filepost urllib3.util.url uvloop
    validators voluptuous w3lib wcwidth webcolors webencodings webob.acceptparse
    werkzeug.datastructures werkzeug.http werkzeug.routing werkzeug.security werkzeug.urls
    werkzeug.utils wrapt wsproto wtforms xarray xgboost xlsxwriter xmltodict xmlschema xxhash
    yaml yapf yarl zope.interface zstandard
    """
)
