"""Validation by pydantic, a database by SQLAlchemy."""

import pydantic
import sqlalchemy


class Address(pydantic.BaseModel):
    """An address that must be whole."""

    city: str
    user: str
    zip: int = 0


def validate(values):
    return Address(**values)


def query(statement, values):
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(
            sqlalchemy.text("CREATE TABLE orders (id INTEGER PRIMARY KEY, city TEXT NOT NULL)")
        )
        return connection.execute(sqlalchemy.text(statement), values)
