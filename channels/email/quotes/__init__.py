"""What the sender newly wrote, apart from what is quoted and signed. What clients write is data: `languages/`, `clients/`.

`full_text` of a message always has all of it, so a rule here may only decide what is shown first; where it is not
certain, the text stays.
"""

from channels.email.quotes.lines import is_forward, newly_written
from channels.email.quotes.markup import MARKUP, Markup

__all__ = ["MARKUP", "Markup", "is_forward", "newly_written"]
