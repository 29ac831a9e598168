package webrtc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

// on adds a connection to the host of another peer.
func (w *world) on(host *simnet.Host, name string, settings SettingEngine) *peer {
	w.Helper()
	p := &peer{w: w, name: name, host: host, api: NewAPI(WithSettingEngine(settings))}
	p.api.settings.SetNetwork(host)
	p.open(Configuration{})
	w.peers = append(w.peers, p)
	return p
}

// sharedUDP opens port 7000 on an address of a host for many connections.
func (w *world) sharedUDP(host *simnet.Host, address string) *ice.UDPMuxDefault {
	w.Helper()
	conn, err := host.ListenUDP(netip.AddrPortFrom(netip.MustParseAddr(address), 7000))
	if err != nil {
		w.Fatal(err)
	}
	mux := ice.NewUDPMux(conn)
	w.Cleanup(func() { mux.Close() })
	return mux
}

// talk connects two peers and has them say something to each other.
func (w *world) talk(a, b *peer) {
	w.Helper()
	w.signal(a, b, fixed(time.Millisecond))
	d := a.channel("chat", nil)
	a.negotiates(b, time.Millisecond)
	w.within(20*time.Second, "both are connected", connected(a, b))
	w.within(5*time.Second, "the channel is open", func() bool { return d.ReadyState() == DataChannelStateOpen })
	a.must(d.SendText("from "+a.name), "SendText")
	w.within(5*time.Second, "the message has arrived", b.got("from "+a.name))
}

// selected returns the pair that a peer's packets go on.
func (p *peer) selected() *ICECandidatePair {
	p.w.Helper()
	pair, err := p.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		p.w.Fatalf("%s has no selected pair: %v", p.name, err)
	}
	return pair
}

// Several connections share a port: each gets what is for it, whoever offers, with
// all of them on one socket.
func TestVirtualUDPMux(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		host := w.net.Host("server", simnet.Addrs("192.0.2.1", "198.51.100.1"))
		mux := w.sharedUDP(host, "192.0.2.1")
		var settings SettingEngine
		settings.SetICEUDPMux(mux)
		for i := range 6 {
			server := w.on(host, fmt.Sprintf("server %d", i), settings)
			client := w.peer(fmt.Sprintf("client %d", i), simnet.Addrs(fmt.Sprintf("192.0.2.%d", 10+i)))
			if i%2 == 0 {
				w.talk(server, client)
			} else {
				w.talk(client, server)
			}
			if pair := client.selected(); pair.Remote.Address != "192.0.2.1" || pair.Remote.Port != 7000 {
				t.Errorf("the client sends to %s:%d", pair.Remote.Address, pair.Remote.Port)
			}
			if strings.Contains(server.LocalDescription().SDP, "198.51.100.1") {
				t.Error("there is a candidate beside the mux's")
			}
		}
		if c := mux.Counters(); c.Connections != 6 || c.Addresses < 6 || c.UnknownUfrags != 0 || c.Conflicts != 0 {
			t.Errorf("%+v", c)
		}
		// What is closed leaves; the others go on.
		w.peers[0].must(w.peers[0].Close(), "Close")
		if c := mux.Counters(); c.Connections != 5 {
			t.Errorf("%+v after one has closed", c)
		}
		last := w.peers[len(w.peers)-2]
		last.must(last.channels[0].SendText("still there"), "SendText")
		for _, p := range w.peers {
			p.must(p.Close(), "Close")
		}
		if c := mux.Counters(); c.Connections != 0 || c.Addresses != 0 {
			t.Errorf("%+v after all have closed", c)
		}
		mux.Close()
	})
}

