package webrtc

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
)

// turn runs a TURN server on a host of its own, under the name turn.example.
func (w *world) turn(address string) *turntest.Server {
	w.Helper()
	host := w.net.Host("turn", simnet.Addrs(address))
	w.net.DNS("turn.example", address)
	ip := netip.MustParseAddr(address)
	s, err := turntest.Listen(host, netip.AddrPortFrom(ip, 3478), turntest.Config{
		Username: "user", Password: "secret", Relays: []netip.Addr{ip}, NonceUses: 20,
	})
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// relayedPair makes two peers behind symmetric NATs, with a TURN server.
func (w *world) relayedPair(policy ICETransportPolicy) (a, b *peer, server *turntest.Server) {
	w.Helper()
	w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
	server = w.turn("198.51.100.1")
	var peers []*peer
	for i, name := range []string{"a", "b"} {
		nat := w.net.NAT("nat of "+name, fmt.Sprintf("203.0.113.%d", i+1), simnet.NATConfig{
			Mapping: simnet.AddressPortDependent, Filtering: simnet.AddressPortDependent, Ports: simnet.RandomPorts,
		})
		p := w.peer(name, simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
		p.must(p.SetConfiguration(Configuration{
			ICEServers:         []ICEServer{{URLs: []string{"turn:turn.example"}, Username: "user", Credential: "secret"}},
			ICETransportPolicy: policy,
		}), "SetConfiguration")
		peers = append(peers, p)
	}
	w.signal(peers[0], peers[1], fixed(50*time.Millisecond))
	return peers[0], peers[1], server
}

// relays tells whether the pair in use goes through a relay of p's.
func (p *peer) relays() bool {
	p.w.Helper()
	pair, err := p.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	p.must(err, "GetSelectedCandidatePair")
	return pair != nil && pair.Local.Typ == ICECandidateTypeRelay
}

// Two peers whose NATs let nothing but a relay through: data and media flow, and
// with the relay policy nothing else is shown to the other side.
func TestVirtualRelay(t *testing.T) {
	for _, policy := range []ICETransportPolicy{ICETransportPolicyAll, ICETransportPolicyRelay} {
		t.Run(policy.String(), func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b, server := w.relayedPair(policy)
				defer server.Close()
				d := a.channel("chat", nil)
				d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
				from, _ := a.source(MimeTypeVP8, "camera")
				sinks := b.sinks(500 * time.Millisecond)
				a.negotiates(b, 50*time.Millisecond)
				w.within(10*time.Second, "b hears a", b.got("hello"))
				w.within(time.Second, "both are connected", connected(a, b))
				b.must(b.channels[0].SendText("well met"), "SendText")
				w.within(time.Second, "a hears b", a.got("well met"))
				const n = 1000
				from.write(n, 5*time.Millisecond)
				time.Sleep(time.Second)
				if in := sinks()[0].inOrderWithin(from, time.Second); in != n {
					w.Errorf("%d of %d packets came", in, n)
				}
				if !a.relays() && !b.relays() {
					w.Error("neither peer sends through its relay")
				}
				// All but the first of it went through channels.
				sent, data := server.Sent(), server.Data()
				if sent.ChannelData+data.ChannelData < n || sent.Indications+data.Indications > 100 {
					w.Errorf("the server has relayed %+v to peers and %+v from them", sent, data)
				}
				if sdp := a.LocalDescription().SDP; policy == ICETransportPolicyRelay && (!strings.Contains(sdp, "typ relay") || strings.Contains(sdp, "typ host") || strings.Contains(sdp, "203.0.113")) {
					w.Errorf("the description says\n%s", sdp)
				}
			})
		})
	}
}

