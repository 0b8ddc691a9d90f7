// Policies are swapped under load, again and again: edited in place, replaced by a rename, mounted as Kubernetes mounts
// them, and broken in between. Every release writes its version into two decisions' messages, so that each answer tells
// which revision it was decided with, and whether by one only.
package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/prove"
)

// versioned are the files that make both decisions tell the release.
var versioned = map[string]string{
	"order/version.rego":   "package order\n\ndeny contains {\"code\": \"author.version\", \"message\": data.release.version}\n",
	"product/version.rego": "package product\n\ndeny contains {\"code\": \"author.version\", \"message\": data.release.version}\n",
	"release/data.json":    `{"version": "v0"}`,
	"release/own_test.rego": "package release_test\n\nimport data.order\nimport data.release\n\n" +
		"test_the_version_is_told if order.deny[_].message == release.version with input as {}\n",
}

// breakage is how a release goes wrong, and what is to be told about it.
type breakage struct {
	name string
	file string // written, or removed if text is empty
	text string

	said    string // in the message
	at      string // the file that is told
	line    int
	failing []string
}

var breakages = []breakage{
	{"a syntax error", "order/broken.rego", "package order\n\ndeny contains ] if true\n", "", "order/broken.rego", 3, nil},
	{"a failing test", "release/more_test.rego", "package release_test\n\nimport data.release\n\ntest_never if release.version == \"never\"\n",
		"test failed", "release/more_test.rego", 5, []string{"data.release_test.test_never"}},
	{"a missing decision", "grant/grant.rego", "", "data.grant.campaigns", "grant/", 0, nil},
}

// folder is what --policies points to, as its author edits it.
type folder struct {
	*testing.T
	root, template string
	mounted        bool // as Kubernetes does: links into ..data, which is swapped whole
	releases       int
	broken         *breakage
}

func newFolder(t *testing.T, mounted bool) *folder {
	t.Helper()
	f := &folder{T: t, template: policyFolder(t, versioned), mounted: mounted}
	f.root = f.template
	if mounted {
		f.root = t.TempDir()
		f.mount("v0", nil)
		entries, err := os.ReadDir(f.template)
		f.must(err)
		for _, entry := range entries {
			f.must(os.Symlink("..data/"+entry.Name(), filepath.Join(f.root, entry.Name())))
		}
	}
	return f
}

func (f *folder) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// mount copies the folder beside, swaps the link by a rename and removes what it pointed to.
func (f *folder) mount(version string, b *breakage) {
	fresh, link := filepath.Join(f.root, "..release_"+version), filepath.Join(f.root, "..data")
	f.must(os.CopyFS(fresh, os.DirFS(f.template)))
	write(f.T, filepath.Join(fresh, "release/data.json"), release(version))
	if b != nil {
		f.spoil(fresh, *b)
	}
	old, _ := os.Readlink(link) // none at first
	f.must(os.Symlink(filepath.Base(fresh), link+"_tmp"))
	f.must(os.Rename(link+"_tmp", link))
	if old != "" {
		f.must(os.RemoveAll(filepath.Join(f.root, old)))
	}
}

func release(version string) string { return fmt.Sprintf("{\"version\": %q}\n", version) }

func (f *folder) spoil(dir string, b breakage) {
	if b.text == "" {
		f.must(os.Remove(filepath.Join(dir, b.file)))
		return
	}
	write(f.T, filepath.Join(dir, b.file), b.text)
}

func (f *folder) mend(b breakage) {
	if b.text != "" {
		f.must(os.Remove(filepath.Join(f.root, b.file)))
		return
	}
	write(f.T, filepath.Join(f.root, b.file), string(read(f.T, filepath.Join(shippedPolicies, b.file))))
}

// good makes a sound release; whatever was broken is mended with it.
func (f *folder) good(version string) {
	f.releases++
	file := filepath.Join(f.root, "release/data.json")
	switch {
	case f.mounted && (f.broken != nil || f.releases%2 == 0):
		f.mount(version, nil)
	case f.releases%2 == 0:
		write(f.T, file, release(version))
	default:
		write(f.T, file+".draft", release(version))
		f.must(os.Rename(file+".draft", file))
	}
	if f.broken != nil && !f.mounted {
		f.mend(*f.broken)
	}
	f.broken = nil
}

