package webrtc

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
)

var updateNATs = flag.Bool("update-nats", false, "write docs/nat.md as this library behaves now")

// A site is a kind of network that a peer may be in.
type site struct {
	name string
	// build attaches a host to the network; number tells the peers' apart. Where share
	// is true the second peer of a kind joins the network of the first.
	build func(w *world, number int) []simnet.Option
	share bool
	nat   *ice.NATBehavior // what STUN would find, nil where UDP does not pass
	v4    bool
	v6    bool
}

// natSite is a site behind a NAT of its own.
func natSite(name string, c simnet.NATConfig, mapping, filtering ice.NATDependence) site {
	return site{name: name, v4: true, nat: &ice.NATBehavior{Mapping: mapping, Filtering: filtering},
		build: func(w *world, number int) []simnet.Option {
			nat := w.net.NAT(fmt.Sprintf("nat %d", number), fmt.Sprintf("203.0.113.%d", number), c)
			return []simnet.Option{simnet.Behind(nat), simnet.Addrs("10.0.0.2")}
		}}
}

func sites() []site {
	independent, address, port := ice.NATEndpointIndependent, ice.NATAddressDependent, ice.NATAddressPortDependent
	strict := simnet.NATConfig{Filtering: simnet.AddressPortDependent}
	return []site{
		{name: "no NAT", v4: true, v6: true, nat: &ice.NATBehavior{Mapping: independent, Filtering: independent},
			build: func(_ *world, number int) []simnet.Option {
				return []simnet.Option{simnet.Addrs(fmt.Sprintf("192.0.2.%d", number), fmt.Sprintf("2001:db8:%d::1", number))}
			}},
		natSite("full cone", simnet.NATConfig{}, independent, independent),
		natSite("address-restricted", simnet.NATConfig{Filtering: simnet.AddressDependent}, independent, address),
		natSite("port-restricted", strict, independent, port),
		natSite("symmetric", simnet.NATConfig{Mapping: simnet.AddressPortDependent, Filtering: simnet.AddressPortDependent}, port, port),
		natSite("symmetric, random ports", simnet.NATConfig{
			Mapping: simnet.AddressPortDependent, Filtering: simnet.AddressPortDependent, Ports: simnet.RandomPorts,
		}, port, port),
		{name: "double NAT", v4: true, nat: &ice.NATBehavior{Mapping: independent, Filtering: port},
			build: func(w *world, number int) []simnet.Option {
				outer := w.net.NAT(fmt.Sprintf("carrier %d", number), fmt.Sprintf("203.0.113.%d", number), strict)
				inner := w.net.NAT(fmt.Sprintf("home %d", number), "100.64.0.2", strict, simnet.Behind(outer))
				return []simnet.Option{simnet.Behind(inner), simnet.Addrs("10.0.0.2")}
			}},
		{name: "one NAT, no hairpins", v4: true, share: true, nat: &ice.NATBehavior{Mapping: independent, Filtering: port},
			build: func(w *world, number int) []simnet.Option {
				nat := w.net.NAT(fmt.Sprintf("shared nat %d", number), fmt.Sprintf("203.0.113.%d", number), strict)
				return []simnet.Option{simnet.Behind(nat)}
			}},
		{name: "UDP blocked", v4: true,
			build: func(w *world, number int) []simnet.Option {
				nat := w.net.NAT(fmt.Sprintf("nat %d", number), fmt.Sprintf("203.0.113.%d", number), strict)
				nat.BlockUDP(true)
				return []simnet.Option{simnet.Behind(nat), simnet.Addrs("10.0.0.2")}
			}},
		{name: "IPv6 only", v6: true, nat: &ice.NATBehavior{Mapping: independent, Filtering: independent},
			build: func(_ *world, number int) []simnet.Option {
				return []simnet.Option{simnet.Addrs(fmt.Sprintf("2001:db8:%d::1", number))}
			}},
	}
}

// direct tells whether two sites can be joined without a relay.
func direct(a, b site) bool {
	if a.nat == nil || b.nat == nil {
		return false
	}
	return (a.v6 && b.v6) || a.v4 && b.v4 && (a.share && a.name == b.name || a.nat.Reaches(*b.nat))
}

// An outcome is how a connection between two sites came about.
type outcome struct {
	pair  string // types of the selected pair's candidates, the offerer's first; empty if there is none
	trips float64
}

// join connects peers in two sites at a round-trip time of 100 ms, and reports the
// pair and the round trips from the answer's arrival to the first message.
func join(t *testing.T, a, b site, turn bool) (o outcome) {
	t.Helper()
	const rtt = 100 * time.Millisecond
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: rtt / 2})
		servers, stop := w.natServers()
		defer stop()
		options := [][]simnet.Option{a.build(w, 1)}
		if b.share && a.name == b.name {
			options = [][]simnet.Option{append(options[0], simnet.Addrs("10.0.0.2")), append(options[0][:1:1], simnet.Addrs("10.0.0.3"))}
		} else {
			options = append(options, b.build(w, 2))
			for i, s := range []site{a, b} {
				if s.share {
					options[i] = append(options[i], simnet.Addrs("10.0.0.2"))
				}
			}
		}
		var peers []*peer
		for i, s := range []site{a, b} {
			p := w.peer([]string{"a", "b"}[i], options[i]...)
			use := servers[:1]
			if turn && s.nat != nil {
				use = servers[:2]
			} else if turn {
				use = servers
			}
			p.must(p.SetConfiguration(Configuration{ICEServers: use}), "SetConfiguration")
			peers = append(peers, p)
		}
		w.signal(peers[0], peers[1], fixed(rtt/2))
		o = w.meet(peers[0], peers[1], rtt)
	})
	return o
}

