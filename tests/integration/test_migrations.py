"""The tables in the code are the tables in the database."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from chalicelib.store.connection import engine
from chalicelib.store.tables import metadata
from cloud.migrate import migrate


class TestMigrations:
    def test_make_the_tables_the_code_declares(self, database_url):
        with engine(database_url).connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []

    def test_change_nothing_the_second_time(self, database_url):
        migrate(database_url)
