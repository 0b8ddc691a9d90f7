// Breaks the product on purpose, in the ways that mutants.txt lists, one at a
// time: every one must turn a test red. A mutant that no test notices, or that
// does not compile, fails the run. Words choose mutants by their titles and
// files; -from goes on where an earlier run was ended:
//
//	go run .ci/mutants.go -from 120
//	go run .ci/mutants.go pricing:
//
// Nothing in the tree is touched: Go files are replaced through the build's
// overlay, policies in a copy of their folder.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mutant is one way to break the product. In mutants.txt it reads:
//
//	# what is broken
//	file engine/money/exact.go
//	- the text as it is, which stands there once
//	+ the text that replaces it
//	test go test ./engine/pricing
type mutant struct{ title, file, old, new, test string }

const patience = 10 * time.Minute // for the tests of one mutant

func main() {
	mutants, err := read(".ci/mutants.txt")
	if err != nil {
		fail("%v", err)
	}
	from := flag.Int("from", 1, "the first mutant, by its number")
	flag.Parse()
	wanted := strings.Join(flag.Args(), " ")
	killed, survived := 0, 0
	for i, m := range mutants {
		if i+1 < *from || !strings.Contains(m.title+" "+m.file, wanted) {
			continue
		}
		start := time.Now()
		verdict, ok := m.run()
		if ok {
			killed++
		} else {
			survived++
		}
		fmt.Printf("%3d/%d  %-8s %5.1fs  %s (%s)\n", i+1, len(mutants), verdict, time.Since(start).Seconds(), m.title, m.file)
	}
	switch {
	case survived > 0:
		fail("%d mutants were killed, %d were not", killed, survived)
	case killed == 0:
		fail("none of the %d has %q in its title or file", len(mutants), wanted)
	}
	fmt.Printf("all %d mutants were killed\n", killed)
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "mutants: "+format+"\n", args...)
	os.Exit(1)
}

func read(name string) (mutants []mutant, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var m mutant
	for lines, n := bufio.NewScanner(file), 1; lines.Scan(); n++ {
		kind, text, _ := strings.Cut(lines.Text(), " ")
		switch kind {
		case "":
		case "#":
			m = mutant{title: text}
		case "file":
			m.file = text
		case "-":
			m.old = text
		case "+":
			m.new = text
		case "test":
			m.test = text
			mutants = append(mutants, m)
		default:
			return nil, fmt.Errorf("%s:%d: %q begins no line of a mutant", name, n, kind)
		}
	}
	return mutants, nil
}

// run tells what became of the mutant and whether that is as it should be.
func (m mutant) run() (verdict string, ok bool) {
	original, err := os.ReadFile(m.file)
	if err != nil {
		return err.Error(), false
	}
	if n := bytes.Count(original, []byte(m.old)); n != 1 {
		return fmt.Sprintf("STALE: the text stands there %d times", n), false
	}
	folder, err := os.MkdirTemp("", "mutant-*")
	if err != nil {
		return err.Error(), false
	}
	defer os.RemoveAll(folder)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command, err := m.command(ctx, folder, bytes.Replace(original, []byte(m.old), []byte(m.new), 1))
	if err != nil {
		return err.Error(), false
	}
	build := exec.CommandContext(ctx, "go", "list", "-export", "./...") // compiles all, and links nothing, which takes longest
	build.Env = command.Env
	if output, err := build.CombinedOutput(); err != nil {
		return noBuild(output)
	}
	switch output, err := command.CombinedOutput(); {
	case err == nil:
		return "SURVIVED", false
	case bytes.Contains(output, []byte("[build failed]")):
		return noBuild(output)
	}
	return "killed", true
}

// noBuild is the verdict on what does not compile: that proves nothing.
func noBuild(output []byte) (verdict string, ok bool) {
	fmt.Printf("%s\n", output)
	return "NO BUILD", false
}

// command puts the mutated file in place of the original and makes the test's
// command; {policies} in it is the folder with the mutated policy.
func (m mutant) command(ctx context.Context, folder string, mutated []byte) (*exec.Cmd, error) {
	if strings.HasSuffix(m.file, ".rego") || strings.HasPrefix(m.file, "policies/") {
		if err := os.CopyFS(folder, os.DirFS("policies")); err != nil {
			return nil, err
		}
		at := filepath.Join(folder, strings.TrimPrefix(m.file, "policies/"))
		return shell(ctx, strings.ReplaceAll(m.test, "{policies}", folder), ""), os.WriteFile(at, mutated, 0o600)
	}
	replacement := filepath.Join(folder, filepath.Base(m.file))
	overlay := filepath.Join(folder, "overlay.json")
	original, err := filepath.Abs(m.file)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(replacement, mutated, 0o600); err != nil {
		return nil, err
	}
	return shell(ctx, m.test, "-overlay="+overlay), os.WriteFile(overlay, content, 0o600)
}

func shell(ctx context.Context, line, goflags string) *exec.Cmd {
	command := exec.CommandContext(ctx, "sh", "-c", line) // #nosec G204 -- a line of mutants.txt
	goflags += " -ldflags=-w"                             // nobody debugs a mutant, and it links in half of the time
	command.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" "+goflags), "SCRIP_E2E_RACE=0")
	return command
}
