"""The book as a web page."""

from html import escape

import book as the_book

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

STYLE = """
  body {
    max-width: 38rem; margin: 3rem auto; padding: 0 1rem;
    font: 1.1rem/1.5 Georgia, serif; color: #3b2f2f; background: #fdf8f0;
  }
  h1 { font-weight: normal }
  form, article {
    margin: 1rem 0; padding: 1rem 1.2rem;
    border-radius: .5rem; background: #fff; box-shadow: 0 1px 3px #0002;
  }
  label { display: block; margin-bottom: .8rem }
  input, textarea, select {
    display: block; box-sizing: border-box; width: 100%; padding: .4rem;
    font: inherit; border: 1px solid #d8cbb8; border-radius: .3rem;
  }
  button { padding: .4rem 1.2rem; font: inherit; color: #fff; background: #a0522d; border: 0; border-radius: .3rem }
  article p { margin: 0 0 .4rem; white-space: pre-line; overflow-wrap: anywhere }
  footer { font-size: .9rem; color: #8a7a68 }
"""


def book(entries, version):
    """The form and the entries, the newest first. All that visitors wrote is escaped."""
    written = "".join(entry(one) for one in reversed(entries)) or "<p>Nobody has signed yet. Be the first!</p>"
    return f"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Guest book</title>
<style>{STYLE}</style>
<h1>Guest book</h1>
{form()}
{written}
<footer>guestbook {escape(version)}, {len(entries)} {"entry" if len(entries) == 1 else "entries"}</footer>
</html>
"""


def form():
    moods = "".join(f"<option>{escape(mood)}</option>" for mood in the_book.MOODS)
    return f"""<form method="post" action="/sign">
<label>Your name <input name="name" maxlength="{the_book.NAME_LIMIT}" required></label>
<label>A few words <textarea name="message" rows="3" maxlength="{the_book.MESSAGE_LIMIT}" required></textarea></label>
<label>Your mood <select name="mood">{moods}</select></label>
<button>Sign the book</button>
</form>"""


def entry(one):
    return f"""<article>
<p>{escape(one["message"])}</p>
<footer>{escape(one["name"])}, {escape(one["mood"])}, <time>{escape(one["at"])}</time></footer>
</article>
"""
