package transceiver

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Limits of webrtc-pc §7.2: what lies outside is brought inside.
const (
	minToneDuration     = 40 * time.Millisecond
	maxToneDuration     = 6000 * time.Millisecond
	defaultToneDuration = 100 * time.Millisecond
	minToneGap          = 30 * time.Millisecond
	maxToneGap          = 6000 * time.Millisecond
	defaultToneGap      = 70 * time.Millisecond
	// tonePause is how long a comma lasts.
	tonePause = 2 * time.Second
	// maxTones bounds the buffer of tones.
	maxTones = 4096
)

const (
	// toneUpdate is the time between packets of an event. RFC 4733 §2.5.1.2: the
	// spacing of audio packets is natural, or "a source MAY decide to use a
	// different spacing for event updates, with a value of 50 ms RECOMMENDED".
	toneUpdate = 50 * time.Millisecond
	// toneEnds is how often an event's end is sent. RFC 4733 §2.5.1.4: "The final
	// packet for each event and for each segment SHOULD be sent a total of three
	// times".
	toneEnds = 3
	// toneVolume is the power of the tone in -dBm0 (RFC 4733 §2.3.4).
	toneVolume = 10
	// maxToneTicks is the longest duration that a packet can tell.
	maxToneTicks = 0xFFFF
)

// ErrTones is returned for tones that there are no events for.
var ErrTones = errors.New("transceiver: tones are 0 to 9, A to D, #, * and the comma")

// ErrNoTones is returned where the peer takes no telephone events, or the stream
// is not active.
var ErrNoTones = errors.New("transceiver: the stream cannot send tones")

// toneCodes has the tones in the order of their events (RFC 4733 §3.2).
const toneCodes = "0123456789*#ABCD"

// A toneEvent is a packet of a telephone event.
type toneEvent struct {
	marker   bool
	code     uint8
	end      bool
	duration uint16 // in ticks of the RTP clock, since the segment began
	segment  uint32 // ticks from the event's beginning to that of the segment
	begins   bool   // the event's first packet: its timestamp is the present
}

// payload is the packet's payload (RFC 4733 §2.3).
func (e toneEvent) payload() [4]byte {
	second := uint8(toneVolume)
	if e.end {
		second |= 0x80
	}
	return [4]byte{e.code, second, uint8(e.duration >> 8), uint8(e.duration)}
}

// A dtmf plays tones as telephone events (RFC 4733, webrtc-pc §7). It has no
// clock: next says when handle is to be called, and what handle returns is to be
// sent and told, until it has no more.
type dtmf struct {
	buffer        string // tones that were not begun
	duration, gap time.Duration
	clock         uint32
	// step is when the next tone of the buffer begins, or its end is told. Zero:
	// nothing plays.
	step time.Time

	// The event that is being sent, if update is not zero: that is when the next
	// packet of it is due.
	update  time.Time
	code    uint8
	began   time.Time
	length  time.Duration
	spacing time.Duration // of the packets that end it
	packets int           // sent
	ends    int           // packets with the E bit, sent
	segment uint32
	full    int // packets that end the segment, sent
}

// A toneOutput is what a dtmf wants done: a packet sent, or a change told.
type toneOutput struct {
	packet toneEvent
	change bool
	tone   string
}

// insert replaces the tones that have not begun (webrtc-pc §7.2). Zero durations
// are the defaults. The tone that is playing goes on to its end.
func (d *dtmf) insert(now time.Time, tones string, duration, gap time.Duration, clock uint32) error {
	tones = strings.ToUpper(tones)
	if i := strings.IndexFunc(tones, func(r rune) bool { return !strings.ContainsRune(toneCodes+",", r) }); i >= 0 {
		return fmt.Errorf("%w: not %q", ErrTones, tones[i:i+1])
	}
	if len(tones) > maxTones {
		return fmt.Errorf("%w: at most %d of them", ErrTones, maxTones)
	}
	if duration == 0 {
		duration = defaultToneDuration
	}
	if gap == 0 {
		gap = defaultToneGap
	}
	d.buffer = tones
	d.duration = min(max(duration, minToneDuration), maxToneDuration)
	d.gap = min(max(gap, minToneGap), maxToneGap)
	d.clock = clock
	if d.step.IsZero() && tones != "" {
		d.step = now
	}
	return nil
}

// stop ends the playing without telling. Tones that have not begun stay in the
// buffer.
func (d *dtmf) stop() { d.step, d.update = time.Time{}, time.Time{} }

// next returns when handle is to be called, the zero time for never.
func (d *dtmf) next() time.Time {
	if !d.update.IsZero() && (d.step.IsZero() || d.update.Before(d.step)) {
		return d.update
	}
	return d.step
}

// handle returns the next of what is due.
func (d *dtmf) handle(now time.Time) (toneOutput, bool) {
	at := d.next()
	if at.IsZero() || now.Before(at) {
		return toneOutput{}, false
	}
	if at.Equal(d.update) {
		return toneOutput{packet: d.event(at)}, true
	}
	d.update = time.Time{}
	if d.buffer == "" {
		d.step = time.Time{}
		return toneOutput{change: true}, true
	}
	tone := d.buffer[:1]
	d.buffer = d.buffer[1:]
	if tone == "," {
		d.step = now.Add(tonePause)
	} else {
		d.begin(now, tone[0])
	}
	return toneOutput{change: true, tone: tone}, true
}

// begin makes a tone the one that is sent. The packets that end it have the gap
// to be sent in.
func (d *dtmf) begin(now time.Time, tone byte) {
	d.code = uint8(strings.IndexByte(toneCodes, tone))
	d.began, d.length, d.update = now, d.duration, now
	d.spacing = min(toneUpdate, d.gap/toneEnds)
	d.packets, d.ends, d.segment, d.full = 0, 0, 0, 0
	d.step = now.Add(d.duration + d.gap)
}

// event returns the packet that is due at the time at and sets the time of the
// one after. The durations of packets before the last run ahead to the next one:
// RFC 4733 §2.3.5 has no use for one of zero, which the first would have.
func (d *dtmf) event(at time.Time) toneEvent {
	elapsed := at.Sub(d.began)
	e := toneEvent{marker: d.packets == 0, begins: d.packets == 0, code: d.code, segment: d.segment}
	total := ticks(min(elapsed+toneUpdate, d.length), d.clock)
	d.packets++
	if total-d.segment > maxToneTicks {
		// RFC 4733 §2.5.1.3: an event that is longer than a packet can tell is sent
		// as segments. The last packet of a segment tells the longest duration and
		// has no E bit; the next one begins where it ends and has no M bit. Its
		// three copies leave at once, so that timestamps do not go back.
		e.duration = maxToneTicks
		if d.full++; d.full == toneEnds {
			d.segment, d.full = d.segment+maxToneTicks, 0
		}
		return e
	}
	e.duration = uint16(total - d.segment)
	if elapsed < d.length {
		d.update = d.began.Add(min(elapsed+toneUpdate, d.length))
		return e
	}
	e.end = true
	if d.ends++; d.ends < toneEnds {
		d.update = at.Add(d.spacing)
	} else {
		d.update = time.Time{}
	}
	return e
}