// meet negotiates and waits until a message has come, or the connection has failed.
func (w *world) meet(a, b *peer, rtt time.Duration) (o outcome) {
	var answered time.Time
	a.OnSignalingStateChange(func(s SignalingState) {
		if s == SignalingStateStable {
			answered = time.Now()
		}
	})
	id, negotiated := uint16(1), true
	init := &DataChannelInit{Negotiated: &negotiated, ID: &id}
	d := a.channel("first", init)
	b.channel("first", init)
	d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
	a.negotiates(b, rtt/2)
	arrived := b.got("hello")
	for deadline := time.Now().Add(45 * time.Second); !arrived() && time.Now().Before(deadline); time.Sleep(rtt / 20) {
		synctest.Wait()
	}
	if !arrived() {
		return o
	}
	o.trips = float64(time.Since(answered).Round(rtt/20)) / float64(rtt)
	time.Sleep(2 * time.Second) // let ICE find what is better
	pair, err := a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	a.must(err, "GetSelectedCandidatePair")
	if pair == nil {
		w.Fatal("a message has come, and there is no pair")
	}
	o.pair = pair.Local.Typ.String() + " – " + pair.Remote.Typ.String()
	return o
}

// natServers runs a STUN server and a TURN server for UDP, TCP and both IP versions,
// and returns them as a configuration has them, in this order.
func (w *world) natServers() (servers []ICEServer, stop func()) {
	w.Helper()
	addresses := []string{"198.51.100.1", "2001:db8:ffff::1"}
	host := w.net.Host("server", simnet.Addrs(addresses...))
	w.net.DNS("server.example", addresses...)
	config := turntest.Config{Username: "user", Password: "secret", Relays: []netip.Addr{netip.MustParseAddr(addresses[0]), netip.MustParseAddr(addresses[1])}}
	var stops []func()
	for _, address := range addresses {
		at := netip.AddrPortFrom(netip.MustParseAddr(address), 3478)
		s, err := turntest.Listen(host, at, config)
		if err != nil {
			w.Fatal(err)
		}
		listener, err := host.ListenTCP(at)
		if err != nil {
			w.Fatal(err)
		}
		s.Serve(listener)
		stops = append(stops, func() { listener.Close(); s.Close() })
	}
	return []ICEServer{
			{URLs: []string{"stun:server.example"}},
			{URLs: []string{"turn:server.example"}, Username: "user", Credential: "secret"},
			{URLs: []string{"turn:server.example?transport=tcp"}, Username: "user", Credential: "secret"},
		}, func() {
			for _, f := range stops {
				f()
			}
		}
}

// Every pair of networks that can be joined is, without a relay where there is a way,
// and by one otherwise. docs/nat.md shows which pair is used and how soon.
func TestVirtualNATs(t *testing.T) {
	all := sites()
	if testing.Short() {
		all = all[3:6]
	}
	var text strings.Builder
	for _, turn := range []bool{false, true} {
		fmt.Fprintf(&text, "\n## %s\n\n| |", map[bool]string{false: "STUN alone", true: "STUN and TURN"}[turn])
		for _, b := range all {
			fmt.Fprintf(&text, " %s |", b.name)
		}
		text.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
		for _, a := range all {
			fmt.Fprintf(&text, "| **%s** |", a.name)
			for _, b := range all {
				o := join(t, a, b, turn)
				if want := turn || direct(a, b); (o.pair != "") != want {
					t.Errorf("%s and %s, with TURN %v: connected %v, want %v", a.name, b.name, turn, o.pair != "", want)
				}
				if relayed := strings.Contains(o.pair, "relay"); o.pair != "" && relayed == direct(a, b) {
					t.Errorf("%s and %s, with TURN %v: the pair is %s", a.name, b.name, turn, o.pair)
				}
				switch {
				case o.pair == "":
					text.WriteString(" – |")
				case a.nat == nil || b.nat == nil: // streams of the virtual network take no time
					fmt.Fprintf(&text, " %s |", o.pair)
				default:
					fmt.Fprintf(&text, " %s, %.1f |", o.pair, o.trips)
				}
			}
			text.WriteString("\n")
		}
	}
	if testing.Short() {
		return
	}
	checkNATDocument(t, text.String())
}

// checkNATDocument compares the tables with those of docs/nat.md, which begin with
// the first heading of the second level: what is joined, directly or by a relay. Types
// and figures depend on which of several checks comes first.
func checkNATDocument(t *testing.T, tables string) {
	t.Helper()
	const path = "docs/nat.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	introduction, written, _ := strings.Cut(string(b), "\n## ")
	if *updateNATs {
		if err := os.WriteFile(path, []byte(introduction+tables), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if natCells("\n## "+written) != natCells(tables) {
		t.Errorf("%s is out of date; write it by go test -run VirtualNATs -update-nats .", path)
	}
}

// natCells reduces tables to what is joined, and how.
func natCells(tables string) string {
	var cells strings.Builder
	for cell := range strings.SplitSeq(tables, "|") {
		switch cell = strings.TrimSpace(cell); {
		case cell == "–":
			cells.WriteString(" none")
		case strings.Contains(cell, "relay"):
			cells.WriteString(" relayed")
		case strings.Contains(cell, " – "):
			cells.WriteString(" direct")
		default:
			cells.WriteString(" " + cell)
		}
	}
	return cells.String()
}