// A mux is bound to all addresses: the candidates are the interfaces'. Restarts, and
// the peer's moves to other addresses, are followed.
func TestVirtualUDPMuxMoves(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		host := w.net.Host("server", simnet.Addrs("192.0.2.1"))
		mux := w.sharedUDP(host, "0.0.0.0")
		var settings SettingEngine
		settings.SetICEUDPMux(mux)
		server := w.on(host, "server", settings)
		nat := w.net.NAT("nat", "203.0.113.1", simnet.NATConfig{})
		client := w.peer("client", simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
		w.talk(client, server)
		if pair := client.selected(); pair.Remote.Address != "192.0.2.1" || pair.Remote.Port != 7000 {
			t.Errorf("the client sends to %s:%d", pair.Remote.Address, pair.Remote.Port)
		}
		client.RestartICE()
		client.negotiates(server, time.Millisecond)
		time.Sleep(10 * time.Second)
		client.must(client.channels[0].SendText("after the restart"), "SendText")
		w.within(5*time.Second, "it has arrived", server.got("from client", "after the restart"))
		before := mux.Counters().Strangers
		nat.Rebind()
		time.Sleep(10 * time.Second) // a consent check tells of the new address
		client.must(client.channels[0].SendText("after the move"), "SendText")
		w.within(10*time.Second, "it has arrived", server.got("from client", "after the restart", "after the move"))
		if c := mux.Counters(); c.Addresses > 4 || c.Strangers-before > 10 {
			t.Errorf("%+v, %d strangers before", c, before)
		}
		for _, p := range w.peers {
			p.must(p.Close(), "Close")
		}
		mux.Close()
	})
}

// Two connections cannot have one username fragment on a port.
func TestVirtualUDPMuxUfragTaken(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		host := w.net.Host("server", simnet.Addrs("192.0.2.1"))
		mux := w.sharedUDP(host, "192.0.2.1")
		var settings SettingEngine
		settings.SetICEUDPMux(mux)
		settings.SetICECredentials("same", strings.Repeat("p", 22))
		first, second := w.on(host, "first", settings), w.on(host, "second", settings)
		var errs []ICECandidateErrorEvent
		second.OnICECandidateError(func(e ICECandidateErrorEvent) { errs = append(errs, e) })
		for _, p := range []*peer{first, second} {
			p.channel("chat", nil)
			p.must(p.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if !strings.Contains(first.LocalDescription().SDP, "a=candidate:") || strings.Contains(second.LocalDescription().SDP, "a=candidate:") {
			t.Error("not the first alone has a candidate")
		}
		if len(errs) != 1 || !strings.Contains(errs[0].ErrorText, "username fragment same") {
			t.Errorf("errors %+v", errs)
		}
		for _, p := range w.peers {
			p.must(p.Close(), "Close")
		}
		mux.Close()
	})
}

// Server-reflexive candidates are found through the mux: every connection asks the
// same server from the same port and gets its own answer.
func TestVirtualUDPMuxReflexive(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.stun("stun.example.org", "198.51.100.9")
		nat := w.net.NAT("nat", "203.0.113.1", simnet.NATConfig{})
		host := w.net.Host("server", simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
		mux := w.sharedUDP(host, "10.0.0.2")
		var settings SettingEngine
		settings.SetICEUDPMux(mux)
		for i := range 3 {
			server := w.on(host, fmt.Sprintf("server %d", i), settings)
			server.must(server.SetConfiguration(Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:stun.example.org"}}}}), "SetConfiguration")
			client := w.peer(fmt.Sprintf("client %d", i), simnet.Addrs(fmt.Sprintf("198.51.100.%d", 20+i)))
			w.talk(server, client)
			if !strings.Contains(server.LocalDescription().SDP, "203.0.113.1") {
				t.Errorf("no reflexive candidate in\n%s", server.LocalDescription().SDP)
			}
		}
		for _, p := range w.peers {
			p.must(p.Close(), "Close")
		}
		mux.Close()
	})
}

// tcpSettings are those of a peer that uses TCP beside UDP.
func tcpSettings() (s SettingEngine) {
	s.SetNetworkTypes([]NetworkType{NetworkTypeUDP4, NetworkTypeUDP6, NetworkTypeTCP4, NetworkTypeTCP6})
	return s
}

// sharedTCP listens on port 443 of a host's address.
func (w *world) sharedTCP(host *simnet.Host, address string) *ice.TCPMuxDefault {
	w.Helper()
	ln, err := host.ListenTCP(netip.AddrPortFrom(netip.MustParseAddr(address), 443))
	if err != nil {
		w.Fatal(err)
	}
	return ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: ln})
}

