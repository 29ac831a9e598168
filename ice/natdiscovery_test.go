package ice

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	natServer = "198.51.100.1:3478"
	natOther  = "198.51.100.2:3479"
)

// A natTestServer is a STUN server with two addresses and two ports (RFC 5780 §6).
type natTestServer struct {
	conns map[netip.AddrPort]udp.Conn
	alone bool // it has one address and says so
	tasks sync.WaitGroup
}

// natServerOn starts a server on a host that has the addresses of both.
func natServerOn(t *testing.T, host *simnet.Host, one, two string) *natTestServer {
	t.Helper()
	s := &natTestServer{conns: map[netip.AddrPort]udp.Conn{}, alone: two == ""}
	a := netip.MustParseAddrPort(one)
	addresses := []netip.AddrPort{a}
	if !s.alone {
		b := netip.MustParseAddrPort(two)
		addresses = append(addresses, netip.AddrPortFrom(a.Addr(), b.Port()), netip.AddrPortFrom(b.Addr(), a.Port()), b)
	}
	for _, address := range addresses {
		conn, err := host.ListenUDP(address)
		if err != nil {
			t.Fatal(err)
		}
		s.conns[address] = conn
	}
	for address, conn := range s.conns {
		s.tasks.Go(func() { s.serve(address, conn) })
	}
	return s
}

func (s *natTestServer) close() {
	for _, c := range s.conns {
		c.Close()
	}
	s.tasks.Wait()
}

// opposite returns the server's address that differs in what the flags say.
func (s *natTestServer) opposite(at netip.AddrPort, flags byte) netip.AddrPort {
	for other := range s.conns {
		if (other.Addr() != at.Addr()) == (flags&changeAddress != 0) && (other.Port() != at.Port()) == (flags&changePort != 0) {
			return other
		}
	}
	return netip.AddrPort{}
}

func (s *natTestServer) serve(at netip.AddrPort, conn udp.Conn) {
	batch := []udp.Datagram{{Buf: make([]byte, 1500)}}
	for {
		n, err := conn.ReadBatch(batch)
		if err != nil {
			return
		}
		if n == 0 {
			continue
		}
		m := &stun.Message{Raw: batch[0].Buf[:batch[0].N]}
		if m.Decode() != nil || m.Type != stun.BindingRequest {
			continue
		}
		out, setters := at, []stun.Setter{m, stun.BindingSuccess, xorMapped(batch[0].Addr.String())}
		if !s.alone {
			if change, err := m.Get(attrChangeRequest); err == nil {
				out = s.opposite(at, byte(binary.BigEndian.Uint32(change)))
			}
			other := s.opposite(at, changeAddress|changePort)
			setters = append(setters, &stun.OtherAddress{IP: net.IP(other.Addr().AsSlice()), Port: int(other.Port())})
		}
		answer := stun.MustBuild(setters...)
		_, _ = s.conns[out].WriteBatch([]udp.Datagram{{Buf: answer.Raw, N: len(answer.Raw), Addr: batch[0].Addr}})
	}
}

// discover runs a discovery on a virtual network, whose NATs are as configured; none
// for a host on the internet.
func discover(t *testing.T, nats []simnet.NATConfig, configure func(*simnet.Network, *NATDiscovery)) (b NATBehavior, took time.Duration, err error) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		defer n.Close()
		n.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		options := []simnet.Option{simnet.Addrs("192.0.2.10")}
		for i, c := range nats {
			outside := []simnet.Option{}
			if i > 0 {
				outside = options[1:]
			}
			public := []string{"203.0.113.1", "100.64.0.2"}[i]
			nat := n.NAT("nat"+public, public, c, outside...)
			options = []simnet.Option{simnet.Addrs("192.168.0.2"), simnet.Behind(nat)}
		}
		host := n.Host("host", options...)
		server := natServerOn(t, n.Host("server", simnet.Addrs("198.51.100.1", "198.51.100.2")), natServer, natOther)
		defer server.close()
		second := natServerOn(t, n.Host("second", simnet.Addrs("198.51.100.9")), "198.51.100.9:3478", "")
		defer second.close()
		third := natServerOn(t, n.Host("third", simnet.Addrs("198.51.100.8")), "198.51.100.8:3478", "")
		defer third.close()
		c := NATDiscovery{Servers: []netip.AddrPort{netip.MustParseAddrPort(natServer)}, Network: host}
		if configure != nil {
			configure(n, &c)
		}
		began := time.Now()
		b, err = c.Discover(t.Context())
		took = time.Since(began)
	})
	return b, took, err
}

