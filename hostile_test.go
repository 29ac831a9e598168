package webrtc

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

// An eavesdropper keeps packets that peers have sent each other, by their kind.
type eavesdropper struct {
	mu    sync.Mutex // guards all below
	kinds map[string][]simnet.Packet
}

// maxRecorded bounds how many packets of a kind are kept.
const maxRecorded = 40

func (w *world) records() *eavesdropper {
	r := &eavesdropper{kinds: map[string][]simnet.Packet{}}
	w.net.Tap(func(p simnet.Packet) {
		if p.Event != simnet.Sent || p.Host == "" || len(p.Data) == 0 {
			return
		}
		kind := "other"
		switch first := p.Data[0]; {
		case first <= 3:
			kind = "STUN"
		case first == 23:
			kind = "SCTP in DTLS"
		case first >= 20 && first <= 63:
			kind = "DTLS handshake"
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.kinds[kind]) < maxRecorded {
			p.Data = slices.Clone(p.Data)
			r.kinds[kind] = append(r.kinds[kind], p)
		}
	})
	return r
}

func (r *eavesdropper) of(kind string) []simnet.Packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kinds[kind])
}

// mutations are what an attacker makes of a packet that it has seen.
func mutations(chance *rand.Rand, p []byte) (out [][]byte) {
	out = append(out, p, append(slices.Clone(p), make([]byte, 1+chance.IntN(100))...))
	for range 5 {
		out = append(out, p[:chance.IntN(len(p))])
	}
	for range 10 {
		flipped := slices.Clone(p)
		for range 1 + chance.IntN(3) {
			flipped[chance.IntN(len(p))] ^= 1 << chance.IntN(8)
		}
		out = append(out, flipped)
	}
	other := slices.Clone(p) // the header is whole, the rest is not
	for i := min(20, len(p)); i < len(p); i++ {
		other[i] = byte(chance.Uint32())
	}
	return append(out, other, append(slices.Clone(p), p...))
}

// noise is a packet of random length and content; its first byte is that of a
// protocol on these sockets more often than not.
func noise(chance *rand.Rand) []byte {
	b := make([]byte, chance.IntN(1600))
	for i := range b {
		b[i] = byte(chance.Uint32())
	}
	if firsts := []byte{0, 1, 20, 21, 22, 23, 25, 64, 128, 200}; len(b) > 0 && chance.IntN(4) != 0 {
		b[0] = firsts[chance.IntN(len(firsts))]
	}
	if len(b) > 13 && chance.IntN(2) == 0 && b[0] >= 20 && b[0] <= 25 { // a record's header (RFC 6347 §4.1)
		b[1], b[2], b[3], b[4] = 0xfe, 0xfd, 0, byte(chance.IntN(3))
		b[11], b[12] = byte((len(b)-13)>>8), byte(len(b)-13)
	}
	if len(b) > 20 && chance.IntN(2) == 0 && b[0] <= 1 { // a STUN header (RFC 8489 §5)
		b[2], b[3] = byte((len(b)-20)>>8), byte(len(b)-20)
		b[4], b[5], b[6], b[7] = 0x21, 0x12, 0xa4, 0x42
	}
	return b
}

// strangers are addresses of nobody who takes part.
func stranger(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(113 + n>>14), byte(n)}), uint16(1024+n))
}

// drops is what a peer has counted as dropped, layer by layer.
type drops struct {
	loop, strangers, unknown uint64
	agent                    ice.Counters
	dtls                     dtlstransport.Dropped
	pairs, remotes           int
}

func (p *peer) drops() (d drops) {
	p.w.Helper()
	p.must(p.loop.call(func(time.Time) {
		d.loop = p.loop.dropped.Load()
		for _, t := range p.transports {
			d.agent, d.dtls = t.agent.Counters(), t.dtls.Load().Stats().Dropped
			d.strangers = t.strangers.Load()
			d.pairs, d.remotes = len(t.agent.Pairs()), len(t.agent.RemoteCandidates())
			for _, s := range t.sockets {
				d.unknown += s.unknown.Load()
			}
		}
	}), "a look at what was dropped")
	return d
}

// heap is the memory in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools hold goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// maxGrowth is how much memory an attack may leave behind: the bounded queues
// and tables of two connections.
const maxGrowth = 16 << 20

// wantBounded fails the test if memory has grown too much since before.
func (w *world) wantBounded(before int64, what string) {
	w.Helper()
	if grown := heap() - before; grown > maxGrowth {
		w.Errorf("%s left %d bytes of memory in use, at most %d may be", what, grown, maxGrowth)
	}
}

// staysUp sends messages both ways while attack runs between them, and fails
// unless all of them arrive and the connection never falters.
func (w *world) staysUp(a, b *peer, d *DataChannel, rounds int, attack func(round int)) {
	w.Helper()
	states := len(a.states) + len(b.states)
	var fromA, fromB []string
	for i := range rounds {
		attack(i)
		fromA = append(fromA, a.talks(d, i, 1, time.Millisecond)...)
		fromB = append(fromB, b.talks(b.channels[0], i, 1, time.Millisecond)...)
	}
	w.within(30*time.Second, "b has all of a's messages in spite of it", b.got(fromA...))
	w.within(30*time.Second, "a has all of b's messages in spite of it", a.got(fromB...))
	time.Sleep(40 * time.Second) // consent would be gone by now (RFC 7675 §5.1)
	if !connected(a, b)() {
		w.Errorf("a is %s and b is %s after it, want connected", a.ConnectionState(), b.ConnectionState())
	}
	if now := len(a.states) + len(b.states); now != states {
		w.Errorf("the states changed under it: a %v, b %v", a.states, b.states)
	}
}

