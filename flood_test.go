package webrtc

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A check is what a forged connectivity check has in it (RFC 8445 §7.1).
type forgedCheck struct {
	ufrags, pwd string
	controlling bool
	tieBreaker  uint64
	nominates   bool
	class       stun.MessageClass
}

func (c forgedCheck) marshal(t *testing.T) []byte {
	t.Helper()
	role := stun.AttrICEControlled
	if c.controlling {
		role = stun.AttrICEControlling
	}
	setters := []stun.Setter{
		stun.TransactionID, stun.NewType(stun.MethodBinding, c.class), stun.NewUsername(c.ufrags),
		stun.RawAttribute{Type: stun.AttrPriority, Value: binary.BigEndian.AppendUint32(nil, 1<<24)},
		stun.RawAttribute{Type: role, Value: binary.BigEndian.AppendUint64(nil, c.tieBreaker)},
	}
	if c.nominates {
		setters = append(setters, stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	if c.pwd != "" {
		setters = append(setters, stun.NewShortTermIntegrity(c.pwd))
	}
	m, err := stun.Build(append(setters, stun.Fingerprint)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// credentials returns what a check from b to a has: USERNAME and the password.
func credentials(t *testing.T, a, b *peer) (ufrags, pwd string) {
	t.Helper()
	ours, err := a.SCTP().Transport().ICETransport().GetLocalParameters()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := b.SCTP().Transport().ICETransport().GetLocalParameters()
	if err != nil {
		t.Fatal(err)
	}
	return ours.UsernameFragment + ":" + theirs.UsernameFragment, ours.Password
}

// addresses returns where a and b receive.
func addresses(t *testing.T, a *peer) (local, remote netip.AddrPort) {
	t.Helper()
	pair, err := a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		t.Fatalf("no selected pair: %v", err)
	}
	at := func(c *ICECandidate) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(c.Address), c.Port)
	}
	return at(pair.Local), at(pair.Remote)
}

// TestVirtualFloodsOfChecks sends a connected peer checks from thousands of
// addresses: by strangers who know nothing, by one who knows the user names, and
// by one who knows the password too, as a hostile peer does.
func TestVirtualFloodsOfChecks(t *testing.T) {
	const each = 1500
	for _, c := range []struct {
		name string
		make func(ufrags, pwd string) forgedCheck
		from func(n int, peer netip.AddrPort) netip.AddrPort
	}{
		{"wrong names", func(string, string) forgedCheck {
			return forgedCheck{ufrags: "some:body", pwd: "not the password of anyone"}
		}, func(n int, _ netip.AddrPort) netip.AddrPort { return stranger(n) }},
		{"no integrity", func(u, _ string) forgedCheck { return forgedCheck{ufrags: u} },
			func(n int, _ netip.AddrPort) netip.AddrPort { return stranger(n) }},
		{"wrong integrity", func(u, _ string) forgedCheck { return forgedCheck{ufrags: u, pwd: "not the password of anyone"} },
			func(n int, _ netip.AddrPort) netip.AddrPort { return stranger(n) }},
		{"wrong integrity from the peer's address", func(u, _ string) forgedCheck {
			return forgedCheck{ufrags: u, pwd: "not the password of anyone", nominates: true}
		}, func(_ int, peer netip.AddrPort) netip.AddrPort { return peer }},
		{"role conflicts without integrity", func(u, _ string) forgedCheck {
			return forgedCheck{ufrags: u, controlling: true, tieBreaker: 1<<64 - 1}
		}, func(_ int, peer netip.AddrPort) netip.AddrPort { return peer }},
		{"role conflicts with wrong integrity", func(u, _ string) forgedCheck {
			return forgedCheck{ufrags: u, pwd: "not the password of anyone", controlling: true, tieBreaker: 1<<64 - 1}
		}, func(_ int, peer netip.AddrPort) netip.AddrPort { return peer }},
		{"responses to nothing", func(u, p string) forgedCheck {
			return forgedCheck{ufrags: u, pwd: p, class: stun.ClassSuccessResponse}
		}, func(_ int, peer netip.AddrPort) netip.AddrPort { return peer }},
		{"role conflicts signed by the peer", func(u, p string) forgedCheck {
			return forgedCheck{ufrags: u, pwd: p, controlling: true, tieBreaker: 1}
		}, func(_ int, peer netip.AddrPort) netip.AddrPort { return peer }},
		{"signed by the peer", func(u, p string) forgedCheck { return forgedCheck{ufrags: u, pwd: p} },
			func(n int, _ netip.AddrPort) netip.AddrPort { return stranger(n) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 5 * time.Millisecond})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				d := w.connectedPair(a, b)
				local, remote := addresses(t, a)
				forged := c.make(credentials(t, a, b))
				role := a.SCTP().Transport().ICETransport().Role()
				before := heap()
				const rounds = 50
				w.staysUp(a, b, d, rounds, func(round int) {
					for i := range each / rounds {
						n := round*each/rounds + i
						w.net.Inject(c.from(n, remote), local, forged.marshal(t))
					}
				})
				w.wantBounded(before, "the flood")
				got := a.drops()
				t.Logf("a dropped %+v", got)
				if got.pairs > 100 || got.remotes > 128 {
					t.Errorf("a has %d pairs and %d remote candidates", got.pairs, got.remotes)
				}
				if now := a.SCTP().Transport().ICETransport().Role(); now != role {
					t.Errorf("a's role has changed from %s to %s", role, now)
				}
				if counted := counts(got) + got.agent.RoleConflicts + got.agent.CandidatesDropped + got.agent.PairsEvicted; counted < each/2 {
					t.Errorf("%d checks were counted of %d", counted, each)
				}
			})
		})
	}
}

