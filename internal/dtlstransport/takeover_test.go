package dtlstransport

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
)

// Every pattern of loss among the first four datagrams of each end, while both
// send data as soon as they may: the handshake ends, what is sent afterwards
// arrives once, and no nonce is used twice.
func TestEveryPatternOfLossAroundTheTakeOver(t *testing.T) {
	const lost = 4
	for a := range 1 << lost {
		bubble(t, fmt.Sprintf("client %04b", a), func(t *testing.T) {
			for b := range 1 << lost {
				p := newPair(t, rtt/2)
				lose := func(mask int) func(int, []byte) [][]byte {
					return func(n int, b []byte) [][]byte {
						if n < lost && mask&(1<<n) != 0 {
							return nil
						}
						return [][]byte{b}
					}
				}
				p.a.out.set(lose(a))
				p.b.out.set(lose(b))
				p.start()
				p.b.wantState(StateConnected, 30*time.Second, "the server")
				for range 3 {
					p.b.write("early")
				}
				p.a.wantState(StateConnected, 30*time.Second, "the client")
				p.a.out.set(nil)
				p.b.out.set(nil)
				time.Sleep(time.Second)
				p.a.drainData(t)
				p.b.drainData(t)
				p.wantExchange(fmt.Sprintf("the server %04b", b))
				p.close()
				synctest.Wait()
				p.wantNoNonceTwice(fmt.Sprintf("the server %04b", b))
			}
		})
	}
}

// RFC 6347 §4.2.4: the server answers the client's repetitions with its own last
// flight, however often that is lost, and however much data is on the way.
func TestTheLastFlightIsLostAgainAndAgain(t *testing.T) {
	for _, mtu := range []int{minMTU, DefaultMTU} {
		for times := range 7 {
			bubble(t, fmt.Sprintf("%d times, MTU %d", times, mtu), func(t *testing.T) {
				p := newPair(t, rtt/2, func(a, b *Config) { a.MTU, b.MTU = mtu, mtu })
				dropped := 0
				p.b.out.set(func(_ int, b []byte) [][]byte {
					if hasChangeCipherSpec(b) && dropped < times {
						dropped++
						return nil
					}
					return [][]byte{b}
				})
				p.start()
				p.b.wantState(StateConnected, time.Second, "the server needs no answer")
				for i := range 600 { // more than a usual replay window
					p.b.write(fmt.Sprint(i))
				}
				p.a.wantState(StateConnected, DefaultHandshakeTimeout, "in the end")
				if dropped != times {
					t.Fatalf("%d flights were lost, want %d", dropped, times)
				}
				time.Sleep(time.Second)
				got := p.a.drainData(t)
				want := 600
				if times > 0 {
					want = heldPackets // what may come before Finished
				}
				if len(got) < min(want, 600) {
					t.Errorf("%d messages came, want %d", len(got), want)
				}
				for m, n := range got {
					if n != 1 {
						t.Errorf("%q came %d times", m, n)
					}
				}
				if n := p.b.countSealed(typeHandshake, typeFinished); n != times+1 {
					t.Errorf("Finished was sent %d times, want %d", n, times+1)
				}
				p.wantExchange("in the end")
				p.wantNoNonceTwice("in the end")
			})
		}
	}
}

// Data that overtakes Finished, and everything twice, in any order.
func TestDataOvertakesFinished(t *testing.T) {
	for seed := range uint64(20) {
		bubble(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			p := newPair(t, rtt/2)
			var held [][]byte
			p.b.out.set(func(_ int, b []byte) [][]byte {
				if len(held) == 0 && !hasChangeCipherSpec(b) {
					return [][]byte{b}
				}
				held = append(held, b, b)
				if len(held) < 40 {
					return nil
				}
				out := held
				held = nil
				r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
				return out
			})
			p.start()
			p.b.wantState(StateConnected, time.Second, "the server needs no answer")
			want := map[string]int{}
			for i := range 19 {
				m := fmt.Sprint(i)
				want[m] = 1
				p.b.write(m)
			}
			p.a.wantState(StateConnected, time.Second, "the flight has come with the data")
			p.b.out.set(nil)
			time.Sleep(time.Second)
			if got := p.a.drainData(t); !maps.Equal(got, want) {
				t.Errorf("came: %v", got)
			}
			p.wantExchange("afterwards")
			p.wantNoNonceTwice("afterwards")
		})
	}
}