// Each mapping and each filter is told from the others (RFC 5780 §4.3, §4.4).
func TestNATDiscovery(t *testing.T) {
	dependences := map[simnet.Behavior]NATDependence{
		simnet.EndpointIndependent:  NATEndpointIndependent,
		simnet.AddressDependent:     NATAddressDependent,
		simnet.AddressPortDependent: NATAddressPortDependent,
	}
	for mapping, wantMapping := range dependences {
		for filtering, wantFiltering := range dependences {
			for _, hairpin := range []bool{false, true} {
				b, took, err := discover(t, []simnet.NATConfig{{Mapping: mapping, Filtering: filtering, Hairpin: hairpin}}, nil)
				if err != nil {
					t.Errorf("%v, %v: %v", mapping, filtering, err)
					continue
				}
				if b.Mapping != wantMapping || b.Filtering != wantFiltering || !b.Translated || b.Mapped.Addr() != netip.MustParseAddr("203.0.113.1") {
					t.Errorf("mapping %v and filtering %v were found to be %+v", mapping, filtering, b)
				}
				if b.Hairpins && !hairpin {
					t.Errorf("mapping %v and filtering %v: hairpins were found where there are none", mapping, filtering)
				}
				if !b.Hairpins && hairpin && mapping == simnet.EndpointIndependent && filtering == simnet.EndpointIndependent {
					t.Errorf("mapping %v and filtering %v: hairpins were not found", mapping, filtering)
				}
				if took > 3*natTimeout {
					t.Errorf("it took %v", took)
				}
			}
		}
	}
}

func TestNATDiscoveryWithoutNAT(t *testing.T) {
	b, took, err := discover(t, nil, nil)
	if err != nil || b.Translated || b.Mapping != NATEndpointIndependent || b.Filtering != NATEndpointIndependent || !b.Hairpins || !b.PortPreserved {
		t.Errorf("found %+v, %v", b, err)
	}
	if took > time.Second {
		t.Errorf("it took %v, though everything was answered", took)
	}
}

// Of two NATs the stricter one is seen.
func TestNATDiscoveryBehindTwo(t *testing.T) {
	b, _, err := discover(t, []simnet.NATConfig{
		{Mapping: simnet.AddressPortDependent, Filtering: simnet.AddressPortDependent},
		{Mapping: simnet.EndpointIndependent, Filtering: simnet.EndpointIndependent},
	}, nil)
	if err != nil || b.Mapping != NATAddressPortDependent || b.Filtering != NATAddressPortDependent {
		t.Errorf("found %+v, %v", b, err)
	}
}

// Servers with one address are compared, and filters are not known then.
func TestNATDiscoveryComparesServers(t *testing.T) {
	for mapping, want := range map[simnet.Behavior]NATDependence{
		simnet.EndpointIndependent: NATEndpointIndependent, simnet.AddressPortDependent: NATAddressPortDependent,
	} {
		b, _, err := discover(t, []simnet.NATConfig{{Mapping: mapping}}, func(_ *simnet.Network, c *NATDiscovery) {
			c.Servers = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.9:3478"), netip.MustParseAddrPort("198.51.100.8:3478")}
		})
		if err != nil || b.Mapping != want || b.Filtering != NATUnknown || b.Servers != 2 {
			t.Errorf("mapping %v was found to be %+v, %v", mapping, b, err)
		}
	}
	b, _, err := discover(t, []simnet.NATConfig{{}}, func(_ *simnet.Network, c *NATDiscovery) {
		c.Servers = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.9:3478")}
	})
	if err != nil || b.Mapping != NATUnknown {
		t.Errorf("with one server found %+v, %v", b, err)
	}
}

// A server with two addresses is used, whichever answers first, and one that is not
// there holds nothing up for long.
func TestNATDiscoveryPrefersServerWithTwoAddresses(t *testing.T) {
	b, _, err := discover(t, []simnet.NATConfig{{Filtering: simnet.AddressDependent}}, func(n *simnet.Network, c *NATDiscovery) {
		c.Servers = []netip.AddrPort{
			netip.MustParseAddrPort("198.51.100.9:3478"), netip.MustParseAddrPort("198.51.100.77:3478"), netip.MustParseAddrPort(natServer),
		}
	})
	if err != nil || b.Mapping != NATEndpointIndependent || b.Filtering != NATAddressDependent || b.Servers != 2 {
		t.Errorf("found %+v, %v", b, err)
	}
}

// What is lost is sent again.
func TestNATDiscoveryOverLoss(t *testing.T) {
	b, _, err := discover(t, []simnet.NATConfig{{Mapping: simnet.AddressDependent, Filtering: simnet.AddressDependent}}, func(n *simnet.Network, c *NATDiscovery) {
		n.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond, Loss: 0.2})
		c.Timeout = 10 * time.Second
	})
	if err != nil || b.Mapping != NATAddressDependent || b.Filtering != NATAddressDependent {
		t.Errorf("found %+v, %v", b, err)
	}
}

