// Policies as `opa build` packs them, from a web server.
package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"scrip/policies"
)

// packed is what `opa build policies` makes: modules under their folders, all JSON as one document.
func packed(t *testing.T, root fs.FS) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tarred := tar.NewWriter(zipped)
	add := func(name string, content []byte) {
		if err := tarred.WriteHeader(&tar.Header{Name: "/" + name, Mode: 0o600, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tarred.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	data := make(map[string]any)
	files, err := readFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if path.Ext(f.path) == ".rego" {
			add("policies/"+f.path, f.content)
			continue
		}
		var content map[string]any
		if err := json.Unmarshal(f.content, &content); err != nil {
			t.Fatal(err)
		}
		for dir := path.Dir(f.path); dir != "."; dir = path.Dir(dir) {
			content = map[string]any{path.Base(dir): content}
		}
		if err := merge(data, content, "data"); err != nil {
			t.Fatal(err)
		}
	}
	document, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	add("data.json", document)
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestABundleDecidesLikeItsFolder(t *testing.T) {
	t.Parallel()
	bundle := packed(t, policies.FS)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/policies.tar.gz" {
			http.NotFound(w, r)
			return
		}
		w.Write(bundle)
	}))
	defer server.Close()
	s, err := Load(t.Context(), Bundle(server.URL+"/policies.tar.gz?token=secret", BundleOptions{}), Options{Timeout: patience, Memo: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(s.Source, "secret") || !strings.HasSuffix(s.Source, "/policies.tar.gz") {
		t.Errorf("source %q", s.Source)
	}
	reasons, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Type: "sample"}})
	if err != nil || len(reasons) == 0 {
		t.Errorf("a sample order: %v, %v", reasons, err)
	}
	again, err := Load(t.Context(), Bundle(server.URL+"/policies.tar.gz", BundleOptions{}), Options{Timeout: patience, Memo: true}, time.Now())
	if err != nil || again.Revision != s.Revision {
		t.Errorf("the same bundle: %v", err)
	}
}

func TestWhatIsNoBundleIsRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/text":
			w.Write([]byte("not a bundle"))
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for address, want := range map[string]string{
		server.URL + "/missing":   "404",
		server.URL + "/text":      "not a bundle",
		gone.URL + "/b":           "connection refused",
		server.URL + "/\x7f":      "is no URL",
		"http://user:secret@\x00": "is no URL",
	} {
		_, err := Load(t.Context(), Bundle(address, BundleOptions{}), Options{Timeout: patience, Memo: true}, time.Now())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, Bundle(server.URL+"/slow", BundleOptions{}), Options{Timeout: patience, Memo: true}, time.Now()); err == nil {
		t.Error("a bundle after the caller left")
	}
}
