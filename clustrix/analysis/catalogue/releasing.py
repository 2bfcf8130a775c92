"""C code that lets go of the GIL while it computes: GL1xx.

On threads such calls run side by side.  It is a hint, not a verdict: whether the data is big
enough, and what else the function does, is measured when the loop runs.

Not here, because they hold the GIL: `re`, `json`, `pickle`, `base64`, `sorted`, `struct`,
arithmetic on big integers.
"""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import ReleasingCall, of

_SEEN: Final = "a test sees another thread go on while it runs"
_HASHES = (
    "md5 sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 shake_128"
    " shake_256 blake2b blake2s new file_digest"
)

RELEASING: Final = (
    ReleasingCall(
        "GL101",
        "hashlib.sha256",
        "lets go of the GIL while it hashes more than 2047 bytes at once",
        (
            *of("hashlib", _HASHES.replace(" sha256", "")),
            "hashlib._Hash.update",
            *of("hmac", "digest HMAC.update"),
        ),
        f"{_SEEN}, on 1 MB; the limit is documented for hashlib",
    ),
    ReleasingCall(
        "GL102",
        "hashlib.pbkdf2_hmac",
        "lets go of the GIL while it derives a key",
        (
            *of("hashlib", "scrypt"),
            *of("bcrypt", "hashpw checkpw kdf"),
            *of("argon2", "PasswordHasher.hash PasswordHasher.verify"),
        ),
        f"{_SEEN} (hashlib); bcrypt and argon2 are known by their documents alone",
    ),
    ReleasingCall(
        "GL103",
        "zlib.compress",
        "lets go of the GIL while it packs or unpacks",
        (
            *of("zlib", "decompress"),
            *of("gzip", "compress decompress"),
            *of("bz2", "compress decompress BZ2Compressor.compress BZ2Decompressor.decompress"),
            *of("lzma", "compress decompress LZMACompressor.compress"),
            *of("lzma", "LZMADecompressor.decompress"),
            *of("zstandard", "ZstdCompressor.compress ZstdDecompressor.decompress"),
            *of("lz4.frame", "compress decompress"),
            *of("brotli", "compress decompress"),
        ),
        f"{_SEEN} (zlib, gzip, bz2, lzma); the others are known by their documents alone",
    ),
    ReleasingCall(
        "GL104",
        "zlib.crc32",
        "lets go of the GIL on more than 5 kB",
        (*of("zlib", "adler32"), *of("binascii", "crc32")),
        f"{_SEEN}, on 1 MB; the limit is in the C sources of Python",
    ),
    ReleasingCall(
        "GL201",
        "numpy.sort",
        "lets go of the GIL while it sorts or searches",
        (
            *of("numpy", "argsort partition argpartition lexsort searchsorted unique median"),
            *of("numpy", "percentile quantile digitize isin"),
            *of("numpy.ndarray", "sort argsort partition argpartition searchsorted"),
        ),
        _SEEN + ", on a million numbers",
    ),
    ReleasingCall(
        "GL202",
        "numpy.dot",
        "lets go of the GIL while it multiplies; BLAS may use every processor by itself",
        (
            *of("numpy", "matmul einsum inner tensordot vdot convolve correlate"),
            *of("numpy.ndarray", "dot"),
            "numpy.linalg.*",
            "scipy.linalg.*",
        ),
        _SEEN + " (NumPy); SciPy calls the same library",
    ),
    ReleasingCall(
        "GL203",
        "numpy.exp",
        "lets go of the GIL while it computes on a big array",
        (
            *of("numpy", "add subtract multiply divide power sqrt log log2 log10 log1p expm1"),
            *of("numpy", "sin cos tan arctan arctan2 sinh cosh tanh abs absolute maximum minimum"),
            *of("numpy", "sum prod mean std var cumsum cumprod clip where"),
            *of("numpy", "copy concatenate take histogram interp"),
            *of("numpy.ndarray", "sum prod mean std var cumsum cumprod clip copy astype take"),
            "numpy.fft.*",
        ),
        _SEEN + ", on a million numbers; arithmetic on arrays of objects holds the GIL",
    ),
    ReleasingCall(
        "GL204",
        "numpy.random.Generator.*",
        "lets go of the GIL while it draws many numbers",
        ("numpy.random.RandomState.*",),
        _SEEN + ", on 300,000 numbers; two threads need a generator each",
    ),
    ReleasingCall(
        "GL301",
        "PIL.Image.Image.resize",
        "lets go of the GIL while it changes an image",
        (
            *of("PIL.Image.Image", "filter rotate transform transpose thumbnail convert"),
            *of("PIL.ImageFilter", "GaussianBlur"),
            *of("cv2", "resize GaussianBlur cvtColor warpAffine warpPerspective Canny filter2D"),
            *of("cv2", "imencode imdecode matchTemplate"),
        ),
        "known by the documents of Pillow and OpenCV alone",
    ),
)