// record is a DTLS record of the first epoch (RFC 6347 §4.1).
func record(typ byte, number int, body []byte) []byte {
	b := []byte{typ, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(number))
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// fragment is a handshake record with a part of a message (RFC 6347 §4.2.2).
func fragment(typ byte, number, message, length, offset int, part []byte) []byte {
	b := []byte{typ, byte(length >> 16), byte(length >> 8), byte(length)}
	b = binary.BigEndian.AppendUint16(b, uint16(message))
	b = append(b, byte(offset>>16), byte(offset>>8), byte(offset))
	b = append(b, byte(len(part)>>16), byte(len(part)>>8), byte(len(part)))
	return record(22, number, append(b, part...))
}

// dtlsFloods are unauthenticated records, the n-th of each flood.
var dtlsFloods = []struct {
	name string
	make func(n int, hello []byte) []byte
	// harmless says that none of it reaches the engine. What does counts there as
	// seen, so that the peer's own record of the same number is taken for a replay.
	harmless bool
}{
	{"alerts, fatal", func(n int, _ []byte) []byte { return record(21, n, []byte{2, byte(40 + n%80)}) }, false},
	{"alerts, warning", func(n int, _ []byte) []byte { return record(21, n, []byte{1, 90}) }, false},
	{"alerts, malformed", func(n int, _ []byte) []byte { return record(21, n, make([]byte, n%50)) }, true},
	{"close_notify", func(n int, _ []byte) []byte { return record(21, n, []byte{1, 0}) }, false},
	{"ChangeCipherSpec", func(n int, _ []byte) []byte { return record(20, n, []byte{1}) }, false},
	{"ChangeCipherSpec, malformed", func(n int, _ []byte) []byte { return record(20, n, []byte{byte(n), 2}) }, true},
	{"application data", func(n int, _ []byte) []byte { return record(23, n, make([]byte, 1+n%1000)) }, true},
	{"ClientHello, repeated", func(n int, hello []byte) []byte { return hello }, false},
	{"fragments that never end", func(n int, _ []byte) []byte {
		return fragment(11, n, 5+n%50, 60000, n*7%50000, make([]byte, 1000))
	}, false},
	{"fragments of one byte", func(n int, _ []byte) []byte { return fragment(11, n, 2, 60000, n, []byte{1}) }, false},
	{"fragments beyond the end", func(n int, _ []byte) []byte { return fragment(11, n, 2, 100, 1<<23, make([]byte, 90)) }, true},
	{"messages of 16 MB", func(n int, _ []byte) []byte { return fragment(11, n, n, 1<<24-1, 0, make([]byte, 1000)) }, true},
	{"empty records", func(n int, _ []byte) []byte { return record(byte(20+n%4), n, nil) }, true},
	{"records of no type", func(n int, _ []byte) []byte { return record(byte(24+n%40), n, make([]byte, 50)) }, true},
	{"many records in one", func(n int, _ []byte) []byte {
		var b []byte
		for i := range 60 {
			b = append(b, record(22, n*60+i, []byte{1})...)
		}
		return b
	}, true},
}

// TestVirtualFloodsOfRecords sends connected peers unauthenticated DTLS from the
// peer's address: the session goes on.
func TestVirtualFloodsOfRecords(t *testing.T) {
	const each = 1600
	for _, c := range dtlsFloods {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 5 * time.Millisecond})
				seen := w.records()
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				d := w.connectedPair(a, b)
				local, remote := addresses(t, a)
				hello := seen.of("DTLS handshake")[0].Data
				before := heap()
				const rounds = 40
				w.staysUp(a, b, d, rounds, func(round int) {
					for i := range each / rounds {
						n := round*each/rounds + i
						w.net.Inject(remote, local, c.make(n, hello))
						w.net.Inject(local, remote, c.make(n, hello))
						w.net.Inject(stranger(n), local, c.make(n, hello))
					}
				})
				w.wantBounded(before, "the flood")
				got := a.drops()
				// Each datagram from the peer's address and each from strangers.
				if counted := counts(got); counted < 2*each {
					t.Errorf("%d drops were counted of %d: %+v", counted, 2*each, got)
				}
			})
		})
	}
}

