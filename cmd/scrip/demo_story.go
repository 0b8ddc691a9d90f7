// The demo's story: the requests of story.json, one after another, each told in a line. What a line says is taken from
// the sidecar's answer by JSON pointers: the demo computes nothing, and the story is data that anybody can edit.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// storyFile tells the story, in a folder beside the example orders.
const storyFile = "story/story.json"

// shownOfCode is how many characters of a redeem code are printed.
const shownOfCode = 4

// demoStory is what story.json holds.
type demoStory struct {
	Title string      `json:"title"`
	Steps []storyStep `json:"steps"`

	folder string // where it was read, and its orders are
}

// storyStep is one request. In request, body and select "{name}" is what an earlier step kept, in figure and says "{/pointer}" is
// what stands there in this step's answer.
type storyStep struct {
	Name    string                      `json:"name"`
	Request string                      `json:"request"` // method and path; /admin is asked of the admin listener
	Body    jsontext.Value              `json:"body"`
	Order   string                      `json:"order"`   // the body's file instead, with a choice of coupon
	Select  string                      `json:"select"`  // that choice, for one that the file does not make
	Receipt bool                        `json:"receipt"` // the answer is a quote whose receipt ends the story
	Keep    map[string]jsontext.Pointer `json:"keep"`    // name → what of the answer later steps need
	Figure  string                      `json:"figure"`
	Says    string                      `json:"says"`
}

