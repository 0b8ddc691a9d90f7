package ledger_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// secret stands in replies only: nothing else brings it into the ledger.
var secret = []byte("a code that only its owner may see: 7Q2M-XKCD-9PWR-31HT")

// TestRepliesAreSealedAtRest looks for a stored reply in every byte of the
// ledger's files, in any of the ways it might be spelled.
func TestRepliesAreSealedAtRest(t *testing.T) {
	o := newOffice(t)
	spelled := map[string][]byte{
		"plain": secret[:16], "hexadecimal": hex.AppendEncode(nil, secret[:16]), "content type": []byte("application/x-secret"),
		"base64": base64.RawStdEncoding.AppendEncode(nil, secret[:15]), "base64, shifted": base64.RawStdEncoding.AppendEncode(nil, secret[1:16]),
		"base64, shifted twice": base64.RawStdEncoding.AppendEncode(nil, secret[2:17]), "JSON of a reply": []byte(`"status"`),
	}
	typed := "CANARY0CANARY0CANARY" // a code in the place of a key
	spelled["a key"] = []byte(typed[:10])
	for _, key := range []string{"small", typed} {
		body := secret
		if key == typed { // over several pages, in several ways aligned
			body = bytes.Repeat(append(secret, '\n'), 1_000)
		}
		_, _, err := o.Do(t.Context(), request(key, "one"), func(e *ledger.Entry) (ledger.Reply, error) {
			_, err := e.Block("marker of the test", "")
			return ledger.Reply{Status: 201, ContentType: "application/x-secret", Body: body}, err
		})
		o.must(err)
	}
	check := func(when string) {
		t.Helper()
		var all []byte
		files, err := filepath.Glob(o.path + "*")
		o.must(err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			o.must(err)
			all = append(all, content...)
		}
		if !bytes.Contains(all, []byte("marker of the test")) {
			t.Fatalf("%s: these are not the ledger's files: %q", when, files)
		}
		for how, text := range spelled {
			if bytes.Contains(all, text) {
				t.Errorf("%s: a stored reply can be read in the files (%s)", when, how)
			}
		}
	}
	check("open")
	o.reopen()
	check("reopened")
	if reply, found, err := o.Replay(t.Context(), request("small", "one")); err != nil || !found || !bytes.Equal(reply.Body, secret) {
		t.Errorf("the reply is %q, found %v (%v)", reply.Body, found, err)
	}
}

// A reply that somebody changed or moved in the ledger is a failure, never an
// answer and never a refusal of the client.
func TestForgedRepliesAreNotAnswered(t *testing.T) {
	o := newOffice(t)
	_, _, err := o.Do(t.Context(), request("genuine", "one"), blocking("ann", []byte("first")))
	o.must(err)
	genuine, err := o.store.Reply(t.Context(), o.Kept("genuine"))
	o.must(err)
	box := master(t, masterKey).Replies()
	tampered := bytes.Clone(genuine.Response)
	tampered[len(tampered)-1] ^= 1
	for key, response := range map[string][]byte{
		"moved":      genuine.Response,
		"tampered":   tampered,
		"empty":      {},
		"not sealed": []byte(`{"status":201}`),
		"no reply":   box.Seal([]byte("not JSON"), "no reply"),
		"of another": master(t, strangeKey).Replies().Seal([]byte(`{"status":201}`), "of another"),
	} {
		o.must(o.store.Write(context.Background(), func(tx ledger.Tx) error {
			return tx.SaveReply(context.Background(), ledger.StoredReply{Key: o.Kept(key), Response: response,
				Fingerprint: request("", "one").Fingerprint, CreatedAt: epoch}, epoch)
		}))
		var no *refusal.Error
		reply, _, err := o.Do(t.Context(), request(key, "one"), untouched(t))
		if err == nil || errors.As(err, &no) || reply.Status != 0 {
			t.Errorf("%s: answered %+v (%v)", key, reply, err)
		}
		reply, found, err := o.Replay(t.Context(), request(key, "one"))
		if err == nil || errors.As(err, &no) || found || reply.Status != 0 {
			t.Errorf("%s: found %v %+v (%v)", key, found, reply, err)
		}
		_, _, err = o.Do(t.Context(), request(key, "two"), untouched(t))
		refused(t, key+" for another request", err, ledger.KeyReused)
	}
}
