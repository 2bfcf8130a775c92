"""What waits for files, directories and devices: IO1xx.

IO10x  opening, reading, writing      IO13x  whole trees and copies
IO11x  names and metadata             IO14x  archives and compressed files
IO12x  directories                    IO15x  formats read from a path
"""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import BlockingCall, of

_FILE = "read readline readlines readinto readinto1 read1 readall write writelines flush truncate"
_PATH_STAT = (
    "stat lstat exists is_file is_dir is_symlink is_mount is_socket is_fifo is_block_device"
    " is_char_device is_junction owner group samefile resolve readlink"
)
_PATH_WRITE = (
    "write_text write_bytes touch unlink rename replace symlink_to hardlink_to link_to chmod"
    " lchmod mkdir rmdir copy copy_into move move_into"
)

FILES: Final = (
    BlockingCall(
        "IO101",
        "open",
        "opens a file",
        (
            *of("io", "open open_code FileIO"),
            *of("os", "open fdopen"),
            *of("codecs", "open"),
            *of("tokenize", "open"),
            "fileinput.input",
            "fileinput.FileInput",
            "fileinput.hook_compressed",
            "pathlib.Path.open",
            "importlib.resources.open_binary",
            "importlib.resources.open_text",
            "aiofiles.open",
            "anyio.open_file",
            "anyio.Path.*",
            "trio.open_file",
            "trio.Path.*",
            "smart_open.open",
            "fsspec.open",
            "click.open_file",
        ),
    ),
    BlockingCall(
        "IO102",
        "io.IOBase.read",
        "reads or writes a file",
        (
            *of("io.IOBase", _FILE),
            *of("io.RawIOBase", _FILE),
            *of("io.BufferedIOBase", _FILE),
            *of("io.TextIOBase", _FILE),
            *of("io.FileIO", _FILE),
            *of("io.BufferedReader", _FILE),
            *of("io.BufferedWriter", _FILE),
            *of("io.BufferedRandom", _FILE),
            *of("io.BufferedRWPair", _FILE),
            *of("io.TextIOWrapper", _FILE),
            *of("typing.IO", _FILE),
            *of("typing.TextIO", _FILE),
            *of("typing.BinaryIO", _FILE),
            *of("codecs.StreamReader", "read readline readlines"),
            *of("codecs.StreamWriter", "write writelines"),
            *of("codecs.StreamReaderWriter", "read readline readlines write writelines"),
            *of("tempfile._TemporaryFileWrapper", _FILE),
            *of("tempfile.SpooledTemporaryFile", "rollover"),
            *of("fileinput.FileInput", "readline"),
            *of("mmap.mmap", "flush"),
        ),
    ),
    BlockingCall(
        "IO103",
        "os.read",
        "reads or writes a file descriptor",
        (
            *of("os", "write pread pwrite preadv pwritev readv writev sendfile copy_file_range"),
            *of("os", "splice truncate ftruncate posix_fallocate eventfd_read"),
            *of("os", "lockf"),
        ),
    ),
    BlockingCall("IO104", "os.fsync", "waits for the disk", of("os", "fdatasync sync")),
    BlockingCall(
        "IO105",
        "pathlib.Path.read_text",
        "reads a file",
        (
            "pathlib.Path.read_bytes",
            *of("importlib.resources", "read_text read_binary contents is_resource"),
            *of("importlib.resources.abc.Traversable", "read_text read_bytes open"),
            *of("importlib.abc.Traversable", "read_text read_bytes open"),
            "pkgutil.get_data",
            "linecache.getlines",
            "linecache.getline",
            "linecache.updatecache",
            "linecache.checkcache",
            *of("importlib.metadata", "version metadata distribution distributions requires"),
            *of("importlib.metadata", "files entry_points packages_distributions"),
        ),
    ),
    BlockingCall(
        "IO106",
        "pathlib.Path.write_text",
        "changes a file",
        (*of("pathlib.Path", _PATH_WRITE), *of("pathlib.PathBase", _PATH_WRITE)),
    ),
    BlockingCall(
        "IO107",
        "tempfile.mkstemp",
        "creates a temporary file",
        of(
            "tempfile",
            "mkdtemp mktemp NamedTemporaryFile TemporaryFile TemporaryDirectory"
            " TemporaryDirectory.cleanup",
        ),
    ),
    BlockingCall("IO108", "mmap.mmap", "maps a file"),
    BlockingCall(
        "IO111",
        "os.stat",
        "asks the file system",
        (
            *of("os", "lstat fstat access statvfs fstatvfs readlink getxattr listxattr statx"),
            *of("os", "pathconf fpathconf"),
            *of(
                "os.path", "exists lexists isfile isdir islink ismount isjunction getsize getmtime"
            ),
            *of("os.path", "getatime getctime samefile sameopenfile realpath isdevdrive"),
            *of("genericpath", "exists isfile isdir getsize getmtime getatime getctime"),
            *of("genericpath", "lexists islink samefile sameopenfile isjunction isdevdrive"),
            *of("pathlib.Path", _PATH_STAT),
            *of("pathlib.PathBase", _PATH_STAT),
            *of("os.DirEntry", "stat"),
            "filecmp.cmp",
            "filecmp.cmpfiles",
            "filecmp.dircmp.*",
        ),
    ),
    BlockingCall(
        "IO112",
        "os.remove",
        "changes the file system",
        (
            *of("os", "unlink rename renames replace link symlink chmod chown lchown fchmod"),
            *of("os", "fchown utime chflags mknod setxattr removexattr"),
        ),
    ),
    BlockingCall(
        "IO121",
        "os.listdir",
        "reads a directory",
        (
            *of("os", "scandir walk fwalk"),
            *of("glob", "glob iglob glob0 glob1"),
            *of("pathlib.Path", "iterdir glob rglob walk"),
            *of("importlib.abc.Traversable", "iterdir"),
            *of("importlib.resources.abc.Traversable", "iterdir"),
            *of("pkgutil", "iter_modules walk_packages"),
        ),
    ),
    BlockingCall(
        "IO122",
        "os.mkdir",
        "changes a directory",
        of("os", "makedirs rmdir removedirs chroot chdir fchdir"),
    ),
    BlockingCall(
        "IO131",
        "shutil.copyfile",
        "copies or removes files",
        of(
            "shutil",
            "copy copy2 copymode copystat copyfileobj copytree rmtree move chown make_archive"
            " unpack_archive disk_usage which",
        ),
    ),
    BlockingCall(
        "IO141",
        "zipfile.ZipFile",
        "reads or writes an archive",
        (
            *of("zipfile", "is_zipfile PyZipFile"),
            *of("zipfile.ZipFile", "open read write writestr extract extractall testzip printdir"),
            *of("zipfile.ZipExtFile", "read read1 readline peek"),
            *of("zipfile.Path", "open read_text read_bytes"),
            *of("tarfile", "open is_tarfile TarFile"),
            *of("tarfile.TarFile", "open gzopen bz2open xzopen taropen extract extractall"),
            *of("tarfile.TarFile", "extractfile add addfile getmembers getnames next list"),
            "zipimport.zipimporter",
            "zipapp.create_archive",
            *of("py7zr", "SevenZipFile"),
            *of("rarfile", "RarFile"),
        ),
    ),
    BlockingCall(
        "IO142",
        "gzip.open",
        "reads or writes a compressed file",
        (
            *of("gzip", "GzipFile GzipFile.read GzipFile.write GzipFile.readline"),
            *of("bz2", "open BZ2File BZ2File.read BZ2File.write BZ2File.readline"),
            *of("lzma", "open LZMAFile LZMAFile.read LZMAFile.write LZMAFile.readline"),
            *of("zstandard", "open"),
            *of("lz4.frame", "open"),
        ),
    ),
    BlockingCall(
        "IO151",
        "pandas.read_csv",
        "reads a table",
        (
            *of("pandas", "read_table read_fwf read_excel read_parquet read_feather read_orc"),
            *of("pandas", "read_json read_html read_xml read_hdf read_pickle read_sas read_spss"),
            *of("pandas", "read_stata read_clipboard read_gbq ExcelFile HDFStore ExcelWriter"),
            *of("polars", "read_csv read_parquet read_json read_ndjson read_excel read_ipc"),
            *of("polars", "read_avro read_database scan_csv scan_parquet scan_ndjson scan_ipc"),
            *of("pyarrow.parquet", "read_table write_table read_pandas ParquetFile"),
            *of("pyarrow.csv", "read_csv write_csv"),
            *of("pyarrow.feather", "read_feather write_feather read_table"),
            *of("dask.dataframe", "read_csv read_parquet read_json read_table"),
            *of("openpyxl", "load_workbook"),
            *of("xlrd", "open_workbook"),
            *of("geopandas", "read_file read_parquet"),
            *of("datasets", "load_dataset load_from_disk"),
        ),
    ),
    BlockingCall(
        "IO152",
        "pandas.DataFrame.to_parquet",
        "writes a table",
        of("pandas.DataFrame", "to_feather to_excel to_hdf to_stata to_orc to_gbq"),
    ),
    BlockingCall(
        "IO153",
        "numpy.load",
        "reads or writes an array file",
        (
            *of("numpy", "save savez savez_compressed loadtxt savetxt genfromtxt fromfile memmap"),
            *of("numpy.ndarray", "tofile dump"),
            *of("numpy.lib.format", "open_memmap"),
            *of("scipy.io", "loadmat savemat mmread mmwrite"),
            *of("scipy.io.wavfile", "read write"),
            *of("scipy.sparse", "load_npz save_npz"),
            *of("h5py", "File File.create_dataset"),
            *of("zarr", "open open_array open_group load save"),
            *of("netCDF4", "Dataset"),
            *of("xarray", "open_dataset open_mfdataset open_zarr load_dataset"),
            *of("torch", "load save"),
            *of("joblib", "load dump"),
            *of("nibabel", "load save"),
            *of("rasterio", "open"),
            *of("soundfile", "read write SoundFile"),
            *of("librosa", "load"),
        ),
    ),
    BlockingCall(
        "IO154",
        "PIL.Image.open",
        "reads or writes an image",
        (
            "PIL.Image.Image.save",
            *of("cv2", "imread imwrite VideoCapture VideoWriter VideoCapture.read"),
            *of("imageio", "imread imwrite get_reader mimread mimwrite v2.imread v3.imread"),
            *of("skimage.io", "imread imsave"),
            *of("matplotlib.pyplot", "savefig imread imsave"),
            *of("matplotlib.figure.Figure", "savefig"),
            "imghdr.what",
            "sndhdr.what",
            "sndhdr.whathdr",
        ),
    ),
    BlockingCall(
        "IO155",
        "configparser.RawConfigParser.read",
        "reads a small file",
        (
            *of("configparser", "ConfigParser.read SafeConfigParser.read"),
            *of("xml.etree.ElementTree", "parse iterparse ElementTree.parse ElementTree.write"),
            *of("xml.etree.ElementTree", "ElementTree.write_c14n"),
            *of("xml.dom.minidom", "parse"),
            *of("xml.dom.pulldom", "parse"),
            *of("xml.sax", "parse"),
            *of("lxml.etree", "parse iterparse"),
            *of("lxml.html", "parse"),
            *of("wave", "open"),
            *of("aifc", "open"),
            *of("sunau", "open"),
            *of("runpy", "run_path"),
            *of("netrc", "netrc"),
            *of("mailcap", "getcaps readmailcapfile"),
            *of("mimetypes", "read_mime_types"),
            *of("platform", "freedesktop_os_release libc_ver"),
            *of("py_compile", "compile main"),
            *of("compileall", "compile_dir compile_file compile_path"),
            *of("modulefinder.ModuleFinder", "run_script load_file"),
            *of("doctest", "testfile"),
            *of("logging.config", "fileConfig"),
            *of("logging", "FileHandler FileHandler.emit"),
            *of("logging.handlers", "RotatingFileHandler TimedRotatingFileHandler"),
            *of("dotenv", "load_dotenv dotenv_values find_dotenv set_key"),
            *of("toml", "load"),
            *of("jinja2.Environment", "get_template"),
            *of("jinja2.FileSystemLoader", "get_source"),
            *of("docx", "Document"),
            *of("pypdf", "PdfReader"),
            *of("fitz", "open"),
        ),
    ),
)
