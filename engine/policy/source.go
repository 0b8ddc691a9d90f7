package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Bounds on a policy folder: generous for people, far below what would hurt.
const (
	maxFiles     = 2_000
	maxFileBytes = 4 << 20
	maxBytes     = 32 << 20 // together
	maxDepth     = 16
)

// file is one file of a policy folder, read whole.
type file struct {
	path    string // slash-separated, below the folder
	content []byte
}

// Source is where policies come from.
type Source interface {
	// String names it to people, without anything secret.
	String() string
	// read gets all its files at one go.
	read(ctx context.Context) ([]file, error)
}

type directory struct {
	name string
	root fs.FS
	path string // on disk, "" if it is not
}

// Folder is a source of policies in a file system, under a name for people.
func Folder(name string, root fs.FS) Source { return directory{name: name, root: root} }

// Directory is a folder on disk.
func Directory(path string) Source { return directory{name: path, root: os.DirFS(path), path: path} }

func (f directory) String() string                       { return f.name }
func (f directory) read(context.Context) ([]file, error) { return readFolder(f.root) }

// readFolder reads every Rego, JSON and YAML file below root at one go, so that
// what is compiled is what the revision names. It follows links (Kubernetes
// mounts folders as links) and passes over hidden names (its ..data, .git).
func readFolder(root fs.FS) ([]file, error) {
	r := reader{root: root}
	if err := r.walk(".", 0); err != nil {
		return nil, err
	}
	sortFiles(r.files)
	return r.files, nil
}

// reader collects the files of a folder within the bounds.
type reader struct {
	root  fs.FS
	files []file
	bytes int
}

func (r *reader) walk(dir string, depth int) error {
	entries, err := fs.ReadDir(r.root, dir)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("%s: more than %d folders deep", dir, maxDepth)
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		info, err := fs.Stat(r.root, name) // unlike entry.Info, through links
		switch {
		case err != nil:
			return err
		case info.IsDir():
			err = r.walk(name, depth+1)
		case isPolicyFile(name) && info.Mode().IsRegular(): // a pipe would be read for ever
			err = r.take(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) take(name string) error {
	content, err := readFile(r.root, name)
	if err != nil {
		return err
	}
	r.files = append(r.files, file{name, content})
	r.bytes += len(content)
	switch {
	case len(r.files) > maxFiles:
		return fmt.Errorf("more than %d files", maxFiles)
	case r.bytes > maxBytes:
		return fmt.Errorf("more than %d bytes together", maxBytes)
	}
	return nil
}

func sortFiles(files []file) {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
}

func readFile(root fs.FS, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(content) > maxFileBytes {
		err = fmt.Errorf("%s: larger than %d bytes", name, maxFileBytes)
	}
	return content, err
}

func isPolicyFile(name string) bool {
	switch path.Ext(name) {
	case ".rego", ".json", ".yaml", ".yml":
		return true
	}
	return false
}

func isTest(name string) bool   { return strings.HasSuffix(name, "_test.rego") }
func isSchema(name string) bool { return strings.HasPrefix(name, "schemas/") }

// revisionOf names the content of a folder: same files, same revision, on
// every replica. Tests count, for they too decide whether it is activated.
func revisionOf(files []file) string {
	digest := sha256.New()
	for _, f := range files {
		fmt.Fprintf(digest, "%d %s %d ", len(f.path), f.path, len(f.content))
		digest.Write(f.content)
	}
	return hex.EncodeToString(digest.Sum(nil)[:8])
}
