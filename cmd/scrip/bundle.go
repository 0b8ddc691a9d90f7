package main

import (
	"fmt"
	"os"
	"time"

	"scrip/engine/policy"
)

// bundleFlags say how policies that are an OPA bundle on a server are fetched,
// and who must have signed them.
type bundleFlags struct {
	BundleKey       secretFlag    `env:"SCRIP_BUNDLE_KEY" placeholder:"PEM" help:"Public key (or shared secret) that the bundle must be signed with. Without one signatures are not looked at."`
	BundleKeyFile   string        `env:"SCRIP_BUNDLE_KEY_FILE" placeholder:"FILE" help:"File with that key."`
	BundleAlgorithm string        `enum:"RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,HS256,HS384,HS512" default:"RS256" env:"SCRIP_BUNDLE_ALGORITHM" placeholder:"RS256" help:"Its algorithm: RS256, RS384, RS512, or PS…, ES…, HS… (default ${default})."`
	BundleScope     string        `env:"SCRIP_BUNDLE_SCOPE" placeholder:"SCOPE" help:"Scope that the signature must be made for."`
	BundleToken     secretFlag    `env:"SCRIP_BUNDLE_TOKEN" placeholder:"TOKEN" help:"Bearer token for the bundle's server."`
	BundleTokenFile string        `env:"SCRIP_BUNDLE_TOKEN_FILE" placeholder:"FILE" help:"File with that token."`
	BundlePoll      time.Duration `default:"30s" env:"SCRIP_BUNDLE_POLL" help:"How often the bundle is looked at, at least 1s."`
}

// options checks the flags against where the policies are and reads secrets
// from files.
func (f bundleFlags) options(policies string) (o policy.BundleOptions, err error) {
	o.Poll = f.BundlePoll
	token, err := readSecret("bundle-token", f.BundleToken, f.BundleTokenFile)
	if err != nil {
		return o, err
	}
	o.Token = token.Reveal()
	key, err := readBundleKey(f.BundleKey.Reveal(), f.BundleKeyFile)
	if err != nil {
		return o, err
	}
	if key != "" {
		o.Key = &policy.BundleKey{Key: key, Algorithm: f.BundleAlgorithm, Scope: f.BundleScope}
	}
	switch {
	case !policy.IsBundleURL(policies) && (o.Key != nil || o.Token != "" || f.BundleScope != ""):
		err = usageError("--bundle-key, --bundle-scope and --bundle-token are for --policies that are an http(s) URL of a bundle")
	case o.Key == nil && f.BundleScope != "":
		err = usageError("--bundle-scope needs --bundle-key: without one signatures are not looked at")
	case f.BundlePoll < time.Second:
		err = usageError("--bundle-poll must be at least 1s")
	case !isVisible(token):
		err = usageError("--bundle-token must be visible ASCII without spaces: it travels in a header")
	}
	return o, err
}

// readBundleKey takes the key from its flag or from its file, not from both.
// The file is taken to the last byte, as opa takes a shared secret's.
func readBundleKey(value, file string) (string, error) {
	switch {
	case value != "" && file != "":
		return "", usageError("give --bundle-key or --bundle-key-file, not both")
	case file == "":
		return value, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--bundle-key-file: %w", err)
	}
	if len(content) == 0 {
		return "", usageError(fmt.Sprintf("--bundle-key-file %s is empty", file))
	}
	return string(content), nil
}
