// Servers and archives that would hurt: each costs a bounded time and memory, and a refusal.
package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestServersThatMisbehaveAreRefused(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "not a bundle") })
	mux.HandleFunc("/unasked", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "short")
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for chunk := make([]byte, 1<<20); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxBundleHeaderBytes))
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/dripping", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "\x1f")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for path, want := range map[string]string{
		"/missing": "404 Not Found", "/text": "not a bundle that opa build makes", "/unasked": "304", "/short": "unexpected EOF",
		"/endless": "larger than", "/headers": "header", "/loop": "more than 5 redirects", "/\x7f": "is no URL",
		"/slow": "not done within", "/dripping": "not done within",
	} {
		source := Bundle(server.URL+path, BundleOptions{}).(*bundleURL)
		if want == "not done within" {
			source.client.Timeout = short
		}
		if _, err := load(t, source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(gone, Bundle(server.URL+"/slow", BundleOptions{}), Options{}, time.Now()); err == nil {
		t.Error("a bundle after the caller left")
	}
}

func TestARedirectNeverLeavesEncryption(t *testing.T) {
	t.Parallel()
	plain := serve(t, []byte("secret policies"))
	private := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(private.Close)
	source := Bundle(private.URL, BundleOptions{}).(*bundleURL)
	source.client.Transport = private.Client().Transport
	if _, err := load(t, source); err == nil || !strings.Contains(err.Error(), "from https to http") || len(plain.seen) != 0 {
		t.Errorf("%v", err)
	}
}

// claims is an archive whose one file is said to be larger than it is.
func claims(t *testing.T, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tarred := tar.NewWriter(zipped)
	if err := tarred.WriteHeader(&tar.Header{Name: "/data.json", Size: size}); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil { // and tarred never
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestArchivesThatWouldHurtAreRefused(t *testing.T) {
	t.Parallel()
	var many, heavy []entry
	for i := range maxFiles + 1 {
		many = append(many, entry{fmt.Sprintf("/f%d/data.json", i), "{}"})
	}
	for i := range maxBytes/maxFileBytes + 1 {
		heavy = append(heavy, entry{fmt.Sprintf("/f%d/data.json", i), "{}" + strings.Repeat(" ", maxFileBytes-2)})
	}
	whole := archived(t, []entry{{"/data.json", "{}"}})
	for name, c := range map[string]struct {
		packed []byte
		want   string
	}{
		"nothing":                  {nil, "EOF"},
		"half of one":              {whole[:len(whole)/2], "EOF"},
		"a damaged one":            {append(append([]byte{}, whole[:len(whole)-8]...), 0, 0, 0, 0, 0, 0, 0, 0), "checksum"},
		"no archive":               {zipped(t, "no archive"), "not a bundle"},
		"too many files":           {archived(t, many), "more than 2000 files"},
		"a file too large":         {archived(t, []entry{{"/data.json", strings.Repeat(" ", maxFileBytes+1)}}), "data.json: larger than"},
		"a file said to be huge":   {claims(t, 1<<60), "data.json: larger than"},
		"too much together":        {archived(t, heavy), "bytes unpacked"},
		"a name that leads out":    {archived(t, []entry{{"../../etc/data.json", "{}"}}), `"../../etc/data.json"`},
		"a name that leads around": {archived(t, []entry{{"/order/../../x.yaml", "a: 1"}}), `"/order/../../x.yaml"`},
		"two of a name":            {archived(t, []entry{{"/order/x.rego", "package x"}, {"../order//./x.rego", "package y"}}), "two files are named order/x.rego"},
		"data that is no JSON":     {archived(t, []entry{{"/data.json", "{"}}), "data.json"},
		"data that is a list":      {archived(t, []entry{{"/data.json", "[]"}}), "data.json"},
	} {
		if files, err := readBundle(c.packed, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d files, %v, want %q", name, len(files), err, c.want)
		}
	}
	if files, err := readBundle(whole, nil); err != nil || len(files) != 1 {
		t.Errorf("a whole one: %v, %v", files, err)
	}
	files, err := readBundle(archived(t, []entry{{"/../../policies/order.rego", "package order"}}), nil) // as `opa build ../../policies` has it
	if err != nil || len(files) != 2 || files[1].path != "policies/order.rego" {
		t.Errorf("built from beside: %v, %v", files, err)
	}
}

func zipped(t *testing.T, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, strings.Repeat(content, 100)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzReadBundle throws archives at the reader, whole ones and broken ones: it refuses or gives files, and never panics.
func FuzzReadBundle(f *testing.F) {
	f.Add([]byte("no archive"), "/data.json", `{"schemas":{"order":{"type":"object"}}}`)
	f.Add([]byte{}, "/order/x.rego", "package order")
	f.Add([]byte{}, "/.manifest", `{"roots":["order"],"rego_version":0}`)
	f.Add([]byte{}, "/.signatures.json", `{"signatures":["a.b.c"]}`)
	f.Add([]byte{}, "/patch.json", `{"data":[]}`)
	key := &BundleKey{Key: "secret", Algorithm: "HS256"}
	f.Fuzz(func(t *testing.T, packed []byte, name, content string) {
		if len(packed) == 0 && name != "" && !strings.Contains(name, "\x00") && !strings.HasSuffix(name, "/") { // a folder has no content
			packed = archived(t, []entry{{name, content}})
		}
		_, _ = readBundle(packed, nil)
		if _, err := readBundle(packed, key); err == nil {
			t.Error("a bundle that nobody signed")
		}
	})
}
