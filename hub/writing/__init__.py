"""What we write to people: answers to all, forwards, signatures, texts merged with fields, and mailings to many.

`composing` completes one message; `merging` and `letters` fill templates with what the writer may read; `audience`,
`schemes`, `runs` and `feeding` are a mailing from its draft to the last receiver; `optouts` keeps who wants none.
"""