// readStory reads the story of a folder of examples; nil is none to tell.
func readStory(dir string) (*demoStory, error) {
	file := filepath.Join(dir, storyFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	story := &demoStory{folder: filepath.Dir(file)}
	if err := json.Unmarshal(text, story, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return story, nil
}

// storyteller goes through a story with a running sidecar.
type storyteller struct {
	*demoStory
	data, admin *client
	p           painter
	kept        map[string]jsontext.Value
	told        table
	receipt     string
}

// tell goes through the steps, ends with a look at the ledger in dataFolder, and gives what is to be printed; where
// one fails, that is what went before it.
func (s *demoStory) tell(g *globals, data, admin *client, dataFolder string) (string, error) {
	t := storyteller{demoStory: s, data: data, admin: admin, p: painterFor(g.Stdout), kept: map[string]jsontext.Value{},
		told: table{indent: 2, titles: []string{">", "", ">", ""}}}
	var failed error
	for i, step := range s.Steps {
		if err := t.step(g, step); err != nil {
			failed = fmt.Errorf("%s, step %d, %s: %w", filepath.Join(s.folder, filepath.Base(storyFile)), i+1, step.Name, err)
			break
		}
	}
	if failed == nil {
		failed = t.verify(g, dataFolder)
	}
	return t.p.bold(clean(s.Title)) + "\n\n" + t.told.render(t.p) + t.receipt, failed
}

// step makes one request and tells its line.
func (t *storyteller) step(g *globals, step storyStep) error {
	body, err := t.body(g, step)
	if err != nil {
		return err
	}
	got, err := t.send(g.Ctx, step, body)
	if err != nil {
		return err
	}
	for name, where := range step.Keep {
		if t.kept[name], err = pointed(got.body, where); err != nil {
			return err
		}
	}
	figure, err := quoting(step.Figure, got.body)
	if err != nil {
		return err
	}
	says, err := quoting(step.Says, got.body)
	if err != nil {
		return err
	}
	t.line(step.Name, figure, says)
	if step.Receipt {
		t.receipt, err = t.receiptOf(body, got.body)
	}
	return err
}

// line adds a line to what is told.
func (t *storyteller) line(name, figure, says string) {
	made := t.told.add(strconv.Itoa(len(t.told.rows)+1), name, figure, says)
	made.cells[0].ink, made.cells[1].ink, made.cells[2].ink = dim, bold, green
}

// verify has the ledger checked beside the running sidecar, as an operator would.
func (t *storyteller) verify(g *globals, dataFolder string) error {
	var found bytes.Buffer
	check := ledgerVerifyCmd{ledgerFlags: ledgerFlags{Data: dataFolder}}
	if err := check.Run(&globals{Ctx: g.Ctx, Stdout: &found, Stderr: g.Stderr}); err != nil {
		return fmt.Errorf("scrip ledger verify: %w\n%s", err, found.String())
	}
	t.line("verify", "sound", "scrip ledger verify finds every invariant of the books kept")
	return nil
}

// send makes the step's request of the listener that its path belongs to.
func (t *storyteller) send(ctx context.Context, step storyStep, body []byte) (answer, error) {
	method, path, _ := strings.Cut(step.Request, " ")
	path, err := fill(path, keptInPath, func(name string) (string, error) {
		value, err := t.keptAs(name)
		return segment(literal(value)), err
	})
	if err != nil {
		return answer{}, err
	}
	to := t.data
	if strings.HasPrefix(path, "/admin/") {
		to = t.admin
	}
	return to.send(ctx, method, path, body)
}

// body is what the step sends, nil for nothing.
func (t *storyteller) body(g *globals, step storyStep) ([]byte, error) {
	body := []byte(step.Body)
	if step.Order != "" {
		var err error
		if body, err = readInput(g, filepath.Join(t.folder, step.Order)); err != nil {
			return nil, err
		}
	}
	if step.Select != "" {
		var err error
		if body, err = withSelect(body, step.Select); err != nil {
			return nil, err
		}
	}
	if body == nil {
		return nil, nil
	}
	filled, err := fill(string(body), keptInBody, func(name string) (string, error) {
		value, err := t.keptAs(name)
		return string(value), err
	})
	return []byte(filled), err
}

// keptAs is what an earlier step kept under the name.
func (t *storyteller) keptAs(name string) (jsontext.Value, error) {
	value, ok := t.kept[name]
	if !ok {
		return nil, fmt.Errorf("no step before it kept a %q", name)
	}
	return value, nil
}

// receiptOf is the receipt of a quote, with the request that it answers.
func (t *storyteller) receiptOf(request, got []byte) (string, error) {
	r := receipt{quote: &quoteAnswer{}, order: readOrder(request), p: t.p}
	if err := json.Unmarshal(got, r.quote); err != nil {
		return "", err
	}
	return "\n" + t.p.bold(fmt.Sprintf("The receipt of step %d", len(t.told.rows))) + "\n\n" + r.full(), nil
}

// The blanks of a story: what was kept in a path and, with its quotes, in a body; what an answer says in a line.
var (
	keptInPath  = regexp.MustCompile(`\{([a-z]+)\}`)
	keptInBody  = regexp.MustCompile(`"\{([a-z]+)\}"`)
	saidInLines = regexp.MustCompile(`\{(/[^{}]+)\}`)
)

// fill replaces each blank by what value gives for the name in it.
func fill(text string, blank *regexp.Regexp, value func(name string) (string, error)) (string, error) {
	var faults []error
	filled := blank.ReplaceAllStringFunc(text, func(found string) string {
		got, err := value(blank.FindStringSubmatch(found)[1])
		faults = append(faults, err)
		return got
	})
	return filled, errors.Join(faults...)
}

// quoting fills a line's blanks from the answer. Of a redeem code no more than its beginning is ever printed.
func quoting(line string, from []byte) (string, error) {
	return fill(line, saidInLines, func(name string) (string, error) {
		where := jsontext.Pointer(name)
		value, err := pointed(from, where)
		text := literal(value)
		if where.LastToken() == "code" {
			text = text[:min(shownOfCode, len(text))] + "…"
		}
		return text, err
	})
}

// pointed is the value at a JSON pointer (RFC 6901).
func pointed(in jsontext.Value, where jsontext.Pointer) (jsontext.Value, error) {
	value := in
	for token := range where.Tokens() {
		var items []jsontext.Value
		var members map[string]jsontext.Value
		if json.Unmarshal(value, &items) == nil {
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(items) {
				return nil, fmt.Errorf("there is no %s in the answer", where)
			}
			value = items[i]
			continue
		}
		if json.Unmarshal(value, &members) != nil || members[token] == nil {
			return nil, fmt.Errorf("there is no %s in the answer", where)
		}
		value = members[token]
	}
	return value, nil
}
