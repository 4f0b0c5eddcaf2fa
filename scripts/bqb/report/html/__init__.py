"""report.html: one page that says which queue to take, made of Jinja templates.

    page.write_report(run, path)            # of one run
    joint_page.write_joint_report(runs, path)  # several runs side by side

    page, joint_page   what goes to the templates, and the file
    decision_table     the needs with the queues to take
    sections           a section a question: tables of points x queues
    charts             small SVG charts: marks at shares of their axes
    cards              a card a queue
    marks              markers and colours, which follow the page's theme
    templates/         HTML, CSS and the script that sorts and filters

The figures of report/figures are pictures of a fixed size and fixed colours. The charts here take
the width, the text size and the light or dark theme of the page, and are a tenth of their size.
Both place values by report/scales.py.
"""

REPORT = "report.html"  # of a run, in its folder
