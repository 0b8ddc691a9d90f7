package policy

// A bundle's inside: bounded before anything of it is believed, its signature
// verified by OPA's own code, then taken apart into the files of a folder.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
)

// BundleKey is the key that a bundle must be signed with, by `opa build
// --signing-key` or `opa sign`. Its algorithm is the only one that is accepted,
// whatever a bundle says of itself.
type BundleKey struct {
	Key       string // a public key or certificate in PEM, or the secret that HS256 and its like share
	Algorithm string // RS256, …
	Scope     string // that the signature must be made for; "" for none
}

// verification is the key as OPA takes it. There is one, so it is the one that
// is meant whatever a signature calls it.
func (k *BundleKey) verification() *bundle.VerificationConfig {
	const only = "bundle"
	return bundle.NewVerificationConfig(map[string]*bundle.KeyConfig{only: {Key: k.Key, Algorithm: k.Algorithm}}, only, k.Scope, nil)
}

// readBundle takes a bundle apart into the files of a policy folder. Without a
// key, a signature is passed over.
func readBundle(packed []byte, key *BundleKey) (files []file, err error) {
	if err := bound(packed); err != nil {
		return nil, fmt.Errorf("not a bundle that opa build makes: %w", err)
	}
	loader := bundle.NewTarballLoaderWithBaseURL(bytes.NewReader(packed), "").WithSizeLimitBytes(maxFileBytes)
	reader := bundle.NewCustomReader(loader).WithSizeLimitBytes(maxFileBytes).WithRegoVersion(ast.RegoV1)
	failed := "not a bundle that opa build makes: %w"
	if key == nil {
		reader.WithSkipBundleVerification(true)
	} else {
		reader.WithBundleVerificationConfig(key.verification())
		failed = "not a bundle that opa build makes and the key that is configured has signed: %w"
	}
	b, err := reader.Read()
	var rego ast.Errors
	switch {
	case errors.As(err, &rego): // the signature has been verified by then
		for _, e := range rego {
			if e.Location != nil {
				e.Location.File = inFolder(e.Location.File)
			}
		}
		return nil, rego
	case err != nil:
		return nil, fmt.Errorf(failed, err)
	case b.Type() != bundle.SnapshotBundleType:
		return nil, errors.New("a delta bundle; only whole ones are taken")
	}
	return bundleFiles(&b)
}

// bound looks through an archive for what would hurt, before any of it is kept:
// too much of it, names that lead out of a folder or that come twice.
func bound(packed []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	content := &io.LimitedReader{R: unzipped, N: maxBytes}
	archive := tar.NewReader(content)
	seen := make(map[string]bool)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, content) // to the checksum
			header = nil
		}
		switch {
		case content.N <= 0:
			return fmt.Errorf("more than %d bytes unpacked", maxBytes)
		case err != nil || header == nil:
			return err
		}
		name := inFolder(header.Name)
		switch {
		case path.Ext(name) != ".rego" && slices.Contains(strings.Split(header.Name, "/"), ".."):
			return fmt.Errorf("a file is named %q", header.Name)
		case header.Typeflag == tar.TypeDir:
			continue
		case header.Size > maxFileBytes:
			return fmt.Errorf("%s: larger than %d bytes", name, maxFileBytes)
		case seen[name]:
			return fmt.Errorf("two files are named %s", name)
		case len(seen) == maxFiles:
			return fmt.Errorf("more than %d files", maxFiles)
		}
		seen[name] = true
	}
}

// inFolder is a name in a bundle as one below the folder. `opa build
// ../policies` calls its rules /../policies/…; no name ever leaves this process.
func inFolder(name string) string { return path.Clean("/" + name)[1:] }

// bundleFiles makes the files of a folder of a bundle. It holds all its JSON as
// one document, schemas among it.
func bundleFiles(b *bundle.Bundle) (files []file, err error) {
	for _, module := range b.Modules {
		files = append(files, file{inFolder(module.Path), module.Raw})
	}
	if schemas, ok := b.Data["schemas"].(map[string]any); ok {
		if files, err = appendSchemas(files, "schemas", schemas); err != nil {
			return nil, err
		}
		delete(b.Data, "schemas")
	}
	files, err = appendJSON(files, "data.json", b.Data)
	sortFiles(files)
	return files, err
}

// appendSchemas finds the schemas in what were folders of them.
func appendSchemas(files []file, at string, node map[string]any) ([]file, error) {
	if isSchemaObject(node) {
		return appendJSON(files, at+"/input.json", node)
	}
	for name, below := range node {
		var err error
		if files, err = appendSchemas(files, at+"/"+name, below.(map[string]any)); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// isSchemaObject tells a schema from a folder, whose members are all objects.
func isSchemaObject(node map[string]any) bool {
	_, schema := node["properties"]
	for _, member := range node {
		_, object := member.(map[string]any)
		schema = schema || !object
	}
	return schema || len(node) == 0
}

func appendJSON(files []file, path string, value any) ([]file, error) {
	content, err := json.Marshal(value)
	return append(files, file{path, content}), err
}
