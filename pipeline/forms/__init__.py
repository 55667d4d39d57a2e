"""A filled PDF of the book in, answers by field name out; and answers into a PDF that was built."""

from pipeline.forms._answers import parsed as parsed
from pipeline.forms._answers import shown as shown
from pipeline.forms._fields import Answer as Answer
from pipeline.forms._fields import names_of as names_of
from pipeline.forms._fill import Filled as Filled
from pipeline.forms._fill import fill as fill
from pipeline.forms._read import read as read
