// The policies' metrics, as Prometheus reads them, from counts that the policies keep.
package httpapi

import (
	"errors"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"scrip/engine/policy"
	"scrip/policies"
)

type fakeStats struct {
	snapshot *policy.Snapshot
	failed   error
	totals   policy.Counts
}

func (f *fakeStats) Current() *policy.Snapshot { return f.snapshot }
func (f *fakeStats) LastError() error          { return f.failed }
func (f *fakeStats) Reloads() policy.Reloads {
	return policy.Reloads{Activated: 3, Unchanged: 2, Refused: 1}
}
func (f *fakeStats) Totals() map[string]policy.Counts {
	return map[string]policy.Counts{policy.OrderDeny: f.totals}
}

func TestThePoliciesMetrics(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_800_000_000_500)
	s, err := policy.Load(t.Context(), policy.Folder("folder \xff", policies.FS), policy.Options{Timeout: time.Minute, Memo: true}, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.OrderDenials(t.Context(), &policy.Facts{Order: &policy.Order{Type: "x"}}); err != nil {
		t.Fatal(err)
	}
	stats := &fakeStats{snapshot: s, totals: policy.Counts{Recalled: 90, Evaluated: 6, Errors: 4, Overruns: 1, Checks: 8, Mismatches: 7, Time: time.Second}}
	stats.totals.Took[0], stats.totals.Took[2], stats.totals.Took[len(policy.EvaluationBounds)] = 3, 2, 1
	read := func() string {
		answer := httptest.NewRecorder()
		NewMetrics(PolicyMetrics(stats)).Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		return answer.Body.String()
	}
	text := read()
	for _, want := range []string{
		`scrip_policy_reloads_total{outcome="activated"} 3`,
		`scrip_policy_reloads_total{outcome="unchanged"} 2`,
		`scrip_policy_reloads_total{outcome="refused"} 1`,
		`scrip_policy_last_reload_successful 1`,
		`scrip_policy_activated_timestamp_seconds 1.8000000005e+09`,
		`scrip_policy_info{revision="` + s.Revision + `",source="folder ` + "\uFFFD" + `"} 1`,
		`scrip_policy_decisions_total{answered="remembered",decision="data.order.deny"} 90`,
		`scrip_policy_decisions_total{answered="evaluated",decision="data.order.deny"} 6`,
		`scrip_policy_decision_errors_total{decision="data.order.deny",kind="error"} 4`,
		`scrip_policy_decision_errors_total{decision="data.order.deny",kind="deadline"} 1`,
		`scrip_policy_shadow_checks_total{decision="data.order.deny"} 8`,
		`scrip_policy_shadow_mismatches_total{decision="data.order.deny"} 7`,
		`scrip_policy_evaluation_duration_seconds_bucket{decision="data.order.deny",le="1e-05"} 3`,
		`scrip_policy_evaluation_duration_seconds_bucket{decision="data.order.deny",le="5e-05"} 5`,
		`scrip_policy_evaluation_duration_seconds_bucket{decision="data.order.deny",le="0.5"} 5`,
		`scrip_policy_evaluation_duration_seconds_bucket{decision="data.order.deny",le="+Inf"} 6`,
		`scrip_policy_evaluation_duration_seconds_sum{decision="data.order.deny"} 1`,
		`scrip_policy_remembered_entries{decision="data.order.deny"} 1`,
		`scrip_policy_remembered_entries{decision="data.grant.campaigns"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	weight := regexp.MustCompile(`scrip_policy_remembered_bytes\{decision="data.order.deny"\} [1-9]`)
	for deadline := time.Now().Add(time.Minute); !weight.MatchString(read()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the memory of an answer is never told") // it is weighed a moment later
		}
	}
	stats.failed = errors.New("broken")
	if !strings.Contains(read(), "scrip_policy_last_reload_successful 0\n") {
		t.Error("a refused load is not told")
	}
	strict := prometheus.NewPedanticRegistry() // what is collected is what was described
	strict.MustRegister(PolicyMetrics(stats))
	if families, err := strict.Gather(); err != nil || len(families) != 11 {
		t.Errorf("%d families, %v", len(families), err)
	}
}