// What the peer says right behind its Finished counts: the end, too.
func TestCloseNotifyOvertakesFinished(t *testing.T) {
	bubble(t, "the client hears of both", func(t *testing.T) {
		p := newPair(t, rtt/2)
		var flight []byte
		p.b.out.set(func(_ int, b []byte) [][]byte {
			if hasChangeCipherSpec(b) && flight == nil {
				flight = b
				return nil
			}
			if flight != nil {
				return [][]byte{b, flight}
			}
			return [][]byte{b}
		})
		p.start()
		p.b.wantState(StateConnected, time.Second, "the server needs no answer")
		p.b.Close()
		p.a.wantState(StateClosed, time.Second, "close_notify came first")
		synctest.Wait()
		if got, want := fmt.Sprint(p.a.states()), "[connecting connected closed]"; got != want {
			t.Errorf("states %s, want %s", got, want)
		}
	})
}

// Once connected, neither end has a goroutine, nor the engine.
func TestAConnectedTransportHasNoGoroutine(t *testing.T) {
	bubble(t, "connected", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.start()
		p.wantConnected(time.Second, "after Start")
		time.Sleep(time.Second)
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, g := range strings.Split(string(stacks), "\n\n") {
			if _, creator, _ := strings.Cut(g, "created by "); strings.Contains(creator, "pion/") || strings.Contains(creator, "(*Transport)") {
				t.Errorf("still runs:\n%s", g)
			}
		}
		p.wantExchange("without goroutines")
	})
}

// Close at any moment around the end of the handshake: the peer is told if it
// knows of the session, and no nonce is used twice.
func TestCloseAroundTheTakeOver(t *testing.T) {
	for _, who := range []string{"client", "server", "both"} {
		bubble(t, who, func(t *testing.T) {
			for step := range 60 {
				p := newPair(t, rtt/2)
				p.start()
				time.Sleep(rtt + time.Duration(step)*rtt/40)
				connected := p.a.State() == StateConnected && p.b.State() == StateConnected
				if who != "server" {
					p.a.Close()
				}
				if who != "client" {
					p.b.Close()
				}
				time.Sleep(time.Second)
				other := map[string]*peer{"client": p.b, "server": p.a}[who]
				if connected && other != nil && other.State() != StateClosed {
					t.Errorf("step %d: the other end is %v", step, other.State())
				}
				p.close()
				synctest.Wait()
				if p.a.session != nil && p.b.session != nil {
					p.wantNoNonceTwice(fmt.Sprint("step ", step))
				}
				for _, x := range []*peer{p.a, p.b} {
					if x.session != nil && x.countSealed(typeAlert) > 1 {
						t.Errorf("step %d: the %v end sent %d alerts", step, x.role, x.countSealed(typeAlert))
					}
				}
			}
		})
	}
}

// Close after the engine has ended the handshake and before the records are
// taken over: the peer, who knows of the session, is told.
func TestCloseJustBeforeTheTakeOver(t *testing.T) {
	for _, suite := range []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM} {
		for _, who := range []Role{Active, Passive} {
			bubble(t, fmt.Sprintf("%v, %s", who, dtls.CipherSuiteName(suite)), func(t *testing.T) {
				var p *pair
				p = newPair(t, rtt/2, func(a, b *Config) {
					a.CipherSuites, b.CipherSuites = []dtls.CipherSuiteID{suite}, []dtls.CipherSuiteID{suite}
					x, of := a, func() *peer { return p.a }
					if who == Passive {
						x, of = b, func() *peer { return p.b }
					}
					x.ConnectContext = func() (context.Context, func()) {
						return context.Background(), func() { // called when the handshake is over
							go of().Close()
							of().wantState(StateClosed, time.Second, "Close")
						}
					}
				})
				p.start()
				other := map[Role]*peer{Active: p.b, Passive: p.a}[who]
				other.wantState(StateClosed, time.Second, "our close_notify")
				if got := fmt.Sprint(other.states()); got != "[connecting connected closed]" {
					t.Errorf("the other end saw %s", got)
				}
			})
		}
	}
}

// Unprotected records, and protected ones that are old, do not get the last
// flight out of a server.
func TestOnlyAnAuthenticFinishedGetsTheLastFlight(t *testing.T) {
	bubble(t, "a replay of the client's last flight", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.start()
		p.wantConnected(time.Second, "after Start")
		p.wantExchange("so that the window has moved")
		log := p.a.out.log()
		flight := log[slices.IndexFunc(log, hasChangeCipherSpec)]
		before := p.b.countSealed(typeHandshake)
		for range 10 {
			p.b.HandleDatagram(flight)
			time.Sleep(time.Second)
		}
		// The engine has opened the true one, so that the first copy is new here.
		if got := p.b.countSealed(typeHandshake) - before; got > 1 {
			t.Errorf("%d flights for replays of one", got)
		}
		if p.b.Stats().Dropped.Stale == 0 || p.b.Stats().Dropped.Replayed == 0 {
			t.Errorf("counted %+v", p.b.Stats().Dropped)
		}
		p.wantExchange("afterwards")
		p.wantNoNonceTwice("afterwards")
	})
}
