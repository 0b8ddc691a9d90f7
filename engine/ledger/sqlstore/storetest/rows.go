// The small tables: blocklist, replies, meta.
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func testBlocklist(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	put := func(b ledger.Block) (stored ledger.Block) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) (err error) {
			stored, err = tx.PutBlock(ctx, b)
			return err
		})
		return stored
	}
	remove := func(id string) bool {
		return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.DeleteBlock(ctx, id) })
	}
	first := ledger.Block{CustomerID: "ann", Reason: "fraud — “again” 🚫", CreatedAt: epoch}
	if got := put(first); got != first {
		t.Errorf("a new entry comes back as %+v, want %+v", got, first)
	}
	changed := ledger.Block{CustomerID: "ann", Reason: "", CreatedAt: epoch.Add(time.Hour)}
	if got, want := put(changed), (ledger.Block{CustomerID: "ann", CreatedAt: epoch}); got != want {
		t.Errorf("a changed entry comes back as %+v, want %+v", got, want)
	}
	earlier := ledger.Block{CustomerID: "zoe", Reason: "x", CreatedAt: epoch.Add(-time.Microsecond)}
	put(earlier)
	want := []ledger.Block{earlier, {CustomerID: "ann", CreatedAt: epoch}}
	if got := must[[]ledger.Block](t)(s.Blocklist(ctx, ledger.Page{Limit: 500})); !slices.Equal(got, want) {
		t.Errorf("blocklist\n got %+v\nwant %+v", got, want)
	}
	for id, want := range map[string]bool{"ann": true, "zoe": true, "bob": false, "an": false} {
		if got := blocked(t, s, id); got != want {
			t.Errorf("blocked %q is %v, want %v", id, got, want)
		}
	}
	if !remove("ann") || remove("ann") || remove("bob") || blocked(t, s, "ann") || !blocked(t, s, "zoe") {
		t.Error("an entry is deleted once, and no other with it")
	}
}

func testReplies(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	_, err := s.Reply(ctx, "key")
	notFound(t, "a free key", err)
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	for _, want := range []ledger.StoredReply{
		{Key: "key", Fingerprint: everyByte[:32], Response: everyByte, CreatedAt: epoch},
		{Key: "KEY", Fingerprint: everyByte[224:], Response: bytes.Repeat(everyByte, 8_192), CreatedAt: epoch.Add(time.Microsecond)},
		{Key: string(bytes.Repeat([]byte{'~'}, 255)), Fingerprint: []byte{0}, Response: []byte{0}, CreatedAt: epoch},
	} {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.SaveReply(ctx, want, epoch.Add(-time.Hour)) })
		got := must[ledger.StoredReply](t)(s.Reply(ctx, want.Key))
		if got.Key != want.Key || !bytes.Equal(got.Fingerprint, want.Fingerprint) ||
			!bytes.Equal(got.Response, want.Response) || got.CreatedAt != want.CreatedAt {
			t.Errorf("reply of %q differs from what was stored", want.Key)
		}
	}
}

// testForgetting: replies made before an instant go, a few with every new one;
// those made at it or later stay.
func testForgetting(t *testing.T, s ledger.Store) {
	const old = 12
	save := func(key string, at, forget time.Time) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			return tx.SaveReply(ctx, ledger.StoredReply{Key: key, Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: at}, forget)
		})
	}
	kept := func(prefix string) (n int) {
		for i := range old {
			if _, err := s.Reply(t.Context(), fmt.Sprint(prefix, i)); err == nil {
				n++
			}
		}
		return n
	}
	for i := range old {
		save(fmt.Sprint("old", i), epoch, epoch)
	}
	if n := kept("old"); n != old {
		t.Fatalf("%d of %d replies are left, and none was made before the instant to forget", n, old)
	}
	save("first", epoch.Add(time.Microsecond), epoch.Add(time.Microsecond))
	if n := kept("old"); n == 0 || n > old-2 {
		t.Errorf("one new reply leaves %d of %d old ones: it forgets a few", n, old)
	}
	for i := range old {
		save(fmt.Sprint("new", i), epoch.Add(time.Microsecond), epoch.Add(time.Microsecond))
	}
	if kept("old") != 0 || kept("new") != old {
		t.Errorf("%d old replies are left, want 0; %d new ones, want %d", kept("old"), kept("new"), old)
	}
}

func testMeta(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	_, err := s.Meta(ctx, "name")
	notFound(t, "a name without value", err)
	put := func(name, value string) bool {
		return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.PutMeta(ctx, name, value) })
	}
	if !put("name", "first") || put("name", "second") || put("name", "first") || !put("Name", "") {
		t.Error("a value is set once and only once")
	}
	for name, want := range map[string]string{"name": "first", "Name": ""} {
		if got := must[string](t)(s.Meta(ctx, name)); got != want {
			t.Errorf("meta %q is %q, want %q", name, got, want)
		}
	}
	if err := s.Ready(ctx); err != nil {
		t.Errorf("the store is open and not ready: %v", err)
	}
}
