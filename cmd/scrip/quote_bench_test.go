package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkQuote prices the bulk order through the whole data listener, without
// the network: as the same order again, and as a new one each time.
func BenchmarkQuote(b *testing.B) {
	body, err := os.ReadFile(filepath.Join("../../deploy/examples", "01-bulk-dropshipping.json"))
	if err != nil {
		b.Fatal(err)
	}
	for _, fresh := range []bool{false, true} {
		b.Run(map[bool]string{false: "again", true: "new"}[fresh], func(b *testing.B) {
			s := settings{listen: "127.0.0.1:0", adminListen: "127.0.0.1:0", dataFolder: b.TempDir(), quoteTTL: time.Minute, memo: true}
			a, err := openApp(b.Context(), s, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err != nil {
				b.Fatal(err)
			}
			go a.api.Book.Watch(b.Context())
			defer a.close()
			handler := a.api.Data()
			post := func(path string, body []byte, want int) {
				r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if handler.ServeHTTP(w, r); w.Code != want {
					b.Fatal(w.Code, w.Body)
				}
			}
			post("/v1/customers/c-2001/registrations", []byte("{}"), http.StatusCreated)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				order := body
				if fresh {
					order = bytes.Replace(body, []byte("CJ-240817-0093"), fmt.Appendf(nil, "CJ-%d", i), 1)
				}
				post("/v1/quotes", order, http.StatusCreated)
			}
		})
	}
}
