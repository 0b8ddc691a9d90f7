package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"scrip/policies"
)

// FuzzLoad throws texts at the loader as a rule, a data file and a schema. Whatever they are, it never panics: it
// refuses with faults in that folder, or gives a snapshot that can be asked.
func FuzzLoad(f *testing.F) {
	shipped, err := readFolder(policies.FS)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range shipped {
		f.Add(string(file.content), `{}`, `{}`)
	}
	for _, p := range oddPolicies {
		f.Add("package order\n\n"+p.text, `{"kinds":{"sample":{"hit":true}}}`, schema)
	}
	for _, c := range faultCases {
		f.Add(c.files["order/x.rego"], c.files["order/data.json"], c.files["schemas/order/input.json"])
	}
	f.Fuzz(func(t *testing.T, rule, data, schema string) {
		s, err := Load(t.Context(), Folder("fuzz", folder(map[string]string{
			"order/x.rego": rule, "order/data.json": data, "order/data.yaml": data, "schemas/order/input.json": schema,
		})), Options{Timeout: short}, time.Now())
		var refused *RefusedError
		switch {
		case err == nil:
			if _, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Type: "sample"}}); err != nil {
				return // not what the contract asks for, or not in time
			}
		case !errors.As(err, &refused) || len(refused.Faults) == 0:
			t.Fatalf("%T: %v", err, err)
		default:
			for _, fault := range refused.Faults {
				if fault.Message == "" || strings.Contains(fault.Message, "panic") || fault.Line < 0 {
					t.Fatalf("%+v", fault)
				}
			}
		}
	})
}