// TestVirtualFloodsOfRecordsWhileConnecting sends the same before and during
// the handshake: strangers' never matter. From the peer's address, a forgery that
// could be the peer's own may end the handshake, which nothing authenticates
// before its end; it fails with an error then, and leaves nothing behind.
func TestVirtualFloodsOfRecordsWhileConnecting(t *testing.T) {
	const each = 1500
	for _, c := range dtlsFloods {
		for _, spoofed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/spoofed=%v", c.name, spoofed), func(t *testing.T) {
				inWorld(t, 1, func(w *world) {
					w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
					seen := w.records()
					a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
					before := heap()
					d := w.begins(a, b)
					d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
					local, remote := netip.AddrPort{}, netip.AddrPort{}
					for n := range each {
						hello := []byte{22}
						if p := seen.of("DTLS handshake"); len(p) > 0 {
							hello = p[0].Data
						}
						if p := seen.of("STUN"); !local.IsValid() && len(p) > 0 {
							local, remote = p[0].To, p[0].From
						}
						if local.IsValid() {
							from, to := local, remote
							if n%2 == 0 {
								from, to = to, from
							}
							if !spoofed {
								from = stranger(n)
							}
							w.net.Inject(from, to, c.make(n, hello))
						}
						if n%30 == 0 {
							time.Sleep(2 * time.Millisecond)
						}
					}
					time.Sleep(time.Minute)
					switch {
					case c.harmless || !spoofed:
						w.within(time.Second, "b hears a", b.got("hello"))
						w.within(time.Second, "both are connected", connected(a, b))
					default:
						for _, p := range []*peer{a, b} {
							if s := p.ConnectionState(); s != PeerConnectionStateConnected && s != PeerConnectionStateFailed {
								t.Errorf("%s is %s, want connected or failed", p.name, s)
							}
						}
						t.Logf("a is %s, b is %s", a.ConnectionState(), b.ConnectionState())
					}
					w.wantBounded(before, "the flood")
				})
			})
		}
	}
}
