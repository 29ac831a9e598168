package interop

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
)

// ourAddress is the namespace's.
const ourAddress = "10.77.0.1"

// eachWay has a session connect with a peer, whoever offers, and exchange messages.
func eachWay(t *testing.T, name string, change func(*webrtc.SettingEngine), check func(t *testing.T, s *session)) {
	for _, way := range []string{"we offer", "they offer"} {
		t.Run(way, func(t *testing.T) {
			s := startSession(t, thePeer(t, name), func(_ *webrtc.Configuration, settings *webrtc.SettingEngine) { change(settings) })
			label := "near"
			if way == "we offer" {
				s.opens(label, nil)
				s.offers()
			} else {
				label = "far"
				s.theyOpen(label, nil)
				s.answers()
			}
			s.exchange(label)
			check(t, s)
		})
	}
}

func (s *session) selected() *webrtc.ICECandidatePair {
	s.Helper()
	pair, err := s.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	s.must(err)
	if pair == nil {
		s.Fatal("there is no selected pair")
	}
	return pair
}

// TestOneUDPPort has peers of every kind on one port.
func TestOneUDPPort(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ourAddress)})
	if err != nil {
		t.Fatal(err)
	}
	mux := webrtc.NewICEUDPMux(nil, conn)
	defer mux.Close()
	port := conn.LocalAddr().(*net.UDPAddr).Port
	for _, name := range []string{"chromium", "firefox", "pion", "libdatachannel"} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, name, func(e *webrtc.SettingEngine) { e.SetICEUDPMux(mux) }, func(t *testing.T, s *session) {
				if pair := s.selected(); int(pair.Local.Port) != port {
					t.Errorf("the pair is %v, want port %d", pair, port)
				}
			})
		})
	}
}

// TestLite: this side is a lite agent, in either role of the offer.
func TestLite(t *testing.T) {
	for _, name := range []string{"chromium", "firefox", "pion", "libdatachannel"} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, name, func(e *webrtc.SettingEngine) { e.SetLite(true) }, func(t *testing.T, s *session) {
				if !strings.Contains(s.pc.LocalDescription().SDP, "a=ice-lite") {
					t.Error("no a=ice-lite")
				}
				if r := s.pc.SCTP().Transport().ICETransport().Role(); r != webrtc.ICERoleControlled {
					t.Errorf("a lite agent is %s", r)
				}
			})
		})
	}
}

// withoutUDP has the namespace's kernel drop every UDP packet until the test is over.
func withoutUDP(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath("iptables")
	if err != nil {
		missing(t, "iptables", err)
	}
	for _, chain := range []string{"INPUT", "OUTPUT"} {
		d := &drop{t, []string{path, chain, "-p", "udp", "-j", "DROP"}}
		d.run("-A")
		t.Cleanup(d.remove)
	}
}

// TestTCPWithoutUDP: browsers whose UDP is dropped reach us over ICE-TCP (RFC 6544).
func TestTCPWithoutUDP(t *testing.T) {
	for _, name := range []string{"chromium", "firefox"} {
		t.Run(name, func(t *testing.T) {
			thePeer(t, name) // starts before the filter
			withoutUDP(t)
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
				pair := s.selected()
				if pair.Local.Protocol != webrtc.ICEProtocolTCP || int(pair.Local.Port) != ln.Addr().(*net.TCPAddr).Port {
					t.Errorf("the pair is %v", pair)
				}
			})
		})
	}
}