// Where UDP is blocked, connections come about over TCP: through one port that all
// connections of the server share, over either version of IP.
func TestVirtualTCP(t *testing.T) {
	for _, c := range []struct{ name, server, client string }{
		{"IPv4", "192.0.2.1", "192.0.2.%d"},
		{"IPv6", "2001:db8::1", "2001:db8::1%d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				host := w.net.Host("server", simnet.Addrs(c.server))
				mux := w.sharedTCP(host, c.server)
				settings := tcpSettings()
				settings.SetICETCPMux(mux)
				for i := range 3 {
					server := w.on(host, fmt.Sprintf("server %d", i), settings)
					client := w.peerWith(fmt.Sprintf("client %d", i), tcpSettings(), simnet.Addrs(fmt.Sprintf(c.client, 10+i)))
					client.host.BlockUDP(true)
					if i%2 == 0 {
						w.talk(server, client)
					} else {
						w.talk(client, server)
					}
					pair := client.selected()
					if pair.Local.Protocol != ICEProtocolTCP || pair.Remote.TCPType != "passive" || pair.Remote.Port != 443 {
						t.Errorf("the client uses %v", pair)
					}
					if !strings.Contains(server.LocalDescription().SDP, " 443 typ host tcptype passive") ||
						!strings.Contains(client.LocalDescription().SDP, " 9 typ host tcptype active") {
						t.Errorf("the candidates are not as RFC 6544 has them:\n%s\n%s", server.LocalDescription().SDP, client.LocalDescription().SDP)
					}
				}
				if c := mux.Counters(); c.Connections != 3 || c.UnknownUfrags != 0 || c.Malformed != 0 {
					t.Errorf("%+v", c)
				}
				time.Sleep(time.Minute) // consent goes on over the stream
				if !connected(w.peers...)() {
					t.Error("not all are connected a minute later")
				}
				for _, p := range w.peers {
					p.must(p.Close(), "Close")
				}
				mux.Close()
			})
		})
	}
}

// A way over UDP is preferred (RFC 6544 §4.2).
func TestVirtualTCPIsSecondChoice(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		host := w.net.Host("server", simnet.Addrs("192.0.2.1"))
		mux := w.sharedTCP(host, "192.0.2.1")
		settings := tcpSettings()
		settings.SetICETCPMux(mux)
		server := w.on(host, "server", settings)
		client := w.peerWith("client", tcpSettings(), simnet.Addrs("192.0.2.2"))
		w.talk(server, client)
		time.Sleep(10 * time.Second)
		if pair := client.selected(); pair.Local.Protocol != ICEProtocolUDP {
			t.Errorf("the client uses %v", pair)
		}
		for _, p := range w.peers {
			p.must(p.Close(), "Close")
		}
		mux.Close()
	})
}

// A lite server, in either role of the offer, with a full client; and two lite ones.
func TestVirtualLite(t *testing.T) {
	for _, c := range []struct {
		name               string
		clientLite, offers bool
	}{
		{"full client offers", false, false},
		{"lite server offers", false, true},
		{"lite client offers", true, false},
		{"lite server offers to a lite client", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				var lite, other SettingEngine
				lite.SetLite(true)
				other.SetLite(c.clientLite)
				server := w.peerWith("server", lite, simnet.Addrs("192.0.2.1", "2001:db8::1"))
				client := w.peerWith("client", other, simnet.Addrs("192.0.2.2", "2001:db8::2"))
				if c.offers {
					w.talk(server, client)
				} else {
					w.talk(client, server)
				}
				for _, p := range []*peer{server, client} {
					isLite := p == server || c.clientLite
					if has := strings.Contains(p.LocalDescription().SDP, "\r\na=ice-lite\r\n"); has != isLite {
						t.Errorf("%s: a=ice-lite %v", p.name, has)
					}
				}
				wantServer := ICERoleControlled
				if c.clientLite && c.offers {
					wantServer = ICERoleControlling
				}
				if r := server.SCTP().Transport().ICETransport().Role(); r != wantServer {
					t.Errorf("the server is %s", r)
				}
				if a, b := server.selected(), client.selected(); a.Local.Address != b.Remote.Address || a.Remote.Address != b.Local.Address {
					t.Errorf("the server uses %v, the client %v", a, b)
				}
				time.Sleep(5 * time.Minute)
				if !connected(server, client)() {
					t.Errorf("five minutes later the server is %s, the client %s", server.ConnectionState(), client.ConnectionState())
				}
				for _, p := range []*peer{server, client} {
					p.mu.Lock()
					if slices.Contains(p.states, PeerConnectionStateDisconnected) {
						t.Errorf("%s was disconnected", p.name)
					}
					p.mu.Unlock()
				}
			})
		})
	}
}