// TestVirtualHostilePacketsDoNotHarmAConnection replays, truncates, changes and
// extends what two connected peers have sent, from the peer's address and from
// others.
func TestVirtualHostilePacketsDoNotHarmAConnection(t *testing.T) {
	for _, kind := range []string{"STUN", "DTLS handshake", "SCTP in DTLS", "noise"} {
		for _, sender := range []string{"the peer's address", "strangers"} {
			t.Run(kind+" from "+sender, func(t *testing.T) {
				inWorld(t, 1, func(w *world) {
					w.net.SetDefaultPath(simnet.Path{Delay: 5 * time.Millisecond})
					seen := w.records()
					a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
					d := w.connectedPair(a, b)
					for i := range 10 { // so that there is something to record
						a.check(d.SendText(fmt.Sprint("early ", i)), "SendText")
						b.check(b.channels[0].SendText(fmt.Sprint("early ", i)), "SendText")
						time.Sleep(time.Second)
					}
					a.forgets()
					b.forgets()
					chance := rand.New(rand.NewPCG(7, 7))
					material := seen.of(kind)
					if kind == "noise" {
						material = seen.of("STUN")
					}
					if len(material) < 4 {
						t.Fatalf("only %d packets of the kind were recorded", len(material))
					}
					before, sent := heap(), 0
					w.staysUp(a, b, d, maxRecorded, func(i int) {
						p := material[i%len(material)]
						forged := mutations(chance, p.Data)
						if kind == "noise" {
							for j := range forged {
								forged[j] = noise(chance)
							}
						}
						for _, data := range forged {
							from := p.From
							if sender == "strangers" {
								from = stranger(sent)
							}
							w.net.Inject(from, p.To, data)
							sent++
						}
					})
					w.wantBounded(before, "the attack")
					got := a.drops()
					other := b.drops()
					t.Logf("%d packets; a dropped %+v", sent, got)
					if counted := counts(got) + counts(other); counted < uint64(sent)/4 {
						t.Errorf("of %d hostile packets, %d drops were counted", sent, counted)
					}
				})
			})
		}
	}
}

// counts adds up all that was dropped at any layer. Packets that the DTLS engine
// refuses itself, as it does replays, have no counter.
func counts(d drops) uint64 {
	c, s := d.agent, d.dtls
	return d.loop + d.strangers + d.unknown +
		c.Malformed + c.Oversized + c.OtherMethod + c.Indications + c.NoFingerprint + c.BadFingerprint +
		c.Unauthenticated + c.UnknownUsername + c.BadIntegrity + c.BadRequests + c.BadResponses +
		c.UnknownAttributes + c.UnmatchedResponses + c.Replayed + c.Asymmetric +
		s.Malformed + s.Oversized + s.UnknownType + s.Plaintext + s.Stale + s.Closed + s.QueueFull + s.DataFull
}

// forgets drops the messages received so far.
func (p *peer) forgets() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received = nil
}

// TestVirtualHostilePacketsDoNotKeepPeersFromConnecting sends noise, and what an
// attacker makes of the peers' own packets, while they connect. From the peer's
// address only what nobody could take for a handshake: DTLS authenticates its
// handshake at the end only (RFC 6347 §4.1.2.7).
func TestVirtualHostilePacketsDoNotKeepPeersFromConnecting(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
				seen := w.records()
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				chance := rand.New(rand.NewPCG(seed, 1))
				before, sent := heap(), 0
				w.signal(a, b, fixed(20*time.Millisecond))
				d := a.channel("data", nil)
				d.OnOpen(func() { a.check(d.SendText("through it all"), "SendText") })
				a.negotiates(b, 20*time.Millisecond)
				for range 500 {
					for _, kind := range []string{"STUN", "DTLS handshake"} {
						material := seen.of(kind)
						if len(material) == 0 {
							continue
						}
						p := material[chance.IntN(len(material))]
						forged := mutations(chance, p.Data)
						w.net.Inject(stranger(sent), p.To, forged[chance.IntN(len(forged))])
						w.net.Inject(stranger(sent), p.To, noise(chance))
						if kind == "STUN" {
							w.net.Inject(p.From, p.To, forged[chance.IntN(len(forged))])
						}
						w.net.Inject(p.From, p.To, unlikely(chance))
						sent += 4
					}
					time.Sleep(2 * time.Millisecond)
				}
				w.within(20*time.Second, "b hears a", b.got("through it all"))
				w.reaches(a, PeerConnectionStateConnected)
				w.reaches(b, PeerConnectionStateConnected)
				w.wantBounded(before, "the attack")
				if sent < 1000 {
					t.Errorf("only %d hostile packets were sent", sent)
				}
			})
		})
	}
}

// unlikely is noise that is no handshake message and no well-formed alert.
func unlikely(chance *rand.Rand) []byte {
	for {
		if b := noise(chance); len(b) == 0 || b[0] != 21 && b[0] != 22 {
			return b
		}
	}
}
