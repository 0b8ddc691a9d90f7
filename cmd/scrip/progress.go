// Progress of what goes in several requests: one line redrawn on a terminal, now and then a line elsewhere.
package main

import (
	"fmt"
	"io"
)

// tellEvery is how much is done between two lines off a terminal.
const tellEvery = 5_000

// meter counts what is done. Its total is 0 where nobody knows it.
type meter struct {
	w           io.Writer
	verb        string // "issued"
	done, total int
	told        int // of what is done
	quiet       bool
}

func (m *meter) add(n int) {
	m.done += n
	if isTerminal(m.w) || m.done-m.told >= tellEvery || m.done == m.total {
		m.tell()
	}
}

func (m *meter) tell() {
	if m.quiet || m.done == m.told {
		return
	}
	m.told = m.done
	lead, of, end := "", "", "\n"
	if isTerminal(m.w) {
		lead, end = "\r", ""
	}
	if m.total > 0 {
		of = fmt.Sprintf(" of %d", m.total)
	}
	fmt.Fprintf(m.w, "%s%s %d%s%s", lead, m.verb, m.done, of, end)
}

// end tells what was not told yet and leaves the terminal's line.
func (m *meter) end() {
	m.tell()
	if !m.quiet && m.done > 0 && isTerminal(m.w) {
		fmt.Fprintln(m.w)
	}
}
