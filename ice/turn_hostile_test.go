package ice

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A hostileTURN is a server that grants every request and then does what the test
// wants.
type hostileTURN struct {
	conn  udp.Conn
	ended sync.WaitGroup

	mu       sync.Mutex
	client   netip.AddrPort
	received int
}

// serveHostile answers on an address; answer changes the response to a request, or
// returns nil for none.
func serveHostile(t *testing.T, h *simnet.Host, addr string, answer func(request *stun.Message, granted []byte) []byte) *hostileTURN {
	conn, err := h.ListenUDP(netip.MustParseAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	s := &hostileTURN{conn: conn}
	s.ended.Go(func() {
		batch := []udp.Datagram{{Buf: make([]byte, 2048)}}
		for {
			if _, err := conn.ReadBatch(batch); err != nil {
				return
			}
			s.mu.Lock()
			s.received++
			s.client = batch[0].Addr
			s.mu.Unlock()
			m := &stun.Message{Raw: slices.Clone(batch[0].Buf[:batch[0].N])}
			if m.Decode() != nil || m.Type.Class != stun.ClassRequest {
				continue
			}
			granted := stun.MustBuild(m, stun.MessageType{Method: m.Type.Method, Class: stun.ClassSuccessResponse})
			if m.Type.Method == stun.MethodAllocate {
				granted = stun.MustBuild(granted, granted.Type, relayedAttribute)
			}
			if p := answer(m, granted.Raw); p != nil {
				s.send(p)
			}
		}
	})
	return s
}

func (s *hostileTURN) send(p []byte) {
	s.mu.Lock()
	to := s.client
	s.mu.Unlock()
	s.conn.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: to}})
}

func (s *hostileTURN) packets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

func (s *hostileTURN) close() {
	s.conn.Close()
	s.ended.Wait()
}

// A server that sends what nobody has asked for costs its client a count each, and
// gets nothing back; what a permitted peer sends comes through all the same.
func TestHostileTURNFlood(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveHostile(t, n.Host("turn", simnet.Addrs("198.51.100.1")), "198.51.100.1:3478", func(_ *stun.Message, granted []byte) []byte { return granted })
		defer turn.close()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
		defer g.close()
		g.gather("uf")
		g.do(func(now time.Time) { g.Permit(now, netip.MustParseAddr("203.0.113.7")) })
		g.after(time.Second)
		before := turn.packets()
		random := rand.New(rand.NewPCG(1, 2))
		garbage := func(n int) []byte {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			return b
		}
		const rounds = 200
		for range rounds {
			stranger := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(100 + random.IntN(100))}), 9)
			response := stun.MustBuild(stun.TransactionID, stun.MessageType{Method: stun.MethodAllocate, Class: stun.ClassSuccessResponse}, relayedAttribute)
			short := dataIndication(testPeer, garbage(8))
			for _, p := range [][]byte{
				dataIndication(stranger, garbage(1200)),                                      // of a peer without a permission
				dataIndication(testServer, garbage(20)),                                      // posing as the server
				appendChannelData(nil, 0x4000+uint16(random.IntN(16)), garbage(1200), false), // of a channel that nobody has bound
				appendChannelData(nil, 0x4fff, garbage(60), false),
				{0x40, 0, 0xff, 0xff, 1, 2, 3},             // longer than it is
				append([]byte{0x80}, garbage(40)...),       // of another protocol
				response.Raw,                               // to a request that was never made
				short[:len(short)-4],                       // cut off
				append([]byte{0x00, 0x17}, garbage(50)...), // a Data indication of garbage
			} {
				turn.send(p)
			}
		}
		turn.send(dataIndication(testPeer, []byte("well met")))
		synctest.Wait()
		g.after(2 * time.Second)
		if want := []string{"well met from " + testPeer.String()}; !slices.Equal(g.heard, want) || g.agent != 0 {
			t.Errorf("heard %d packets, the agent %d: %.5q", len(g.heard), g.agent, g.heard)
		}
		if dropped := g.Counters().RelayDropped; dropped < 9*rounds/2 {
			t.Errorf("%d were dropped of %d", dropped, 9*rounds)
		}
		// The good packet asks for a channel, and no other is answered.
		if sent := turn.packets() - before; sent > 2 {
			t.Errorf("the client has sent %d packets", sent)
		}
		if r := g.relays.list; len(r) != 1 || len(r[0].client.channels) > 1 || len(r[0].client.permissions) != 1 || len(r[0].conn.wanted) > 1 {
			t.Errorf("the client remembers %+v", r)
		}
	})
}

