package httpapi

import (
	"math"
	"net/http"
	"time"

	"scrip/engine/policy"
)

// What each decision costs: what it looks at, how often an answer was there
// already, and what the others took.

type policyCostAnswer struct {
	Revision  string       `json:"revision"`
	Decisions []costAnswer `json:"decisions"`
}

// costAnswer counts since the revision is in force.
type costAnswer struct {
	decisionAnswer
	Asked        uint64            `json:"asked"`
	Recalled     uint64            `json:"recalled"`
	Evaluated    uint64            `json:"evaluated"`
	Errors       uint64            `json:"errors"`
	Overruns     uint64            `json:"overruns"`
	TooLong      uint64            `json:"too_long"`
	EvaluationUS *evaluationAnswer `json:"evaluation_us"`
	Entries      int               `json:"entries"`
	Bytes        uint64            `json:"bytes"`
	BytesBudget  uint64            `json:"bytes_budget"`
}

type evaluationAnswer struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
}

func (a *API) showPolicyCost(c *call) error {
	s := a.Policies.Current()
	answer := policyCostAnswer{Revision: s.Revision, Decisions: []costAnswer{}}
	for _, cost := range s.Costs() {
		answer.Decisions = append(answer.Decisions, costAnswer{
			decisionAnswer: showDecision(cost.Dependency),
			Asked:          cost.Asked(), Recalled: cost.Recalled, Evaluated: cost.Evaluated,
			Errors: cost.Errors, Overruns: cost.Overruns, TooLong: cost.TooLong,
			EvaluationUS: showEvaluation(&cost.Counts),
			Entries:      cost.Entries, Bytes: cost.Bytes, BytesBudget: cost.BytesBudget,
		})
	}
	return c.reply(http.StatusOK, answer)
}

// showEvaluation gives durations in microseconds, null without any evaluation.
func showEvaluation(c *policy.Counts) *evaluationAnswer {
	if c.Evaluated == 0 {
		return nil
	}
	return &evaluationAnswer{
		Mean: microseconds(c.Mean()), P50: microseconds(c.Quantile(.5)), P90: microseconds(c.Quantile(.9)), P99: microseconds(c.Quantile(.99)),
	}
}

// microseconds is a duration to a tenth of one.
func microseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)*10) / 10
}
