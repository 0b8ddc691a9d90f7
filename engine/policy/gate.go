package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
)

// Bounds on a folder's tests. The shipped ones take a fraction of a second
// together; a machine that is busy with other things is no reason to refuse
// them, so the bound on all is far above that, and one that never ends is
// stopped by its own.
const (
	testTimeout  = 5 * time.Second
	testsTimeout = 30 * time.Second
)

// gate lets pass what its own tests let pass.
func gate(ctx context.Context, source string, files []file, store storage.Store) error {
	modules, tests := make(map[string]*ast.Module), make(map[string]*ast.Module)
	var broken parseErrors
	for _, f := range files {
		var err error
		switch {
		case isTest(f.path):
			err = addModule(tests, f)
		case path.Ext(f.path) == ".rego":
			err = addModule(modules, f)
		}
		if err != nil {
			broken = append(broken, err)
		}
	}
	if len(broken) > 0 {
		return refused(source, broken)
	}
	faults, failing, err := runTests(ctx, modules, tests, store)
	if err != nil {
		return refused(source, err)
	}
	if len(faults) > 0 {
		return &RefusedError{Source: source, Faults: faults, FailingTests: failing}
	}
	return nil
}

// runTests runs the folder's own tests, as `opa test` would, over the modules
// and the data that are about to be activated. It gives a fault for each that
// does not pass, and their names.
func runTests(ctx context.Context, modules, tests map[string]*ast.Module, store storage.Store) (faults []Fault, failing []string, err error) {
	if len(tests) == 0 {
		return nil, nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, testsTimeout, ErrDeadline)
	defer cancel()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer store.Abort(ctx, txn)
	all := maps.Clone(modules)
	maps.Copy(all, tests)
	results, err := tester.NewRunner().
		SetCompiler(ast.NewCompiler().WithCapabilities(testCapabilities())).
		SetStore(store).SetModules(all).SetTimeout(testTimeout).
		RunTests(ctx, txn)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range failed(results) {
		name := r.Package + "." + r.Name
		fault := Fault{Message: "test failed: " + name}
		if r.Error != nil {
			fault.Message = fmt.Sprintf("test failed: %s: %v", name, r.Error)
		}
		if r.Location != nil {
			fault.File, fault.Line, fault.Column = r.Location.File, r.Location.Row, r.Location.Col
		}
		faults = append(faults, fault)
		failing = append(failing, name)
	}
	if ctx.Err() != nil && len(faults) == 0 {
		return nil, nil, fmt.Errorf("the folder's tests take longer than %s: %w", testsTimeout, context.Cause(ctx))
	}
	return faults, failing, nil
}

// failed are the tests that do not pass, in the order of the files: they run
// side by side.
func failed(results chan *tester.Result) (list []*tester.Result) {
	for r := range results {
		if r.Fail || r.Error != nil {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *tester.Result) int {
		return cmp.Or(a.Location.Compare(b.Location), strings.Compare(a.Name, b.Name))
	})
	return list
}

// testCapabilities is what tests may call besides: everything of this OPA that
// gives the same answer each time.
func testCapabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return b.Nondeterministic })
	c.AllowNet = []string{}
	return c
}
