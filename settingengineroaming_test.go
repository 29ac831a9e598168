package webrtc

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

func TestRenominationSettings(t *testing.T) {
	var e SettingEngine
	value := func() uint32 { return 7 }
	if err := e.SetICERenomination(WithRenominationGenerator(value), WithRenominationInterval(3*time.Second), WithRenominationNominationAttribute(0xC0DE), nil); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if r := e.renomination; !r.enabled || r.value() != 7 || r.interval != 3*time.Second || r.attribute != 0xC0DE {
			t.Errorf("the settings are %+v", r)
		}
	}
	check()
	for _, bad := range []RenominationOption{
		WithRenominationInterval(0), WithRenominationInterval(-time.Second), WithRenominationNominationAttribute(0x25),
	} {
		var typeError *rtcerr.TypeError
		if err := e.SetICERenomination(bad); !errors.As(err, &typeError) {
			t.Errorf("the error is %v, want a TypeError", err)
		}
		check()
	}
	if err := e.SetICERenomination(); err != nil || e.renomination.value != nil {
		t.Errorf("without options: %v, %+v", err, e.renomination)
	}
}

// Descriptions announce that nominations may be replaced where the program asks for it,
// and an answer to an offer that does not leaves it out.
func TestRenominationIsAnnounced(t *testing.T) {
	for _, asked := range []bool{true, false} {
		inWorld(t, 1, func(w *world) {
			var asks, offerer SettingEngine
			if err := asks.SetICERenomination(); err != nil {
				t.Fatal(err)
			}
			if asked {
				offerer = asks
			}
			a, b := w.peerWith("a", offerer, simnet.Addrs("192.0.2.1")), w.peerWith("b", asks, simnet.Addrs("192.0.2.2"))
			w.signal(a, b, fixed(10*time.Millisecond))
			a.channel("chat", nil)
			a.negotiates(b, 10*time.Millisecond)
			w.within(5*time.Second, "both are connected", connected(a, b))
			for _, p := range []*peer{a, b} {
				if got := strings.Contains(p.LocalDescription().SDP, "a=ice-options:trickle ice2 renomination\r\n"); got != asked {
					t.Errorf("%s announces it: %v, the offerer was asked to: %v", p.name, got, asked)
				}
			}
		})
	}
}

// A host that gets another network gathers from it, unless that was turned off. After
// the nil candidate, which comes once, others are announced only to programs that have
// asked for them: many close at nil what they send candidates through.
func TestVirtualContinualGathering(t *testing.T) {
	gathers, once := SettingEngine{}, SettingEngine{}
	gathers.SetContinualGathering(true)
	once.SetContinualGathering(false)
	for _, c := range []struct {
		name             string
		settings         SettingEngine
		gathers, informs bool
	}{
		{"by default", SettingEngine{}, true, false},
		{"with true", gathers, true, true},
		{"with false", once, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peerWith("a", c.settings, simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(10*time.Millisecond))
				toPeer := a.handlers.candidate.get()
				var nils, late atomic.Int32
				a.OnICECandidate(func(c *ICECandidate) {
					if c == nil {
						nils.Add(1)
					} else if nils.Load() > 0 {
						late.Add(1)
					}
					toPeer(c)
				})
				a.channel("chat", nil)
				a.negotiates(b, 10*time.Millisecond)
				w.within(5*time.Second, "both are connected", connected(a, b))
				time.Sleep(time.Minute)
				a.host.AddInterface("wlan0", simnet.Addrs("198.51.100.7"))
				time.Sleep(time.Minute)
				if got := strings.Contains(a.LocalDescription().SDP, "198.51.100.7"); got != c.gathers {
					t.Errorf("the new address is in the description: %v", got)
				}
				if s := a.ICEGatheringState(); s != ICEGatheringStateComplete || !connected(a, b)() {
					t.Errorf("gathering is %v", s)
				}
				if nils.Load() != 1 || (late.Load() > 0) != c.informs {
					t.Errorf("%d nil candidates, and %d others after the first", nils.Load(), late.Load())
				}
				if !c.gathers {
					return
				}
				a.host.Interface("eth0").Remove()
				w.within(5*time.Second, "the new network is in use", func() bool {
					pair, _ := a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
					return pair != nil && pair.Local.Address == "198.51.100.7"
				})
				w.within(5*time.Second, "both are connected", connected(a, b))
			})
		})
	}
}
