package policy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Options are how a snapshot decides.
type Options struct {
	Timeout time.Duration // of one evaluation
	Memo    bool          // answers are remembered
	Tests   bool          // the source's own _test.rego must pass
	// Evaluators run the evaluations; nil starts a goroutine for each.
	Evaluators *Evaluators
	// Alarm is told of a decision that was found to see more of its input than
	// was thought. It must not block.
	Alarm func(decision string)
}

// Load reads the policies of a source and makes it ready to decide: parsed as Rego v1,
// compiled strictly with the allowed builtins only and type-checked against
// the folder's schemas, every decision present. Whatever is wrong comes back
// as a [*RefusedError] with all faults found at that step.
func Load(ctx context.Context, from Source, options Options, now time.Time) (*Snapshot, error) {
	source := from.String()
	files, err := from.read(ctx)
	if err != nil {
		return nil, refused(source, err)
	}
	s := &Snapshot{
		Revision:    revisionOf(files),
		Source:      source,
		ActivatedAt: now.UTC(),
		decisions:   make(map[string]*decision),
		before:      make(map[string]Counts),
	}
	_, remote := isRemote(from)
	checked := !remote || slices.ContainsFunc(files, func(f file) bool { return isSchema(f.path) }) // opa build -b leaves them out
	if err := s.prepare(ctx, files, checked, options); err != nil {
		var refused *RefusedError
		if errors.As(err, &refused) {
			refused.Revision = s.Revision
		}
		return nil, err
	}
	return s, nil
}

// prepare checks the files and makes the decisions of them.
func (s *Snapshot) prepare(ctx context.Context, files []file, checked bool, options Options) error {
	compiler, store, err := compile(files, checked)
	if err != nil {
		return refused(s.Source, err)
	}
	if options.Tests {
		if err := gate(ctx, s.Source, files, store); err != nil {
			return err
		}
	}
	if missing := absentDecisions(compiler); len(missing) > 0 {
		return &RefusedError{Source: s.Source, Faults: missing}
	}
	words, err := vocabularyOf(ctx, compiler, store)
	if err != nil {
		return refused(s.Source, err)
	}
	abandoned := new(atomic.Int64)
	for _, name := range decisionNames {
		ref := ast.MustParseRef("data." + name)
		d := &decision{name: name, dependsOn: dependencies(compiler, ref), tally: new(tally),
			timeout: options.Timeout, abandoned: abandoned, alarm: options.Alarm, evaluators: options.Evaluators}
		if options.Memo && !slices.ContainsFunc(d.dependsOn, isSum) {
			d.memo = newMemo()
		}
		d.fields = project(document, d.dependsOn)
		if comparing(compiler, ref) {
			d.alike = words
		}
		if d.query, err = prepare(ctx, compiler, store, ref); err != nil {
			return refused(s.Source, err)
		}
		s.decisions[name] = d
	}
	return nil
}

// isSum reports whether a part of the input is a sum of money. Sums hardly
// recur: remembered by them, answers would only fill the memory, and what is
// asked about a sum is booked next, which takes far longer than an evaluation.
func isSum(path string) bool {
	return path == "amount_minor" || path == "wallet" || strings.HasPrefix(path, "wallet.")
}

func refused(source string, err error) error {
	var parse parseErrors
	if errors.As(err, &parse) {
		var faults []Fault
		for _, e := range parse {
			faults = append(faults, faultsOf(e)...)
		}
		return &RefusedError{Source: source, Faults: faults}
	}
	return &RefusedError{Source: source, Faults: faultsOf(err)}
}

// parseErrors collects the faults of several files, so that an author sees
// all of them at once.
type parseErrors []error

func (e parseErrors) Error() string { return errors.Join(e...).Error() }

// compile parses and checks the files, against their schemas if those are
// there, and puts their data into a store.
func compile(files []file, checked bool) (*ast.Compiler, storage.Store, error) {
	modules := make(map[string]*ast.Module)
	schemas := ast.NewSchemaSet()
	data := make(map[string]any)
	var faults parseErrors
	for _, f := range files {
		var err error
		switch {
		case isTest(f.path):
		case path.Ext(f.path) == ".rego":
			err = addModule(modules, f)
		case isSchema(f.path):
			err = addSchema(schemas, f)
		default:
			err = addData(data, f)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return nil, nil, faults
	}
	store := inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	compiler := ast.NewCompiler().
		WithCapabilities(capabilities()).
		WithStrict(true).
		WithSchemas(schemas).
		WithUseTypeCheckAnnotations(checked).
		WithPathConflictsCheck(func(path []string) (bool, error) { return holds(data, path), nil })
	if compiler.Compile(modules); compiler.Failed() {
		return nil, nil, compiler.Errors
	}
	return compiler, store, nil
}

func addModule(modules map[string]*ast.Module, f file) error {
	module, err := ast.ParseModuleWithOpts(f.path, string(f.content), ast.ParserOptions{
		ProcessAnnotation: true,
		RegoVersion:       ast.RegoV1,
	})
	if module != nil { // nil without an error: an empty file
		modules[f.path] = module
	}
	return err
}

func absentDecisions(compiler *ast.Compiler) (faults []Fault) {
	for _, name := range decisionNames {
		if fault := absent(compiler, name, ast.MustParseRef("data."+name)); fault != nil {
			faults = append(faults, *fault)
		}
	}
	return faults
}

// absent says what is wrong if the compiled rules do not answer a decision.
func absent(compiler *ast.Compiler, name string, ref ast.Ref) *Fault {
	dot := strings.LastIndexByte(name, '.')
	pkg, rule := name[:dot], name[dot+1:]
	rules := compiler.GetRulesExact(ref)
	if len(rules) == 0 {
		rules = compiler.GetRulesForVirtualDocument(ref)
	}
	if len(rules) == 0 {
		return &Fault{
			File:    strings.ReplaceAll(pkg, ".", "/") + "/",
			Message: fmt.Sprintf("decision data.%s is missing: no rule %q in package %s", name, rule, pkg),
		}
	}
	if head := rules[0].Head; len(head.Args) > 0 {
		return &Fault{
			File: rules[0].Location.File, Line: rules[0].Location.Row, Column: rules[0].Location.Col,
			Message: fmt.Sprintf("decision data.%s is a function; it must be a rule", name),
		}
	}
	return nil
}

func prepare(ctx context.Context, compiler *ast.Compiler, store storage.Store, ref ast.Ref) (rego.PreparedEvalQuery, error) {
	return rego.New(
		rego.Compiler(compiler),
		rego.Store(store),
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(ref)))),
		rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(term *ast.Term, _ *rego.EvalContext) (any, error) { return term, nil }),
	).PrepareForEval(ctx)
}