// bad makes a release that must not come into force.
func (f *folder) bad(version string, b breakage) {
	f.broken = &b
	if f.mounted {
		f.mount(version, &b)
		return
	}
	f.spoil(f.root, b)
	write(f.T, filepath.Join(f.root, "release/data.json"), release(version))
}

func TestPoliciesAreSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		mounted bool
	}{{"a folder that is edited", false}, {"a folder that Kubernetes mounts", true}} {
		t.Run(c.name, func(t *testing.T) { // one after the other: each has the machine for itself
			f := newFolder(t, c.mounted)
			// Quotes live shortly: what the cache keeps is not what is measured.
			s := start(t, withFlag("policies", f.root), withFlag("quote-ttl", "1s"))
			s.give(t, "c", half)
			crowd := gatherCrowd(t, s, 4)
			swaps, early := prove.Count(30, 2_000)/2, int64(0)
			var live []time.Duration
			for i := range swaps {
				if i == swaps/10 {
					early = s.residentKiB(t)
				}
				version := fmt.Sprintf("v%d", i+1)
				if i%5 == 4 {
					b := breakages[i/5%len(breakages)]
					f.bad(version+"-broken", b)
					s.keepsTheLastGood(t, b)
					continue
				}
				arrived := crowd.expect(version)
				began := time.Now()
				f.good(version)
				live = append(live, s.arrival(t, arrived, version).Sub(began))
			}
			crowd.disperse(t, len(live))
			late := s.residentKiB(t)
			t.Logf("%d swaps, %d answers; edit to live: %s; resident: %d KiB after a tenth, %d KiB at the end",
				swaps, crowd.answers.Load(), spread(live), early, late)
			if proof := prove.Count(0, 1) == 1; proof && 2*late > 3*early {
				t.Errorf("resident memory grew from %d to %d KiB", early, late)
			}
		})
	}
}

func spread(took []time.Duration) string {
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(time.Millisecond) }
	return fmt.Sprintf("p50 %v, p99 %v, max %v", at(0.5), at(0.99), at(1))
}

// arrival waits for the first answer of a version.
func (s *sidecar) arrival(t *testing.T, arrived <-chan time.Time, version string) time.Time {
	t.Helper()
	select {
	case at := <-arrived:
		return at
	case <-time.After(patience):
		t.Fatalf("%s is not in force after %v: %+v\n%s", version, patience, s.policy(t), s.stderr)
	}
	return time.Time{}
}

// keepsTheLastGood waits until the breakage is told, and holds what is told against it.
func (s *sidecar) keepsTheLastGood(t *testing.T, b breakage) {
	t.Helper()
	var st status
	eventually(t, b.name+" is told", func() bool {
		st = s.policy(t)
		return st.LastError != nil && st.LastError.File == b.at
	})
	told := st.LastError
	if told.Line != b.line || told.Column < min(1, b.line) || !strings.Contains(told.Message, b.said) || !slices.Equal(told.FailingTests, orNone(b.failing)) {
		t.Errorf("%s: %+v", b.name, told)
	}
	q := s.quote(t, orderOf(t, "c"))
	if q.PolicyRevision != st.Revision || len(q.Denials) != 1 || strings.Contains(q.Denials[0].Message, "broken") {
		t.Errorf("%s: revision %s, quote %+v", b.name, st.Revision, q)
	}
	s.readyDetail(t, true)
}

func orNone(list []string) []string { return append([]string{}, list...) }

// readyDetail expects readiness, and a word about the last change where it was refused.
func (s *sidecar) readyDetail(t *testing.T, refused bool) {
	t.Helper()
	var ready struct {
		Status string
		Checks map[string]string
	}
	s.get(t, "/readyz").want(t, 200).into(t, &ready)
	if ready.Status != "ready" || !strings.HasPrefix(ready.Checks["policy"], "ok") || strings.Contains(ready.Checks["policy"], "refused") != refused {
		t.Errorf("%+v", ready)
	}
}