// A lite server finds out that its peer has gone, and that it has come back.
func TestVirtualLiteSilence(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		var lite SettingEngine
		lite.SetLite(true)
		server := w.peerWith("server", lite, simnet.Addrs("192.0.2.1"))
		client := w.peer("client", simnet.Addrs("192.0.2.2"))
		w.talk(client, server)
		w.net.Cut(server.host, client.host)
		w.within(12*time.Second, "the server is disconnected", func() bool {
			return server.ConnectionState() == PeerConnectionStateDisconnected
		})
		w.net.Heal(server.host, client.host)
		w.within(7*time.Second, "the server is connected again", connected(server))
		w.net.Cut(server.host, client.host)
		w.within(37*time.Second, "the server has failed", func() bool {
			return server.ConnectionState() == PeerConnectionStateFailed
		})
	})
}

// Rules put other addresses in the place of the host's, and beside them.
func TestVirtualAddressRewrite(t *testing.T) {
	for _, c := range []struct {
		name       string
		set        func(*SettingEngine)
		has, lacks []string
	}{
		{"host candidates", func(e *SettingEngine) { e.SetNAT1To1IPs([]string{"203.0.113.1"}, ICECandidateTypeHost) },
			[]string{" 203.0.113.1 7000 typ host"}, []string{"10.0.0.2"}},
		{"reflexive candidates", func(e *SettingEngine) { e.SetNAT1To1IPs([]string{"203.0.113.1"}, ICECandidateTypeSrflx) },
			[]string{" 10.0.0.2 7000 typ host", " 203.0.113.1 7000 typ srflx raddr 10.0.0.2 rport 7000"}, nil},
		{"one address of several", func(e *SettingEngine) {
			e.SetNAT1To1IPs([]string{"203.0.113.9/10.0.0.9", "203.0.113.1/10.0.0.2"}, ICECandidateTypeHost)
		}, []string{" 203.0.113.1 7000 typ host"}, []string{"10.0.0.2", "203.0.113.9"}},
		{"rules", func(e *SettingEngine) {
			if err := e.SetICEAddressRewriteRules(
				ICEAddressRewriteRule{External: []string{"203.0.113.9"}, CIDR: "172.16.0.0/12"},
				ICEAddressRewriteRule{External: []string{"2001:db8::9"}},
				ICEAddressRewriteRule{External: []string{"203.0.113.1"}, Iface: "eth0", Mode: ICEAddressRewriteAppend, Networks: []NetworkType{NetworkTypeUDP4}},
			); err != nil {
				t.Error(err)
			}
		}, []string{" 203.0.113.1 7000 typ host", " 10.0.0.2 7000 typ host"}, []string{"203.0.113.9", "2001:db8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				nat := w.net.NAT("nat", "203.0.113.1", simnet.NATConfig{Filtering: simnet.EndpointIndependent})
				settings := SettingEngine{}
				c.set(&settings)
				if err := settings.SetEphemeralUDPPortRange(7000, 7000); err != nil {
					t.Fatal(err)
				}
				server := w.peerWith("server", settings, simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
				client := w.peer("client", simnet.Addrs("192.0.2.2"))
				w.talk(client, server)
				sdp := server.LocalDescription().SDP
				for _, s := range c.has {
					if !strings.Contains(sdp, s) {
						t.Errorf("no %q in\n%s", s, sdp)
					}
				}
				for _, s := range c.lacks {
					if strings.Contains(sdp, s) {
						t.Errorf("%q is in\n%s", s, sdp)
					}
				}
			})
		})
	}
}

func TestAddressRewriteRulesAreChecked(t *testing.T) {
	for name, r := range map[string]ICEAddressRewriteRule{
		"no external address": {},
		"no address":          {External: []string{"example.org"}},
		"unspecified":         {External: []string{"0.0.0.0"}},
		"with a zone":         {External: []string{"fe80::1%eth0"}},
		"local":               {External: []string{"203.0.113.1"}, Local: "here"},
		"range":               {External: []string{"203.0.113.1"}, CIDR: "10.0.0.0/99"},
		"type":                {External: []string{"203.0.113.1"}, AsCandidateType: ICECandidateTypeRelay},
		"mode":                {External: []string{"203.0.113.1"}, Mode: 9},
		"network":             {External: []string{"203.0.113.1"}, Networks: []NetworkType{99}},
	} {
		var e SettingEngine
		e.SetNAT1To1IPs([]string{"203.0.113.7"}, ICECandidateTypeHost)
		if err := e.SetICEAddressRewriteRules(r); kindOf(err) != wrongType || len(e.gather.Rewrite) != 1 {
			t.Errorf("%s: %v, rules %v", name, err, e.gather.Rewrite)
		}
	}
	var e SettingEngine
	e.SetNAT1To1IPs([]string{"203.0.113.7", "nonsense", "203.0.113.8/10.0.0.1"}, ICECandidateTypeHost)
	if len(e.gather.Rewrite) != 2 || !e.gather.Rewrite[0].Local.IsValid() || len(e.ignoredIPs) != 1 {
		t.Errorf("rules %v, ignored %q", e.gather.Rewrite, e.ignoredIPs)
	}
}

