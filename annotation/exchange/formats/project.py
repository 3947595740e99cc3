"""`project`: everything a project has, as one file that another team or installation reads."""

from annotation.exchange.bundle.read import unpack
from annotation.exchange.bundle.write import pack
from annotation.exchange.format import Format, Holds

FORMAT = Format("project", Holds.PROJECT, {}, by_round=False, pack=pack, unpack=unpack)