// A relayed connection lasts, restarts, and ends with its server.
func TestVirtualRelayLastsAndEnds(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b, server := w.relayedPair(ICETransportPolicyRelay)
		defer server.Close()
		var mu sync.Mutex
		var errors []ICECandidateErrorEvent
		a.OnICECandidateError(func(e ICECandidateErrorEvent) {
			mu.Lock()
			defer mu.Unlock()
			errors = append(errors, e)
		})
		d := a.channel("chat", nil)
		a.negotiates(b, 50*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		w.within(time.Second, "the channel is open", func() bool { return d.ReadyState() == DataChannelStateOpen })
		time.Sleep(3 * time.Hour)
		a.must(d.SendText("after three hours"), "SendText")
		w.within(time.Second, "b hears a", b.got("after three hours"))

		a.RestartICE()
		a.negotiates(b, 50*time.Millisecond)
		time.Sleep(2 * time.Minute)
		a.must(d.SendText("after the restart"), "SendText")
		w.within(time.Second, "b hears a", b.got("after three hours", "after the restart"))
		if n := server.Allocations(); n != 2 {
			w.Errorf("%d allocations after the restart", n)
		}

		server.Silence(true)
		w.within(40*time.Second, "a notices", func() bool { return a.ConnectionState() == PeerConnectionStateFailed })
		w.within(11*time.Minute, "an error names the server", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(errors) > 0
		})
		if e := errors[0]; e.URL != "turn:turn.example" || e.ErrorCode != 701 || len(errors) != 1 {
			w.Errorf("errors %+v", errors)
		}
	})
}

// Two peers whose networks let no UDP out reach each other over TCP: data and
// media come complete and in order, and the end of the stream ends the pair.
func TestVirtualRelayOverTCP(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		host := w.net.Host("turn", simnet.Addrs("198.51.100.1"))
		w.net.DNS("turn.example", "198.51.100.1")
		server := turntest.New(host, turntest.Config{Username: "user", Password: "secret", Relays: []netip.Addr{netip.MustParseAddr("198.51.100.1")}})
		defer server.Close()
		listener, err := host.ListenTCP(netip.MustParseAddrPort("198.51.100.1:3478"))
		if err != nil {
			w.Fatal(err)
		}
		defer listener.Close()
		server.Serve(listener)
		var peers []*peer
		for i, name := range []string{"a", "b"} {
			nat := w.net.NAT("nat of "+name, fmt.Sprintf("203.0.113.%d", i+1), simnet.NATConfig{})
			nat.BlockUDP(true)
			p := w.peer(name, simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
			p.must(p.SetConfiguration(Configuration{
				ICEServers: []ICEServer{{URLs: []string{"turn:turn.example?transport=tcp"}, Username: "user", Credential: "secret"}},
			}), "SetConfiguration")
			peers = append(peers, p)
		}
		a, b := peers[0], peers[1]
		w.signal(a, b, fixed(50*time.Millisecond))
		d := a.channel("chat", nil)
		d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
		from, _ := a.source(MimeTypeVP8, "camera")
		sinks := b.sinks(500 * time.Millisecond)
		a.negotiates(b, 50*time.Millisecond)
		w.within(10*time.Second, "b hears a", b.got("hello"))
		const n = 1000
		from.write(n, 5*time.Millisecond)
		time.Sleep(time.Second)
		if in := sinks()[0].inOrderWithin(from, time.Second); in != n || !a.relays() || !b.relays() {
			w.Errorf("%d of %d packets came", in, n)
		}
		listener.Close()
		server.Close()
		w.within(5*time.Second, "a notices", func() bool {
			return a.ConnectionState() == PeerConnectionStateFailed || a.ConnectionState() == PeerConnectionStateDisconnected
		})
	})
}

// Wrong credentials are reported with the server's code, and never shown.
func TestVirtualRelayRefused(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b, server := w.relayedPair(ICETransportPolicyRelay)
		defer server.Close()
		a.must(a.SetConfiguration(Configuration{
			ICEServers:         []ICEServer{{URLs: []string{"turn:turn.example"}, Username: "user", Credential: "a guess"}},
			ICETransportPolicy: ICETransportPolicyRelay,
		}), "SetConfiguration")
		got := make(chan ICECandidateErrorEvent, 10)
		a.OnICECandidateError(func(e ICECandidateErrorEvent) { got <- e })
		a.channel("chat", nil)
		a.negotiates(b, 50*time.Millisecond)
		time.Sleep(time.Second)
		if len(got) != 1 {
			w.Fatalf("%d errors", len(got))
		}
		if e := <-got; e.ErrorCode != 401 || e.URL != "turn:turn.example" || strings.Contains(fmt.Sprintf("%+v", e), "guess") {
			w.Errorf("error %+v", e)
		}
		if state := a.ICEGatheringState(); state != ICEGatheringStateComplete {
			w.Errorf("gathering is %v", state)
		}
	})
}
