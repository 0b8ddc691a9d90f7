// The sidecar's own OpenAPI document as a judge: a status or a body that it does not declare is a failure.
package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// checkOpenAPI says why the document does not allow this answer. It is set by the first answer of a run.
var checkOpenAPI func(method, path string, status int, body []byte) error

var openAPIOnce sync.Once

// loadOpenAPI fetches /openapi.json once a run. Interpretation: the contract does not say which listener serves it;
// the data listener is asked first, then the admin listener.
func loadOpenAPI(s *sidecar) {
	openAPIOnce.Do(func() {
		a, err := s.send(call{method: http.MethodGet, path: "/openapi.json"})
		if err == nil && a.status == http.StatusNotFound {
			a, err = s.send(call{method: http.MethodGet, path: "/openapi.json", admin: true})
		}
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("GET /openapi.json: %d", a.status)
		}
		judge := &openAPI{schemas: map[string]*jsonschema.Schema{}}
		if err == nil {
			err = judge.load(a.body)
		}
		checkOpenAPI = judge.check
		if err != nil {
			checkOpenAPI = func(string, string, int, []byte) error { return err }
		}
	})
}

type openAPI struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	schemas  map[string]*jsonschema.Schema // by location
}

const openAPIBase = "http://scrip.invalid/openapi.json"

func (o *openAPI) load(body []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("/openapi.json: %w", err)
	}
	o.doc, _ = doc.(map[string]any)
	if version, _ := o.doc["openapi"].(string); !strings.HasPrefix(version, "3.1") {
		return fmt.Errorf("/openapi.json: openapi is %q, want 3.1", version)
	}
	o.compiler = jsonschema.NewCompiler()
	o.compiler.AssertFormat()
	return o.compiler.AddResource(openAPIBase, doc)
}

// check finds the operation, the response and the schema, and validates.
func (o *openAPI) check(method, path string, status int, body []byte) error {
	template, ok := o.template(path)
	if !ok {
		return fmt.Errorf("no such path")
	}
	at := "/paths/" + escape(template) + "/" + strings.ToLower(method) + "/responses"
	responses, at := o.resolve(at)
	if responses == nil {
		return fmt.Errorf("%s has no %s", template, method)
	}
	declared := ""
	for _, name := range []string{strconv.Itoa(status), strconv.Itoa(status/100) + "XX"} {
		if _, ok := responses[name]; ok && declared == "" {
			declared = name
		}
	}
	if declared == "" { // a "default" would allow anything, so it does not count
		return fmt.Errorf("%s %s declares no status %d", method, template, status)
	}
	response, at := o.resolve(at + "/" + declared)
	content, _ := response["content"].(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("status %d is declared without a body", status)
		}
		return nil
	}
	mediaType := "application/json"
	if status >= 400 {
		mediaType = "application/problem+json"
	}
	if _, ok := content[mediaType]; !ok {
		if status < 400 && !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/admin/") {
			return nil // metrics and the like are not JSON
		}
		return fmt.Errorf("status %d is declared without %s", status, mediaType)
	}
	return o.validate(at+"/content/"+escape(mediaType)+"/schema", body)
}

func (o *openAPI) validate(at string, body []byte) error {
	o.mu.Lock()
	schema, ok := o.schemas[at]
	if !ok {
		var err error
		if schema, err = o.compiler.Compile(openAPIBase + "#" + at); err != nil {
			o.mu.Unlock()
			return fmt.Errorf("the schema at %s: %w", at, err)
		}
		o.schemas[at] = schema
	}
	o.mu.Unlock()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// template finds the declared path of a request: a literal segment is a better match than a parameter.
func (o *openAPI) template(path string) (string, bool) {
	path, _, _ = strings.Cut(path, "?")
	paths, _ := o.doc["paths"].(map[string]any)
	best, score := "", -1
	for template := range paths {
		if n := fits(template, path); n > score {
			best, score = template, n
		}
	}
	return best, score >= 0
}

// fits counts the literal segments that agree, or is -1 where the path is not of this template.
func fits(template, path string) int {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return -1
	}
	literal := 0
	for i := range want {
		switch {
		case want[i] == got[i]:
			literal++
		case !strings.HasPrefix(want[i], "{") || got[i] == "":
			return -1
		}
	}
	return literal
}

// resolve walks a pointer in the document, following each $ref, and returns the object with where it really is.
func (o *openAPI) resolve(pointer string) (map[string]any, string) {
	node, at := o.doc, ""
	for _, token := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		next, ok := node[unescape(token)].(map[string]any)
		if !ok {
			return nil, ""
		}
		node, at = next, at+"/"+token
		if ref, ok := node["$ref"].(string); ok && strings.HasPrefix(ref, "#/") {
			if node, at = o.resolve(ref[1:]); node == nil {
				return nil, ""
			}
		}
	}
	return node, at
}

func escape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}

func unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

// judgeDocument is a small document with all that the judge must follow: parameters, references, wildcards.
const judgeDocument = `{"openapi":"3.1.0","paths":{"/v1/things/{id}":{"get":{"responses":{
  "200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},
  "4XX":{"$ref":"#/components/responses/Fault"}}}}},
 "components":{"schemas":{"Thing":{"type":"object","required":["id"],"additionalProperties":false,"properties":{"id":{"type":"string"}}},
   "Fault":{"type":"object","required":["code"]}},
  "responses":{"Fault":{"content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Fault"}}}}}}}`

func TestTheJudgeRefusesWhatADocumentDoesNotDeclare(t *testing.T) {
	t.Parallel()
	judge := &openAPI{schemas: map[string]*jsonschema.Schema{}}
	if err := judge.load([]byte(judgeDocument)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		status       int
		body         string
		allowed      bool
	}{
		{"GET", "/v1/things/a%2Fb?x=1", 200, `{"id":"a/b"}`, true},
		{"GET", "/v1/things/a", 200, `{"id":1}`, false},
		{"GET", "/v1/things/a", 200, `{"id":"a","more":1}`, false},
		{"GET", "/v1/things/a", 404, `{"code":"x"}`, true},
		{"GET", "/v1/things/a", 404, `{}`, false},
		{"GET", "/v1/things/a", 201, `{"id":"a"}`, false},
		{"POST", "/v1/things/a", 200, `{"id":"a"}`, false},
		{"GET", "/v1/things", 200, `{"id":"a"}`, false},
	} {
		if err := judge.check(c.method, c.path, c.status, []byte(c.body)); (err == nil) != c.allowed {
			t.Errorf("%s %s %d %s: allowed should be %v, got %v", c.method, c.path, c.status, c.body, c.allowed, err)
		}
	}
}
