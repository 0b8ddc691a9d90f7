package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// config is a YAML file whose keys are the names of flags.
type config map[string]any

// loadConfig reads the file that --config names. A key given twice is an error
// of the YAML library's.
func loadConfig(r io.Reader) (kong.Resolver, error) {
	var c config
	if err := yaml.NewDecoder(r).Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return c, nil
}

// Validate refuses keys that no flag has: a misspelt one must not be ignored.
func (c config) Validate(app *kong.Application) error {
	var known []string
	for _, command := range app.Leaves(false) {
		for _, flag := range command.Flags {
			known = append(known, flag.Name)
		}
	}
	for key := range c {
		if !slices.Contains(known, key) {
			return fmt.Errorf("configuration file: there is no setting %q; keys are names of flags, such as quote-ttl", key)
		}
	}
	return nil
}

// Resolve gives a flag its value from the file. Kong would let the file win
// over the environment; the order promised is flag, environment, file
// (Contract §2), so a flag whose variable is set is left alone.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	switch value := c[flag.Name].(type) {
	case nil, string:
		return value, nil
	case map[string]any, []any:
		return nil, fmt.Errorf("configuration file: %s must be a single value", flag.Name)
	default:
		return fmt.Sprint(value), nil
	}
}
