"""The app as a client of the test meets it: no server, no port."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.app import create_app
from server.services import Services


@pytest.fixture
def app(services: Services) -> Flask:
    app = create_app(services)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser whose owner reads English."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en-GB,en;q=0.9"
    return client
