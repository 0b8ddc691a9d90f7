// A search for secrets in bytes: in every spelling in which somebody could read them there.
package e2e

import (
	"encoding/base64"
	endian "encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// hunt finds texts in bytes, all at once. Each text is found by its first eight bytes.
type hunt struct {
	texts  map[uint64][]trace
	begins [1 << 16]bool // two bytes
}

// trace is one spelling of a secret.
type trace struct{ text, name string }

func (h *hunt) add(name, text string) {
	if h.texts == nil {
		h.texts = map[uint64][]trace{}
	}
	start := endian.LittleEndian.Uint64([]byte(text)[:8])
	h.begins[uint16(start)] = true
	if t := (trace{text, name}); !slices.Contains(h.texts[start], t) {
		h.texts[start] = append(h.texts[start], t)
	}
}

// secret adds a secret as it is, as its first and last half, and encoded.
func (h *hunt) secret(name, text string) {
	half := max(8, len(text)/2)
	h.add(name, text[:half])
	h.add(name+", its end", text[len(text)-half:])
	h.add(name+" in hexadecimal", hex.EncodeToString([]byte(text)))
	h.add(name+" in upper-case hexadecimal", strings.ToUpper(hex.EncodeToString([]byte(text))))
	for skip := range 3 { // wherever it begins in what is encoded
		whole := text[skip : skip+(len(text)-skip)/3*3]
		h.add(name+" in base64", base64.StdEncoding.EncodeToString([]byte(whole)))
		h.add(name+" in base64 of URLs", base64.URLEncoding.EncodeToString([]byte(whole)))
	}
	var wide []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = endian.LittleEndian.AppendUint16(wide, unit)
	}
	h.add(name+" in UTF-16", string(wide))
}

// code adds a redeem code as it is, in lower case, and in groups as people and encodings write them.
func (h *hunt) code(name, code string) {
	for _, typed := range []string{code, strings.ToLower(code)} {
		h.secret(name, typed)
		for _, dash := range []string{"-", " ", "%2D", "%2d", "%20", "+", "=2D", `\u002d`, `\u002D`} {
			for _, size := range []int{4, 5, 10} {
				h.add(fmt.Sprintf("%s in groups of %d", name, size), inGroups(code, size, dash)[:10+len(dash)])
				h.add(fmt.Sprintf("%s in groups of %d", name, size), inGroups(typed, size, dash)[:10+len(dash)])
			}
		}
	}
}

func inGroups(code string, size int, dash string) string {
	var groups []string
	for group := range slices.Chunk([]byte(code), size) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, dash)
}

// in tells what of it is in the bytes.
func (h *hunt) in(data []byte) (found []string) {
	for i := 0; i+8 <= len(data); i++ {
		if !h.begins[uint16(data[i])|uint16(data[i+1])<<8] {
			continue
		}
		traces, ok := h.texts[endian.LittleEndian.Uint64(data[i:])]
		if !ok {
			continue
		}
		for _, t := range traces {
			if strings.HasPrefix(string(data[i:min(len(data), i+len(t.text))]), t.text) && !slices.Contains(found, t.name) {
				found = append(found, t.name)
			}
		}
	}
	return found
}

// below looks through all files of a folder but those that are for the secrets, and tells where it found what.
func (h *hunt) below(t *testing.T, folder string, but ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || slices.Contains(but, entry.Name()) {
			return err
		}
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil // a server's own, gone meanwhile
		}
		for _, what := range h.in(data) {
			found = append(found, fmt.Sprintf("%s: %s", strings.TrimPrefix(path, folder), what))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// The search has power: what is planted is found, in whatever spelling and wherever it stands.
func TestTheSearchFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	const code = "7Q2MXKCD9PWR31HTZ0VE"
	var h hunt
	h.code("code", code)
	h.secret("token", "a-token-of-the-test")
	noise := make([]byte, 1<<16)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	if found := h.in(noise); len(found) > 0 {
		t.Errorf("found in noise: %v", found)
	}
	for _, planted := range []string{
		code, strings.ToLower(code), code[:10], code[10:], inGroups(code, 5, "-"), strings.ToLower(inGroups(code, 4, " ")), inGroups(code, 5, "%2D"),
		hex.EncodeToString([]byte(code)), `\x` + hex.EncodeToString([]byte(strings.ToLower(code))),
		base64.StdEncoding.EncodeToString([]byte(`{"code":"` + code + `"}`)), base64.StdEncoding.EncodeToString([]byte(`{"code": "` + code + `"}`)),
		base64.RawURLEncoding.EncodeToString([]byte(`{ "code": "` + code + `"}`)), "a-token-of-the-test", "7\x00Q\x002\x00M\x00X\x00K\x00C\x00D\x009\x00P\x00W\x00R\x003\x001\x00H\x00T\x00Z\x000\x00V\x00E\x00",
	} {
		for _, at := range []int{0, 1, 4091, len(noise) - len(planted)} {
			data := slices.Clone(noise)
			copy(data[at:], planted)
			if len(h.in(data)) == 0 {
				t.Errorf("%q at %d is not found", planted, at)
			}
		}
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.log"), "level=INFO code="+code)
	write(t, filepath.Join(folder, "key"), code)
	if found := h.below(t, folder, "key"); len(found) != 2 || !strings.Contains(found[0], "a.log") {
		t.Errorf("%q", found)
	}
}