// Whatever lifetime a server grants, its client refreshes neither all the time nor
// never.
func TestHostileTURNLifetimes(t *testing.T) {
	for _, lifetime := range []uint32{0, 1, 4, 10, 600, 3600, 1 << 20, 1<<31 + 1, 1<<32 - 1} {
		scenario(t, func(t *testing.T, n *simnet.Network) {
			var refreshes []time.Time
			turn := serveHostile(t, n.Host("turn", simnet.Addrs("198.51.100.1")), "198.51.100.1:3478", func(m *stun.Message, granted []byte) []byte {
				if m.Type.Method == stun.MethodRefresh && !m.Contains(stun.AttrLifetime) {
					refreshes = append(refreshes, time.Now())
				}
				r := &stun.Message{Raw: granted}
				if r.Decode() != nil {
					return nil
				}
				r.Add(stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, lifetime))
				return r.Raw
			})
			defer turn.close()
			g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
			defer g.close()
			g.gather("uf")
			g.after(3 * time.Hour)
			if n := len(refreshes); n < 3 || n > int(3*time.Hour/turnMinRefresh) {
				t.Errorf("lifetime %d: %d refreshes in three hours", lifetime, n)
			}
		})
	}
}

// Relays without number, challenges without end and redirections inwards.
func TestHostileTURNAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(m *stun.Message, granted []byte) []byte
		want   string
		most   int // packets that the server may get
	}{
		"a thousand relays": {func(m *stun.Message, granted []byte) []byte {
			r := &stun.Message{Raw: granted}
			if r.Decode() != nil {
				return nil
			}
			for i := range 100 {
				r.Add(stun.AttrXORRelayedAddress, appendXORAddress(nil, netip.AddrPortFrom(netip.MustParseAddr("198.51.100.9"), uint16(i+1)), (*transactionID)(&r.TransactionID)))
			}
			return r.Raw
		}, "relay 198.51.100.1", 2},
		"stale for ever": {func(m *stun.Message, _ []byte) []byte {
			return stun.MustBuild(m, stun.MessageType{Method: m.Type.Method, Class: stun.ClassErrorResponse}, errorCode(438), stun.NewRealm("r"), stun.NewNonce(fmt.Sprint(time.Now().UnixNano()))).Raw
		}, "error 438", maxTURNChallenges + 1},
		"to this host":            {redirectTo([]byte{0, 1, 0, 80, 127, 0, 0, 1}), "error 300", 1},
		"to this site":            {redirectTo([]byte{0, 1, 0, 80, 192, 168, 0, 1}), "error 300", 1},
		"to this link":            {redirectTo([]byte{0, 1, 0, 80, 169, 254, 169, 254}), "error 300", 1},
		"nowhere":                 {redirectTo([]byte{0, 1, 0, 0, 198, 51, 100, 2}), "error 300", 1},
		"to the other IP version": {redirectTo(append([]byte{0, 2, 0, 80}, netip.MustParseAddr("2001:db8::1").AsSlice()...)), "error 300", 1},
	} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				turn := serveHostile(t, n.Host("turn", simnet.Addrs("198.51.100.1")), "198.51.100.1:3478", tt.answer)
				defer turn.close()
				g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
				defer g.close()
				g.gather("uf")
				g.after(10 * time.Second)
				text := strings.Join(g.log, "\n")
				if !strings.Contains(text, tt.want) || strings.Count(text, "relay ") > 1 || g.State() != GatheringStateComplete || turn.packets() > tt.most {
					t.Errorf("the server got %d packets, and %q is expected:\n%s", turn.packets(), tt.want, text)
				}
			})
		})
	}
}

func redirectTo(address []byte) func(*stun.Message, []byte) []byte {
	return func(m *stun.Message, _ []byte) []byte {
		return stun.MustBuild(m, stun.MessageType{Method: m.Type.Method, Class: stun.ClassErrorResponse}, errorCode(300), rawAttribute{stun.AttrAlternateServer, address}).Raw
	}
}
