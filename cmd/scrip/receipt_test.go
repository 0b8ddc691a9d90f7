// Receipts against golden files: NAME.order.json and NAME.quote.json make NAME.receipt.txt and NAME.short.txt.
package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// golden compares text with a file; UPDATE_GOLDEN=1 writes the file instead.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs (UPDATE_GOLDEN=1 rewrites it). Got:\n%s\nwant:\n%s", file, text, want)
	}
}

// readReceipt reads NAME.order.json and NAME.quote.json.
func readReceipt(t *testing.T, name string) receipt {
	t.Helper()
	r := receipt{quote: &quoteAnswer{}, p: painter{width: pageWidth}}
	body, err := os.ReadFile(filepath.Join("testdata", name+".quote.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, r.quote); err != nil {
		t.Fatal(err)
	}
	order, err := os.ReadFile(filepath.Join("testdata", name+".order.json"))
	if err != nil {
		t.Fatal(err)
	}
	r.order = readOrder(order)
	return r
}

func TestReceiptsAreAsTheirGoldenFiles(t *testing.T) {
	quotes, err := filepath.Glob("testdata/*.quote.json")
	if err != nil || len(quotes) == 0 {
		t.Fatalf("no quotes: %v", err)
	}
	for _, file := range quotes {
		name := strings.TrimSuffix(filepath.Base(file), ".quote.json")
		t.Run(name, func(t *testing.T) {
			r := readReceipt(t, name)
			golden(t, filepath.Join("testdata", name+".receipt.txt"), r.full())
			golden(t, filepath.Join("testdata", name+".short.txt"), r.short())
		})
	}
}
