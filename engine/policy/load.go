package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
)

// Options are how a snapshot decides.
type Options struct {
	Timeout time.Duration // of one evaluation
	Memo    bool          // answers are remembered
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
	compiler, store, err := compile(files)
	if err != nil {
		return nil, refused(source, err)
	}
	s := &Snapshot{
		Revision:    revisionOf(files),
		Source:      source,
		ActivatedAt: now.UTC(),
		decisions:   make(map[string]*decision),
	}
	var missing []Fault
	abandoned := new(atomic.Int64)
	for _, name := range decisionNames {
		ref := ast.MustParseRef("data." + name)
		if fault := absent(compiler, name, ref); fault != nil {
			missing = append(missing, *fault)
			continue
		}
		d := &decision{name: name, dependsOn: dependencies(compiler, ref), timeout: options.Timeout, abandoned: abandoned, alarm: options.Alarm}
		if options.Memo {
			d.memo = newMemo()
		}
		d.fields = project(document, d.dependsOn)
		if d.query, err = prepare(ctx, compiler, store, ref); err != nil {
			return nil, refused(source, err)
		}
		s.decisions[name] = d
	}
	if len(missing) > 0 {
		return nil, &RefusedError{Source: source, Faults: missing}
	}
	return s, nil
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

// compile parses and checks the files and puts their data into a store.
func compile(files []file) (*ast.Compiler, storage.Store, error) {
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
		WithUseTypeCheckAnnotations(true).
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

// addSchema files schemas/order/input.json as schema.order.input.
func addSchema(schemas *ast.SchemaSet, f file) error {
	var schema any
	if err := decode(f, &schema); err != nil {
		return dataFault(f, err)
	}
	if err := checkRefs(schema, false); err != nil {
		return dataFault(f, err)
	}
	ref := ast.Ref{ast.SchemaRootDocument}
	name := strings.TrimSuffix(strings.TrimPrefix(f.path, "schemas/"), path.Ext(f.path))
	for element := range strings.SplitSeq(name, "/") {
		ref = append(ref, ast.StringTerm(element))
	}
	schemas.Put(ref, schema)
	return nil
}

// checkRefs refuses references that leave a schema's file, which OPA would
// open, and those that could be recursive, on which its parser never returns.
func checkRefs(schema any, inDefinition bool) error {
	switch node := schema.(type) {
	case []any:
		for _, element := range node {
			if err := checkRefs(element, inDefinition); err != nil {
				return err
			}
		}
	case map[string]any:
		if ref, ok := node["$ref"].(string); ok {
			local := strings.HasPrefix(ref, "#/definitions/") || strings.HasPrefix(ref, "#/$defs/")
			if !local || inDefinition || strings.Count(ref, "/") != 2 {
				return fmt.Errorf("$ref %q: a schema may refer to its own definitions only, and they to none", ref)
			}
		}
		for name, member := range node {
			if err := checkRefs(member, inDefinition || name == "definitions" || name == "$defs"); err != nil {
				return err
			}
		}
	}
	return nil
}

// addData merges order/data.json into data.order, as the stock tools do: the
// folder is the path, the file's name does not matter.
func addData(data map[string]any, f file) error {
	var content map[string]any
	if err := decode(f, &content); err != nil {
		return dataFault(f, err)
	}
	if _, err := ast.InterfaceToValue(content); err != nil { // a number too big for Rego
		return dataFault(f, err)
	}
	if content == nil {
		return nil // null, or an empty YAML file
	}
	for dir := path.Dir(f.path); dir != "."; dir = path.Dir(dir) {
		content = map[string]any{path.Base(dir): content}
	}
	if err := merge(data, content, "data"); err != nil {
		return dataFault(f, err)
	}
	return nil
}

// merge adds what from holds to into, object by object. What both set is an
// error, be it the same.
func merge(into, from map[string]any, at string) error {
	for key, value := range from {
		old, set := into[key]
		oldObject, below := old.(map[string]any)
		object, both := value.(map[string]any)
		switch {
		case !set:
			into[key] = value
		case !below || !both:
			return fmt.Errorf("%s.%s is set by another file", at, key)
		default:
			if err := merge(oldObject, object, at+"."+key); err != nil {
				return err
			}
		}
	}
	return nil
}

// decode reads a data or schema file: YAML by its name only, as stock tools do.
func decode(f file, into any) error {
	if path.Ext(f.path) == ".json" {
		var syntax json.RawMessage
		if err := json.Unmarshal(f.content, &syntax); err != nil {
			return err
		}
	}
	return util.Unmarshal(f.content, into)
}

// holds reports whether base data has a value at path.
func holds(data map[string]any, path []string) bool {
	var value any = data
	for _, element := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return false
		}
		if value, ok = object[element]; !ok {
			return false
		}
	}
	return true
}

// dataFault places an error in a data or schema file: at its line if JSON's
// syntax is at fault, else at the start.
func dataFault(f file, err error) error {
	at := &ast.Location{File: f.path, Row: 1, Col: 1}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := f.content[:min(int64(len(f.content)), syntax.Offset)]
		at.Row += bytes.Count(before, []byte("\n"))
		at.Col = max(1, len(before)-1-bytes.LastIndexByte(before, '\n'))
	}
	return ast.Errors{ast.NewError("data_error", at, "%v", err)}
}

// absent says what is wrong if the compiled rules do not answer a decision.
func absent(compiler *ast.Compiler, name string, ref ast.Ref) *Fault {
	folder, rule, _ := strings.Cut(name, ".")
	rules := compiler.GetRulesExact(ref)
	if len(rules) == 0 {
		rules = compiler.GetRulesForVirtualDocument(ref)
	}
	if len(rules) == 0 {
		return &Fault{File: folder + "/", Message: fmt.Sprintf("decision data.%s is missing: no rule %q in package %s", name, rule, folder)}
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
