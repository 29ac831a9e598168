package webrtc

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// connectedPair is a world's usual beginning: two hosts 20 ms apart, connected,
// with one channel of a's, which is returned once it is open.
func (w *world) connectedPair(a, b *peer) *DataChannel {
	w.Helper()
	w.signal(a, b, fixed(20*time.Millisecond))
	d := a.channel("data", nil)
	a.negotiates(b, 20*time.Millisecond)
	w.within(30*time.Second, "both are connected", connected(a, b))
	w.within(30*time.Second, "the channel is open", func() bool { return a.hasOpen(1) && b.hasOpen(1) })
	return d
}

// talks sends numbered messages at a steady pace and returns them.
func (p *peer) talks(d *DataChannel, from, count int, pace time.Duration) (sent []string) {
	for i := range count {
		m := fmt.Sprintf("message %d", from+i)
		p.check(d.SendText(m), "SendText")
		sent = append(sent, m)
		time.Sleep(pace)
	}
	return sent
}

func TestVirtualLossIsRepaired(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond, Loss: 0.05})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				d := w.connectedPair(a, b)
				sent := a.talks(d, 0, 500, 5*time.Millisecond)
				w.within(30*time.Second, "all messages in order", b.got(sent...))
			})
		})
	}
}

func TestVirtualCutOfTenSecondsIsSurvived(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		d := w.connectedPair(a, b)
		w.net.Cut(a.host, b.host)
		sent := a.talks(d, 0, 100, 100*time.Millisecond)
		if s := a.ConnectionState(); s != PeerConnectionStateDisconnected {
			t.Errorf("after 10 s without the network the state is %s, want disconnected", s)
		}
		w.net.Heal(a.host, b.host)
		w.within(10*time.Second, "the messages of the cut arrive", b.got(sent...))
		w.within(10*time.Second, "both are connected again", connected(a, b))
	})
}

func TestVirtualPeerThatStaysAwayFails(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.connectedPair(a, b)
		w.net.Cut(a.host, b.host)
		cut := time.Now()
		w.within(time.Minute, "a fails", func() bool { return a.ConnectionState() == PeerConnectionStateFailed })
		if took := time.Since(cut); took < 20*time.Second || took > 31*time.Second {
			t.Errorf("failed %v after the cut, want within the 30 s of RFC 7675 and not long before", took)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if i := len(a.states); i < 2 || a.states[i-2] != PeerConnectionStateDisconnected {
			t.Errorf("states were %v, want disconnected before failed", a.states)
		}
	})
}

func TestVirtualRemovedInterfaceIsReplacedByAnICERestart(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		a.host.AddInterface("wlan0", simnet.Addrs("198.51.100.1"))
		d := w.connectedPair(a, b)
		pair, err := d.Transport().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil {
			t.Fatalf("no selected pair: %v", err)
		}
		gone, other := "eth0", "198.51.100.1"
		if pair.Local.Address == other {
			gone, other = "wlan0", "192.0.2.1"
		}
		sent := a.talks(d, 0, 10, 10*time.Millisecond)
		a.host.Interface(gone).Remove()
		sent = append(sent, a.talks(d, 10, 10, 10*time.Millisecond)...)
		a.RestartICE()
		if !a.NegotiationNeeded() {
			t.Error("RestartICE did not make negotiation needed")
		}
		a.negotiates(b, 20*time.Millisecond)
		sent = append(sent, a.talks(d, 20, 10, 10*time.Millisecond)...)
		w.within(20*time.Second, "no message is lost", b.got(sent...))
		w.within(20*time.Second, "both are connected", connected(a, b))
		pair, _ = d.Transport().Transport().ICETransport().GetSelectedCandidatePair()
		if pair == nil || pair.Local.Address != other {
			t.Errorf("the pair after the restart is %v, want one from %s", pair, other)
		}
	})
}

func TestVirtualRestartWhileMessagesFlowLosesNone(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		d := w.connectedPair(a, b)
		var sent []string
		for range 5 {
			a.RestartICE()
			a.negotiates(b, 20*time.Millisecond)
			sent = append(sent, a.talks(d, len(sent), 100, 5*time.Millisecond)...)
		}
		w.within(10*time.Second, "no message is lost", b.got(sent...))
		a.mu.Lock()
		defer a.mu.Unlock()
		if slices.Contains(a.states, PeerConnectionStateDisconnected) || slices.Contains(a.states, PeerConnectionStateFailed) {
			t.Errorf("states were %v; a restart must not interrupt the connection", a.states)
		}
	})
}

func TestVirtualNATThatRebindsIsFollowed(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		nat := w.net.NAT("nat", "203.0.113.1", simnet.NATConfig{Filtering: simnet.AddressPortDependent})
		a := w.peer("a", simnet.Addrs("192.168.1.2"), simnet.Behind(nat))
		b := w.peer("b", simnet.Addrs("192.0.2.2"))
		d := w.connectedPair(a, b)
		sent := a.talks(d, 0, 10, 10*time.Millisecond)
		nat.Rebind()
		sent = append(sent, a.talks(d, 10, 100, 100*time.Millisecond)...)
		w.within(20*time.Second, "no message is lost", b.got(sent...))
		back := b.channels[0]
		b.must(back.SendText("still here"), "SendText")
		w.within(20*time.Second, "b reaches a at its new address", a.got("still here"))
		w.within(20*time.Second, "both are connected", connected(a, b))
	})
}

func TestVirtualPeersBehindNATsConnect(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		home := w.net.NAT("home", "203.0.113.1", simnet.NATConfig{Filtering: simnet.AddressPortDependent})
		office := w.net.NAT("office", "203.0.113.2", simnet.NATConfig{Filtering: simnet.AddressPortDependent})
		w.stun("stun.example.org", "198.51.100.9")
		a := w.peer("a", simnet.Addrs("192.168.1.2"), simnet.Behind(home))
		b := w.peer("b", simnet.Addrs("192.168.1.2"), simnet.Behind(office))
		for _, p := range []*peer{a, b} {
			p.must(p.SetConfiguration(Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:stun.example.org"}}}}), "SetConfiguration")
		}
		d := w.connectedPair(a, b)
		a.must(d.SendText("through two NATs"), "SendText")
		w.within(10*time.Second, "b hears a", b.got("through two NATs"))
	})
}

func TestVirtualPeerThatClosesIsNoticed(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.connectedPair(a, b)
		closed := make(chan struct{})
		b.channels[0].OnClose(func() { close(closed) })
		a.must(a.Close(), "Close")
		w.within(time.Second, "b's channel closes", func() bool {
			select {
			case <-closed:
				return true
			default:
				return false
			}
		})
		if s := b.SCTP().State(); s != SCTPTransportStateClosed {
			t.Errorf("b's SCTP transport is %s, want closed", s)
		}
		synctest.Wait()
	})
}
