package httpapi

import (
	_ "embed"
	"errors"
	"net/http"

	"scrip/engine/policy"
	"scrip/engine/refusal"
)

// What operators ask: is it alive, is it ready, which policies are active.

type healthAnswer struct {
	Status string `json:"status"`
}

type readyAnswer struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

const checkOK = "ok"

// ready answers 200 when the ledger can be read and a policy is active, else
// 503 with what is missing.
func (a *API) ready(c *call) error {
	checks := map[string]string{"ledger": checkOK, "policy": checkOK}
	answer, status := readyAnswer{Status: "ready", Checks: checks}, http.StatusOK
	if err := a.Book.Ready(c.gin.Request.Context()); err != nil {
		_ = c.gin.Error(err)
		checks["ledger"] = "cannot be read and written"
		answer.Status, status = "not_ready", http.StatusServiceUnavailable
	}
	if a.Policies.LastError() != nil {
		checks["policy"] = "ok; the last change was refused, see GET /admin/v1/policy"
	}
	return c.reply(status, answer)
}

//go:embed openapi.json
var openAPI []byte

func serveOpenAPI(c *call) error {
	c.gin.Data(http.StatusOK, jsonType, openAPI)
	return nil
}

type policyAnswer struct {
	Revision    string           `json:"revision"`
	Source      string           `json:"source"`
	ActivatedAt *string          `json:"activated_at"`
	Decisions   []decisionAnswer `json:"decisions"`
	LastError   *policyFault     `json:"last_error"`
}

type decisionAnswer struct {
	Name       string   `json:"name"`
	DependsOn  []string `json:"depends_on"`
	Remembered bool     `json:"remembered"`
}

type policyFault struct {
	Message      string   `json:"message"`
	File         string   `json:"file"`
	Line         int      `json:"line"`
	Column       int      `json:"column"`
	FailingTests []string `json:"failing_tests"`
}

func (a *API) showPolicy(c *call) error {
	s := a.Policies.Current()
	answer := policyAnswer{
		Revision: s.Revision, Source: s.Source, ActivatedAt: formatInstant(s.ActivatedAt),
		LastError: showPolicyError(a.Policies.LastError()),
	}
	for _, d := range s.Dependencies() {
		answer.Decisions = append(answer.Decisions, showDecision(d))
	}
	return c.reply(http.StatusOK, answer)
}

func showDecision(d policy.Dependency) decisionAnswer {
	shown := decisionAnswer{Name: dataPath(d.Name), DependsOn: make([]string, 0, len(d.DependsOn)), Remembered: d.Remembered}
	for _, path := range d.DependsOn {
		shown.DependsOn = append(shown.DependsOn, inputPath(path))
	}
	return shown
}

// dataPath is a decision as authors and the contract name it.
func dataPath(decision string) string { return "data." + decision }

func inputPath(path string) string {
	if path == "" {
		return "input"
	}
	return "input." + path
}

func showPolicyError(err error) *policyFault {
	if err == nil {
		return nil
	}
	shown := &policyFault{Message: err.Error(), FailingTests: []string{}}
	var refused *policy.RefusedError
	if errors.As(err, &refused) && len(refused.Faults) > 0 {
		first := refused.Faults[0]
		shown.Message, shown.File, shown.Line, shown.Column = first.Message, first.File, first.Line, first.Column
		shown.FailingTests = append(shown.FailingTests, refused.FailingTests...)
	}
	return shown
}

// reloadPolicy loads the policies at once and shows the outcome.
func (a *API) reloadPolicy(c *call) error {
	if err := c.decodeNothing(); err != nil {
		return err
	}
	err := a.Policies.Reload(c.gin.Request.Context())
	if err == nil {
		return a.showPolicy(c)
	}
	answer := refusal.New(policyRefused, "the policies were refused; revision %s stays active", a.Policies.Current().Revision)
	var refused *policy.RefusedError
	if errors.As(err, &refused) {
		for _, f := range refused.Faults {
			answer.Faults = append(answer.Faults, refusal.Fault{Detail: f.String()})
		}
	} else {
		answer.Faults = append(answer.Faults, refusal.Fault{Detail: err.Error()})
	}
	return answer
}
