package webrtc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// A phone call is a's voice on its way to b.
type phoneCall struct {
	w     *world
	a, b  *peer
	voice *source
	send  *RTPSender
	tones *DTMFSender
	atB   *audience

	mu    sync.Mutex // guards what follows
	heard []toneChange
}

type toneChange struct {
	tone, rest string // of the event, and ToneBuffer in its handler
	at         time.Time
}

func inPhoneCall(t *testing.T, munge func(string) string, scenario func(w *world, c *phoneCall)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		c := &phoneCall{w: w, a: w.peer("a", simnet.Addrs("192.0.2.1")), b: w.peer("b", simnet.Addrs("192.0.2.2"))}
		w.signal(c.a, c.b, fixed(10*time.Millisecond))
		c.voice, c.send = c.a.source(MimeTypeOpus, "voice")
		c.voice.clock = 48000
		c.tones = c.send.DTMF()
		c.tones.OnToneChange(func(tone string) {
			rest := c.tones.ToneBuffer()
			c.mu.Lock()
			defer c.mu.Unlock()
			c.heard = append(c.heard, toneChange{tone, rest, time.Now()})
		})
		c.atB = c.b.audience(0)
		c.can(false, "before negotiation")
		c.a.negotiatesThrough(c.b, 10*time.Millisecond, munge)
		w.within(10*time.Second, "both are connected", connected(c.a, c.b))
		scenario(w, c)
	})
}

// can checks whether tones can be sent, and that InsertDTMF agrees.
func (c *phoneCall) can(want bool, when string) {
	c.w.Helper()
	if got := c.tones.CanInsertDTMF(); got != want {
		c.w.Errorf("%s: CanInsertDTMF is %v, want %v", when, got, want)
	}
	err := c.tones.InsertDTMF("", 0, 0)
	var state *rtcerr.InvalidStateError
	if want && err != nil || !want && !errors.As(err, &state) {
		c.w.Errorf("%s: InsertDTMF returned %v", when, err)
	}
}

// talks writes voice for a time, a packet every 20 ms.
func (c *phoneCall) talks(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		c.voice.packet()
	}
}

func (c *phoneCall) changes() []toneChange {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard)
}

func (c *phoneCall) dials(tones string, duration, gap time.Duration) {
	c.w.Helper()
	c.a.must(c.tones.InsertDTMF(tones, duration, gap), "InsertDTMF")
}

// An event is a telephone event as it has arrived (RFC 4733 §2.3).
type event struct {
	tone      byte
	at        time.Time // of its first packet
	duration  time.Duration
	ends      int // packets with the E bit
	packets   int
	timestamp uint32
}

// events puts the packets together that have come.
func (c *phoneCall) events() []event {
	c.w.Helper()
	s := c.atB.last()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []event
	for _, p := range s.short {
		if len(p.Payload) != 4 {
			c.w.Fatalf("an event of %d bytes", len(p.Payload))
		}
		begins := len(all) == 0 || all[len(all)-1].timestamp != p.Timestamp
		if begins != p.Marker {
			c.w.Errorf("the marker is %v in a packet that begins an event: %v", p.Marker, begins)
		}
		if begins {
			all = append(all, event{tone: "0123456789*#ABCD"[p.Payload[0]], at: p.at, timestamp: p.Timestamp})
		}
		e := &all[len(all)-1]
		e.packets++
		ticks := time.Duration(p.Payload[2])<<8 | time.Duration(p.Payload[3])
		if d := ticks * time.Second / 48000; d < e.duration {
			c.w.Errorf("the duration of %c goes back to %v", e.tone, d)
		} else {
			e.duration = d
		}
		if p.Payload[1]&0x80 != 0 {
			e.ends++
		}
	}
	return all
}

