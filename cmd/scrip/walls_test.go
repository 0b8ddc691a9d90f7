package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestWalls keeps what each room of the house may know of: one direction, and
// every heavy dependency behind one package.
func TestWalls(t *testing.T) {
	imports := importsOf(t)
	only := map[string][]string{ // who may import what directly
		"github.com/gin-gonic/gin":            {"scrip/cmd/scrip/httpapi"},
		"github.com/open-policy-agent/opa":    {"scrip/engine/policy"},
		"github.com/redis/go-redis":           {"scrip/cache", "scrip/cache/redistest"},
		"github.com/sony/gobreaker":           {"scrip/cache"},
		"github.com/Shopify/toxiproxy":        {"scrip/cache/redistest"},
		"scrip/cache/redistest":               {}, // tests
		"database/sql":                        {"scrip/engine/ledger/sqlstore"},
		"modernc.org/sqlite":                  {"scrip/engine/ledger/sqlstore"},
		"github.com/jackc/pgx":                {"scrip/engine/ledger/sqlstore", "scrip/engine/ledger/sqlstore/pgtest"},
		"github.com/pressly/goose":            {"scrip/engine/ledger/sqlstore"},
		"scrip/cache":                         {"scrip/cmd/scrip"},
		"scrip/policies":                      {"scrip/cmd/scrip"},
		"scrip/engine/ledger/sqlstore":        {"scrip/cmd/scrip"},
		"scrip/engine/ledger/sqlstore/pgtest": {}, // tests
		"scrip/engine/policy/policytest":      {}, // tests
	}
	for pkg, direct := range imports {
		for _, imported := range direct {
			for wall, allowed := range only {
				if within(imported, wall) && pkg != wall && !slices.Contains(allowed, pkg) {
					t.Errorf("%s imports %s; only %v may", pkg, imported, allowed)
				}
			}
		}
	}
	for pkg, rooms := range map[string][]string{ // what a room may know of scrip, directly or not
		"scrip/engine/refusal": {},
		"scrip/engine/secret":  {},
		"scrip/engine/keys":    {"scrip/engine/secret"},
		"scrip/engine/money":   {},
		"scrip/engine/pricing": {"scrip/engine/money"},
		"scrip/engine/policy":  {"scrip/engine/refusal"},
		"scrip/engine/ledger":  {"scrip/engine/keys", "scrip/engine/money", "scrip/engine/pricing", "scrip/engine/refusal", "scrip/engine/secret"},
		"scrip/engine": {"scrip/engine/keys", "scrip/engine/ledger", "scrip/engine/money", "scrip/engine/policy",
			"scrip/engine/pricing", "scrip/engine/refusal", "scrip/engine/secret"},
	} {
		for _, known := range reach(imports, pkg) {
			if strings.HasPrefix(known, "scrip/") && !slices.Contains(rooms, known) {
				t.Errorf("%s knows of %s", pkg, known)
			}
		}
	}
	for _, pure := range []string{"scrip/engine/money", "scrip/engine/pricing"} {
		for _, imported := range imports[pure] {
			if strings.Contains(imported, ".") && imported != "github.com/shopspring/decimal" {
				t.Errorf("%s imports %s", pure, imported)
			}
		}
		for _, impure := range []string{"context", "os", "net", "io", "math/rand/v2", "crypto/rand"} {
			if slices.Contains(imports[pure], impure) {
				t.Errorf("%s imports %s and is not pure", pure, impure)
			}
		}
	}
}

// importsOf lists the direct imports of every package of scrip, tests left out.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "scrip/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		imports[fields[0]] = fields[1:]
	}
	if len(imports["scrip/engine"]) == 0 {
		t.Fatal("go list told nothing of scrip/engine")
	}
	return imports
}

// reach is everything a package imports, and so on.
func reach(imports map[string][]string, pkg string) (all []string) {
	seen := map[string]bool{pkg: true}
	for queue := imports[pkg]; len(queue) > 0; queue = queue[1:] {
		if !seen[queue[0]] {
			seen[queue[0]] = true
			all = append(all, queue[0])
			queue = append(queue, imports[queue[0]]...)
		}
	}
	return all
}

// within reports whether a package is a module or package, or below it.
func within(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }
