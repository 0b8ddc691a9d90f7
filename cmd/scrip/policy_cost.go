// scrip policy cost: what each decision looks at and what that costs, with a hint where remembering it is poor.
package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// policyCostAnswer is what the decisions cost since the policy is in force.
type policyCostAnswer struct {
	Revision  string         `json:"revision"`
	Decisions []decisionCost `json:"decisions"`
}

type decisionCost struct {
	Name         string   `json:"name"`
	DependsOn    []string `json:"depends_on"`
	Remembered   bool     `json:"remembered"`
	Asked        uint64   `json:"asked"`
	Recalled     uint64   `json:"recalled"`
	Evaluated    uint64   `json:"evaluated"`
	Errors       uint64   `json:"errors"`
	Overruns     uint64   `json:"overruns"`
	TooLong      uint64   `json:"too_long"`
	EvaluationUS *struct {
		Mean float64 `json:"mean"`
		P50  float64 `json:"p50"`
		P90  float64 `json:"p90"`
		P99  float64 `json:"p99"`
	} `json:"evaluation_us"`
	Entries     uint64 `json:"entries"`
	Bytes       uint64 `json:"bytes"`
	BytesBudget uint64 `json:"bytes_budget"`
}

type policyCostCmd struct {
	JSON bool `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// Help explains the columns.
func (policyCostCmd) Help() string {
	return `An answer is remembered under the parts of the input that its decision looks at: each distinct combination of them is
evaluated once and then costs a map lookup. The fewer and the coarser the parts, the cheaper the decision. Decisions that look
at a sum of money are asked each time.

Hit rate is the share of questions answered from memory; mean, p50 and p99 are microseconds an evaluation; late ones overran
their deadline; kept are the answers remembered. All since the policy is in force.

Examples:

	scrip policy cost
	scrip policy cost --json`
}

// Run shows the costs.
func (c *policyCostCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	var costs policyCostAnswer
	got, err := sidecar.call(g.Ctx, http.MethodGet, policyPath+"/cost", nil, &costs)
	if err != nil {
		return err
	}
	if c.JSON {
		return printRaw(g, got.body)
	}
	_, err = io.WriteString(g.Stdout, costs.card(painterFor(g.Stdout)))
	return err
}

// card shows a line for each decision, and below it what it looks at: what is cheap in one note, what is dear with a hint.
func (a policyCostAnswer) card(p painter) string {
	t := table{titles: []string{"Decision", ">Asked", ">Evaluated", ">Hit rate", ">Mean µs", ">p50", ">p99", ">Errors", ">Late", ">Kept"}}
	for _, d := range a.Decisions {
		t.rows = append(t.rows, d.row())
	}
	return "Policy " + p.bold(clean(a.Revision)) + "\n\n" + t.render(p)
}

func (d decisionCost) row() row {
	whole := func(n uint64) string { return strconv.FormatUint(n, 10) }
	rate, mean, half, most := "·", "·", "·", "·"
	if d.Asked > 0 {
		rate = fmt.Sprintf("%.1f%%", 100*float64(d.Recalled)/float64(d.Asked))
	}
	if us := d.EvaluationUS; us != nil {
		mean, half, most = fmt.Sprintf("%.1f", us.Mean), fmt.Sprintf("%.0f", us.P50), fmt.Sprintf("%.0f", us.P99)
	}
	r := row{cells: []cell{{d.Name, bold}, {whole(d.Asked), plain}, {whole(d.Evaluated), plain}, {rate, plain}, {mean, plain}, {half, plain},
		{most, plain}, {whole(d.Errors), faultInk(d.Errors)}, {whole(d.Overruns), faultInk(d.Overruns)}, {whole(d.Entries), plain}}}
	r.notes = d.notes()
	return r
}

// faultInk makes counts that should be zero stand out where they are not.
func faultInk(n uint64) ink {
	if n > 0 {
		return red
	}
	return plain
}

// notes say what the decision looks at, what makes that dear, and what keeps answers from being remembered.
func (d decisionCost) notes() (notes []cell) {
	var cheap []string
	var dear []cell
	for _, path := range d.DependsOn {
		if hint := costHint(path); hint != "" && !(d.isCheap() && isOwn(path)) {
			dear = append(dear, cell{"! " + path + " " + hint, yellow})
			continue
		}
		cheap = append(cheap, path)
	}
	switch {
	case len(d.DependsOn) == 0:
		notes = append(notes, cell{"looks at nothing of the input", dim})
	case len(cheap) > 0:
		notes = append(notes, cell{"looks at " + strings.Join(cheap, ", "), dim})
	}
	notes = append(notes, dear...)
	switch {
	case d.Remembered:
	case slices.ContainsFunc(d.DependsOn, isSum):
		notes = append(notes, cell{"is asked each time: sums of money hardly recur", dim})
	default:
		notes = append(notes, cell{"! is not remembered: the sidecar runs with --decision-memo off", yellow})
	}
	if d.TooLong > 0 {
		notes = append(notes, cell{fmt.Sprintf("! was asked %d times about more than is remembered: long attributes, most likely", d.TooLong), yellow})
	}
	if d.BytesBudget > 0 && d.Bytes > d.BytesBudget/10*9 {
		notes = append(notes, cell{fmt.Sprintf("! fills its memory of %d MiB: answers used least are forgotten", d.BytesBudget>>20), yellow})
	}
	return notes
}

// isCheap reports whether nearly all questions were answered from memory.
func (d decisionCost) isCheap() bool {
	return d.Asked > 0 && float64(d.Recalled) >= .9*float64(d.Asked)
}

// isOwn reports whether a part is what tells one customer, order or product from another. Those that no rule names are
// answered alike, so the counts say whether it is dear.
func isOwn(path string) bool {
	return strings.HasSuffix(path, ".id") || strings.Contains(path+".", ".attributes.")
}

// isSum reports whether a part is a sum of money: a decision that looks at one is never remembered.
func isSum(path string) bool {
	return path == "input.amount_minor" || strings.HasPrefix(path+".", "input.wallet.")
}

// wholes are the objects of the input, each with a member that rules often mean when they take all of it.
var wholes = map[string]string{
	"input.customer": "blocklisted", "input.order": "type", "input.line": "quantity", "input.line.product": "type", "input.coupon": "status",
	"input.card": "status", "input.wallet": "cash_minor",
}

// costHint says why looking at a part of the input is dear and what to do about it; "" is for a part that is cheap.
func costHint(path string) string {
	above, last := path, ""
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		above, last = path[:i], path[i+1:]
	}
	member, isWhole := wholes[path]
	switch {
	case path == "input":
		return "is all there is, so hardly two questions are the same: name each part, as in `input.line.product.type`"
	case path == "input.now":
		return "is another every second, and keeps quotes from being shared: use what is worked out, such as `input.coupon.window`"
	case isWhole:
		rule := strings.ReplaceAll(fmt.Sprintf("`x := %s; x.%s`", path, member), " ", glue)
		return fmt.Sprintf("is the whole object: where a rule says %s write `%s.%s`", rule, path, member)
	case last == "id" && wholes[above] != "":
		return fmt.Sprintf("is another for each %s: ask for its kind or an attribute, where one would do", above[strings.LastIndexByte(above, '.')+1:])
	case strings.Contains(path+".", ".attributes."):
		return "is remembered with all attributes beside it: send those that rules look at, and no others"
	}
	return ""
}
