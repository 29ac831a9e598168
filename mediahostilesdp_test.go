package webrtc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// nasty are values that attributes of media do not have, or not so.
var nasty = []string{
	"", " ", "0", "-1", "128", "255", "256", "4294967295", "4294967296", "99999999999999999999",
	"x", ";", ",", "=", ":", "a b c d e f", "*", "~q", "q;h;f", "send recv", "recv q;q;q", "\x00", "\xff\xfe",
	"96 VP8/0", "96 VP8/90000/99", "96", "96 apt=96", "97 apt=97", "111 opus/48000/2", "111 111/111/111", "1 2 3 4 5 6 7",
	"urn:ietf:params:rtp-hdrext:sdes:mid", "15 urn:ietf:params:rtp-hdrext:sdes:mid", "FID 1", "FID 1 1", "FID 0 0", "SIM 1 2 3",
	strings.Repeat("y", 5000),
}

// mutated returns a description with some of its lines changed, doubled, moved,
// left out, or given another value.
func mutated(chance *rand.Rand, sdp string) string {
	lines := strings.SplitAfter(sdp, "\r\n")
	for range 1 + chance.IntN(4) {
		i := chance.IntN(len(lines) - 1)
		switch chance.IntN(6) {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines = slices.Insert(lines, chance.IntN(len(lines)), lines[i])
		case 2:
			j := chance.IntN(len(lines) - 1)
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			if name, _, ok := strings.Cut(lines[i], ":"); ok {
				lines[i] = name + ":" + nasty[chance.IntN(len(nasty))] + "\r\n"
			}
		case 4:
			words := strings.Split(strings.TrimSuffix(lines[i], "\r\n"), " ")
			words[chance.IntN(len(words))] = nasty[chance.IntN(len(nasty))]
			lines[i] = strings.Join(words, " ") + "\r\n"
		case 5:
			b := []byte(lines[i])
			if len(b) > 2 {
				b[chance.IntN(len(b)-2)] = byte(chance.Uint32())
			}
			lines[i] = string(b)
		}
		if len(lines) < 2 {
			break
		}
	}
	return strings.Join(lines, "")
}

// A slander is a call of which one side's descriptions are spoiled on their way.
type slander struct {
	w              *world
	a, b           *peer
	camera, voice  *source
	atB            *audience
	chance         *rand.Rand
	refused, taken int
}

// spoils runs a scenario for many seeds and checks that some descriptions were
// refused and some taken.
func spoils(t *testing.T, scenario func(w *world, c *slander)) {
	t.Helper()
	seeds := uint64(60)
	if testing.Short() {
		seeds = 5
	}
	refused, taken := 0, 0
	for seed := range seeds {
		ok := t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			inWorld(t, seed, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
				c := &slander{w: w, chance: rand.New(rand.NewPCG(seed, 3))}
				c.a, c.b = w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(c.a, c.b, fixed(time.Millisecond))
				c.camera, _ = c.a.source(MimeTypeVP8, "camera")
				c.voice, _ = c.a.source(MimeTypeOpus, "voice")
				c.b.simulcast("q", "h")
				c.b.channel("data", nil)
				c.atB = c.b.audience(0)
				c.a.exchanges(c.b, asItIs)
				c.b.exchanges(c.a, asItIs)
				w.within(10*time.Second, "both are connected", connected(c.a, c.b))
				scenario(w, c)
				refused, taken = refused+c.refused, taken+c.taken
			})
		})
		if !ok {
			t.Fatalf("seed %d failed; the seeds after it were not tried", seed)
		}
	}
	t.Logf("%d descriptions were refused, %d taken", refused, taken)
	if refused == 0 || taken == 0 {
		t.Error("the test shows one half only")
	}
}

// hears gives a a spoiled description and reports whether it was taken. One that is
// refused must leave no trace.
func (c *slander) hears(typ SDPType, sdp string) bool {
	c.w.Helper()
	before := c.a.snapshot()
	err := c.a.SetRemoteDescription(SessionDescription{Type: typ, SDP: mutated(c.chance, sdp)})
	if err == nil {
		c.taken++
		return true
	}
	c.refused++
	if after := c.a.snapshot(); after != before {
		c.w.Errorf("a description that was refused (%v) has changed the connection", err)
	}
	return false
}

// A peer offers what is broken in a call that goes on: it is refused without a
// trace, or can be answered, and what flows is not disturbed.
func TestVirtualHostileMediaOffers(t *testing.T) {
	spoils(t, func(w *world, c *slander) {
		for range 50 {
			offer, err := c.b.CreateOffer(nil)
			c.b.must(err, "CreateOffer")
			if c.hears(SDPTypeOffer, offer.SDP) {
				if _, err := c.a.CreateAnswer(nil); err != nil {
					w.Errorf("an offer that was taken has no answer: %v", err)
				}
				c.a.must(c.a.Rollback(), "Rollback")
			}
			together(1, 10*time.Millisecond, c.camera, c.voice)
		}
		c.atB.gotAll([]*source{c.camera, c.voice})
		c.b.exchanges(c.a, asItIs)
	})
}

// A peer answers what is broken. Where that is taken the two may have agreed on
// nonsense; each works on nevertheless.
func TestVirtualHostileMediaAnswers(t *testing.T) {
	spoils(t, func(w *world, c *slander) {
		for range 50 {
			c.a.must(c.a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			c.b.must(c.b.SetRemoteDescription(*c.a.LocalDescription()), "SetRemoteDescription")
			answer, err := c.b.CreateAnswer(nil)
			c.b.must(err, "CreateAnswer")
			typ := SDPTypeAnswer
			if c.chance.IntN(2) == 0 {
				typ = SDPTypePranswer
			}
			taken := c.hears(typ, answer.SDP)
			together(1, 10*time.Millisecond, c.camera, c.voice)
			c.b.must(c.b.Rollback(), "Rollback")
			if taken {
				return
			}
			c.a.must(c.a.Rollback(), "Rollback")
		}
	})
}
