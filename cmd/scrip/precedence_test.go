// Of a secret and the file of it, the one from the nearer source counts.
package main

import (
	"io"
	"testing"
)

func TestANearerSourceReplacesASecretOrItsFile(t *testing.T) {
	config := write(t, "scrip.yaml", "token: of-config\nkey-file: /of/config\n")
	for name, c := range map[string]struct {
		args, env   []string
		token, file string
	}{
		"a flag before the variable of the file": {[]string{"--token=t"}, []string{"TOKEN_FILE", "f"}, "t", ""},
		"the flag of the file before a variable": {[]string{"--token-file=f"}, []string{"TOKEN", "t"}, "", "f"},
		"a variable before the configuration":    {[]string{"--config=" + config}, []string{"TOKEN_FILE", "f"}, "", "f"},
		"a flag before the configuration":        {[]string{"--config=" + config, "--token-file=f"}, nil, "", "f"},
		"nothing nearer than the configuration":  {[]string{"--config=" + config}, nil, "of-config", ""},
		"an empty variable is none":              {[]string{"--config=" + config, "--token-file=f"}, []string{"TOKEN", ""}, "", "f"},
		"two flags, to be refused":               {[]string{"--token=t", "--token-file=f"}, nil, "t", "f"},
		"two variables, to be refused":           {nil, []string{"TOKEN", "t", "TOKEN_FILE", "f"}, "t", "f"},
	} {
		t.Run(name, func(t *testing.T) {
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv("SCRIP_"+c.env[i], c.env[i+1])
			}
			parser, err := newParser(&globals{Ctx: t.Context(), Stdout: io.Discard, Stderr: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.Parse(append([]string{"serve"}, c.args...))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, flag := range parsed.Flags() {
				switch value := flag.Target.Interface().(type) {
				case secretFlag:
					got[flag.Name] = value.Reveal()
				case string:
					got[flag.Name] = value
				}
			}
			if got["token"] != c.token || got["token-file"] != c.file {
				t.Errorf("token %q, token-file %q; want %q and %q", got["token"], got["token-file"], c.token, c.file)
			}
		})
	}
}
