package httpapi

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine/refusal"
)

// Wire types that say no to null where the contract does not show it, and
// capture text that is checked later, when its currency is known.

var errNull = errors.New("must not be null")

// text is a member that may be left out but not be null.
type text string

// UnmarshalJSONFrom reads a string.
func (t *text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return decodeNotNull(d, (*string)(t))
}

// list is an array that may be left out but neither be null nor have nulls.
type list[T any] []T

// UnmarshalJSONFrom reads an array.
func (l *list[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return decodeNotNull(d, (*[]T)(l)) // says what is wrong
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	*l = list[T]{}
	for d.PeekKind() != ']' {
		if d.PeekKind() == 'n' {
			here := d.StackPointer() // what was read last: the list, or the element before
			if len(*l) > 0 {
				here = here.Parent()
			}
			return &json.SemanticError{JSONPointer: here.AppendToken(strconv.Itoa(len(*l))), Err: errNull}
		}
		var element T
		if err := json.UnmarshalDecode(d, &element); err != nil {
			return err
		}
		*l = append(*l, element)
	}
	_, err := d.ReadToken()
	return err
}

// member is a member that must not be null; given tells whether it is there.
type member[T any] struct {
	given bool
	value T
}

// UnmarshalJSONFrom reads what the member holds.
func (m *member[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	m.given = true
	return decodeNotNull(d, &m.value)
}

// required reports a member that is missing.
func (m *member[T]) required(f *faults, place at) bool {
	if !m.given {
		f.add(errRequired, place)
	}
	return m.given
}

// number is an exact decimal, given as a string or as a number literal and
// kept as the text it was given in; "" if left out.
type number string

// UnmarshalJSONFrom reads a string or a number, which it never parses.
func (n *number) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"':
		return json.UnmarshalDecode(d, (*string)(n))
	case '0':
		literal, err := d.ReadValue()
		*n = number(literal)
		return err
	}
	return errors.New("must be a decimal string or number")
}

// maxDepth bounds how deep attributes may nest.
const maxDepth = 32

// attributes is a free JSON object, kept as compact text with sorted keys; ""
// is an empty one.
type attributes string

// UnmarshalJSONFrom reads an object. Numbers keep their text: 1 is not 1.0 to
// a policy.
func (a *attributes) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return errors.New("must be a JSON object")
	}
	read, err := d.ReadValue()
	if err != nil {
		return err
	}
	if depth(read) > maxDepth {
		return fmt.Errorf("must not nest deeper than %d levels", maxDepth)
	}
	if err := checkNumbers(read, d.StackPointer()); err != nil {
		return err
	}
	value := read.Clone()
	err = value.Format(jsontext.ReorderRawObjects(true), jsontext.PreserveRawStrings(false), jsontext.SpaceAfterColon(false))
	if *a = attributes(value); *a == "{}" {
		*a = ""
	}
	return err
}

// checkNumbers refuses numbers that Rego could not take: a policy must see all
// of the attributes or there is no telling what it would decide.
func checkNumbers(object jsontext.Value, here jsontext.Pointer) error {
	const longest, maxExponent = 1_000, 999 // characters; powers of ten
	for d := jsontext.NewDecoder(bytes.NewReader(object)); ; {
		token, err := d.ReadToken()
		if err != nil {
			return nil // io.EOF: it was read once already
		}
		if token.Kind() != '0' {
			continue
		}
		text := strings.ToLower(token.String())
		_, exponent, _ := strings.Cut(text, "e")
		if n, err := strconv.Atoi(cmp.Or(exponent, "0")); err != nil || max(n, -n) > maxExponent || len(text) > longest {
			return &json.SemanticError{JSONPointer: here + d.StackPointer(), Err: errors.New("is a number beyond what policies can read")}
		}
	}
}

// depth is how deep valid JSON nests.
func depth(value []byte) (deepest int) {
	now, inString := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// Bounds on texts, in bytes.
const (
	maxIDBytes     = 128
	maxTypeBytes   = 128
	maxNameBytes   = 256
	maxReasonBytes = 1_024
)

// checkID says what is wrong with an id given by a client (Contract §3).
func checkID(id string) error { return checkText(id, 1, maxIDBytes) }

// checkText refuses texts that are too short or long, or that would break a
// line, a log or a terminal.
func checkText(s string, least, most int) error {
	switch {
	case s == "" && least > 0:
		return errors.New("is required")
	case len(s) > most:
		return fmt.Errorf("must be at most %d bytes", most)
	case !utf8.ValidString(s):
		return errors.New("must be UTF-8")
	case strings.ContainsFunc(s, unfit):
		return errors.New("must not have control characters or line separators")
	}
	return nil
}

func unfit(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// at is a place in a request's JSON, from which a pointer is made only when
// there is a fault to report.
type at struct {
	above *at
	name  string // a member, or
	index int    // an element, when name is ""
}

func (p at) pointer() string {
	token := p.name
	if token == "" {
		token = strconv.Itoa(p.index)
	}
	if p.above == nil {
		return string(jsontext.Pointer("").AppendToken(token))
	}
	return string(jsontext.Pointer(p.above.pointer()).AppendToken(token))
}

// faults collects what is wrong with a request, so that a client hears of all
// of it at once.
type faults struct{ list []refusal.Fault }

// maxFaults bounds how many faults one answer names.
const maxFaults = 50

// add reports a fault if there is an error.
func (f *faults) add(err error, place at) {
	if err != nil && len(f.list) < maxFaults {
		f.list = append(f.list, refusal.Fault{Pointer: place.pointer(), Detail: err.Error()})
	}
}

// err is the refusal of all faults, nil if there are none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	return refusal.InvalidRequest(f.list...)
}

// decodeNotNull reads a value that may be left out but not be null.
func decodeNotNull(d *jsontext.Decoder, into any) error {
	if d.PeekKind() == 'n' {
		return errNull
	}
	return json.UnmarshalDecode(d, into)
}
