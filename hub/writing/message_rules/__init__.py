"""Message rules at work: `reader` follows the stream, `engine` judges and tells, `asks` asks the one who saved whom to tell.

What a rule means stands in `crm_core.message_rules`, pure.
"""
