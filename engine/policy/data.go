package policy

// What lies in a policy folder beside rules: data that they read, and schemas
// of what they are asked.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

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
