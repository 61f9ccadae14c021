"""What the policies will do and would have done: for the terminal and the web page alike. Tells nobody.

explaining | simulating
the future | the past under changed policies
"""
