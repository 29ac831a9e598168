package interop

import (
	"context"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"github.com/parleyrtc/webrtc"
)

// TestPionSTUN asks pion/turn's server for our address.
func TestPionSTUN(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "10.77.0.1:3478")
	if err != nil {
		t.Fatal(err)
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm:             "parley",
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: conn}}, // which relays nothing
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	wantServerReflexive(t)
}

// TestCoturn asks coturn's server.
func TestCoturn(t *testing.T) {
	path, err := exec.LookPath("turnserver")
	if err != nil {
		missing(t, "coturn", err)
	}
	dir := t.TempDir()
	cmd := exec.Command(path, "-n", "--listening-ip=10.77.0.1", "--listening-port=3478", "--stun-only", "--no-cli",
		"--no-tls", "--no-dtls", "--log-file="+dir+"/log", "--pidfile="+dir+"/pid", "--userdb="+dir+"/users")
	if err := startProcess(cmd); err != nil {
		t.Fatal(err)
	}
	defer endProcess(cmd)
	// It takes TCP connections once it is up.
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", "10.77.0.1:3478", time.Second); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("coturn does not listen within %v", patience)
		}
	}
	wantServerReflexive(t)
}

// translated is where questions to the servers seem to come from. Without a
// translation the answer would be the socket's own address, and the candidate
// redundant (RFC 8445 §5.1.3).
const translated = "10.77.0.9"

// translate has the namespace's kernel translate what goes to the servers.
func translate(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath("iptables")
	if err != nil {
		missing(t, "iptables", err)
	}
	rule := strings.Fields("POSTROUTING -p udp --dport 3478 -j SNAT --to-source " + translated)
	run := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Errorf("%s %v: %v: %s", name, args, err, out)
		}
	}
	run("ip", "addr", "add", translated+"/32", "dev", "lo") // so that answers come back
	run(path, append([]string{"-t", "nat", "-A"}, rule...)...)
	t.Cleanup(func() {
		run(path, append([]string{"-t", "nat", "-D"}, rule...)...)
		run("ip", "addr", "del", translated+"/32", "dev", "lo")
	})
}

// wantServerReflexive gathers with the server that listens at port 3478.
func wantServerReflexive(t *testing.T) {
	t.Helper()
	translate(t)
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{ICEServers: []webrtc.ICEServer{{URLs: []string{"stun:10.77.0.1:3478"}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	var found []webrtc.ICECandidate
	complete := make(chan struct{})
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			close(complete)
			return
		}
		found = append(found, *c)
	})
	pc.OnICECandidateError(func(e webrtc.ICECandidateErrorEvent) {
		t.Logf("%s from %s: %d %s", e.URL, e.Address, e.ErrorCode, e.ErrorText)
	})
	if _, err := pc.CreateDataChannel("data", nil); err != nil {
		t.Fatal(err)
	}
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-complete:
	case <-ctx.Done():
		t.Fatalf("gathering is not complete within %v", patience)
	}
	if !slices.ContainsFunc(found, func(c webrtc.ICECandidate) bool {
		return c.Typ == webrtc.ICECandidateTypeSrflx && c.Address == translated
	}) {
		t.Errorf("candidates %v, want a server reflexive one at %s", found, translated)
	}
}
