package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"scrip/engine/keys"
	"scrip/engine/secret"
)

// The sidecar's own secrets: given by a flag or a file, or made once and kept in the data folder.

// secretFlag is a flag whose value is shown to nobody.
type secretFlag struct{ secret.Text }

// UnmarshalText takes what stands on the command line, in the environment or in the configuration file.
func (f *secretFlag) UnmarshalText(text []byte) error {
	f.Text = secret.Of(string(text))
	return nil
}

// readSecret takes a secret from its flag or from its file, not from both of
// one source.
func readSecret(name string, value secretFlag, file string) (secret.Text, error) {
	switch {
	case value.IsSet() && file != "":
		return secret.Text{}, usageError(fmt.Sprintf("give --%s or --%s-file, not both", name, name))
	case file == "":
		return value.Text, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return secret.Text{}, fmt.Errorf("--%s-file: %w", name, err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return secret.Text{}, usageError(fmt.Sprintf("--%s-file %s is empty", name, file))
	}
	return secret.Of(text), nil
}

// masterKey is the key that was given, or the data folder's own.
func (a *app) masterKey() (keys.Master, error) {
	text := a.settings.key.Reveal()
	if text == "" {
		path := filepath.Join(a.settings.dataFolder, "key")
		var err error
		if text, err = keptSecret(path, keys.Generate().Encode()); err != nil {
			return keys.Master{}, fmt.Errorf("master key: %w", err)
		}
		a.log.Info("using the master key of the data folder; replicas must share it", "path", path)
	}
	return keys.Parse(text)
}

// adminToken is the token that was given, or the data folder's own.
func (a *app) adminToken() (secret.Text, error) {
	if a.settings.adminToken.IsSet() {
		return a.settings.adminToken, nil
	}
	path := filepath.Join(a.settings.dataFolder, "admin.token")
	token, err := keptSecret(path, rand.Text())
	if err != nil {
		return secret.Text{}, fmt.Errorf("admin token: %w", err)
	}
	a.log.Info("using the admin token of the data folder", "path", path)
	return secret.Of(token), nil
}

// keptSecret reads a secret from its file, or writes a fresh one there first.
// Of several processes that start at once over one folder, all end up with the
// same: the file appears whole or not at all, and is on disk before anything is
// built on it. A ledger elsewhere may outlive a folder that was not synced.
func keptSecret(path, fresh string) (string, error) {
	kept, err := os.ReadFile(path)
	if err == nil {
		if text := strings.TrimSpace(string(kept)); text != "" {
			return text, nil
		}
		return "", fmt.Errorf("%s is empty", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(draft.Name()) // a leftover harms nobody
	_, err = draft.WriteString(fresh + "\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return "", err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return "", err
	}
	return keptSecret(path, fresh)
}
