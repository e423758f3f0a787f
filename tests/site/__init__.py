"""The sample video site: a real HTTP server on loopback whose truth is known."""

from tests.site.catalogue import Catalogue
from tests.site.quirks import Quirks
from tests.site.server import Site, running_site
from tests.site.truth import Truth

__all__ = ["Catalogue", "Quirks", "Site", "Truth", "running_site"]
