"""What the policies will do and would have done: for the terminal and the web page alike. Tells nobody.

explaining | simulating                          | proposing
the future | the past under changed policies     | changed policies, as somebody sends them
"""
