// Requests and answers. Every answer, expected or not, is held against the common conventions (Contract §3) and against
// the sidecar's own OpenAPI document before the test looks at it.
package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// call is one request; the zero value of each field is the usual thing.
type call struct {
	method    string // POST
	path      string // as sent, percent-encoding kept
	body      string
	admin     bool   // the admin listener, else the data listener
	key       string // Idempotency-Key
	mediaType string // application/json where there is a body; "none" sends no Content-Type
	auth      string // Authorization; "none" sends none; the listener's own token else
	chunked   bool   // without Content-Length
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *sidecar) post(t testing.TB, path, body string) answer {
	t.Helper()
	return s.do(t, call{path: path, body: body})
}

func (s *sidecar) get(t testing.TB, path string) answer {
	t.Helper()
	return s.do(t, call{method: http.MethodGet, path: path})
}

func (s *sidecar) admin(t testing.TB, method, path, body string) answer {
	t.Helper()
	return s.do(t, call{method: method, path: path, body: body, admin: true})
}

// do sends the call and checks the answer's shape.
func (s *sidecar) do(t testing.TB, c call) answer {
	t.Helper()
	a, err := s.send(c)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	if err := a.shapeFault(c); err != nil {
		t.Errorf("%s %s: %v\n%d %s", c.verb(), c.path, err, a.status, clip(a.body))
	}
	loadOpenAPI(s)
	if !a.unrouted() {
		if err := checkOpenAPI(c.verb(), c.path, a.status, a.body); err != nil {
			t.Errorf("%s %s answers what /openapi.json does not describe: %v\n%d %s", c.verb(), c.path, err, a.status, clip(a.body))
		}
	}
	return a
}

func (c call) verb() string {
	if c.method == "" {
		return http.MethodPost
	}
	return c.method
}

// send is do without the checks; tests that fire many requests at once use it from their goroutines.
func (s *sidecar) send(c call) (answer, error) {
	req, err := s.request(c)
	if err != nil {
		return answer{}, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: body}, err
}

func (s *sidecar) request(c call) (*http.Request, error) {
	base, token := s.data, s.dataToken
	if c.admin {
		base, token = s.control, s.adminToken
	}
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
		if c.chunked {
			body = struct{ io.Reader }{body} // an unknown length
		}
	}
	req, err := http.NewRequest(c.verb(), base+c.path, body)
	if err != nil {
		return nil, err
	}
	switch {
	case c.mediaType == "none" || c.mediaType == "" && c.body == "":
	case c.mediaType == "":
		req.Header.Set("Content-Type", "application/json")
	default:
		req.Header.Set("Content-Type", c.mediaType)
	}
	if c.auth == "" && token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	} else if c.auth != "" && c.auth != "none" {
		req.Header.Set("Authorization", c.auth)
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	return req, nil
}

// problem is the body of every refusal (Contract §3).
type problem struct {
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Code      string   `json:"code"`
	RequestID string   `json:"request_id"`
	Errors    []fault  `json:"errors"`
	Reasons   []reason `json:"reasons"`
}

// fault names what is wrong: a place in the body by its pointer or (interpretation: the contract shows pointers only)
// a query or path parameter or a header, which has no place in the body, by its name.
type fault struct {
	Pointer   *string `json:"pointer"`
	Parameter string  `json:"parameter"`
	Detail    string  `json:"detail"`
}

// place is the pointer, or "parameter NAME".
func (f fault) place() string {
	if f.Pointer == nil {
		return "parameter " + f.Parameter
	}
	return *f.Pointer
}

type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// shapeFault checks what is common to all answers: the request id, the media type, the problem.
func (a answer) shapeFault(c call) error {
	id := a.header.Get("X-Request-Id")
	if id == "" {
		return fmt.Errorf("no X-Request-Id")
	}
	if a.status == http.StatusNoContent {
		if len(a.body) > 0 {
			return fmt.Errorf("204 with a body")
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type: %w", err)
	}
	if a.status < 400 {
		if strings.HasPrefix(c.path, "/v1/") || strings.HasPrefix(c.path, "/admin/") {
			if mediaType != "application/json" || !json.Valid(a.body) {
				return fmt.Errorf("want JSON, got %s", mediaType)
			}
		}
		return nil
	}
	if mediaType != "application/problem+json" {
		return fmt.Errorf("an error as %s", mediaType)
	}
	return a.problemFault(id)
}

func (a answer) problemFault(requestID string) error {
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		return fmt.Errorf("not a problem: %w", err)
	}
	switch {
	case p.Title == "" || p.Detail == "" || p.Code == "":
		return fmt.Errorf("a problem without title, detail or code")
	case p.Status != a.status:
		return fmt.Errorf("the problem says %d, the status line %d", p.Status, a.status)
	case p.RequestID != requestID:
		return fmt.Errorf("request_id %q, X-Request-Id %q", p.RequestID, requestID)
	}
	for _, f := range p.Errors {
		if f.Pointer == nil && f.Parameter == "" || f.Pointer != nil && *f.Pointer != "" && !strings.HasPrefix(*f.Pointer, "/") {
			return fmt.Errorf("a fault without a JSON Pointer")
		}
	}
	for _, r := range p.Reasons {
		if r.Code == "" || r.Message == "" {
			return fmt.Errorf("a reason without code or message")
		}
	}
	return nil
}

// unrouted says whether the answer is that there is no such route or method here, which no document declares.
func (a answer) unrouted() bool {
	var p problem
	return a.status >= 400 && json.Unmarshal(a.body, &p) == nil && (p.Code == "route.not_found" || p.Code == "route.method")
}

// want insists on the status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("want status %d, got %d: %s", status, a.status, clip(a.body))
	}
	return a
}

// refusal insists on a problem with status and code.
func (a answer) refusal(t testing.TB, status int, code string) problem {
	t.Helper()
	a.want(t, status)
	var p problem
	a.into(t, &p)
	if p.Code != code {
		t.Fatalf("want code %s, got %s: %s", code, p.Code, clip(a.body))
	}
	return p
}

// invalid insists on 422 request.invalid with a fault at one of the pointers. A pointer that ends in "*" stands for
// itself and all below; with none given any pointer will do, but there must be one.
func (a answer) invalid(t testing.TB, pointers ...string) {
	t.Helper()
	p := a.refusal(t, http.StatusUnprocessableEntity, "request.invalid")
	if len(p.Errors) == 0 {
		t.Fatalf("no JSON Pointer: %s", clip(a.body))
	}
	matches := func(want, got string) bool {
		under, open := strings.CutSuffix(want, "*")
		return got == want || open && (got == under || strings.HasPrefix(got, under+"/"))
	}
	for _, f := range p.Errors {
		if f.Pointer == nil {
			continue
		}
		if len(pointers) == 0 || slices.ContainsFunc(pointers, func(want string) bool { return matches(want, *f.Pointer) }) {
			return
		}
	}
	t.Errorf("want a fault at %q: %s", pointers, clip(a.body))
}

// into decodes the body, unknown fields allowed.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("decoding into %v: %v: %s", reflect.TypeOf(v), err, clip(a.body))
	}
}

// codes of reasons, sorted, for comparing as a set.
func codes(rs []reason) []string {
	list := make([]string, 0, len(rs))
	for _, r := range rs {
		list = append(list, r.Code)
	}
	slices.Sort(list)
	return list
}

func clip(b []byte) string {
	const most = 1500
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}