// RFC 4733, webrtc-pc §7.2: tones go as events in the stream of the voice, each
// as long as it is to be, with gaps and pauses between.
func TestVirtualTonesArrive(t *testing.T) {
	inPhoneCall(t, unchanged, func(w *world, c *phoneCall) {
		in := w.watches(c.a)
		c.talks(200 * time.Millisecond)
		begin := time.Now()
		c.dials("1A#,2", 200*time.Millisecond, 100*time.Millisecond)
		c.talks(4 * time.Second)
		time.Sleep(100 * time.Millisecond)
		var said []string
		for _, h := range c.changes() {
			said = append(said, fmt.Sprintf("%s|%s %v", h.tone, h.rest, h.at.Sub(begin).Round(time.Millisecond)))
		}
		want := []string{"1|A#,2 0s", "A|#,2 300ms", "#|,2 600ms", ",|2 900ms", "2| 2.9s", "| 3.2s"}
		if !slices.Equal(said, want) {
			w.Errorf("OnToneChange said %q, want %q", said, want)
		}
		events := c.events()
		if len(events) != 4 {
			w.Fatalf("%d events have come, want 4: %+v", len(events), events)
		}
		for i, want := range []struct {
			tone byte
			at   time.Duration
		}{{'1', 0}, {'A', 300 * time.Millisecond}, {'#', 600 * time.Millisecond}, {'2', 2900 * time.Millisecond}} {
			e := events[i]
			late := e.at.Sub(begin) - want.at - 20*time.Millisecond
			if e.tone != want.tone || late != 0 {
				w.Errorf("event %d is %c, %v late; want %c in time", i, e.tone, late, want.tone)
			}
			if e.duration != 200*time.Millisecond || e.ends != 3 || e.packets < 6 {
				w.Errorf("%c lasts %v in %d packets, of which %d end it; want 200 ms and 3", e.tone, e.duration, e.packets, e.ends)
			}
		}
		// The voice has gone on, in one sequence with the tones.
		if !c.atB.last().has(0, c.voice.next-1) {
			w.Errorf("of the voice %d packets of %d have come", len(c.atB.last().got()), c.voice.next)
		}
		flights := in(c.send.GetParameters().Encodings[0].SSRC)
		for i := 1; i < len(flights); i++ {
			if flights[i].header.SequenceNumber != flights[i-1].header.SequenceNumber+1 {
				w.Errorf("packet %d has sequence number %d behind %d", i, flights[i].header.SequenceNumber, flights[i-1].header.SequenceNumber)
			}
		}
	})
}

// Without any voice the tones go alone.
func TestVirtualTonesWithoutVoice(t *testing.T) {
	inPhoneCall(t, unchanged, func(w *world, c *phoneCall) {
		c.dials("5", 0, 0)
		time.Sleep(time.Second)
		if e := c.events(); len(e) != 1 || e[0].tone != '5' || e[0].duration != 100*time.Millisecond {
			w.Errorf("%+v have come, want a 5 of 100 ms", e)
		}
	})
}

// webrtc-pc §7.2: what lies outside the limits is brought inside.
func TestVirtualTonesKeepTheirLimits(t *testing.T) {
	inPhoneCall(t, unchanged, func(w *world, c *phoneCall) {
		for _, limit := range []struct{ asked, want, gap, wantGap time.Duration }{
			{time.Millisecond, 40 * time.Millisecond, time.Millisecond, 30 * time.Millisecond},
			{time.Hour, 6 * time.Second, time.Hour, 6 * time.Second},
		} {
			before, n := len(c.changes()), 0
			if len(c.atB.sinks()) > 0 {
				n = len(c.events())
			}
			c.dials("78", limit.asked, limit.gap)
			time.Sleep(30 * time.Second)
			changes := c.changes()[before:]
			if step := changes[1].at.Sub(changes[0].at); step != limit.want+limit.wantGap {
				w.Errorf("%v after %v the next tone begins, want %v", step, limit.asked, limit.want+limit.wantGap)
			}
			var d time.Duration // RFC 4733 §2.5.1.3: a long event comes in segments
			for _, e := range c.eventsOf('7', n) {
				d += e.duration
			}
			if d != limit.want {
				w.Errorf("a tone of %v lasts %v, want %v", limit.asked, d, limit.want)
			}
		}
	})
}

func (c *phoneCall) eventsOf(tone byte, from int) []event {
	s := c.atB.last()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []event
	for _, p := range s.short {
		if "0123456789*#ABCD"[p.Payload[0]] != tone {
			continue
		}
		if len(all) == 0 || all[len(all)-1].timestamp != p.Timestamp {
			all = append(all, event{tone: tone, timestamp: p.Timestamp})
		}
		all[len(all)-1].duration = (time.Duration(p.Payload[2])<<8 | time.Duration(p.Payload[3])) * time.Second / 48000
	}
	return all[min(from/2, len(all)):]
}

