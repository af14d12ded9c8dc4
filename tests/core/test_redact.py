"""No address is shown with its password, however it is written."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core import redact

SCHEMES = st.sampled_from(["postgresql", "postgresql+pg8000", "https", "mysql", "s3", "sftp"])

USERS = st.sampled_from(["", "ann", "ann.b", "ann@corp", "an%20n"])

# With a mark that nothing else has: a password such as "o" is in every text.
PASSWORDS = st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=12).map(
    lambda text: f"Zq{text}9Xk"
)

HOSTS = st.sampled_from(["db", "db.example.org:5432", "127.0.0.1", "[::1]:5432"])

TAILS = st.sampled_from(["", "/mlflow", "/mlflow?sslmode=require", "/?a=b#c"])


@given(SCHEMES, USERS, PASSWORDS, HOSTS, TAILS, st.booleans())
def test_the_password_of_a_user_is_not_shown(scheme, user, password, host, tail, encoded):
    written = quote(password, safe="") if encoded else password
    uri = f"{scheme}://{user}:{written}@{host}{tail}"
    shown = redact.address(uri)
    assert written not in shown
    assert password not in shown
    assert shown.startswith(f"{scheme}://{user}:***@")
    assert host in shown
    for text in (f"cannot reach {uri}", f"said of {password!s}: no", f"GET {uri}: 500"):
        hidden = redact.hide(text, uri)
        assert written not in hidden
        assert password not in hidden


@given(
    st.sampled_from(["password", "PASSWORD", "passwd", "pwd", "sslpassword", "auth_token"]),
    PASSWORDS.map(lambda text: quote(text, safe="")),
    st.sampled_from(["", "&sslmode=require"]),
)
def test_the_password_of_a_query_is_not_shown(key, password, more):
    uri = f"postgresql://db/mlflow?user=ann&{key}={password}{more}"
    assert password not in redact.address(uri)
    assert redact.address(uri).endswith(f"{key}=***{more}")
    assert password not in redact.hide(f"no connection to {uri}", uri)
    assert password not in redact.without_passwords(f"no connection to {uri}, sorry")


@given(PASSWORDS.map(lambda text: quote(text, safe="!$*+,;=@")))
def test_an_address_in_any_text_loses_its_password(password):
    text = f"fatal: unable to access 'https://ann:{password}@example.org/x.git/': no"
    assert password not in redact.without_passwords(text)


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:////home/ann/a:b@c/mlflow.db",
        "sqlite:///mlflow.db",
        "http://127.0.0.1:5000",
        "https://ann@mlflow.example.org/x",
        "/home/a:b@c/mlruns",
        "mlruns",
        "",
    ],
)
def test_what_has_no_password_is_shown_as_it_is(uri):
    assert redact.address(uri) == uri


def test_a_password_that_is_the_users_name_too_leaves_the_text_readable():
    uri = "postgresql://mlflow:mlflow@db/mlflow"
    assert redact.hide("mlflow db upgrade", uri) == "mlflow db upgrade"
    assert redact.hide(f"no {uri}", uri) == "no postgresql://mlflow:***@db/mlflow"


def test_of_a_password_with_an_at_sign_no_part_is_shown():
    uri = "postgresql://ann:s3cr@tZq@127.0.0.1/x"
    assert "tZq" not in redact.hide("cannot connect to host tZq@127.0.0.1 and port 1", uri)
