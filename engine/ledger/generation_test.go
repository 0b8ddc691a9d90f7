package ledger

import (
	"testing"
	"time"
)

// What was read before a write is not kept after it, and what is read later is.
func TestWhatWasReadBeforeAWriteIsNotKept(t *testing.T) {
	k := newKnown()
	k.trust()
	now := time.Unix(0, 0)
	for name, forget := range map[string]func(){
		"an own write":    func() { k.drop([]string{"c"}) },
		"another's write": k.clear,
	} {
		before := k.generation("c")
		forget()
		k.put("c", before, Facts{Blocklisted: true}, now)
		if _, kept := k.get("c", now); kept {
			t.Errorf("%s: old facts are kept", name)
		}
		k.put("c", k.generation("c"), Facts{Blocklisted: true}, now)
		if facts, kept := k.get("c", now); !kept || !facts.Blocklisted {
			t.Errorf("%s: new facts are not kept", name)
		}
	}
}
