// scrip policy: which policy decides now, what each of its decisions looks at, and loading it anew (Contract §2).
package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

const policyPath = "/admin/v1/policy"

type policyCmd struct {
	Show   policyShowCmd   `cmd:"" help:"Show the policy in force."`
	Cost   policyCostCmd   `cmd:"" help:"Show what each decision looks at, and what that costs."`
	Reload policyReloadCmd `cmd:"" help:"Load the policies anew; a faulty set is refused and the old one stays."`
}

// Help shows examples.
func (policyCmd) Help() string {
	return `Examples:

	scrip policy show
	scrip policy cost
	scrip policy reload && scrip quote order.json`
}

// policyAnswer is the policy in force, and what was wrong with the last one that was tried.
type policyAnswer struct {
	Revision    string  `json:"revision"`
	Source      string  `json:"source"`
	ActivatedAt *string `json:"activated_at"`
	Decisions   []struct {
		Name       string   `json:"name"`
		DependsOn  []string `json:"depends_on"`
		Remembered bool     `json:"remembered"`
	} `json:"decisions"`
	LastError *policyFault `json:"last_error"`
}

// policyFault is what is wrong with a policy, and where.
type policyFault struct {
	Message      string   `json:"message"`
	File         string   `json:"file"`
	Line         int      `json:"line"`
	Column       int      `json:"column"`
	FailingTests []string `json:"failing_tests"`
}

// String is "file:line:column: message", as editors understand it, with the failing tests behind.
func (f policyFault) String() string {
	place := ""
	if f.File != "" {
		place = f.File + ":"
		if f.Line > 0 {
			place += fmt.Sprintf("%d:%d:", f.Line, f.Column)
		}
		place += " "
	}
	text := place + f.Message
	if len(f.FailingTests) > 0 {
		text += " (failing: " + strings.Join(f.FailingTests, ", ") + ")"
	}
	return text
}

type policyShowCmd struct {
	JSON bool `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// Run shows the policy in force.
func (c *policyShowCmd) Run(g *globals) error {
	return onePolicy(g, c.adminFlags, c.JSON, http.MethodGet, policyPath)
}

type policyReloadCmd struct{ policyShowCmd }

// Run reloads the policies.
func (c *policyReloadCmd) Run(g *globals) error {
	return onePolicy(g, c.adminFlags, c.JSON, http.MethodPost, policyPath+"/reload")
}

// onePolicy makes a request that answers with the policy in force, and prints that.
func onePolicy(g *globals, flags adminFlags, raw bool, method, path string) error {
	sidecar, err := flags.admin()
	if err != nil {
		return err
	}
	var active policyAnswer
	got, err := sidecar.call(g.Ctx, method, path, nil, &active)
	if err != nil {
		return err
	}
	if raw {
		return printRaw(g, got.body)
	}
	_, err = io.WriteString(g.Stdout, active.card(painterFor(g.Stdout)))
	return err
}

// card shows the policy and, a line each, its decisions with the parts of the input that they look at.
func (a policyAnswer) card(p painter) string {
	head := table{titles: []string{"", ""}}
	add := func(i ink, label, text string) {
		r := head.add(label, text)
		r.cells[0].ink, r.cells[1].ink = dim, i
	}
	add(bold, "Policy", a.Revision)
	add(plain, "Source", a.Source)
	add(plain, "Since", showTime(a.ActivatedAt, "·"))
	if a.LastError != nil {
		add(red, "Last error", a.LastError.String())
	}
	t := table{indent: 2, titles: []string{"Decision", "Remembered", "Looks at"}}
	for _, d := range a.Decisions {
		looks, remembered := strings.Join(d.DependsOn, ", "), "yes"
		if !d.Remembered {
			remembered = "no"
		}
		for i, line := range wrap(clean(looks), max(p.width-44, minPageWidth/2)) {
			if i > 0 {
				t.add("", "", line)
				continue
			}
			t.add(d.Name, remembered, line)
		}
	}
	return head.render(p) + "\n" + t.render(p)
}
