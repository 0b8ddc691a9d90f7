// Backups taken of a sidecar at work, and the sidecar that a restore makes of them.
package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// cli runs the program's command line against this sidecar.
func (s *sidecar) cli(args ...string) (string, error) {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(settings{}.command().Env, "SCRIP_SERVER="+s.data, "SCRIP_ADMIN_SERVER="+s.control, "SCRIP_DATA="+s.dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestABackupOfASidecarAtWorkIsASidecar(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.give(t, "c", half)
	paying := reserveCall(s.quote(t, ordered(t, "c")).ID, "reserve")
	reserved := s.first(t, paying, http.StatusCreated)
	id := reserved.redemption(t).ID
	campaign, backup := s.campaign(t, plenty), filepath.Join(t.TempDir(), "backup.db")
	var work sync.WaitGroup
	work.Go(func() { s.storm(t, 200, func(int) call { return issueCall(campaign, unique("c"), "") }) })
	if out, err := s.cli("ledger", "backup", backup); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	work.Wait()
	s.becomes(t, id, "confirm", "confirmed") // after the backup
	if out, err := s.cli("ledger", "restore", backup, "--force"); err == nil || !strings.Contains(out, "in use") {
		t.Errorf("the ledger of a running sidecar was replaced: %v: %s", err, out)
	}
	s.step(t, id, "confirm").want(t, http.StatusOK)
	s.stop(t)
	if out, err := s.cli("ledger", "restore", backup, "--force"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	again := start(t, withData(s.dir))
	if got := again.redeemed(t, id).Status; got != "reserved" || again.couponStatus(t, c.ID) != "reserved" {
		t.Errorf("restored to before the confirmation, but it is %s", got)
	}
	again.replays(t, paying, reserved)
	again.becomes(t, id, "confirm", "confirmed")
}

func TestTheCommandLineRedeemsAndRefunds(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.give(t, "c", half)
	q := s.quote(t, ordered(t, "c"))
	expect := func(args string, want ...string) string {
		t.Helper()
		out, err := s.cli(strings.Fields(args)...)
		for _, text := range want {
			if err != nil || !strings.Contains(out, text) {
				t.Fatalf("scrip %s: %v: want %q in\n%s", args, err, text, out)
			}
		}
		return out
	}
	id := strings.Fields(expect("redemption reserve "+q.ID, "Status      reserved", c.ID+", -10.00 USD"))[1]
	expect("redemption list "+q.OrderID, id)
	expect("redemption confirm "+id, "Paid by     14.99 outside the wallet")
	expect("redemption refund "+id+" --units A=1 --charge shipping=0.99", "Amount      5.99 USD")
	expect("redemption show "+id, "4.00")
	expect("coupon show "+c.ID, "used", "coupon.issued", "redemption.reserved", "redemption.confirmed", "redemption.refunded")
	if out, err := s.cli("redemption", "refund", id, "--amount", "A=9.99"); err == nil || !strings.Contains(out, "only 5.00 is left") {
		t.Errorf("%v: %s", err, out)
	}
}
