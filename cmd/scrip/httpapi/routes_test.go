package httpapi

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"scrip/engine/secret"
)

// TestOpenAPITellsEveryRoute holds the document against the routers: what is
// served is told, and what is told is served.
func TestOpenAPITellsEveryRoute(t *testing.T) {
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
	var told []string
	for path, methods := range document.Paths {
		for method := range methods {
			if slices.Contains([]string{"get", "put", "post", "delete", "patch", "head", "options"}, method) {
				told = append(told, strings.ToUpper(method)+" "+path)
			}
		}
	}
	a := &API{AdminToken: secret.Of("t"), Metrics: NewMetrics()}
	var served []string
	parameter := regexp.MustCompile(`:([a-z_]+)`)
	for _, handler := range []any{a.Data(), a.Admin()} {
		for _, route := range handler.(*gin.Engine).Routes() {
			served = append(served, route.Method+" "+parameter.ReplaceAllString(route.Path, "{$1}"))
		}
	}
	slices.Sort(told)
	slices.Sort(served)
	served = slices.Compact(served) // health and the document are on both listeners
	if !slices.Equal(told, served) {
		t.Errorf("the document and the routers differ\n told   %v\n served %v", told, served)
	}
}
