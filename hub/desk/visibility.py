"""Who may see a conversation, under the name that the desk uses. The rule lives with the feed, which stands below."""

from hub.feed.rooms import conversation_of, may_see_conversations

__all__ = ["conversation_of", "may_see_conversations"]
