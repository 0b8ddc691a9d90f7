// The README's policy, as a newcomer writes it into the shipped folder.
package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scrip/engine/policy"
)

// readmePolicies is the shipped folder with the README's rule and its test at the end of their files; edit is made to
// the rule first.
func readmePolicies(t *testing.T, edit func(rule string) string) policy.Source {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```rego\n")
	if len(blocks) != 3 {
		t.Fatalf("the README has %d pieces of Rego, not a rule and its test", len(blocks)-1)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../policies")); err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]string{"product.rego": edit(blocks[1]), "product_test.rego": blocks[2]} {
		text, _, _ := strings.Cut(block, "```")
		file := filepath.Join(dir, "product", name)
		shipped, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, append(shipped, "\n"+text...), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return policy.Directory(dir)
}

func TestTheReadmesPolicyComesIntoForceAsItStandsThere(t *testing.T) {
	options := policy.Options{Timeout: policy.Timeout, Tests: true}
	asIs := readmePolicies(t, func(rule string) string { return rule })
	if _, err := policy.Load(t.Context(), asIs, options, time.Now()); err != nil {
		t.Errorf("what a newcomer copies is refused: %v", err)
	}
	looser := readmePolicies(t, func(rule string) string { return strings.Replace(rule, "<= 500", "<= 501", 1) })
	_, err := policy.Load(t.Context(), looser, options, time.Now())
	if err == nil || !strings.Contains(err.Error(), "test_more_than_500_pieces_take_no_coupon") || strings.Count(err.Error(), "test failed") != 1 {
		t.Errorf("the README's test does not hold its rule, or it is not alone in that: %v", err)
	}
}
