package interop

import (
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/ice"
)

// coturn has two addresses and two ports (RFC 5780), and without a NAT all of them
// answer.
func TestNATDiscoveryCoturn(t *testing.T) {
	path, err := exec.LookPath("turnserver")
	if err != nil {
		missing(t, "coturn", err)
	}
	dir := t.TempDir()
	cmd := exec.Command(path, "-n", "--stun-only", "--listening-ip=127.0.0.1", "--listening-ip=127.0.0.2",
		"--listening-port=37780", "--alt-listening-port=37790", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp",
		"--log-file="+dir+"/log", "--simple-log", "--pidfile="+dir+"/pid", "--userdb="+dir+"/users")
	if err := startProcess(cmd); err != nil {
		t.Fatal(err)
	}
	defer func() {
		endProcess(cmd)
		if log, err := os.ReadFile(dir + "/log"); err == nil && t.Failed() {
			t.Logf("coturn:\n%s", log[max(0, len(log)-4000):])
		}
	}()
	c := ice.NATDiscovery{Servers: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:37780")}, Timeout: time.Second}
	var b ice.NATBehavior
	for deadline := time.Now().Add(patience); ; {
		if b, err = c.Discover(t.Context()); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil || b.Translated || b.Mapping != ice.NATEndpointIndependent || b.Filtering != ice.NATEndpointIndependent || b.Servers != 1 {
		t.Errorf("found %+v, %v", b, err)
	}
}
