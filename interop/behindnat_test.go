package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
)

// insideNAT and theNAT are namespaces: of a host, and of its NAT, which lets no UDP
// through.
func insideNAT() string { return fmt.Sprintf("parley-in-%d", os.Getpid()) }
func theNAT() string    { return fmt.Sprintf("parley-nat-%d", os.Getpid()) }

// startBehindNAT starts Chromium on a host behind a NAT that drops UDP.
func startBehindNAT(name string) (peer, func(), error) {
	if _, err := exec.LookPath("iptables"); err != nil {
		return nil, nil, err
	}
	remove := func() {
		_ = ip("netns", "del", insideNAT())
		_ = ip("netns", "del", theNAT())
	}
	in, nat := insideNAT(), theNAT()
	for _, line := range []string{
		"netns add " + in,
		"netns add " + nat,
		"link add parley2 type veth peer name wan netns " + nat,
		"addr add 10.78.0.1/24 dev parley2",
		"link set parley2 up",
		"-n " + nat + " addr add 10.78.0.2/24 dev wan",
		"-n " + nat + " link set wan up",
		"-n " + nat + " link set lo up",
		"-n " + nat + " route add default via 10.78.0.1",
		"-n " + nat + " link add lan type veth peer name eth0 netns " + in,
		"-n " + nat + " addr add 192.168.7.1/24 dev lan",
		"-n " + nat + " link set lan up",
		"-n " + in + " link set lo up",
		"-n " + in + " addr add 192.168.7.2/24 dev eth0",
		"-n " + in + " link set eth0 up",
		"-n " + in + " route add default via 192.168.7.1",
		"netns exec " + nat + " sysctl -qw net.ipv4.ip_forward=1",
		"netns exec " + nat + " iptables -A FORWARD -p udp -j DROP",
		"netns exec " + nat + " iptables -A FORWARD -i wan -m conntrack ! --ctstate ESTABLISHED,RELATED -j DROP",
		"netns exec " + nat + " iptables -t nat -A POSTROUTING -o wan -j MASQUERADE",
	} {
		if err := ip(strings.Fields(line)...); err != nil {
			remove()
			return nil, nil, err
		}
	}
	p, stop, err := startBrowserAt(name, ourAddress)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return p, func() { stop(); remove() }, nil
}

// chromiumBehindNAT runs in the namespace behind the NAT.
func chromiumBehindNAT(dir, url string) (*exec.Cmd, error) {
	cmd, err := chromium(dir, url)
	if err != nil {
		return nil, err
	}
	return exec.Command("ip", slices.Concat([]string{"netns", "exec", insideNAT(), cmd.Path}, cmd.Args[1:])...), nil
}

// A withTURN peer may also ask a TURN server.
type withTURN struct {
	peer
	url string
}

func (p withTURN) call(result any, method string, args ...any) error {
	if method == "start" {
		args = slices.Clone(args)
		args[0] = map[string]any{"iceServers": []any{map[string]any{"urls": []string{p.url}, "username": "user", "credential": "secret"}}}
	}
	return p.peer.call(result, method, args...)
}

// TestChromiumBehindNAT: Chromium behind a NAT that drops UDP reaches us over ICE-TCP,
// and over a TURN server to which TCP or TLS leads.
func TestChromiumBehindNAT(t *testing.T) {
	const name = "chromium without UDP"
	thePeer(t, name)
	t.Run("ICE-TCP", func(t *testing.T) {
		ln, err := net.Listen("tcp4", ourAddress+":0")
		if err != nil {
			t.Fatal(err)
		}
		mux := webrtc.NewICETCPMux(nil, ln, 8)
		defer mux.Close()
		change := func(e *webrtc.SettingEngine) {
			e.SetICETCPMux(mux)
			e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
		}
		eachWay(t, name, change, func(t *testing.T, s *session) {
			if pair := s.selected(); pair.Local.Protocol != webrtc.ICEProtocolTCP || pair.Remote.Address != "10.78.0.2" {
				t.Errorf("the pair is %v", pair)
			}
		})
	})
	startCoturn(t)
	for _, url := range []string{"turn:10.77.0.1?transport=tcp", "turns:10.77.0.1"} {
		t.Run(url, func(t *testing.T) {
			s := startSession(t, withTURN{thePeer(t, name), url}, nil)
			s.opens("relayed", nil)
			s.offers()
			s.exchange("relayed")
			if pair := s.selected(); pair.Remote.Typ != webrtc.ICECandidateTypeRelay || pair.Local.Protocol != webrtc.ICEProtocolUDP {
				t.Errorf("the pair is %v", pair)
			}
		})
	}
}
