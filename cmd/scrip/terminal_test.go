// Tables, colour and text made safe to print.
package main

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTablesAlignByRunes(t *testing.T) {
	tab := table{indent: 1, titles: []string{"Name", ">Price", "Note"}}
	tab.add("Müller", "1.00", "é")
	tab.add("李", "123.45", "")
	tab.rows[1].notes = []cell{{"why " + strings.Repeat("x", 12), plain}}
	tab.rows = append(tab.rows, row{rule: true}, row{span: 1, cells: []cell{{"T", bold}, {"124.45", bold}}})
	want := strings.Join([]string{
		" Name     Price  Note",
		" Müller    1.00  é",
		" 李       123.45",
		"           why xxxxxxxxxxxx",
		"         ──────",
		" T       124.45",
		""}, "\n")
	if got := tab.render(painter{width: 80}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestASpanningCellWidensOnlyWhatItMust(t *testing.T) {
	tab := table{titles: []string{"", "", ">"}}
	tab.add("a", "b", "1")
	tab.rows = append(tab.rows, row{span: 2, cells: []cell{{"a long label", plain}, {"22", plain}}})
	tab.rows = append(tab.rows, row{span: 2, cells: []cell{{"alone it may hang over the edge of the table", plain}}})
	want := "a  b           1\na long label  22\nalone it may hang over the edge of the table\n"
	if got := tab.render(painter{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestWordsOfOthersCannotDrawOnTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain, ünï, 李, 👩\u200d💻": "plain, ünï, 李, 👩\u200d💻",
		"\x1b[2J\a\r\n\t":         "�[2J����",
		"\u202eevil\u2028":        "�evil�",
		"\xff":                    "�",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	tab := table{titles: []string{""}}
	tab.add("\x1b[31m").notes = []cell{{"\x1b[0m", plain}}
	if got := tab.render(painter{width: 80}); strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

func TestWrapKeepsWordsWhole(t *testing.T) {
	got := strings.Join(wrap("one two three cpn_0123456789 LA-1"+glue+"x end", 9), "|")
	if want := "one two|three|cpn_0123456789|LA-1 x|end"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := wrap("", 10); len(got) != 1 || got[0] != "" {
		t.Errorf("%q", got)
	}
}

func TestOffATerminalThereIsNoColour(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if p := painterFor(file); p.colour || p.width != pageWidth || p.red("x") != "x" || isTerminal(file) {
		t.Errorf("%+v", p)
	}
	if p := (painter{colour: true}); p.bold("") != "" || p.dim("x") != "\x1b[2mx\x1b[0m" {
		t.Error("painted wrongly")
	}
}

func TestReceiptsFitThePage(t *testing.T) {
	for line := range strings.Lines(readReceipt(t, "bulk-best-of-several").full()) {
		if width := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > pageWidth {
			t.Errorf("%d columns: %s", width, line)
		}
	}
}

func TestABuildIsDescribedByWhatTheToolchainRecorded(t *testing.T) {
	b := describe(&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Deps: []*debug.Module{{Path: opaModule, Version: "v9.9.9"}},
		Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"}}})
	if text := b.String(); !strings.HasPrefix(text, "scrip v1.2.3, go") || !strings.HasSuffix(text, "commit abc+changes, OPA v9.9.9") {
		t.Error(text)
	}
	if b := describe(&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}); b.Version != "development" || b.Revision != "" {
		t.Errorf("%+v", b)
	}
}

func TestTimesAndAmountsForReading(t *testing.T) {
	at, odd := "2026-03-02T09:30:00.5Z", "soon"
	if showTime(&at, "") != "2026-03-02 09:30:00 UTC" || showTime(&odd, "") != "soon" || showTime(nil, "never") != "never" {
		t.Error("times")
	}
	if off("0.000") != "·" || off("0") != "·" || off("10.00") != "-10.00" {
		t.Error("reductions")
	}
	own := "EUR"
	if withCurrency(&own, nil, "USD") != "EUR USD" || withCurrency(&own, &own, "USD") != "EUR EUR" || withCurrency(nil, &own, "") != "none" {
		t.Error("currencies")
	}
}
