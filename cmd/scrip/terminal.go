// How answers look: colour only where a person reads, and tables whose columns are as wide as their runes need.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Widths of the page in columns: what is assumed off a terminal, and the bounds kept on one.
const (
	pageWidth    = 100
	minPageWidth = 60
	maxPageWidth = 120
)

// painter colours words; the zero painter leaves them plain. Its width is that of the page in columns.
type painter struct {
	colour bool
	width  int
}

// painterFor paints on terminals, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one.
func painterFor(w io.Writer) painter {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return painter{width: pageWidth}
	}
	p := painter{width: pageWidth, colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		p.width = min(max(width, minPageWidth), maxPageWidth)
	}
	return p
}

// isTerminal says whether w is one; progress is redrawn in place only there.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// ink is a colour or weight, as the parameter of an ANSI "select graphic rendition" sequence.
type ink string

const (
	plain  ink = ""
	bold   ink = "1"
	dim    ink = "2"
	red    ink = "31"
	green  ink = "32"
	yellow ink = "33"
)

func (p painter) paint(i ink, text string) string {
	if !p.colour || i == plain || text == "" {
		return text
	}
	return "\x1b[" + string(i) + "m" + text + "\x1b[0m"
}

func (p painter) bold(text string) string { return p.paint(bold, text) }
func (p painter) dim(text string) string  { return p.paint(dim, text) }
func (p painter) red(text string) string  { return p.paint(red, text) }

// clean makes text that others wrote safe to print on one line: control characters, escape sequences and direction
// overrides become U+FFFD, so that no id or message can redraw the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) || r == '\u200d' {
			return r
		}
		return utf8.RuneError
	}, text)
}

// glue is a space at which lines do not break; it is printed as a plain one.
const glue = "\u00a0"

// wrap breaks text at spaces into lines of at most width runes; a longer word stays whole, so that it can be copied.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		word = strings.ReplaceAll(word, glue, " ")
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// cell is one field of a table: text and its ink.
type cell struct {
	text string
	ink  ink
}

// row is one line of a table. The first cell covers span columns (0 means one); notes are lines of text under the row,
// wrapped to the page and hung just inside its second column.
type row struct {
	cells []cell
	span  int
	notes []cell
	// rule draws a line over the number columns instead of cells, those spanned left out.
	rule bool
}

// table is aligned text. A column whose title begins with ">" is aligned right, the others left.
type table struct {
	indent int
	titles []string
	rows   []row
}

// gap is the number of spaces between columns.
const gap = 2

// add appends a row of plain texts.
func (t *table) add(texts ...string) *row {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i] = cell{text: text}
	}
	t.rows = append(t.rows, row{cells: cells})
	return &t.rows[len(t.rows)-1]
}

// drop leaves a column out, of a table whose rows have a cell for each.
func (t *table) drop(column int) {
	t.titles = slices.Delete(t.titles, column, column+1)
	for i := range t.rows {
		t.rows[i].cells = slices.Delete(t.rows[i].cells, column, column+1)
	}
}

// render lays the table out; every line ends with a newline and without trailing spaces.
func (t *table) render(p painter) string {
	t.clean()
	widths := t.widths()
	var out strings.Builder
	if slices.ContainsFunc(t.titles, func(title string) bool { return strings.TrimPrefix(title, ">") != "" }) {
		head := row{}
		for _, title := range t.titles {
			head.cells = append(head.cells, cell{strings.TrimPrefix(title, ">"), dim})
		}
		out.WriteString(t.line(p, head, widths))
	}
	for _, r := range t.rows {
		if r.rule {
			r.cells = t.rules(widths, r.span)
		}
		out.WriteString(t.line(p, r, widths))
		t.notes(&out, p, r, widths)
	}
	return out.String()
}

// clean makes every text of the table printable, before anything is measured.
func (t *table) clean() {
	for _, r := range t.rows {
		for i := range r.cells {
			r.cells[i].text = clean(r.cells[i].text)
		}
		for i := range r.notes {
			r.notes[i].text = clean(r.notes[i].text)
		}
	}
}

// rules draws the line above a total: under the number columns only, from the spanned ones on.
func (t *table) rules(widths []int, span int) []cell {
	cells := []cell{{}}
	for i := max(span, 1); i < len(widths); i++ {
		line := ""
		if t.right(i) {
			line = strings.Repeat("─", widths[i])
		}
		cells = append(cells, cell{line, dim})
	}
	return cells
}

func (t *table) right(column int) bool { return strings.HasPrefix(t.titles[column], ">") }

// widths measures the columns in runes; a first cell that spans several widens the last of them when it must.
func (t *table) widths() []int {
	widths := make([]int, len(t.titles))
	for i, title := range t.titles {
		widths[i] = utf8.RuneCountInString(strings.TrimPrefix(title, ">"))
	}
	for _, r := range t.rows {
		for i, c := range r.cells {
			if i == 0 && r.span > 1 {
				continue
			}
			column := i + max(r.span-1, 0)
			widths[column] = max(widths[column], utf8.RuneCountInString(c.text))
		}
	}
	for _, r := range t.rows {
		if r.span > 1 && len(r.cells) > 1 {
			lack := utf8.RuneCountInString(r.cells[0].text) - spanned(widths[:r.span])
			widths[r.span-1] += max(lack, 0)
		}
	}
	return widths
}

// spanned is the width of several columns taken as one.
func spanned(widths []int) int {
	sum := (len(widths) - 1) * gap
	for _, width := range widths {
		sum += width
	}
	return sum
}

func (t *table) line(p painter, r row, widths []int) string {
	var out strings.Builder
	pending := strings.Repeat(" ", t.indent) // spaces owed before the next visible text, so that none trail
	column := 0
	for i, c := range r.cells {
		width := widths[column]
		if i == 0 && r.span > 1 {
			width = spanned(widths[:r.span])
			column = r.span - 1
		}
		pad := strings.Repeat(" ", max(width-utf8.RuneCountInString(c.text), 0))
		switch {
		case c.text == "":
			pending += pad
		case t.right(column) && !(i == 0 && r.span > 1):
			out.WriteString(pending + pad + p.paint(c.ink, c.text))
			pending = ""
		default:
			out.WriteString(pending + p.paint(c.ink, c.text))
			pending = pad
		}
		pending += strings.Repeat(" ", gap)
		column++
	}
	return out.String() + "\n"
}

func (t *table) notes(out *strings.Builder, p painter, r row, widths []int) {
	hang := t.indent + widths[0] + 2*gap
	for _, note := range r.notes {
		for i, line := range wrap(note.text, max(p.width-hang-2, minPageWidth/2)) {
			margin := hang
			if i > 0 {
				margin += 2
			}
			fmt.Fprintf(out, "%s%s\n", strings.Repeat(" ", margin), p.paint(note.ink, line))
		}
	}
}
