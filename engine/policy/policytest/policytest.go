// Package policytest makes policy folders for tests. Only tests import it.
package policytest

import (
	"strings"
	"testing/fstest"
)

// quiet is the rule of each decision that answers with nothing.
var quiet = map[string]string{
	"order":           `deny contains "never" if false`,
	"product":         `deny contains "never" if false`,
	"coupon":          `deny contains "never" if false`,
	"grant":           `campaigns contains "never" if false`,
	"giftcard/issue":  `deny contains "never" if false`,
	"giftcard/redeem": `deny contains "never" if false`,
	"wallet/topup":    `default bonus_percent := "0"`,
	"wallet/withdraw": `deny contains "never" if false`,
}

// Folder is a policy folder that answers every decision of Contract §8 with
// nothing, each in a file base.rego, changed by files: "" takes one away.
func Folder(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for dir, rule := range quiet {
		root[dir+"/base.rego"] = &fstest.MapFile{Data: []byte("package " + strings.ReplaceAll(dir, "/", ".") + "\n\n" + rule + "\n")}
	}
	for name, text := range files {
		if delete(root, name); text != "" {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return root
}
