package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// TestVirtualRoundTripsToTheFirstMessage counts the round trips that pass between the
// answer's arrival at the offerer and the first message. docs/round-trips.md says
// where each goes.
func TestVirtualRoundTripsToTheFirstMessage(t *testing.T) {
	plain := func(e *SettingEngine) { e.EnableSctpSnap(false) }
	early := func(e *SettingEngine) { e.EnableDTLSInSTUN(true) }
	for _, c := range []struct {
		name              string
		settings          func(*SettingEngine)
		offerer, answerer float64 // round trips, if that side creates the channel and sends
	}{
		{"by default", func(*SettingEngine) {}, 2.5, 3},
		{"with DTLS in the checks", early, 1.5, 2},
		{"without INIT chunks in descriptions", plain, 4.5, 4},
	} {
		for opener, want := range map[string]float64{"offerer": c.offerer, "answerer": c.answerer} {
			t.Run(c.name+"/the "+opener+" sends", func(t *testing.T) {
				if got := roundTrips(t, opener, c.settings, c.settings); !near(got, want) {
					t.Errorf("%.2f round trips from the answer's arrival to the first message, want %.1f", got, want)
				}
			})
		}
	}
	t.Run("one has no DTLS in its checks", func(t *testing.T) {
		for _, side := range [][2]func(*SettingEngine){{early, func(*SettingEngine) {}}, {func(*SettingEngine) {}, early}} {
			if got := roundTrips(t, "offerer", side[0], side[1]); !near(got, 2.5) {
				t.Errorf("%.2f round trips, want 2.5 as without", got)
			}
		}
	})
	t.Run("one has no INIT chunk", func(t *testing.T) {
		for _, side := range [][2]func(*SettingEngine){{plain, func(*SettingEngine) {}}, {func(*SettingEngine) {}, plain}} {
			if got := roundTrips(t, "offerer", side[0], side[1]); !near(got, 4.5) {
				t.Errorf("%.2f round trips, want 4.5 as without", got)
			}
		}
	})
}

// near allows for the interval in which the world looks for the message.
func near(got, want float64) bool { return got >= want && got < want+0.05 }

// roundTrips connects two peers with the settings given over a path with a round trip
// of 100 ms, and counts the round trips to the first message.
func roundTrips(t *testing.T, opener string, offerer, answerer func(*SettingEngine)) (trips float64) {
	t.Helper()
	const rtt = 100 * time.Millisecond
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: rtt / 2})
		var peers []*peer
		for i, change := range []func(*SettingEngine){offerer, answerer} {
			var settings SettingEngine
			change(&settings)
			peers = append(peers, w.peerWith([]string{"a", "b"}[i], settings, simnet.Addrs([]string{"192.0.2.1", "192.0.2.2"}[i])))
		}
		a, b := peers[0], peers[1]
		w.signal(a, b, fixed(rtt/2))
		sender, receiver := a, b
		if opener == "answerer" {
			sender, receiver = b, a
		}
		var answered time.Time
		a.OnSignalingStateChange(func(s SignalingState) {
			if s == SignalingStateStable {
				answered = time.Now()
			}
		})
		id := uint16(1)
		negotiated := true
		init := &DataChannelInit{Negotiated: &negotiated, ID: &id}
		d := sender.channel("first", init)
		receiver.channel("first", init)
		d.OnOpen(func() { sender.check(d.SendText("hello"), "SendText") })
		a.negotiates(b, rtt/2)
		w.within(10*time.Second, "the first message", receiver.got("hello"))
		trips = float64(time.Since(answered)) / float64(rtt)
	})
	return trips
}
