package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Fault is one thing that is wrong with a policy folder, where an author can
// find it. File is relative to the folder; Line and Column count from 1 and
// are 0 where a fault concerns no single place.
type Fault struct {
	File    string
	Line    int
	Column  int
	Message string
}

// String is file:line:col: message, as editors and terminals link it.
func (f Fault) String() string {
	switch {
	case f.File == "":
		return f.Message
	case f.Line == 0:
		return f.File + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// RefusedError says why a policy folder is not fit to be activated.
type RefusedError struct {
	Source   string // where the policies came from
	Revision string // of what is refused, "" if it could not be read
	Faults   []Fault
	// FailingTests names the folder's own tests that did not pass.
	FailingTests []string
}

// Error lists the faults, one a line.
func (e *RefusedError) Error() string {
	lines := make([]string, 0, len(e.Faults)+1)
	lines = append(lines, "policies of "+e.Source+" are refused:")
	for _, f := range e.Faults {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// faultsOf turns whatever OPA reports into faults, in the order of the files.
func faultsOf(err error) []Fault {
	var several ast.Errors
	var one *ast.Error
	var faults []Fault
	switch {
	case errors.As(err, &several):
		for _, e := range several {
			faults = append(faults, faultOf(e))
		}
	case errors.As(err, &one):
		faults = append(faults, faultOf(one))
	default:
		faults = append(faults, Fault{Message: err.Error()})
	}
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return faults
}

func faultOf(e *ast.Error) Fault {
	f := Fault{Message: e.Code + ": " + e.Message}
	if e.Location != nil {
		f.File, f.Line, f.Column = e.Location.File, e.Location.Row, e.Location.Col
		if f.Line > 0 {
			f.Column = max(1, f.Column) // OPA's is 0 at the end of a file
		}
	}
	return f
}
