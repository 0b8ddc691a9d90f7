package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	experiment "github.com/go-json-experiment/json"

	"scrip/engine/secret"
)

const canary = "CANARY0CANARY0CANARY"

// code is a secret as other packages make theirs.
type code struct{ secret.Text }

// holders keep secrets in every way that code may.
func holders() map[string]any {
	text := secret.Of(canary)
	typed := code{text}
	type open struct {
		Text secret.Text
		Code code
	}
	type hidden struct {
		text  secret.Text
		code  code
		boxed any
	}
	type deep struct {
		in   map[string][]*hidden
		next *deep
	}
	h := hidden{text, typed, &typed}
	return map[string]any{
		"itself": text, "a pointer": &text, "embedded": typed, "a pointer to what embeds it": &typed, "exported fields": open{text, typed},
		"hidden fields": h, "behind a pointer": &h, "deeply hidden": deep{map[string][]*hidden{"x": {&h}}, &deep{}},
		"a list": []secret.Text{text}, "a map": map[string]code{"x": typed}, "interfaces": []any{text, typed, &h, open{text, typed}},
	}
}

// spellings are the ways in which it could be read.
func spellings() []string {
	half := canary[:10]
	numbers := strings.Trim(fmt.Sprint([]byte(half)), "[]")
	return []string{half, strings.ToLower(half), hex.EncodeToString([]byte(half)), strings.ToUpper(hex.EncodeToString([]byte(half))),
		base64.StdEncoding.EncodeToString([]byte(half))[:12], base64.StdEncoding.EncodeToString([]byte(canary[1:10])), base64.StdEncoding.EncodeToString([]byte(canary[2:11])),
		numbers, strings.ReplaceAll(numbers, " ", ","), strings.ReplaceAll(numbers, " ", ", "), strings.Trim(fmt.Sprintf("%b", []byte(half)), "[]")}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	for name, holder := range holders() {
		var said bytes.Buffer
		for verb := 'A'; verb <= 'z'; verb++ {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "40", ".9"} {
				format := "%" + flags + string(verb) + "\n"
				fmt.Fprintf(&said, format, holder) //nolint:govet // whatever the verb
			}
		}
		fmt.Fprintln(&said, holder, errors.Join(fmt.Errorf("failed: %w", fmt.Errorf("with %v and %+v", holder, &holder))))
		for _, handler := range []slog.Handler{slog.NewTextHandler(&said, nil), slog.NewJSONHandler(&said, nil)} {
			log := slog.New(handler)
			log.Info("start", "secret", holder)
			log.With("secret", holder).WithGroup("group").Error("stop", slog.Any("inner", holder), slog.Group("more", "secret", &holder))
		}
		for encoder, encode := range map[string]func(any) ([]byte, error){
			"JSON": json.Marshal, "XML": xml.Marshal, "YAML": yaml.Marshal,
			"JSON v2": func(v any) ([]byte, error) { return experiment.Marshal(v) },
		} {
			text, err := encode(holder)
			fmt.Fprintf(&said, "%s: %s %v\n", encoder, text, err)
		}
		func() {
			defer func() { fmt.Fprintln(&said, recover()) }()
			panic(holder)
		}()
		dump(&said, reflect.ValueOf(holder), 0)
		for _, spelled := range spellings() {
			if bytes.Contains(said.Bytes(), []byte(spelled)) {
				t.Errorf("%s tells the secret as %q", name, spelled)
			}
		}
	}
}

// dump writes what reflection finds, as failures of test libraries do: hidden
// fields and what is behind pointers too.
func dump(to *bytes.Buffer, v reflect.Value, depth int) {
	const deepest = 20
	if depth > deepest {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			dump(to, v.Field(i), depth+1)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			dump(to, v.Elem(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			dump(to, v.Index(i), depth+1)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			dump(to, key, depth+1)
			dump(to, v.MapIndex(key), depth+1)
		}
	default:
		fmt.Fprintf(to, "%v ", v)
	}
}

// The tests above would notice: a plain string in the same places is told.
func TestTheDumpLooksIntoHiddenFields(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	text := canary
	dump(&said, reflect.ValueOf(struct {
		in map[string][]*struct{ boxed any }
	}{map[string][]*struct{ boxed any }{"x": {{&text}}}}), 0)
	if !strings.Contains(said.String(), canary) {
		t.Errorf("%q", said.String())
	}
}

func TestASecretShowsAsRedacted(t *testing.T) {
	t.Parallel()
	text := secret.Of(canary)
	for _, shown := range []string{fmt.Sprint(text), fmt.Sprintf("%+v", &text), fmt.Sprintf("%#v", text), fmt.Sprintf("%x", code{text}),
		text.String(), text.GoString(), text.LogValue().String()} {
		if shown != "[redacted]" {
			t.Errorf("it shows as %q", shown)
		}
	}
	if encoded, err := json.Marshal(code{text}); err != nil || string(encoded) != `"[redacted]"` {
		t.Errorf("%s %v", encoded, err)
	}
}

func TestWhoAsksIsTold(t *testing.T) {
	t.Parallel()
	if text := secret.Of(canary); text.Reveal() != canary || !text.IsSet() {
		t.Errorf("%q", text.Reveal())
	}
	for _, none := range []secret.Text{{}, secret.Of("")} {
		if none.Reveal() != "" || none.IsSet() {
			t.Errorf("%q", none.Reveal())
		}
	}
}