func TestNATDiscoveryErrors(t *testing.T) {
	_, took, err := discover(t, nil, func(_ *simnet.Network, c *NATDiscovery) {
		c.Servers = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.77:3478")}
	})
	if !errors.Is(err, ErrNoSTUNAnswer) || took != natTimeout {
		t.Errorf("without an answer: %v after %v, want ErrNoSTUNAnswer after %v", err, took, natTimeout)
	}
	for want, servers := range map[string][]netip.AddrPort{
		"needs a STUN server": nil,
		"of one family":       {netip.MustParseAddrPort(natServer), netip.MustParseAddrPort("[2001:db8::1]:3478")},
		"with ports":          {netip.MustParseAddrPort("198.51.100.1:0")},
	} {
		_, err := NATDiscovery{Servers: servers}.Discover(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("servers %v: %v, want an error with %q", servers, err, want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		defer n.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := NATDiscovery{Network: n.Host("host", simnet.Addrs("192.0.2.10")), Servers: []netip.AddrPort{netip.MustParseAddrPort(natServer)}}
		if _, err := c.Discover(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the context's end: %v", err)
		}
		c.Local = netip.MustParseAddr("192.0.2.99")
		if _, err := c.Discover(t.Context()); err == nil {
			t.Error("an address that the host does not have was bound")
		}
	})
}

// Answers from elsewhere, for nobody, or with nothing usable in them tell nothing.
func TestNATDiscoveryIgnoresForgeries(t *testing.T) {
	now := time.Unix(1, 0)
	server := netip.MustParseAddrPort(natServer)
	d := &natDiscovery{rand: zeroes{}, timeout: natTimeout, servers: []netip.AddrPort{server}}
	if err := d.start(now); err != nil {
		t.Fatal(err)
	}
	id := d.tests[0].id
	answer := func(setters ...stun.Setter) []byte {
		m := new(stun.Message)
		m.TransactionID = id
		if err := m.Build(append([]stun.Setter{stun.NewTransactionIDSetter(id), stun.BindingSuccess}, setters...)...); err != nil {
			t.Fatal(err)
		}
		return m.Raw
	}
	good := answer(xorMapped("203.0.113.1:4000"))
	stranger := netip.MustParseAddrPort("198.51.100.66:3478")
	for name, packet := range map[string]struct {
		socket int
		from   netip.AddrPort
		data   []byte
	}{
		"from elsewhere":      {natMappingSocket, stranger, good},
		"to the other socket": {natFilterSocket, server, good},
		"without an address":  {natMappingSocket, server, answer()},
		"cut short":           {natMappingSocket, server, good[:len(good)-4]},
		"of another question": {natMappingSocket, server, append(append([]byte(nil), good[:19]...), append([]byte{good[19] + 1}, good[20:]...)...)},
		"not STUN":            {natMappingSocket, server, []byte("hello")},
	} {
		if err := d.handlePacket(now, packet.socket, packet.from, packet.data); err != nil || d.first != nil {
			t.Errorf("%s: %v, %v", name, d.first, err)
		}
	}
	if err := d.handlePacket(now, natMappingSocket, server, good); err != nil || d.first == nil {
		t.Errorf("the true answer was not taken: %v", err)
	}
}

type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Two hosts reach each other unless one shows each peer another port and the filter
// of the other looks at ports.
func TestNATBehaviorReaches(t *testing.T) {
	open := NATBehavior{Mapping: NATEndpointIndependent, Filtering: NATEndpointIndependent}
	restricted := NATBehavior{Mapping: NATEndpointIndependent, Filtering: NATAddressDependent}
	portRestricted := NATBehavior{Mapping: NATEndpointIndependent, Filtering: NATAddressPortDependent}
	symmetric := NATBehavior{Mapping: NATAddressPortDependent, Filtering: NATAddressPortDependent}
	symmetricOpen := NATBehavior{Mapping: NATAddressPortDependent, Filtering: NATEndpointIndependent}
	unknown := NATBehavior{}
	for _, c := range []struct {
		a, b NATBehavior
		want bool
	}{
		{open, open, true}, {open, restricted, true}, {open, portRestricted, true}, {portRestricted, portRestricted, true},
		{open, symmetric, true}, {restricted, symmetric, true}, {portRestricted, symmetric, false}, {symmetric, symmetric, false},
		{symmetric, symmetricOpen, true}, {unknown, open, true}, {unknown, portRestricted, false}, {unknown, unknown, false},
	} {
		if c.a.Reaches(c.b) != c.want || c.b.Reaches(c.a) != c.want {
			t.Errorf("%+v and %+v: %v, %v, want %v both ways", c.a, c.b, c.a.Reaches(c.b), c.b.Reaches(c.a), c.want)
		}
	}
}

func FuzzNATDiscovery(f *testing.F) {
	server := netip.MustParseAddrPort(natServer)
	m := stun.MustBuild(stun.NewTransactionIDSetter([12]byte{}), stun.BindingSuccess, xorMapped("203.0.113.1:4000"),
		&stun.OtherAddress{IP: net.IPv4(198, 51, 100, 2), Port: 3479})
	f.Add(m.Raw, byte(0))
	f.Add([]byte{}, byte(1))
	f.Fuzz(func(t *testing.T, p []byte, socket byte) {
		now := time.Unix(1, 0)
		d := &natDiscovery{rand: zeroes{}, timeout: natTimeout, servers: []netip.AddrPort{server}, locals: make([]netip.AddrPort, natSockets)}
		if err := d.start(now); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := d.handlePacket(now, int(socket)%natSockets, server, p); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; !d.done(); i++ {
			if i > 1000 {
				t.Fatal("it does not end")
			}
			now = d.nextTimeout()
			d.handleTimeout(now)
		}
		d.behavior()
	})
}