// Muxes without a socket are closed and do no harm.
func TestMuxesWithoutSockets(t *testing.T) {
	udp, tcp := NewICEUDPMux(nil, nil), NewICETCPMux(nil, nil, 8)
	if len(udp.GetListenAddresses()) != 0 || udp.Close() != nil || tcp.Close() != nil {
		t.Error("a mux without a socket is not closed")
	}
	udp.RemoveConnByUfrag("x")
	tcp.RemoveConnByUfrag("x")
	if m := ice.NewUDPMuxDefault(ice.UDPMuxParams{}); !m.IsClosed() || m.LocalAddr() != nil {
		t.Error("it has an address")
	}
	if _, err := ice.NewMultiUDPMuxFromPort(0); err == nil {
		t.Error("port 0")
	}
	var settings SettingEngine
	settings.SetICEUDPMux(udp)
	pc, err := NewAPI(WithSettingEngine(settings)).NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if _, err := pc.CreateDataChannel("chat", nil); err != nil {
		t.Fatal(err)
	}
	gathered := GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(SessionDescription{}); err != nil {
		t.Fatal(err)
	}
	<-gathered
	if strings.Contains(pc.LocalDescription().SDP, "a=candidate") {
		t.Error("there is a candidate")
	}
}

// Checks with a connection's name and a wrong password change nothing on a shared
// port, and what they are answered is no more than they were.
func TestVirtualUDPMuxSpoofedChecks(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		host := w.net.Host("server", simnet.Addrs("192.0.2.1"))
		mux := w.sharedUDP(host, "192.0.2.1")
		var settings SettingEngine
		settings.SetICEUDPMux(mux)
		server, client := w.on(host, "server", settings), w.peer("client", simnet.Addrs("192.0.2.2"))
		w.talk(server, client)
		time.Sleep(10 * time.Second)
		before, pair := mux.Counters(), *server.selected()
		parameters, err := server.SCTP().Transport().ICETransport().GetLocalParameters()
		server.must(err, "GetLocalParameters")
		var in, out int
		stop := w.net.Tap(func(p simnet.Packet) {
			if p.From.Addr().String() == "203.0.113.66" {
				in += len(p.Data)
			}
			if p.To.Addr().String() == "203.0.113.66" {
				out += len(p.Data)
			}
		})
		defer stop()
		to := netip.MustParseAddrPort("192.0.2.1:7000")
		for i := range 2000 {
			from := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.66"), uint16(1000+i))
			m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(parameters.UsernameFragment+":evil"),
				stun.NewShortTermIntegrity("not the password of the server"), stun.Fingerprint)
			server.must(err, "Build")
			w.net.Inject(from, to, m.Raw)
			w.net.Inject(from, to, m.Raw[:len(m.Raw)-4]) // cut off
			w.net.Inject(from, to, []byte{0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
			if i%100 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		after := mux.Counters()
		if after.Addresses != before.Addresses || after.Malformed-before.Malformed != 2000 || after.Strangers-before.Strangers != 2000 {
			t.Errorf("%+v, before %+v", after, before)
		}
		if in == 0 || out > in/20 {
			t.Errorf("%d bytes came, %d were sent back", in, out)
		}
		if now := *server.selected(); now.Remote.Address != pair.Remote.Address || now.Remote.Port != pair.Remote.Port {
			t.Errorf("the pair is %v now", now)
		}
		client.must(client.channels[0].SendText("still here"), "SendText")
		for _, p := range w.peers {
			p.must(p.Close(), "Close")
		}
		mux.Close()
	})
}
