// POST /admin/v1/policy/reload asks at once and tells everything that is wrong (Contract §2).
package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func (s *sidecar) reload(t *testing.T) answer {
	t.Helper()
	return s.admin(t, http.MethodPost, "/admin/v1/policy/reload", "")
}

// refusals are what an author may get wrong, and what is to be told.
var refusals = []struct {
	name    string
	files   map[string]string
	remove  string
	faults  []string // each must be told
	failing []string
}{
	{name: "two syntax errors", files: map[string]string{
		"order/a.rego": "package order\n\ndeny contains ] if true\n", "product/b.rego": "package product\n\n\nallow if }\n"},
		faults: []string{`^order/a\.rego:3:\d+: `, `^product/b\.rego:4:\d+: `}},
	{name: "a field that the schema does not have", files: map[string]string{"order/typo.rego": typo}, faults: []string{`^order/typo\.rego:7:\d+: `}},
	{name: "a builtin that is not available", files: map[string]string{"coupon/clock.rego": denial("coupon", "time.now_ns() < 0")},
		faults: []string{`^coupon/clock\.rego:4:\d+: .*time\.now_ns`}},
	{name: "two failing tests", files: map[string]string{
		"order/own_test.rego": "package order_test\n\ntest_one if 1 == 2\n\ntest_two if true\n\ntest_three if false\n"},
		faults:  []string{`^order/own_test\.rego:3:\d+: .*test_one`, `^order/own_test\.rego:7:\d+: .*test_three`},
		failing: []string{"data.order_test.test_one", "data.order_test.test_three"}},
	{name: "a test with a syntax error", files: map[string]string{"order/own_test.rego": "package order_test\n\ntest_one if (\n"},
		faults: []string{`^order/own_test\.rego:\d+:\d+: `}},
	{name: "a missing decision", remove: "grant/grant.rego", faults: []string{`data\.grant\.campaigns`}},
	{name: "data that is no JSON", files: map[string]string{"product/data.json": "{\n"}, faults: []string{`^product/data\.json`}},
}

func TestARefusedReloadTellsEveryFault(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, nil)
	s := start(t, withFlag("policies", dir))
	good := s.policy(t)
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			for name, text := range c.files {
				write(t, filepath.Join(dir, name), text)
			}
			if c.remove != "" {
				discard(t, filepath.Join(dir, c.remove))
			}
			p := s.reload(t).refusal(t, http.StatusUnprocessableEntity, "policy.refused")
			for _, want := range c.faults {
				pattern := regexp.MustCompile(want)
				if !slices.ContainsFunc(p.Errors, func(f fault) bool { return pattern.MatchString(f.Detail) }) {
					t.Errorf("%s is not told: %+v", want, p.Errors)
				}
			}
			st := s.policy(t)
			if st.Revision != good.Revision || !st.ActivatedAt.Equal(good.ActivatedAt) || st.LastError == nil ||
				!slices.Equal(st.LastError.FailingTests, orNone(c.failing)) || !strings.Contains(p.Detail, good.Revision) {
				t.Errorf("%+v, %+v", st, p)
			}
			s.readyDetail(t, true)
			for name := range c.files {
				restore(t, dir, name)
			}
			restore(t, dir, c.remove)
			var mended status
			s.reload(t).want(t, http.StatusOK).into(t, &mended)
			if mended.Revision != good.Revision || !mended.ActivatedAt.Equal(good.ActivatedAt) || mended.LastError != nil {
				t.Errorf("mended: %+v", mended)
			}
			s.readyDetail(t, false)
		})
	}
}

// restore makes a file what it is in the shipped folder: nothing, for most.
func restore(t *testing.T, dir, name string) {
	t.Helper()
	if name == "" {
		return
	}
	if _, err := os.Stat(filepath.Join(shippedPolicies, name)); err != nil {
		discard(t, filepath.Join(dir, name))
		return
	}
	write(t, filepath.Join(dir, name), string(read(t, filepath.Join(shippedPolicies, name))))
}

func discard(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// A change that was asked for and taken back at once must not leave its mark: what is in the folder is in force.
func TestAChangeTakenBackAfterAReload(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, nil)
	s := start(t, withFlag("policies", dir))
	good, file := s.policy(t), filepath.Join(dir, "order/own.rego")
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"broken": {"package order\n\ndeny contains ] if true\n", http.StatusUnprocessableEntity},
		"sound":  {denial("order", "true"), http.StatusOK},
	} {
		for range 3 {
			write(t, file, c.text)
			s.reload(t).want(t, c.status)
			discard(t, file)
			eventually(t, name+" is forgotten", func() bool {
				st := s.policy(t)
				return st.Revision == good.Revision && st.LastError == nil
			})
		}
	}
}
