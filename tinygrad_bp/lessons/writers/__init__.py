"""Writers: blocks as text, Markdown, LaTeX, HTML and data, each harmless whatever labels hold.

pieces     what all of them do first
programs   programs in lines that fit
plain      for a terminal
markdown   for GitHub and notebooks
mathml     formulas for browsers
html       one page, for the screen and for paper; style.css is how it looks
latex      a document that compiles
data       dictionaries and lists
saving     files of each format
"""
