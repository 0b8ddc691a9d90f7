// What comes of one evaluation: a set of reasons, or an error that the caller denies with.
package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// answers asks every decision of a snapshot once.
func answers(ctx context.Context, s *Snapshot, facts *Facts) map[string]func() ([]Reason, error) {
	return map[string]func() ([]Reason, error){
		"order":   func() ([]Reason, error) { return s.OrderDenials(ctx, facts) },
		"product": func() ([]Reason, error) { return s.ProductExclusions(ctx, facts) },
		"coupon":  func() ([]Reason, error) { return s.CouponDenials(ctx, facts) },
		"grant": func() ([]Reason, error) {
			ids, err := s.Grants(ctx, facts)
			return []Reason{{Code: strings.Join(ids, ",")}}, err
		},
		"giftcard/issue":  func() ([]Reason, error) { return s.IssueDenials(ctx, facts) },
		"giftcard/redeem": func() ([]Reason, error) { return s.RedeemDenials(ctx, facts) },
		"wallet/topup": func() ([]Reason, error) {
			percent, err := s.BonusPercent(ctx, facts)
			return []Reason{{Code: percent}}, err
		},
		"wallet/withdraw": func() ([]Reason, error) { return s.WithdrawDenials(ctx, facts) },
	}
}

// denying are the folders of the decisions that are sets of reasons.
var denying = []string{"order", "product", "coupon", "giftcard/issue", "giftcard/redeem", "wallet/withdraw"}

// dotted is the package of a folder.
func dotted(folder string) string { return strings.ReplaceAll(folder, "/", ".") }

func TestReasonsComeSorted(t *testing.T) {
	t.Parallel()
	const text = "\n\ndeny contains {\"code\": \"b\", \"message\": \"2\", \"more\": [1]} if true\n\ndeny contains {\"code\": \"a\", \"message\": \"1\"} if true\n"
	files := map[string]string{"grant/base.rego": "package grant\n\ncampaigns := {\"b\", \"a\"}\n"}
	for _, pkg := range denying {
		files[pkg+"/base.rego"] = "package " + dotted(pkg) + text
	}
	files["wallet/topup/base.rego"] = "package wallet.topup\n\nbonus_percent := \"a,b\"\n"
	s := loaded(t, patience, files)
	for name, ask := range answers(t.Context(), s, &Facts{}) {
		want := []Reason{{Code: "a", Message: "1"}, {Code: "b", Message: "2"}}
		if name == "grant" || name == "wallet/topup" {
			want = []Reason{{Code: "a,b"}}
		}
		if got, err := ask(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Every decision that is not what the contract asks for is an error, whichever it is.
func TestAnAnswerOfAnotherShapeIsAnError(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{
		"undefined": `D := set() if false`, "an object": `D := {}`, "a list": `D := ["a"]`, "a flag": `D := true`, "a text": `D := "a"`, "null": `D := null`,
		"a set of numbers": `D contains 1`, "a set of sets": `D contains {"a"}`, "a set of lists": `D contains ["code", "message"]`, "keys of a map": `D[x] := 1 if some x in ["a"]`,
	} {
		check(t, name, rule, append([]string{"grant"}, denying...)...)
		if name != "a text" {
			check(t, name, rule, "wallet/topup")
		}
	}
	for name, rule := range map[string]string{
		"texts": `D contains "a"`, "no message": `D contains {"code": "a"}`, "no code": `D contains {"message": "a"}`,
		"an empty code": `D contains {"code": "", "message": "m"}`, "a blank code": `D contains {"code": " ", "message": "m"}`,
		"an empty message": `D contains {"code": "c", "message": ""}`, "a code that is a number": `D contains {"code": 1, "message": "m"}`,
		"a message that is null": `D contains {"code": "c", "message": null}`, "one bad among good": "D contains {\"code\": \"c\", \"message\": \"m\"}\n\nD contains {}",
	} {
		check(t, name, rule, denying...)
	}
	check(t, "objects", `D contains {"code": "c", "message": "m"}`, "grant")
}

func check(t *testing.T, name, rule string, pkgs ...string) {
	t.Helper()
	files := make(map[string]string)
	for _, pkg := range pkgs {
		decision := cmp.Or(map[string]string{"grant": "campaigns", "wallet/topup": "bonus_percent"}[pkg], "deny")
		files[pkg+"/base.rego"] = "package " + dotted(pkg) + "\n\n" + strings.ReplaceAll(rule, "D", decision) + "\n"
	}
	asked := answers(t.Context(), loaded(t, patience, files), &Facts{})
	for _, pkg := range pkgs {
		if got, err := asked[pkg](); !errors.Is(err, ErrResult) || !strings.HasPrefix(err.Error(), dotted(pkg)+".") || got != nil && slices.Contains(denying, pkg) {
			t.Errorf("%s of %s: %v, %v; want ErrResult", name, pkg, got, err)
		}
	}
}

// A builtin that fails, a conflict and attributes that cannot be read are errors too, not a condition that does not hold.
func TestAnEvaluationThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	for condition, said := range map[string]string{
		`to_number("x") == 1`:                     "eval_builtin_error",
		`1 / 0 == 1`:                              "eval_builtin_error: div: divide by zero",
		`not to_number(input.order.type)`:         "eval_builtin_error",
		`input.now % 0 == 1`:                      "modulo by zero",
		`to_number(input.order.type) == 1`:        "eval_builtin_error: to_number cannot take what it was given",
		`json.unmarshal("{") == 1`:                "eval_builtin_error",
		`time.parse_rfc3339_ns("x") == 1`:         "eval_builtin_error",
		`{k: v | some k, v in [1, 2]; true}[5]`:   "",
		`{"a": v | some v in [1, 2]}.a == 1`:      "eval_conflict_error",
		`data.order.torn == 1`:                    "eval_conflict_error",
		`count(input.order.type) == data.order.f`: "",
	} {
		s := loaded(t, patience, map[string]string{
			"order/x.rego": denial("order", condition), "order/torn.rego": "package order\n\ntorn := 1\n\ntorn := 2 if input.order.type == \"x\"\n"})
		got, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Type: "x"}})
		if said == "" && (err != nil || len(got) > 0) || said != "" && (err == nil || !strings.Contains(err.Error(), said)) {
			t.Errorf("%s: %v, %v", condition, got, err)
		}
		if errors.Is(err, ErrResult) || errors.Is(err, ErrDeadline) {
			t.Errorf("%s: %v is taken for something else", condition, err)
		}
	}
}

