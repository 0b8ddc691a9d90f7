// The story: what it tells with the real sidecar, and what it says of stories that go wrong.
package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// masks hide what is new in every run and leave the width as it was.
var masks = []struct {
	found *regexp.Regexp
	shown string
}{
	{regexp.MustCompile(`\b(q|cpn)_[0-9a-z]{26,32}`), "${1}_…"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`), "YYYY-MM-DD hh:mm:ss UTC"},
	{regexp.MustCompile(`issues \d{16} with the redeem code [0-9A-HJKMNP-TV-Z]{4}…`), "issues NUMBER with the redeem code CODE…"},
	{regexp.MustCompile(`(?m)^(Policy +)[0-9a-f]{16}$`), "${1}REVISION"},
}

func TestTheStoryIsToldInShortLinesByTheSidecarsAnswers(t *testing.T) {
	out, err := demo(t, t.Context(), realMode, examples)
	if err != nil {
		t.Fatal(err)
	}
	story, _, ok := strings.Cut(out, "The example orders")
	if !ok {
		t.Fatal(out)
	}
	for line := range strings.Lines(story) {
		if utf8.RuneCountInString(line) > pageWidth+1 {
			t.Errorf("wider than a page: %s", line)
		}
	}
	for _, mask := range masks {
		story = mask.found.ReplaceAllString(story, mask.shown)
	}
	golden(t, filepath.Join("testdata", "demo-story.txt"), story)
}

// What a line says comes from an answer: the words around the blanks hold no figures of their own.
func TestTheStorysWordsHoldNoFigures(t *testing.T) {
	story, err := readStory(examples)
	if err != nil || len(story.Steps) == 0 {
		t.Fatalf("%+v, %v", story, err)
	}
	for _, step := range story.Steps {
		words := saidInLines.ReplaceAllString(step.Name+step.Figure+step.Says, "")
		if strings.ContainsAny(words, "0123456789{}") {
			t.Errorf("%s: %s", step.Name, words)
		}
	}
}

// tell runs the demo over a folder with one order and the story.
func tell(t *testing.T, story string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "story"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.json", "story/order.json"} {
		copyFile(t, filepath.Join("testdata", "contract-example.order.json"), filepath.Join(dir, name))
	}
	if err := os.WriteFile(filepath.Join(dir, storyFile), []byte(story), 0o600); err != nil {
		t.Fatal(err)
	}
	return demo(t, t.Context(), "serves", dir)
}

func TestAStoryThatGoesWrongSaysWhereAndTellsWhatWentBefore(t *testing.T) {
	const first = `{"name": "price", "request": "POST /v1/quotes", "order": "order.json", "keep": {"list": "/coupons", "quote": "/id"},
		"figure": "{/totals/payable}", "says": "to pay"},`
	for name, c := range map[string]struct{ step, want string }{
		"a member that steps do not have": {`{"nam": "x"}`, `unknown object member name "nam"`},
		"an order that is not there":      {`{"name": "x", "request": "POST /v1/quotes", "order": "lost.json"}`, "lost.json"},
		"an order that is no object":      {`{"name": "x", "request": "POST /v1/quotes", "body": [], "select": "best"}`, "not a JSON object"},
		"a body that nothing fills":       {`{"name": "x", "request": "POST /v1/quotes", "body": {"a": "{lost}"}}`, `no step before it kept a "lost"`},
		"a path that nothing fills":       {`{"name": "x", "request": "GET /v1/quotes/{lost}"}`, `no step before it kept a "lost"`},
		"a request that is refused":       {`{"name": "x", "request": "GET /v1/nothing/{quote}"}`, "404"},
		"something kept that is not said": {`{"name": "x", "request": "POST /v1/quotes", "keep": {"a": "/nothing"}}`, "there is no /nothing in the answer"},
		"a figure that is not said":       {`{"name": "x", "request": "POST /v1/quotes", "figure": "{/coupons/99/id}"}`, "there is no /coupons/99/id in the answer"},
		"a text that is not said":         {`{"name": "x", "request": "POST /v1/quotes", "says": "{/id/deeper}"}`, "there is no /id/deeper in the answer"},
		"a ledger that is not there":      {`{"name": "x", "request": "POST /v1/quotes"}`, "scrip ledger verify: there is no ledger"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := tell(t, `{"title": "A story", "steps": [`+first+c.step+`]}`)
			if err == nil || !strings.Contains(err.Error(), "story.json") && !strings.Contains(err.Error(), "verify") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got: %v", c.want, err)
			}
			if read := !strings.Contains(c.want, "member name"); read != strings.Contains(out, "  1  price  163.73  to pay\n") {
				t.Error(out)
			}
			if strings.Contains(out, "a.json") {
				t.Errorf("it goes on after that:\n%s", out)
			}
		})
	}
}

func TestAStoryThatCannotBeReadIsNotPassedOver(t *testing.T) {
	dir := ordersOnly(t)
	if err := os.MkdirAll(filepath.Join(dir, storyFile), 0o700); err != nil { // a folder in its place
		t.Fatal(err)
	}
	if _, err := demo(t, t.Context(), "serves", dir); err == nil || !strings.Contains(err.Error(), "story.json") {
		t.Error(err)
	}
}
