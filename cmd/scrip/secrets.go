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
)

// The sidecar's own secrets: given, or made once and kept in the data folder.

// masterKey is the key that was given, or the data folder's own.
func (a *app) masterKey() (keys.Master, error) {
	text := a.settings.key
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
func (a *app) adminToken() (string, error) {
	if a.settings.adminToken != "" {
		return a.settings.adminToken, nil
	}
	path := filepath.Join(a.settings.dataFolder, "admin.token")
	token, err := keptSecret(path, rand.Text())
	if err != nil {
		return "", fmt.Errorf("admin token: %w", err)
	}
	a.log.Info("using the admin token of the data folder", "path", path)
	return token, nil
}

// keptSecret reads a secret from its file, or writes a fresh one there first.
// Of several processes that start at once over one folder, all end up with the
// same: the file appears whole or not at all.
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
	return keptSecret(path, fresh)
}