// Left out, an attribute would look as if nobody had given it, and what denies by it would let it pass.
func TestAttributesThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", "input.order.attributes.fraud")})
	for text, fails := range map[string]bool{"": false, `{}`: false, `{"fraud":false}`: false, `{`: true, `{"fraud":true,"n":1e99999}`: true} {
		got, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Attributes: text}})
		if (err != nil) != fails || len(got) > 0 {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if fails && !strings.Contains(err.Error(), "input.order.attributes cannot be read") {
			t.Error(err)
		}
	}
	if _, err := s.ProductExclusions(t.Context(), &Facts{Order: &Order{Attributes: "{"}}); err != nil {
		t.Errorf("a decision that does not look at them: %v", err)
	}
}

// The whole input is the document of Contract §8: names, types and what is left out.
func TestTheInputIsTheContracts(t *testing.T) {
	t.Parallel()
	facts, inputs := manyFacts(500)
	for i := range facts {
		got, err := build(document, facts[i])
		if err != nil || got.Compare(inputs[i]) != 0 {
			t.Fatalf("%v, %v\nwant %v", got, err, inputs[i])
		}
	}
}

func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", "input.order.id")})
	s.decisions[OrderDeny].fields = project(withPaths("", []field{{name: ast.StringTerm("order"), read: func(*Facts) ast.Value { panic("boom") }}}), []string{""})
	if _, err := s.OrderDenials(t.Context(), &Facts{}); err == nil || err.Error() != "order.deny: panic: boom" {
		t.Error(err)
	}
}

// A snapshot answers for itself whatever is loaded meanwhile.
func TestASnapshotNeverChanges(t *testing.T) {
	t.Parallel()
	var version struct {
		sync.Mutex
		n int
	}
	active, err := Activate(t.Context(), func(ctx context.Context) (*Snapshot, error) {
		version.Lock()
		defer version.Unlock()
		version.n++
		return Load(ctx, Folder("test", folder(map[string]string{
			"order/data.json": fmt.Sprintf(`{"version":"v%d"}`, version.n),
			"order/x.rego":    "package order\n\ndeny contains {\"code\": data.order.version, \"message\": \"m\"} if input.order.id\n",
		})), Options{Timeout: patience, Memo: true}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				s := active.Current()
				before := *s
				first, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{ID: "o"}})
				if err := active.Reload(t.Context()); err != nil {
					t.Error(err)
				}
				second, again := s.OrderDenials(t.Context(), &Facts{Order: &Order{ID: "o"}})
				if err != nil || again != nil || len(first) != 1 || !slices.Equal(first, second) || !reflect.DeepEqual(before, *s) {
					t.Errorf("%v, %v, then %v, %v", first, err, second, again)
				}
				if active.Current().Revision == s.Revision {
					t.Error("the reload is not seen")
				}
			}
		})
	}
	wg.Wait()
}

func TestARefusedReloadKeepsTheLastGoodPolicy(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	active, err := Activate(t.Context(), func(ctx context.Context) (*Snapshot, error) {
		return Load(ctx, Folder("test", folder(files)), Options{Timeout: patience, Memo: true}, time.Now())
	})
	if err != nil || active.LastError() != nil {
		t.Fatal(err, active.LastError())
	}
	good := active.Current()
	files["order/x.rego"] = "package order\n\n]"
	var refused *RefusedError
	if err := active.Reload(t.Context()); !errors.As(err, &refused) || !errors.Is(active.LastError(), err) || active.Current() != good {
		t.Errorf("%v, last %v", err, active.LastError())
	}
	delete(files, "order/x.rego")
	if err := active.Reload(t.Context()); err != nil || active.LastError() != nil || active.Current() != good {
		t.Errorf("%v, last %v: what is in force already is left alone", err, active.LastError())
	}
	files["order/x.rego"] = denial("order", "input.now > 0")
	if err := active.Reload(t.Context()); err != nil || active.Current() == good {
		t.Errorf("%v: a good change is not taken", err)
	}
	if a, err := Activate(t.Context(), func(context.Context) (*Snapshot, error) { return nil, errDisk }); !errors.Is(err, errDisk) || a.Current() != nil {
		t.Error(err)
	}
}
