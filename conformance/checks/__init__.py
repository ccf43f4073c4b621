"""All checks. The order of these imports is the order of running."""

from checks import start  # noqa: F401, I001
from checks import login  # noqa: F401
from checks import work  # noqa: F401
from checks import tokens  # noqa: F401
from checks import from_documents  # noqa: F401
from checks import endpoints  # noqa: F401
from checks import permissions  # noqa: F401
from checks import scopes  # noqa: F401
from checks import sharing  # noqa: F401
from checks import keys  # noqa: F401
from checks import revocation  # noqa: F401
from checks import restart  # noqa: F401
