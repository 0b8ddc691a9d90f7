// GET /admin/v1/policy/cost and the policies' metrics count what a checkout asked.
package e2e

import (
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
)

type policyCost struct {
	Revision  string
	Decisions []struct {
		Name                       string
		DependsOn                  []string `json:"depends_on"`
		Asked, Recalled, Evaluated int
		Entries                    int
		EvaluationUS               *struct{ Mean, P50, P90, P99 float64 } `json:"evaluation_us"`
	}
}

func TestTheCostOfDecisionsIsCounted(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, nil)
	s := start(t, withFlag("policies", dir))
	const customers = 20
	quoteAll := func() {
		for range customers {
			s.quote(t, orderOf(t, unique("c")))
		}
	}
	cost := func() (c policyCost) {
		s.admin(t, http.MethodGet, "/admin/v1/policy/cost", "").want(t, http.StatusOK).into(t, &c)
		return c
	}
	quoteAll()
	before := cost()
	order, product := before.Decisions[0], before.Decisions[1]
	if order.Name != "data.order.deny" || order.Asked != customers || order.Recalled+order.Evaluated != customers || order.Entries != order.Evaluated {
		t.Errorf("%+v", order)
	}
	if product.Name != "data.product.deny" || product.Asked != customers || product.Evaluated != 1 || product.Recalled != customers-1 ||
		product.EvaluationUS == nil || product.EvaluationUS.Mean <= 0 || product.EvaluationUS.P99 < product.EvaluationUS.P50 {
		t.Errorf("its products are of a kind: %+v", product)
	}
	if grant := before.Decisions[3]; grant.Asked != 0 || grant.EvaluationUS != nil || before.Revision != s.policy(t).Revision {
		t.Errorf("%+v", before)
	}

	write(t, filepath.Join(dir, "order/house.rego"), denial("order", "input.order.id == \"never\""))
	s.reload(t).want(t, http.StatusOK)
	quoteAll()
	after := cost()
	if got := after.Decisions[1]; got.Asked != customers || got.Evaluated != 1 || after.Revision == before.Revision {
		t.Errorf("counts begin with the revision: %+v", after)
	}
	remembered, _ := strconv.Atoi(s.metric(t, `scrip_policy_decisions_total{answered="remembered",decision="data.product.deny"}`))
	evaluated, _ := strconv.Atoi(s.metric(t, `scrip_policy_decisions_total{answered="evaluated",decision="data.product.deny"}`))
	if remembered != 2*(customers-1) || evaluated != 2 || s.metric(t, `scrip_policy_evaluation_duration_seconds_count{decision="data.product.deny"}`) != "2" {
		t.Errorf("metrics go on: %d remembered, %d evaluated", remembered, evaluated)
	}
	if s.metric(t, `scrip_policy_info{revision="`+after.Revision+`",source="`+dir+`"}`) != "1" {
		t.Error("the revision in force")
	}
}
