"""What waits for a database: IO4xx."""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import BlockingCall, of

_CURSOR = "execute executemany executescript fetchone fetchmany fetchall callproc copy_from copy_to"
_MONGO = (
    "find find_one find_one_and_update find_one_and_delete find_one_and_replace insert_one"
    " insert_many update_one update_many delete_one delete_many replace_one aggregate distinct"
    " count_documents estimated_document_count bulk_write create_index create_indexes drop"
    " drop_index drop_indexes drop_search_index create_search_index list_indexes rename watch"
)
_CONNECTION = "commit rollback " + _CURSOR

DATABASES: Final = (
    BlockingCall(
        "IO401",
        "sqlite3.connect",
        "opens a database",
        (
            *of("psycopg2", "connect pool.SimpleConnectionPool pool.ThreadedConnectionPool"),
            *of("psycopg", "connect Connection.connect AsyncConnection.connect"),
            *of("pymysql", "connect"),
            *of("MySQLdb", "connect"),
            *of("mysql.connector", "connect"),
            *of("pyodbc", "connect"),
            *of("cx_Oracle", "connect"),
            *of("oracledb", "connect"),
            *of("asyncpg", "connect create_pool"),
            *of("aiosqlite", "connect"),
            *of("duckdb", "connect sql query execute read_csv read_parquet"),
            *of("snowflake.connector", "connect"),
            *of("dbm", "open whichdb"),
            *of("dbm.gnu", "open"),
            *of("dbm.ndbm", "open"),
            *of("dbm.dumb", "open"),
            *of("shelve", "open Shelf.sync DbfilenameShelf"),
            *of("sqlalchemy.engine.Engine", "connect begin raw_connection"),
            *of("sqlalchemy.Engine", "connect begin raw_connection"),
        ),
    ),
    BlockingCall(
        "IO402",
        "sqlite3.Connection.execute",
        "runs a query",
        (
            *of("sqlite3.Connection", _CONNECTION + " backup iterdump"),
            *of("sqlite3.Cursor", _CURSOR),
            *of("psycopg2.extensions.connection", _CONNECTION),
            *of("psycopg2.extensions.cursor", _CURSOR),
            *of("psycopg.Connection", _CONNECTION),
            *of("psycopg.Cursor", _CURSOR),
            *of("psycopg.AsyncConnection", _CONNECTION),
            *of("psycopg.AsyncCursor", _CURSOR),
            *of("pymysql.connections.Connection", _CONNECTION),
            *of("pymysql.cursors.Cursor", _CURSOR),
            *of("pyodbc.Connection", _CONNECTION),
            *of("pyodbc.Cursor", _CURSOR),
            *of("asyncpg.Connection", "execute fetch fetchrow fetchval executemany"),
            *of("asyncpg.Pool", "execute fetch fetchrow fetchval executemany acquire"),
            *of("duckdb.DuckDBPyConnection", "execute sql query fetchall fetchdf"),
        ),
    ),
    BlockingCall(
        "IO403",
        "sqlalchemy.orm.Session.execute",
        "runs a query",
        (
            *of("sqlalchemy.orm.Session", "commit rollback flush query scalar scalars get merge"),
            *of("sqlalchemy.orm.Session", "refresh bulk_save_objects bulk_insert_mappings"),
            *of("sqlalchemy.orm.Query", "all first one one_or_none scalar count get delete update"),
            *of("sqlalchemy.engine.Connection", "execute scalar scalars commit rollback"),
            *of("sqlalchemy.Connection", "execute scalar scalars commit rollback"),
            *of("sqlalchemy.engine.Engine", "execute"),
            *of("sqlalchemy.ext.asyncio.AsyncSession", "execute commit flush scalar scalars get"),
            *of("sqlalchemy.ext.asyncio.AsyncConnection", "execute scalar commit"),
            *of("sqlalchemy.MetaData", "create_all drop_all reflect"),
            *of("pandas", "read_sql read_sql_query read_sql_table"),
            *of("pandas.DataFrame", "to_sql"),
            *of("django.db.models.query.QuerySet", "get create count exists update delete first"),
            *of("django.db.models.Model", "save delete refresh_from_db"),
            *of("peewee.Model", "get create save select"),
        ),
    ),
    BlockingCall(
        "IO404",
        "redis.Redis.*",
        "talks to a data store",
        (
            "redis.StrictRedis.*",
            "redis.asyncio.Redis.*",
            "redis.client.Pipeline.execute",
            *of("redis", "from_url"),
            "pymongo.MongoClient.*",
            *of("pymongo.collection.Collection", _MONGO),
            *of("pymongo.synchronous.collection.Collection", _MONGO),
            *of("pymongo.asynchronous.collection.AsyncCollection", _MONGO),
            *of("pymongo.database.Database", "command list_collection_names drop_collection"),
            "pymongo.mongo_client.MongoClient.*",
            "pymongo.database.Database.*",
            "pymongo.collection.Collection.*",
            "motor.motor_asyncio.AsyncIOMotorClient.*",
            "elasticsearch.Elasticsearch.*",
            "opensearchpy.OpenSearch.*",
            "cassandra.cluster.Cluster.connect",
            "cassandra.cluster.Session.execute",
            "memcache.Client.*",
            "pymemcache.client.base.Client.*",
            "influxdb_client.InfluxDBClient.*",
            "neo4j.Session.run",
            "etcd3.client",
            "clickhouse_driver.Client.execute",
            "happybase.Connection.*",
            "ldap3.Connection.*",
        ),
    ),
)