// webrtc-pc §7.2: tones that are inserted take the place of those that have not
// begun; none at all cancel them.
func TestVirtualTonesAreReplacedAndCancelled(t *testing.T) {
	inPhoneCall(t, unchanged, func(w *world, c *phoneCall) {
		said := func() string {
			var all []string
			for _, h := range c.changes() {
				all = append(all, h.tone)
			}
			return strings.Join(all, "|")
		}
		c.dials("123456", 200*time.Millisecond, 100*time.Millisecond)
		time.Sleep(350 * time.Millisecond)
		if b := c.tones.ToneBuffer(); b != "3456" {
			w.Errorf("the buffer is %q, want what has not begun", b)
		}
		c.dials("9d", 200*time.Millisecond, 100*time.Millisecond)
		if b := c.tones.ToneBuffer(); b != "9D" {
			w.Errorf("the buffer is %q, want the new tones in capitals", b)
		}
		var character *rtcerr.InvalidCharacterError
		if err := c.tones.InsertDTMF("12x", 0, 0); !errors.As(err, &character) || c.tones.ToneBuffer() != "9D" {
			w.Errorf("InsertDTMF(12x) returned %v and left %q", err, c.tones.ToneBuffer())
		}
		time.Sleep(2 * time.Second)
		if got := said(); got != "1|2|9|D|" {
			w.Errorf("%q were played, want 1 2 9 D", got)
		}
		c.dials("123", 200*time.Millisecond, 100*time.Millisecond)
		time.Sleep(50 * time.Millisecond)
		c.dials("", 0, 0)
		time.Sleep(time.Second)
		if got := said(); got != "1|2|9|D||1|" {
			w.Errorf("%q were played, want one more", got)
		}
		if n := len(c.events()); n != 5 {
			w.Errorf("%d events have come, want 5", n)
		}
	})
}

// webrtc-pc §7.2, "determine if DTMF can be sent".
func TestVirtualTonesByState(t *testing.T) {
	inPhoneCall(t, unchanged, func(w *world, c *phoneCall) {
		c.can(true, "connected")
		turn := func(d RTPTransceiverDirection) {
			c.a.must(c.a.GetTransceivers()[0].SetDirection(d), "SetDirection")
			c.a.negotiates(c.b, 10*time.Millisecond)
			time.Sleep(100 * time.Millisecond)
		}
		c.dials("1234567890", 100*time.Millisecond, 100*time.Millisecond)
		time.Sleep(150 * time.Millisecond)
		turn(RTPTransceiverDirectionRecvonly)
		c.can(false, "on hold")
		n := len(c.changes())
		time.Sleep(5 * time.Second)
		if len(c.changes()) != n {
			w.Errorf("tones begin on hold: %v", c.changes())
		}
		turn(RTPTransceiverDirectionSendrecv)
		c.can(true, "resumed")
		c.a.must(c.send.ReplaceTrack(nil), "ReplaceTrack(nil)")
		c.can(false, "without a track")
		c.a.must(c.send.ReplaceTrack(c.voice.track), "ReplaceTrack")
		c.can(true, "with a track")
		for _, active := range []bool{false, true} {
			p := c.send.GetParameters()
			p.Encodings[0].Active = active
			c.a.must(c.send.SetParameters(p), "SetParameters")
			c.can(active, fmt.Sprintf("with active %v", active))
		}
		w.net.Cut(c.a.host, c.b.host)
		w.within(time.Minute, "a is disconnected", func() bool { return c.a.ConnectionState() == PeerConnectionStateDisconnected })
		c.can(false, "disconnected")
		w.net.Heal(c.a.host, c.b.host)
		w.within(time.Minute, "a is connected", connected(c.a))
		c.can(true, "connected again")
		c.a.must(c.a.GetTransceivers()[0].Stop(), "Stop")
		c.can(false, "stopped")
		if _, s := c.a.source(MimeTypeVP8, "camera"); s.DTMF() != nil {
			w.Error("a sender of video has DTMF")
		}
		_, other := c.a.source(MimeTypeOpus, "other")
		c.tones = other.DTMF()
		c.can(false, "not negotiated")
		c.a.negotiates(c.b, 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		// Nothing was left of the section that the transport was of.
		w.within(10*time.Second, "a is connected", connected(c.a))
		c.can(true, "negotiated")
		c.a.must(c.a.Close(), "Close")
		c.can(false, "closed")
	})
}

// A peer that takes no telephone events gets none.
func TestVirtualTonesThatThePeerDoesNotTake(t *testing.T) {
	withoutEvents := func(sdp string) string {
		var kept strings.Builder
		for line := range strings.Lines(sdp) {
			if strings.Contains(line, "telephone-event") || strings.HasPrefix(line, "a=fmtp:110") || strings.HasPrefix(line, "a=fmtp:126") {
				continue
			}
			if strings.HasPrefix(line, "m=audio") {
				line = strings.ReplaceAll(strings.ReplaceAll(line, " 110", ""), " 126", "")
			}
			kept.WriteString(line)
		}
		return kept.String()
	}
	inPhoneCall(t, withoutEvents, func(w *world, c *phoneCall) {
		c.talks(100 * time.Millisecond)
		c.can(false, "without telephone events")
	})
}
